//! The versions of a model: stages and aliases side by side, measured against the champion.

use std::collections::BTreeMap;

use super::{FocusedList, Freshness, Screen, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Alias, Goal, ModelName, ModelVersion, Run, Slot, Stage, VersionNumber};
use crate::evidence::ToolEvidence;
use crate::promotion::journal::{JournalEntry, last_undoable_entry};
use crate::promotion::{GateOutcome, GateResult, Intent};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, PlanDialog, ReviewDialog};
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Assessment, ModelDetail, Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// The alias that holds the version in use, by the habit that MLflow's own documentation teaches.
pub const CHAMPION_ALIAS: &str = "champion";

/// The screen's state.
#[derive(Debug)]
pub struct VersionsScreen {
    /// The model.
    pub name: ModelName,
    /// Its versions and their runs.
    pub data: Remote<Box<ModelDetail>>,
    /// What the policy and other tools say of them.
    pub assessment: Remote<Box<Assessment>>,
    /// The cursor over the versions that pass the filter.
    pub cursor: Cursor,
    /// The words that a version must have, in its stage, aliases, tags or status.
    pub filter: String,
    /// The goal that was chosen here; else the experiment's own, else a guess.
    pub goal: Option<Goal>,
    /// Oldest first.
    pub is_oldest_first: bool,
    /// The version whose place is given back, once the journal tells who had it.
    restore_request: Option<(Ticket, VersionNumber)>,
    /// Whether the stage that is chosen next is asked for, and not moved to.
    is_requesting_transition: bool,
    search_text: String,
}

impl VersionsScreen {
    /// The versions of a model.
    #[must_use]
    pub fn new(name: ModelName) -> Self {
        Self {
            name,
            data: Remote::default(),
            assessment: Remote::default(),
            cursor: Cursor::default(),
            filter: String::new(),
            goal: None,
            is_oldest_first: false,
            restore_request: None,
            is_requesting_transition: false,
            search_text: String::new(),
        }
    }

    /// The versions that pass the filter, in order.
    #[must_use]
    pub fn visible_versions(&self) -> Vec<&ModelVersion> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let all = self
            .data
            .get()
            .map(|data| data.versions.as_slice())
            .unwrap_or_default();
        let fits = |version: &&ModelVersion| {
            let text = version_text(version);
            words.iter().all(|word| text.contains(word))
        };
        let mut lines: Vec<&ModelVersion> = all.iter().filter(fits).collect();
        if self.is_oldest_first {
            lines.reverse();
        }
        lines
    }

    /// The version under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&ModelVersion> {
        self.visible_versions().get(self.cursor.index).copied()
    }

    /// The run that a version came from, if it could be read.
    #[must_use]
    pub fn run_of(&self, version: &ModelVersion) -> Option<&Run> {
        self.data
            .get()?
            .runs
            .iter()
            .find(|run| run.id == version.run_id)
    }

    /// The version in use: the one that `@champion` leads to, else the newest in Production.
    #[must_use]
    pub fn champion(&self) -> Option<&ModelVersion> {
        let data = self.data.get()?;
        let by_alias = data
            .model
            .version_for_alias(CHAMPION_ALIAS)
            .and_then(|number| data.versions.iter().find(|v| v.version == number));
        by_alias.or_else(|| data.versions.iter().find(|v| v.stage == Stage::Production))
    }

    /// The goal by which the versions are measured.
    #[must_use]
    pub fn goal(&self, shared: &SharedState) -> Option<Goal> {
        let runs = self
            .data
            .get()
            .map(|data| data.runs.as_slice())
            .unwrap_or_default();
        let declared = || {
            runs.iter()
                .find_map(|run| shared.goals.get(&run.experiment_id))
                .cloned()
        };
        let guess = || {
            let run = self
                .champion()
                .and_then(|version| self.run_of(version))
                .or(runs.first())?;
            Goal::suggest(run.metrics.iter().map(|metric| &metric.key))
        };
        self.goal.clone().or_else(declared).or_else(guess)
    }

    /// What the policy says of a version: how many gates pass of how many, and the first that does not.
    #[must_use]
    pub fn gate_summary(
        &self,
        version: VersionNumber,
    ) -> Option<(usize, usize, Option<&GateResult>)> {
        let (_, gates) = self
            .assessment
            .get()?
            .gates
            .iter()
            .find(|(number, _)| *number == version)?;
        let passes = |gate: &&GateResult| gate.outcome == GateOutcome::Pass;
        Some((
            gates.iter().filter(passes).count(),
            gates.len(),
            gates.iter().find(|gate| !passes(gate)),
        ))
    }

    /// The tools that left something with one of the versions: id and name, in the order of the names.
    #[must_use]
    pub fn tools(&self) -> BTreeMap<&str, &str> {
        let found = self
            .assessment
            .get()
            .map(|assessed| assessed.evidence.as_slice())
            .unwrap_or_default();
        found
            .iter()
            .flat_map(|(_, tools)| tools)
            .map(|tool| (tool.id.as_str(), tool.name.as_str()))
            .collect()
    }

    /// What a tool left with a version.
    #[must_use]
    pub fn evidence_of(&self, version: VersionNumber, tool: &str) -> Option<&ToolEvidence> {
        let (_, tools) = self
            .assessment
            .get()?
            .evidence
            .iter()
            .find(|(number, _)| *number == version)?;
        tools.iter().find(|known| known.id == tool)
    }

    fn toggle_mark(&mut self, context: &mut UpdateContext<'_>) {
        let run = self
            .current()
            .and_then(|version| self.run_of(version))
            .map(|run| (run.id.clone(), run.label()));
        match run {
            Some((id, label)) => context.shared.marks.toggle(&id, &label, &self.name.clean()),
            None => context.notify("this version names no run that can be read"),
        }
        self.cursor.apply_motion(
            Action::Down,
            self.visible_versions().len(),
            usize::from(context.size.height),
        );
    }

    /// Plans to give back the place that a version was given last, of those that it has.
    fn restore_previous_holder(
        &self,
        version: VersionNumber,
        entries: &[JournalEntry],
        context: &mut UpdateContext<'_>,
    ) {
        let versions = self.data.get().map_or(&[][..], |data| &data.versions);
        let Some(holder) = versions.iter().find(|known| known.version == version) else {
            return context.notify(format!("v{version} is no longer there"));
        };
        let stage = matches!(holder.stage, Stage::Staging | Stage::Production)
            .then_some(Slot::Stage(holder.stage));
        let slots: Vec<Slot> = holder
            .aliases
            .iter()
            .cloned()
            .map(Slot::Alias)
            .chain(stage)
            .collect();
        let changed_slot = |entry: &JournalEntry| {
            let is_ours = entry.plan.intent.is_about(self.name.raw());
            slots
                .iter()
                .find(|place| is_ours && entry.changes_slot(place))
                .cloned()
        };
        let last = last_undoable_entry(entries, |entry| changed_slot(entry).is_some());
        match last.and_then(|entry| Some((entry, changed_slot(entry)?))) {
            Some((entry, place)) => {
                PlanDialog::show(entry.restore_previous_holder(&place), context);
            }
            None => context.notify(format!(
                "the journal does not know who had the places of v{version} before it"
            )),
        }
    }

    fn open_write_dialog(
        &mut self,
        action: Action,
        version: VersionNumber,
        context: &mut UpdateContext<'_>,
    ) {
        if action == Action::Delete {
            return PlanDialog::show(
                Intent::DeleteVersion {
                    model: self.name.clone(),
                    version,
                },
                context,
            );
        }
        self.is_requesting_transition = action == Action::Request;
        let dialog = if self.is_requesting_transition {
            Dialog::stages(&format!("ask for {}/{version} to go to", self.name.clean()))
        } else if action == Action::Stage {
            Dialog::stages(&format!("move {}/{version} to", self.name.clean()))
        } else {
            let model = self.data.get().map(|data| &data.model);
            Dialog::aliases(
                &format!("alias of {}/{version}", self.name.clean()),
                model,
                version,
            )
        };
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(dialog)));
    }
}

/// What the filter looks at, in lower case.
fn version_text(version: &ModelVersion) -> String {
    let aliases = version
        .aliases
        .iter()
        .map(|alias| format!("@{}", alias.raw()));
    let tags = version
        .tags
        .iter()
        .map(|tag| format!("{}={}", tag.key.raw(), tag.value.raw()));
    let own = [
        format!("v{}", version.version),
        version.stage_text.raw().to_owned(),
        version.description.raw().to_owned(),
    ];
    own.into_iter()
        .chain(aliases)
        .chain(tags)
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

impl View for VersionsScreen {
    fn scope(&self) -> Scope {
        Scope::Versions
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec!["models".into(), self.name.clean().into_owned()]
    }

    fn freshness(&self, _: &SharedState) -> Freshness {
        Freshness::of(&self.data)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::Versions(self.name.clone()));
        context.fetch(&mut self.assessment, Request::Assess(self.name.clone()));
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let current = self.current().map(|version| version.version);
        match action {
            Action::Mark | Action::MarkRange => self.toggle_mark(context),
            Action::ClearMarks => context.shared.marks.clear(),
            Action::Baseline => {
                let run = self
                    .current()
                    .and_then(|version| self.run_of(version))
                    .map(|run| (run.id.clone(), run.label()));
                if let Some((id, label)) = run {
                    context
                        .shared
                        .marks
                        .set_baseline(&id, &label, &self.name.clean());
                }
            }
            Action::Open | Action::Lineage => {
                if let Some(version) = current {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::lineage(self.name.clone(), version)));
                }
            }
            Action::Charts if context.shared.marks.is_empty() => {
                let run = self
                    .current()
                    .and_then(|version| self.run_of(version))
                    .map(|run| run.id.clone());
                match run {
                    Some(run) => context
                        .navigation
                        .push(Navigate::Push(Screen::charts(vec![run]))),
                    None => context.notify("the run that this version came from can't be read"),
                }
            }
            Action::Review => {
                if let Some(version) = current {
                    let view = ReviewDialog::open(self.name.clone(), version, context);
                    context
                        .navigation
                        .push(Navigate::OpenDialog(Box::new(Dialog::Review(Box::new(
                            view,
                        )))));
                }
            }
            Action::Stage | Action::Request | Action::Alias | Action::Delete => {
                if let Some(version) = current {
                    self.open_write_dialog(action, version, context);
                }
            }
            Action::History => context
                .navigation
                .push(Navigate::Push(Screen::history(self.name.clone()))),
            Action::GiveBack => {
                self.restore_request =
                    current.map(|version| (context.request(Request::Journal), version));
            }
            Action::Goal => {
                let runs = self
                    .data
                    .get()
                    .map(|data| data.runs.as_slice())
                    .unwrap_or_default();
                let keys = runs
                    .iter()
                    .flat_map(|run| run.metrics.iter().map(|metric| metric.key.clone()));
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::goals(
                        keys.collect(),
                    ))));
            }
            Action::Sort => self.is_oldest_first = !self.is_oldest_first,
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter versions",
                        &self.filter,
                    ))));
            }
            Action::CopyValue | Action::CopyId => {
                if let Some(version) = current {
                    context.copy_to_clipboard(format!("{}/{version}", self.name.raw()));
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(version)) =
                    (context.shared.session.web_url.clone(), current)
                {
                    context.copy_to_clipboard(format!(
                        "{web}/#/models/{}/versions/{version}",
                        self.name.raw()
                    ));
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        let reply = match (reply, self.restore_request) {
            (Reply::Journal(answer), Some((asked, version))) if asked == ticket => {
                self.restore_request = None;
                match answer {
                    Ok(entries) => self.restore_previous_holder(version, &entries, context),
                    Err(fault) => context
                        .shared
                        .notifications
                        .store_error(context.now, &fault),
                }
                return None;
            }
            (reply, _) => reply,
        };
        let selected = self.current().map(|version| version.version);
        let rest = take_reply!(ticket, reply, context, Versions => self.data);
        let rest =
            rest.and_then(|reply| take_reply!(ticket, reply, context, Assessed => self.assessment));
        // A version that was made meanwhile moves the lines: what is chosen next is for the one that the cursor was on.
        if let Some(at) = selected.and_then(|kept| {
            self.visible_versions()
                .iter()
                .position(|version| version.version == kept)
        }) {
            self.cursor.index = at;
        }
        rest
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        let version = self.current().map(|version| version.version);
        let model = self.name.clone();
        match (choice, version) {
            (Choice::Filter(text), _) => self.filter = text,
            (Choice::Goal(goal), _) => self.goal = Some(goal),
            (Choice::Applied, _) => self.request_data(context),
            (Choice::Stage(to), Some(version)) if self.is_requesting_transition => {
                PlanDialog::show(Intent::RequestTransition { model, version, to }, context);
            }
            (Choice::Stage(to), Some(version)) => PlanDialog::show(
                Intent::TransitionStage {
                    model,
                    version,
                    to,
                    archive_existing: false,
                },
                context,
            ),
            (Choice::Alias { name, remove: true }, _) => PlanDialog::show(
                Intent::RemoveAlias {
                    model,
                    alias: Alias::from(name),
                },
                context,
            ),
            (
                Choice::Alias {
                    name,
                    remove: false,
                },
                Some(version),
            ) => {
                PlanDialog::show(
                    Intent::SetAlias {
                        model,
                        alias: Alias::from(name),
                        version,
                    },
                    context,
                );
            }
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_versions().len();
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.visible_versions()
            .get(line)
            .map(|version| crate::text::untrusted::clean(&version_text(version)).into_owned())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
