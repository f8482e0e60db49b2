//! The versions of a model with their stages and aliases, measured against the champion.

mod details;
mod prompts;

use std::collections::BTreeMap;

use super::version_dialogs::plan_promotion;
use super::{ChartsScreen, FocusedList, Freshness, HistoryScreen, LineageScreen, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Goal, ModelName, ModelVersion, Run, RunId, Slot, Stage, VersionNumber};
use crate::evidence::ToolEvidence;
use crate::ops::copy::check_copyable;
use crate::promotion::journal::{JournalEntry, last_undoable_entry};
use crate::promotion::{CHAMPION_ALIAS, GateOutcome, GateResult, Intent};
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{
    Dialog, Prompt, RegisterDialog, ReviewDialog, edit_version, goals, promotions,
};
use crate::tui::app::layout::{Size, list_above_detail, table_areas};
use crate::tui::app::message::{Assessment, ModelDetail, TableExport};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

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
    /// The version to put the cursor on when the data arrives.
    initial_version: Option<VersionNumber>,
    /// The version of a prompt that texts are compared with.
    prompt_baseline: Option<VersionNumber>,
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
            initial_version: None,
            prompt_baseline: None,
            restore_request: None,
        }
    }

    fn versions(&self) -> &[ModelVersion] {
        let versions = self.data.get().map(|data| data.versions.as_slice());
        versions.unwrap_or_default()
    }

    fn runs(&self) -> &[Run] {
        let runs = self.data.get().map(|data| data.runs.runs.as_slice());
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
        self.data.get()?.runs.of(version)
    }

    /// The run of the version under the cursor, and the label of its mark: `v6`.
    fn current_run(&self) -> Option<(RunId, Untrusted)> {
        let version = self.current()?;
        let run = self.run_of(version)?;
        Some((run.id.clone(), format!("v{}", version.version).into()))
    }

    /// The version in use, which the review compares with too: the holder of the slot that versions are reviewed for. Until
    /// that is known, the newest in Production, else the holder of `@champion`.
    pub(crate) fn champion(&self) -> Option<&ModelVersion> {
        if let Some(assessment) = self.assessment.get() {
            return self.find(assessment.champion?);
        }
        let mut versions = self.versions().iter();
        let in_production = versions.find(|version| version.stage == Stage::Production);
        in_production.or_else(|| {
            let number = self.data.get()?.model.version_for_alias(CHAMPION_ALIAS)?;
            self.find(number)
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
    pub(crate) fn tools(&self) -> Vec<(&str, &str)> {
        let assessment = self.assessment.get().into_iter();
        let found = assessment
            .flat_map(|assessment| &assessment.evidence)
            .flat_map(|(_, tools)| tools);
        let mut tools: BTreeMap<(&str, &str), bool> = BTreeMap::new();
        for tool in found {
            let fails = tool.headline().is_some_and(|fact| fact.is_unexpected);
            *tools.entry((&tool.id, &tool.name)).or_default() |= fails;
        }
        let mut tools: Vec<_> = tools.into_iter().collect();
        tools.sort_by_key(|(_, fails)| !fails);
        tools.into_iter().map(|(tool, _)| tool).collect()
    }

    /// How many checks of all integrations failed, and how many there are: of a version, or of all with `None`.
    pub(crate) fn check_counts(&self, version: Option<VersionNumber>) -> (usize, usize) {
        let evidence = self.assessment.get().map(|all| all.evidence.as_slice());
        let facts = evidence
            .unwrap_or_default()
            .iter()
            .filter(|(number, _)| version.is_none_or(|version| version == *number))
            .flat_map(|(_, tools)| tools)
            .flat_map(|tool| &tool.facts)
            .filter(|fact| fact.has_expectation);
        facts.fold((0, 0), |(failed, all), fact| {
            (failed + usize::from(fact.is_unexpected), all + 1)
        })
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

    fn open_export(context: &mut UpdateContext<'_>) {
        let title = "export these versions to (.csv, .md or .json)";
        let prompt = Prompt::export(title, "versions.csv", Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        if let Some(data) = self.data.get() {
            let versions = self.visible_versions();
            let zone = &context.shared.session.time_zone;
            let slots = context.shared.session.slot_kinds;
            let is_prompt = self.is_prompt();
            let table = TableExport::of_versions(&versions, &data.runs, is_prompt, slots, zone);
            context.export_table(path, table);
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
        let picker = goals(keys, self.goal(context.shared).as_ref());
        context.open(picker.submit_to(|screen: &mut Self, goal, _| screen.goal = Some(goal)));
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
        if let Some((entry, slot)) = last.and_then(|entry| Some((entry, changed_slot(entry)?))) {
            return context.plan(entry.restore_previous_holder(slot));
        }
        let noun = if context.shared.session.slot_kinds.stages {
            "stage or aliases"
        } else {
            "aliases"
        };
        context.notify(format!(
            "no previous holder of the {noun} of v{version} is in the journal"
        ));
    }

    fn open_write_dialog(
        &self,
        action: Action,
        version: VersionNumber,
        context: &mut UpdateContext<'_>,
    ) {
        let (Some(held), Some(data)) = (self.find(version), self.data.get()) else {
            return;
        };
        let name = self.name.clone();
        match action {
            Action::Delete => context.plan(Intent::DeleteVersion {
                model: name,
                version,
            }),
            Action::Register => match check_copyable(held) {
                Ok(()) => {
                    let dialog = RegisterDialog::open_copy(held, context);
                    context.open(Dialog::Register(Box::new(dialog)));
                }
                Err(error) => context.notify(error.message),
            },
            Action::Edit => edit_version::<Self>(held, &data.model, context),
            _ => {
                let model = Some(&data.model);
                let has_requests = context.shared.has_transition_requests();
                let slots = data.model.slot_kinds(context.shared.session.slot_kinds);
                context.open(
                    promotions(&name, version, held.stage, model, slots, has_requests)
                        .map(move |choice| (version, choice))
                        .submit_to(|screen: &mut Self, (version, choice), context| {
                            plan_promotion(&screen.name, version, choice, context);
                        }),
                );
            }
        }
    }
}

/// Opens the versions of the model that was just registered to, with the cursor on the new version.
pub(super) fn open_registered_version(context: &mut UpdateContext<'_>) {
    if let Some((name, version)) = context.shared.registered.take() {
        context.push(VersionsScreen {
            initial_version: Some(version),
            ..VersionsScreen::new(name)
        });
    }
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
        let kind = if self.is_prompt() {
            "prompts"
        } else {
            "models"
        };
        vec![kind.into(), self.name.clean().into_owned()]
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
            (Action::Baseline, _) if self.is_prompt() => self.set_prompt_baseline(context),
            (Action::Baseline, _) => self.set_baseline(context),
            (Action::Review, _) if self.is_prompt() => self.open_prompt_diff(context),
            (Action::Charts, _) if context.shared.marks.is_empty() => self.open_charts(context),
            (Action::History, _) => context.push(HistoryScreen::new(self.name.clone())),
            (Action::Goal, _) => self.open_goals(context),
            (Action::Export, _) => Self::open_export(context),
            (Action::Sort, _) => self.is_oldest_first = !self.is_oldest_first,
            (Action::Open | Action::Lineage, Some(version)) => {
                context.push(LineageScreen::new(self.name.clone(), version));
            }
            (Action::Review | Action::Approve, Some(version)) => {
                let dialog = ReviewDialog::open(self.name.clone(), version, None, context);
                context.open(Dialog::Review(Box::new(dialog)));
            }
            (Action::Promote | Action::Edit | Action::Delete | Action::Register, Some(version)) => {
                self.open_write_dialog(action, version, context);
            }
            (Action::Preview, Some(_)) => self.open_details(context),
            (Action::Undo, Some(version)) => {
                self.restore_request = Some((context.request(Request::Journal), version));
            }
            (Action::CopyValue | Action::CopyId, Some(version)) => {
                context.copy_name(&format!("{}/{version}", self.name.raw()));
            }
            (Action::WebPage, Some(version)) => {
                let (name, version) = (self.name.raw(), version.to_string());
                if self.is_prompt() {
                    context.copy_web_page(&["prompts", name]);
                } else {
                    context.copy_web_page(&["models", name, "versions", &version]);
                }
            }
            (
                Action::Open
                | Action::Preview
                | Action::Lineage
                | Action::Review
                | Action::Approve
                | Action::Promote
                | Action::Register
                | Action::Edit
                | Action::Delete
                | Action::Undo
                | Action::CopyValue
                | Action::CopyId
                | Action::WebPage,
                None,
            ) => context.notify(if self.data.get().is_none() {
                "the versions are still loading"
            } else {
                "no version under the cursor"
            }),
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
                let selected = selected.or(self.initial_version.take());
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
        open_registered_version(context);
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter versions", &mut self.filter))
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(list_above_detail(size)).rows;
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
