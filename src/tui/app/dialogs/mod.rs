//! What lies over a screen: lists to pick from, fields to type in, plans, help.

mod column_picker;
mod diff;
mod image;
mod picker;
mod plan;
mod prompt;
mod register;
mod review;

pub use column_picker::ColumnPicker;
pub use diff::DiffDialog;
pub use image::{ImageDialog, ImageState, image_area};
pub use picker::{Picker, PickerItem};
pub use plan::{PlanDialog, PlanField, PlanPhase};
pub use prompt::{Prompt, PromptFeedback, PromptPurpose};
pub use register::RegisterDialog;
pub use review::ReviewDialog;

use std::collections::BTreeMap;

use crate::config::keymap::{Action, Key, KeyCode, Keymap, NamedKey, Scope};
use crate::config::saved_views::SavedView;
use crate::domain::{Direction, Goal, RegisteredModel, Stage, VersionNumber};
use crate::table::{ColumnKey, CurveStat, Grouping};
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::marks::{Mark, Marks};
use crate::tui::app::message::{Reply, Ticket};
use crate::tui::app::shared::{Choice, UpdateContext};
use crate::tui::screens::runs::columns::ColumnChoice;
use tui_input::InputRequest;

/// What lies over a screen.
#[derive(Debug)]
pub enum Dialog {
    /// A list to pick from.
    Picker(Picker),
    /// A field to type in.
    Prompt(Prompt),
    /// The columns of the run table.
    Columns(ColumnPicker),
    /// A registration: which model file, under which name.
    Register(Box<RegisterDialog>),
    /// A plan, shown before anything is written.
    Plan(Box<PlanDialog>),
    /// What differs inside of two values.
    Diff(Box<DiffDialog>),
    /// The review of a version.
    Review(Box<ReviewDialog>),
    /// A picture.
    Image(Box<ImageDialog>),
    /// All keys that work here; the scope it was opened on.
    Help(Scope, Cursor),
    /// All messages.
    Messages(Cursor),
}

impl Dialog {
    /// Where its keys are.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Picker(_) | Self::Register(_) => Scope::Picker,
            Self::Prompt(_) => Scope::Prompt,
            Self::Columns(_) => Scope::Columns,
            Self::Plan(_) => Scope::Plan,
            Self::Review(_) => Scope::Review,
            Self::Help(..) | Self::Messages(_) | Self::Image(_) | Self::Diff(_) => Scope::Pager,
        }
    }

    /// The palette: every action that may be asked for here.
    #[must_use]
    pub fn palette(actions: impl Iterator<Item = Action>, keymap: &Keymap, scope: Scope) -> Self {
        let item = |action: Action| {
            let key = keymap
                .first_key(scope, action)
                .map(|key| key.to_string())
                .unwrap_or_default();
            PickerItem {
                label: action.name().to_owned(),
                detail: format!("{key:<10} {}", action.description()),
                choice: Choice::Action(action),
            }
        };
        Self::Picker(Picker::new("actions", actions.map(item).collect()))
    }

    /// Metrics to choose a goal from, each in its likely direction first.
    #[must_use]
    pub fn goals(metrics: std::collections::BTreeSet<Untrusted>) -> Self {
        let both = |metric: Untrusted| {
            let first = Goal::guess(metric.clone());
            let other = match first.direction {
                Direction::Max => Direction::Min,
                Direction::Min => Direction::Max,
            };
            [
                first,
                Goal {
                    metric,
                    direction: other,
                },
            ]
        };
        let item = |goal: Goal| PickerItem {
            label: goal.to_string(),
            detail: match goal.direction {
                Direction::Max => "more is better".into(),
                Direction::Min => "less is better".into(),
            },
            choice: Choice::Goal(goal),
        };
        Self::Picker(Picker::new(
            "goal: what best means here",
            metrics.into_iter().flat_map(both).map(item).collect(),
        ))
    }

    /// The marked runs of all experiments; the one that is picked is marked no longer.
    #[must_use]
    pub fn marks(marks: &Marks) -> Self {
        let baseline = marks.baseline();
        let item = |mark: &Mark| PickerItem {
            label: mark.label.clean().into_owned(),
            detail: format!(
                "{}  {}{}",
                mark.origin,
                mark.id.short(),
                if baseline == Some(&mark.id) {
                    "  baseline"
                } else {
                    ""
                }
            ),
            choice: Choice::Unmark(mark.id.clone()),
        };
        Self::Picker(Picker::new(
            "marked: enter takes a mark away",
            marks.all().iter().map(item).collect(),
        ))
    }

    /// Ways to put runs together: by the column under the cursor first, by any other after the rest.
    #[must_use]
    pub fn groupings(current: Option<&ColumnKey>, all: impl Iterator<Item = ColumnKey>) -> Self {
        let item = |label: String, detail: &str, grouping| PickerItem {
            label,
            detail: detail.into(),
            choice: Choice::Group(grouping),
        };
        let by = |column: ColumnKey, detail: &str| {
            item(format!("by {column}"), detail, Grouping::By(column))
        };
        let mut items: Vec<PickerItem> = current
            .map(|column| by(column.clone(), "the column under the cursor"))
            .into_iter()
            .collect();
        items.extend([
            item("flat".into(), "every run by itself", Grouping::Flat),
            item(
                "tree".into(),
                "nested runs under their parent run",
                Grouping::Tree,
            ),
        ]);
        items.extend(
            all.filter(|column| current != Some(column))
                .map(|column| by(column, "")),
        );
        Self::Picker(Picker::new("group", items))
    }

    /// What can be told of a metric's curve.
    #[must_use]
    pub fn curve_columns(metric: &Untrusted, is_seen: impl Fn(CurveStat) -> bool) -> Self {
        let item = |fact: CurveStat| PickerItem {
            label: ColumnKey::Curve(fact, metric.clone()).title(),
            detail: if is_seen(fact) {
                "shown: enter hides it"
            } else {
                fact.description()
            }
            .into(),
            choice: Choice::CurveColumn(fact, metric.clone()),
        };
        // What is best comes first, where that is known.
        let mut facts = CurveStat::ALL;
        if Direction::from_metric_name(metric.raw()) == Some(Direction::Min) {
            facts = [
                CurveStat::Min,
                CurveStat::MinStep,
                CurveStat::Max,
                CurveStat::MaxStep,
                CurveStat::Shape,
            ];
        }
        Self::Picker(Picker::new(
            &format!("columns of the curve of {}", metric.clean()),
            facts.map(item).into(),
        ))
    }

    /// The stages of the registry.
    #[must_use]
    pub fn stages(title: &str) -> Self {
        let item = |stage: Stage| PickerItem {
            label: stage.to_string(),
            detail: String::new(),
            choice: Choice::Stage(stage),
        };
        Self::Picker(Picker::new(
            title,
            [
                Stage::Production,
                Stage::Staging,
                Stage::Archived,
                Stage::None,
            ]
            .map(item)
            .into(),
        ))
    }

    /// The aliases of a model, to give or to take away; any other can be typed.
    #[must_use]
    pub fn aliases(title: &str, model: Option<&RegisteredModel>, version: VersionNumber) -> Self {
        let known = model
            .map(|model| model.aliases.as_slice())
            .unwrap_or_default();
        let (on_this_version, on_other_versions): (Vec<_>, Vec<_>) =
            known.iter().partition(|(_, holder)| *holder == version);
        let mut items: Vec<PickerItem> = on_other_versions
            .into_iter()
            .map(|(alias, holder)| PickerItem {
                label: format!("@{}", alias.clean()),
                detail: format!("now at version {holder}"),
                choice: Choice::Alias {
                    name: alias.raw().to_owned(),
                    remove: false,
                },
            })
            .collect();
        for usual in ["champion", "challenger"] {
            if !known.iter().any(|(alias, _)| alias.raw() == usual) {
                let choice = Choice::Alias {
                    name: usual.into(),
                    remove: false,
                };
                items.push(PickerItem {
                    label: format!("@{usual}"),
                    detail: "new".into(),
                    choice,
                });
            }
        }
        // Taking away comes last: nothing is removed by a hasty enter.
        items.extend(on_this_version.into_iter().map(|(alias, _)| PickerItem {
            label: format!("remove @{}", alias.clean()),
            detail: "take it away from this version".into(),
            choice: Choice::Alias {
                name: alias.raw().to_owned(),
                remove: true,
            },
        }));
        Self::Picker(Picker::new(title, items).with_custom_item(|text| {
            let name = text.trim().trim_start_matches('@').to_owned();
            (!name.is_empty()).then(|| PickerItem {
                label: format!("@{}", crate::text::untrusted::clean(&name)),
                detail: "as typed".into(),
                choice: Choice::Alias {
                    name,
                    remove: false,
                },
            })
        }))
    }

    /// A field for words that lines must have.
    #[must_use]
    pub fn text_filter(title: &str, text: &str) -> Self {
        Self::Prompt(Prompt::new(title, text, PromptPurpose::TextFilter))
    }

    /// The field for a filter of runs.
    #[must_use]
    pub fn run_filter(text: &str) -> Self {
        Self::Prompt(Prompt::new("filter", text, PromptPurpose::RunFilter))
    }

    /// The field for the name of a view.
    #[must_use]
    pub fn view_name(text: &str) -> Self {
        Self::Prompt(Prompt::new(
            "save this view as",
            text,
            PromptPurpose::ViewName,
        ))
    }

    /// The field for the name of a file to write; its end says what kind of file.
    #[must_use]
    pub fn file_name(title: &str, text: &str) -> Self {
        Self::Prompt(Prompt::new(title, text, PromptPurpose::FileName))
    }

    /// The views that were saved, to open or to delete.
    #[must_use]
    pub fn views(views: &BTreeMap<String, SavedView>) -> Self {
        let describe = |view: &SavedView| {
            let parts = [
                view.filter.clone(),
                view.sort.join(", "),
                view.group.clone().unwrap_or_default(),
            ];
            let summary: Vec<_> = parts
                .iter()
                .filter(|part| !part.is_empty())
                .map(|part| clean(part).into_owned())
                .collect();
            summary.join("  ")
        };
        let open = |(name, view): (&String, &SavedView)| PickerItem {
            label: clean(name).into_owned(),
            detail: describe(view),
            choice: Choice::OpenView(name.clone()),
        };
        let delete = |name: &String| PickerItem {
            label: format!("delete {}", clean(name)),
            detail: "remove its file".into(),
            choice: Choice::DeleteView(name.clone()),
        };
        Self::Picker(Picker::new(
            "views",
            views
                .iter()
                .map(open)
                .chain(views.keys().map(delete))
                .collect(),
        ))
    }

    /// The field for a text to find.
    #[must_use]
    pub fn find(text: &str) -> Self {
        Self::Prompt(Prompt::new("find", text, PromptPurpose::Find))
    }

    /// The list of columns.
    #[must_use]
    pub fn columns(all: Vec<ColumnChoice>) -> Self {
        Self::Columns(ColumnPicker::new(all))
    }

    /// Takes a key that the keymap gives no meaning here: it types into the field that has the focus.
    pub fn type_key(&mut self, key: Key, context: &mut UpdateContext<'_>) {
        let Some(request) = input_request(key) else {
            return;
        };
        match self {
            Self::Picker(picker) => picker.edit(request),
            Self::Prompt(prompt) => prompt.edit(request, context),
            Self::Columns(list) => list.edit(request),
            Self::Register(dialog) => dialog.edit(request),
            Self::Plan(dialog) => dialog.edit(request),
            Self::Help(..)
            | Self::Messages(_)
            | Self::Image(_)
            | Self::Diff(_)
            | Self::Review(_) => {}
        }
    }

    /// Takes pasted text into the field that has the focus; line ends become spaces. Nothing that is pasted confirms.
    pub fn paste(&mut self, text: &str, context: &mut UpdateContext<'_>) {
        if let Self::Plan(dialog) = self
            && !dialog.accepts_paste()
        {
            context.notify("the name that confirms has to be typed, not pasted");
            return;
        }
        for c in text
            .chars()
            .take(MAX_PASTE_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
        {
            self.type_key(Key::without_modifiers(KeyCode::Char(c)), context);
        }
    }

    /// Takes an answer that it asked for; gives back one that it did not.
    pub fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match self {
            Self::Register(dialog) => dialog.handle_reply(ticket, reply, context),
            Self::Plan(dialog) => dialog.handle_reply(ticket, reply, context),
            Self::Image(view) => view.handle_reply(ticket, reply),
            Self::Diff(view) => view.handle_reply(ticket, reply),
            Self::Review(view) => view.handle_reply(ticket, reply),
            _ => Some(reply),
        }
    }

    /// Takes an action.
    pub fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match self {
            Self::Picker(picker) => picker.handle_action(action, context),
            Self::Prompt(prompt) => prompt.handle_action(action, context),
            Self::Columns(list) => list.handle_action(action, context),
            Self::Register(dialog) => dialog.handle_action(action, context),
            Self::Plan(dialog) => dialog.handle_action(action, context),
            Self::Image(_) => {}
            Self::Diff(view) => view.handle_action(action, context),
            Self::Review(view) => view.handle_action(action, context),
            // How long help is, is known where it is drawn; the drawing stops at its end.
            Self::Help(_, cursor) | Self::Messages(cursor) => {
                cursor.apply_motion(action, MAX_PAGER_LINES, usize::from(context.size.height));
            }
        }
    }
}

/// The most lines that help or the messages have.
const MAX_PAGER_LINES: usize = 1_000;
/// The most characters that a paste types.
const MAX_PASTE_CHARS: usize = 4_000;

/// What a key does in a field.
fn input_request(key: Key) -> Option<InputRequest> {
    use InputRequest as R;
    if let Some(c) = key.text_char() {
        return Some(R::InsertChar(c));
    }
    Some(match (key.code, key.ctrl, key.alt) {
        (KeyCode::Named(NamedKey::Backspace), false, false) => R::DeletePrevChar,
        (KeyCode::Named(NamedKey::Delete), false, false) => R::DeleteNextChar,
        (KeyCode::Named(NamedKey::Left), false, false) => R::GoToPrevChar,
        (KeyCode::Named(NamedKey::Right), false, false) => R::GoToNextChar,
        (KeyCode::Named(NamedKey::Left), true, false) | (KeyCode::Char('b'), false, true) => {
            R::GoToPrevWord
        }
        (KeyCode::Named(NamedKey::Right), true, false) | (KeyCode::Char('f'), false, true) => {
            R::GoToNextWord
        }
        (KeyCode::Named(NamedKey::Home), false, false) => R::GoToStart,
        (KeyCode::Named(NamedKey::End), false, false) | (KeyCode::Char('e'), true, false) => {
            R::GoToEnd
        }
        (KeyCode::Char('w'), true, false) => R::DeletePrevWord,
        (KeyCode::Char('u'), true, false) => R::DeleteLine,
        _ => return None,
    })
}
