//! The versions of a model: stages and aliases side by side, measured against the champion.

use std::collections::BTreeMap;

use super::{Freshness, List, Screen, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{Alias, Goal, ModelName, ModelVersion, Run, Stage, VersionNumber};
use crate::evidence::Evidence;
use crate::promotion::journal::{Entry, give_back, last_change};
use crate::promotion::{GateVerdict, Intent, Place, Verdict};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame, table};
use crate::tui::app::message::{Assessed, Reply, Request, Ticket, VersionsOf};
use crate::tui::app::overlays::{Overlay, PlanDialog, ReviewView};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// The alias that holds the version in use, by the habit that MLflow's own documentation teaches.
pub const CHAMPION: &str = "champion";

/// The screen's state.
#[derive(Debug)]
pub struct Versions {
    /// The model.
    pub name: ModelName,
    /// Its versions and their runs.
    pub data: Remote<Box<VersionsOf>>,
    /// What the policy and other tools say of them.
    pub assessed: Remote<Box<Assessed>>,
    /// The cursor over the versions that pass the filter.
    pub cursor: Cursor,
    /// The words that a version must have, in its stage, aliases, tags or status.
    pub filter: String,
    /// The goal that was chosen here; else the experiment's own, else a guess.
    pub goal: Option<Goal>,
    /// Oldest first.
    pub oldest_first: bool,
    /// The version whose place is given back, once the journal tells who had it.
    giving: Option<(Ticket, VersionNumber)>,
    /// Whether the stage that is chosen next is asked for, and not moved to.
    requesting: bool,
    needle: String,
}

impl Versions {
    /// The versions of a model.
    #[must_use]
    pub fn new(name: ModelName) -> Self {
        Self {
            name,
            data: Remote::default(),
            assessed: Remote::default(),
            cursor: Cursor::default(),
            filter: String::new(),
            goal: None,
            oldest_first: false,
            giving: None,
            requesting: false,
            needle: String::new(),
        }
    }

    /// The versions that pass the filter, in order.
    #[must_use]
    pub fn lines(&self) -> Vec<&ModelVersion> {
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
            let text = described(version);
            words.iter().all(|word| text.contains(word))
        };
        let mut lines: Vec<&ModelVersion> = all.iter().filter(fits).collect();
        if self.oldest_first {
            lines.reverse();
        }
        lines
    }

    /// The version under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&ModelVersion> {
        self.lines().get(self.cursor.at).copied()
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
            .alias(CHAMPION)
            .and_then(|number| data.versions.iter().find(|v| v.version == number));
        by_alias.or_else(|| data.versions.iter().find(|v| v.stage == Stage::Production))
    }

    /// The goal by which the versions are measured.
    #[must_use]
    pub fn goal(&self, shared: &Shared) -> Option<Goal> {
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
            Goal::likeliest(run.metrics.iter().map(|metric| &metric.key))
        };
        self.goal.clone().or_else(declared).or_else(guess)
    }

    /// What the policy says of a version: how many gates pass of how many, and the first that does not.
    #[must_use]
    pub fn gates_of(&self, version: VersionNumber) -> Option<(usize, usize, Option<&GateVerdict>)> {
        let (_, gates) = self
            .assessed
            .get()?
            .verdicts
            .iter()
            .find(|(number, _)| *number == version)?;
        let passes = |gate: &&GateVerdict| gate.verdict == Verdict::Pass;
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
            .assessed
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
    pub fn evidence_of(&self, version: VersionNumber, tool: &str) -> Option<&Evidence> {
        let (_, tools) = self
            .assessed
            .get()?
            .evidence
            .iter()
            .find(|(number, _)| *number == version)?;
        tools.iter().find(|known| known.id == tool)
    }

    fn mark(&mut self, context: &mut Context<'_>) {
        let run = self
            .current()
            .and_then(|version| self.run_of(version))
            .map(|run| (run.id.clone(), run.label()));
        match run {
            Some((id, label)) => context.shared.marks.toggle(&id, &label, &self.name.clean()),
            None => context.say("this version names no run that can be read"),
        }
        self.cursor.travel(
            Action::Down,
            self.lines().len(),
            usize::from(context.size.height),
        );
    }

    /// Plans to give back the place that a version was given last, of those that it has.
    fn give_back(&self, version: VersionNumber, entries: &[Entry], context: &mut Context<'_>) {
        let versions = self.data.get().map_or(&[][..], |data| &data.versions);
        let Some(holder) = versions.iter().find(|known| known.version == version) else {
            return context.say(format!("v{version} is no longer there"));
        };
        let stage = matches!(holder.stage, Stage::Staging | Stage::Production)
            .then_some(Place::Stage(holder.stage));
        let places: Vec<Place> = holder
            .aliases
            .iter()
            .cloned()
            .map(Place::Alias)
            .chain(stage)
            .collect();
        let given = |entry: &Entry| {
            let is_ours = entry.plan.intent.is_about(self.name.raw());
            places
                .iter()
                .find(|place| is_ours && entry.changed(place))
                .cloned()
        };
        let found = last_change(entries, |entry| given(entry).is_some());
        match found.and_then(|entry| Some((entry, given(entry)?))) {
            Some((entry, place)) => PlanDialog::show(give_back(entry, &place), context),
            None => context.say(format!(
                "the journal does not know who had the places of v{version} before it"
            )),
        }
    }

    fn ask(&mut self, action: Action, version: VersionNumber, context: &mut Context<'_>) {
        if action == Action::Delete {
            return PlanDialog::show(
                Intent::Delete {
                    model: self.name.clone(),
                    version,
                },
                context,
            );
        }
        self.requesting = action == Action::Request;
        let overlay = if self.requesting {
            Overlay::stages(&format!("ask for {}/{version} to go to", self.name.clean()))
        } else if action == Action::Stage {
            Overlay::stages(&format!("move {}/{version} to", self.name.clean()))
        } else {
            let model = self.data.get().map(|data| &data.model);
            Overlay::aliases(
                &format!("alias of {}/{version}", self.name.clean()),
                model,
                version,
            )
        };
        context.go.push(Go::Over(Box::new(overlay)));
    }
}

/// What the filter looks at, in lower case.
fn described(version: &ModelVersion) -> String {
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

impl View for Versions {
    fn scope(&self) -> Scope {
        Scope::Versions
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec!["models".into(), self.name.clean().into_owned()]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.data)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::Versions(self.name.clone()));
        context.fetch(&mut self.assessed, Request::Assess(self.name.clone()));
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let current = self.current().map(|version| version.version);
        match action {
            Action::Mark | Action::MarkRange => self.mark(context),
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
                        .go
                        .push(Go::To(Screen::lineage(self.name.clone(), version)));
                }
            }
            Action::Charts if context.shared.marks.is_empty() => {
                let run = self
                    .current()
                    .and_then(|version| self.run_of(version))
                    .map(|run| run.id.clone());
                match run {
                    Some(run) => context.go.push(Go::To(Screen::charts(vec![run]))),
                    None => context.say("the run that this version came from can't be read"),
                }
            }
            Action::Review => {
                if let Some(version) = current {
                    let view = ReviewView::ask(self.name.clone(), version, context);
                    context
                        .go
                        .push(Go::Over(Box::new(Overlay::Review(Box::new(view)))));
                }
            }
            Action::Stage | Action::Request | Action::Alias | Action::Delete => {
                if let Some(version) = current {
                    self.ask(action, version, context);
                }
            }
            Action::History => context.go.push(Go::To(Screen::history(self.name.clone()))),
            Action::GiveBack => {
                self.giving = current.map(|version| (context.ask(Request::Journal), version))
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
                    .go
                    .push(Go::Over(Box::new(Overlay::goals(keys.collect()))));
            }
            Action::Sort => self.oldest_first = !self.oldest_first,
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter versions",
                &self.filter,
            )))),
            Action::CopyValue | Action::CopyId => {
                if let Some(version) = current {
                    context.copy(format!("{}/{version}", self.name.raw()));
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(version)) = (context.shared.session.web.clone(), current) {
                    context.copy(format!(
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

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let reply = match (reply, self.giving) {
            (Reply::Journal(answer), Some((asked, version))) if asked == ticket => {
                self.giving = None;
                match answer {
                    Ok(entries) => self.give_back(version, &entries, context),
                    Err(fault) => context.shared.notices.fault(context.now, &fault),
                }
                return None;
            }
            (reply, _) => reply,
        };
        let kept = self.current().map(|version| version.version);
        let rest = take_reply!(ticket, reply, context, Versions => self.data);
        let rest =
            rest.and_then(|reply| take_reply!(ticket, reply, context, Assessed => self.assessed));
        // A version that was made meanwhile moves the lines: what is chosen next is for the one that the cursor was on.
        if let Some(at) = kept.and_then(|kept| {
            self.lines()
                .iter()
                .position(|version| version.version == kept)
        }) {
            self.cursor.at = at;
        }
        rest
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        let version = self.current().map(|version| version.version);
        let model = self.name.clone();
        match (choice, version) {
            (Choice::Filter(text), _) => self.filter = text,
            (Choice::Goal(goal), _) => self.goal = Some(goal),
            (Choice::Written, _) => self.enter(context),
            (Choice::Stage(to), Some(version)) if self.requesting => {
                PlanDialog::show(Intent::Request { model, version, to }, context)
            }
            (Choice::Stage(to), Some(version)) => PlanDialog::show(
                Intent::Move {
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

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = table(frame(size).body).rows;
        let len = self.lines().len();
        Some(List {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.lines()
            .get(line)
            .map(|version| crate::text::untrusted::clean(&described(version)).into_owned())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
