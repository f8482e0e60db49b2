//! The versions of a model with their stages and aliases, measured against the champion.

use std::collections::BTreeMap;

use super::{ChartsScreen, FocusedList, Freshness, HistoryScreen, LineageScreen, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Alias, Goal, ModelName, ModelVersion, Run, RunId, Slot, Stage, VersionNumber};
use crate::evidence::ToolEvidence;
use crate::promotion::journal::{JournalEntry, last_undoable_entry};
use crate::promotion::{GateOutcome, GateResult, Intent};
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{AliasChange, Dialog, ReviewDialog, aliases, goals, stages};
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Assessment, ModelDetail};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

/// The alias of the version in use, as in MLflow's documentation.
pub(crate) const CHAMPION_ALIAS: &str = "champion";

/// The versions of a model.
#[derive(Debug)]
pub struct VersionsScreen {
    pub(crate) name: ModelName,
    /// The model with its versions and runs.
    pub data: Remote<Box<ModelDetail>>,
    pub(crate) assessment: Remote<Box<Assessment>>,
    pub(crate) cursor: Cursor,
    /// Searches version, stage, aliases, tags and description.
    pub(crate) filter: TextFilter,
    /// The goal chosen here; without one, the experiment's goal or a guess applies.
    goal: Option<Goal>,
    pub(crate) is_oldest_first: bool,
    /// The journal request to restore the previous holders of a version's slot.
    restore_request: Option<(Ticket, VersionNumber)>,
}

impl VersionsScreen {
    pub(crate) fn new(name: ModelName) -> Self {
        Self {
            name,
            data: Remote::default(),
            assessment: Remote::default(),
            cursor: Cursor::default(),
            filter: TextFilter::default(),
            goal: None,
            is_oldest_first: false,
            restore_request: None,
        }
    }

    fn versions(&self) -> &[ModelVersion] {
        let versions = self.data.get().map(|data| data.versions.as_slice());
        versions.unwrap_or_default()
    }

    fn runs(&self) -> &[Run] {
        let runs = self.data.get().map(|data| data.runs.as_slice());
        runs.unwrap_or_default()
    }

    /// The matching versions, in order.
    #[must_use]
    pub fn visible_versions(&self) -> Vec<&ModelVersion> {
        let matches = |version: &&ModelVersion| self.filter.matches(&searchable_text(version));
        let mut rows: Vec<&ModelVersion> = self.versions().iter().filter(matches).collect();
        if self.is_oldest_first {
            rows.reverse();
        }
        rows
    }

    /// The version under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&ModelVersion> {
        self.visible_versions().get(self.cursor.index).copied()
    }

    /// The source run of a version, if it can be read.
    pub(crate) fn run_of(&self, version: &ModelVersion) -> Option<&Run> {
        self.runs().iter().find(|run| run.id == version.run_id)
    }

    fn current_run(&self) -> Option<(RunId, Untrusted)> {
        let run = self.run_of(self.current()?)?;
        Some((run.id.clone(), run.label()))
    }

    /// The version in use: the holder of `@champion`, else the newest in Production.
    pub(crate) fn champion(&self) -> Option<&ModelVersion> {
        let by_alias = self.data.get()?.model.version_for_alias(CHAMPION_ALIAS);
        by_alias.and_then(|number| self.find(number)).or_else(|| {
            self.versions()
                .iter()
                .find(|v| v.stage == Stage::Production)
        })
    }

    fn find(&self, number: VersionNumber) -> Option<&ModelVersion> {
        self.versions().iter().find(|v| v.version == number)
    }

    /// The goal that the versions are measured by.
    pub(crate) fn goal(&self, shared: &SharedState) -> Option<Goal> {
        let declared = || {
            let mut runs = self.runs().iter();
            runs.find_map(|run| shared.goals.get(&run.experiment_id))
                .cloned()
        };
        let guess = || {
            let champion = self.champion().and_then(|version| self.run_of(version));
            let run = champion.or(self.runs().first())?;
            Goal::suggest(run.metrics.iter().map(|metric| &metric.key))
        };
        self.goal.clone().or_else(declared).or_else(guess)
    }

    /// The numbers of passing gates and of gates for a version, and the first gate that does not pass.
    pub(crate) fn gate_summary(
        &self,
        version: VersionNumber,
    ) -> Option<(usize, usize, Option<&GateResult>)> {
        let all = &self.assessment.get()?.gates;
        let (_, gates) = all.iter().find(|(number, _)| *number == version)?;
        let passes = |gate: &&GateResult| gate.outcome == GateOutcome::Pass;
        Some((
            gates.iter().filter(passes).count(),
            gates.len(),
            gates.iter().find(|gate| !passes(gate)),
        ))
    }

    /// The tools with evidence for one of the versions: id and name.
    pub(crate) fn tools(&self) -> BTreeMap<&str, &str> {
        let assessment = self.assessment.get().into_iter();
        assessment
            .flat_map(|assessment| &assessment.evidence)
            .flat_map(|(_, tools)| tools)
            .map(|tool| (tool.id.as_str(), tool.name.as_str()))
            .collect()
    }

    pub(crate) fn evidence_of(&self, version: VersionNumber, tool: &str) -> Option<&ToolEvidence> {
        let all = &self.assessment.get()?.evidence;
        let (_, tools) = all.iter().find(|(number, _)| *number == version)?;
        tools.iter().find(|evidence| evidence.id == tool)
    }

    fn toggle_mark(&mut self, context: &mut UpdateContext<'_>) {
        match self.current_run() {
            Some((id, label)) => context.shared.marks.toggle(&id, &label, &self.name.clean()),
            None => context.notify("the run of this version can't be read"),
        }
        let (len, height) = (self.visible_versions().len(), context.size.height.into());
        self.cursor.apply_motion(Action::Down, len, height);
    }

    fn set_baseline(&self, context: &mut UpdateContext<'_>) {
        if let Some((id, label)) = self.current_run() {
            let marks = &mut context.shared.marks;
            marks.set_baseline(&id, &label, &self.name.clean());
        }
    }

    fn open_charts(&self, context: &mut UpdateContext<'_>) {
        match self.current_run() {
            Some((run, _)) => context.push(ChartsScreen::new(vec![run])),
            None => context.notify("the run of this version can't be read"),
        }
    }

    fn open_goals(&self, context: &mut UpdateContext<'_>) {
        let metrics = self.runs().iter().flat_map(|run| &run.metrics);
        let keys = metrics.map(|metric| metric.key.clone()).collect();
        context.open(goals(keys).submit_to(|screen: &mut Self, goal, _| screen.goal = Some(goal)));
    }

    /// Plans to restore the previous holder of the slot of a version that changed last.
    fn restore_previous_holder(
        &self,
        version: VersionNumber,
        entries: &[JournalEntry],
        context: &mut UpdateContext<'_>,
    ) {
        let Some(holder) = self.find(version) else {
            return context.notify(format!("v{version} no longer exists"));
        };
        let stage = matches!(holder.stage, Stage::Staging | Stage::Production)
            .then_some(Slot::Stage(holder.stage));
        let aliases = holder.aliases.iter().cloned().map(Slot::Alias);
        let slots: Vec<Slot> = aliases.chain(stage).collect();
        let changed_slot = |entry: &JournalEntry| {
            let is_ours = entry.plan.intent.is_about(self.name.raw());
            let mut slots = slots.iter();
            slots.find(|slot| is_ours && entry.changes_slot(slot))
        };
        let last = last_undoable_entry(entries, |entry| changed_slot(entry).is_some());
        match last.and_then(|entry| Some((entry, changed_slot(entry)?))) {
            Some((entry, slot)) => context.plan(entry.restore_previous_holder(slot)),
            None => context.notify(format!(
                "no previous holder of the stage or aliases of v{version} is in the journal"
            )),
        }
    }

    fn open_write_dialog(
        &self,
        action: Action,
        version: VersionNumber,
        context: &mut UpdateContext<'_>,
    ) {
        let name = format!("{}/{version}", self.name.clean());
        match action {
            Action::Delete => context.plan(Intent::DeleteVersion {
                model: self.name.clone(),
                version,
            }),
            Action::Request => context.open(
                stages(&format!("request a transition of {name} to"))
                    .map(move |to| (version, to))
                    .submit_to(Self::plan_transition_request),
            ),
            Action::Stage => context.open(
                stages(&format!("move {name} to"))
                    .map(move |to| (version, to))
                    .submit_to(|screen: &mut Self, (version, to), context| {
                        plan_transition(&screen.name, version, to, context);
                    }),
            ),
            _ => {
                let model = self.data.get().map(|data| &data.model);
                context.open(
                    aliases(&format!("alias of {name}"), model, version)
                        .map(move |change| (version, change))
                        .submit_to(|screen: &mut Self, (version, change), context| {
                            plan_alias(&screen.name, version, change, context);
                        }),
                );
            }
        }
    }

    fn plan_transition_request(
        &mut self,
        (version, to): (VersionNumber, Stage),
        context: &mut UpdateContext<'_>,
    ) {
        let model = self.name.clone();
        context.plan(Intent::RequestTransition { model, version, to });
    }
}

/// Plans to move a version to a stage.
pub(super) fn plan_transition(
    model: &ModelName,
    version: VersionNumber,
    to: Stage,
    context: &mut UpdateContext<'_>,
) {
    context.plan(Intent::TransitionStage {
        model: model.clone(),
        version,
        to,
        archive_existing: false,
    });
}

/// Plans to set or to remove an alias.
pub(super) fn plan_alias(
    model: &ModelName,
    version: VersionNumber,
    change: AliasChange,
    context: &mut UpdateContext<'_>,
) {
    let model = model.clone();
    context.plan(match change {
        AliasChange::Set(name) => Intent::SetAlias {
            model,
            alias: Alias::from(name),
            version,
        },
        AliasChange::Remove(name) => Intent::RemoveAlias {
            model,
            alias: Alias::from(name),
        },
    });
}

/// The text that the filter and find search.
fn searchable_text(version: &ModelVersion) -> String {
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
    let parts: Vec<_> = own.into_iter().chain(aliases).chain(tags).collect();
    parts.join(" ").to_lowercase()
}

impl Screen for VersionsScreen {
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
        match (action, current) {
            (Action::Mark | Action::MarkRange, _) => self.toggle_mark(context),
            (Action::ClearMarks, _) => context.shared.marks.clear(),
            (Action::Baseline, _) => self.set_baseline(context),
            (Action::Charts, _) if context.shared.marks.is_empty() => self.open_charts(context),
            (Action::History, _) => context.push(HistoryScreen::new(self.name.clone())),
            (Action::Goal, _) => self.open_goals(context),
            (Action::Sort, _) => self.is_oldest_first = !self.is_oldest_first,
            (Action::Open | Action::Lineage, Some(version)) => {
                context.push(LineageScreen::new(self.name.clone(), version));
            }
            (Action::Review, Some(version)) => {
                let dialog = ReviewDialog::open(self.name.clone(), version, context);
                context.open(Dialog::Review(Box::new(dialog)));
            }
            (Action::Stage | Action::Request | Action::Alias | Action::Delete, Some(version)) => {
                self.open_write_dialog(action, version, context);
            }
            (Action::GiveBack, Some(version)) => {
                self.restore_request = Some((context.request(Request::Journal), version));
            }
            (Action::CopyValue | Action::CopyId, Some(version)) => {
                context.copy_to_clipboard(format!("{}/{version}", self.name.raw()));
            }
            (Action::WebPage, Some(version)) => {
                let version = version.to_string();
                context.copy_web_page(&["models", self.name.raw(), "versions", &version]);
            }
            (
                Action::Open
                | Action::Lineage
                | Action::Review
                | Action::Stage
                | Action::Request
                | Action::Alias
                | Action::Delete
                | Action::GiveBack
                | Action::CopyValue
                | Action::CopyId
                | Action::WebPage,
                None,
            ) => {}
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
        match (reply, self.restore_request) {
            (Reply::Journal(result), Some((pending, version))) if pending == ticket => {
                self.restore_request = None;
                match result {
                    Ok(entries) => self.restore_previous_holder(version, &entries, context),
                    Err(error) => context.notify_error(&error),
                }
            }
            (Reply::Versions(result), _) if self.data.is_awaiting(ticket) => {
                let selected = self.current().map(|version| version.version);
                context.resolve(&mut self.data, ticket, result);
                let rows = self.visible_versions();
                let at = selected.and_then(|v| rows.iter().position(|row| row.version == v));
                self.cursor.follow(at);
            }
            (Reply::Assessed(result), _) if self.assessment.is_awaiting(ticket) => {
                context.resolve(&mut self.assessment, ticket, result);
            }
            (other, _) => return Some(other),
        }
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter versions", &mut self.filter))
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_versions().len();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.visible_versions()
            .get(row)
            .map(|version| clean(&searchable_text(version)).into_owned())
            .unwrap_or_default()
    }
}
