//! One run: what it was given, what it read, what came of it, what it left.

pub mod files;
mod items;

use super::{Freshness, List, Screen, View, take_reply};
use crate::analysis::rhythm::Rhythm;
use crate::config::keymap::{Action, Scope};
use crate::domain::{ArtifactHome, Run, RunId, RunStatus};
use crate::promotion::Intent;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame};
use crate::tui::app::message::{PictureOf, Reply, Request, RunDetail, Ticket};
use crate::tui::app::overlays::{Overlay, PictureView, PlanDialog, RegisterDialog};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

use files::Files;
use items::lines_of;

pub use items::Item;

/// Points of a history that the list of metrics draws.
const SPARK_POINTS: u32 = 200;
/// Rows above a tab: the tabs, and a line of space.
pub const TAB_ROWS: u16 = 2;
/// The most rows of facts above the metrics of the overview.
const FACT_ROWS: u16 = 9;

/// Where a tab's list is in a body; on the overview, facts stand above it.
#[must_use]
pub fn list_area(body: ratatui::layout::Rect, tab: Tab) -> ratatui::layout::Rect {
    let facts = if tab == Tab::Overview {
        FACT_ROWS.min(body.height / 2)
    } else {
        0
    };
    let above = (TAB_ROWS + facts).min(body.height);
    ratatui::layout::Rect {
        y: body.y + above,
        height: body.height - above,
        ..body
    }
}

/// The tabs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the tabs by their names")]
pub enum Tab {
    #[default]
    Overview,
    Metrics,
    Params,
    Tags,
    Datasets,
    Artifacts,
    Models,
    System,
}

impl Tab {
    /// The tabs in order.
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Metrics,
        Self::Params,
        Self::Tags,
        Self::Datasets,
        Self::Artifacts,
        Self::Models,
        Self::System,
    ];

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Metrics => "Metrics",
            Self::Params => "Params",
            Self::Tags => "Tags",
            Self::Datasets => "Datasets",
            Self::Artifacts => "Artifacts",
            Self::Models => "Models",
            Self::System => "System",
        }
    }

    /// The next tab, or the one before; round and round.
    fn step(self, forward: bool) -> Self {
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

/// The screen's state.
#[derive(Debug)]
pub struct RunScreen {
    /// Which run.
    pub id: RunId,
    /// The run and what belongs to it.
    pub data: Remote<Box<RunDetail>>,
    /// The tab that is seen.
    pub tab: Tab,
    /// The cursor of each tab.
    pub cursors: [Cursor; Tab::ALL.len()],
    /// The words that a key must have.
    pub filter: String,
    /// The artifacts.
    pub files: Files,
    needle: String,
}

impl RunScreen {
    /// A run.
    #[must_use]
    pub fn new(id: RunId) -> Self {
        Self {
            id,
            data: Remote::default(),
            tab: Tab::default(),
            cursors: [Cursor::default(); Tab::ALL.len()],
            filter: String::new(),
            files: Files::default(),
            needle: String::new(),
        }
    }

    /// The run, once it came.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.data.get().map(|detail| &detail.run)
    }

    /// Whether the run says that it goes on, so that it is read again by itself.
    fn is_going(&self) -> bool {
        self.run()
            .is_some_and(|run| matches!(run.status, RunStatus::Running | RunStatus::Scheduled))
    }

    /// How the run logs, if it says that it is running: by the histories of its metrics that are known.
    #[must_use]
    pub fn rhythm(&self, shared: &Shared) -> Option<Rhythm> {
        let run = self.run().filter(|run| run.status == RunStatus::Running)?;
        let known = |key: &str| {
            Some((
                shared.histories.get(&run.id, key)?,
                shared.histories.is_sampled(&run.id, key),
            ))
        };
        let metrics = run
            .metrics
            .iter()
            .map(|metric| metric.key.raw())
            .filter(|key| !key.starts_with("system/"));
        // The metric that is logged most often is the run's pulse.
        let rhythms = metrics
            .filter_map(known)
            .map(|(points, sampled)| Rhythm::of(run).with(points, sampled));
        let quickest = rhythms
            .filter(|rhythm| rhythm.interval.is_some())
            .min_by_key(|rhythm| rhythm.interval);
        Some(quickest.unwrap_or_else(|| Rhythm::of(run)))
    }

    /// The cursor of the tab that is seen.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursors[self.tab as usize]
    }

    /// The lines of the tab that is seen, but for the artifacts.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let Some(detail) = self.data.get() else {
            return Vec::new();
        };
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let mut items = lines_of(self.tab, detail);
        items.retain(|item| {
            let text = format!("{} {}", item.key.raw(), item.value.raw()).to_lowercase();
            words.iter().all(|word| text.contains(word))
        });
        items
    }

    fn fetch_histories(&self, context: &mut Context<'_>) {
        if !matches!(self.tab, Tab::Metrics | Tab::System | Tab::Overview) {
            return;
        }
        let height = usize::from(context.size.height);
        let items = self.items();
        let at = self.cursor().at;
        for item in items
            .iter()
            .skip(at.saturating_sub(height))
            .take(2 * height)
            .filter(|item| item.number.is_some())
        {
            let metric = item.key.raw();
            context.ask_histories(std::slice::from_ref(&self.id), metric, SPARK_POINTS);
        }
    }

    fn step_tab(&mut self, forward: bool, context: &mut Context<'_>) {
        self.tab = self.tab.step(forward);
        if self.tab == Tab::Artifacts {
            self.files.begin(&self.id, context);
        }
    }

    fn open(&mut self, context: &mut Context<'_>) {
        match self.tab {
            Tab::Artifacts if self.files.is_image() => self.picture(context),
            Tab::Artifacts => self.files.open(&self.id, context),
            Tab::Models => {
                let versions = self
                    .data
                    .get()
                    .and_then(|detail| detail.versions.as_ref().ok())
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                // Versions are listed first, then logged models.
                match versions.get(self.cursor().at) {
                    Some(version) => context.go.push(Go::To(Screen::lineage(
                        version.name.clone(),
                        version.version,
                    ))),
                    None => context.say(
                        "a logged model that is not registered has no lineage yet; r registers it",
                    ),
                }
            }
            _ => {}
        }
    }

    /// Shows the image under the cursor.
    fn picture(&self, context: &mut Context<'_>) {
        let Some(file) = self
            .files
            .current()
            .filter(|_| self.tab == Tab::Artifacts && self.files.is_image())
        else {
            return context.say("go to an image among the artifacts: PNG, JPEG, GIF or WebP");
        };
        let of = PictureOf::Artifact(
            ArtifactHome::Run(self.id.clone()),
            file.path.raw().to_owned(),
        );
        let view = PictureView::open(file.path.clean().into_owned(), of, context);
        context
            .go
            .push(Go::Over(Box::new(Overlay::Picture(Box::new(view)))));
    }

    fn copy(&self, id: bool, context: &mut Context<'_>) {
        let text = match (id, self.tab) {
            (true, _) => Some(self.id.raw().to_owned()),
            (false, Tab::Artifacts) => self.files.current().map(|file| file.path.raw().to_owned()),
            (false, _) => self
                .items()
                .get(self.cursor().at)
                .map(|item| item.value.raw().to_owned()),
        };
        if let Some(text) = text {
            context.copy(text);
        }
    }

    fn lineage(&self, context: &mut Context<'_>) {
        let version = self
            .data
            .get()
            .and_then(|detail| detail.versions.as_ref().ok()?.first());
        match version {
            Some(version) => context.go.push(Go::To(Screen::lineage(
                version.name.clone(),
                version.version,
            ))),
            None => context.say("no version was registered from this run; r registers it"),
        }
    }
}

impl View for RunScreen {
    fn scope(&self) -> Scope {
        Scope::Run
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        let name = self
            .run()
            .map_or_else(|| self.id.short(), |run| run.label().clean().into_owned());
        vec!["run".into(), name]
    }

    fn freshness(&self, shared: &Shared) -> Freshness {
        let freshness = Freshness::of(&self.data);
        if self.is_going() {
            shared.live(freshness, 1, self.data.tried)
        } else {
            freshness
        }
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.shared.histories.forget(&self.id);
        context.fetch(&mut self.data, Request::Run(self.id.clone()));
        self.files = Files::default();
        if self.tab == Tab::Artifacts {
            self.files.begin(&self.id, context);
        }
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::NextPane | Action::Right => self.step_tab(true, context),
            Action::PreviousPane | Action::Left => self.step_tab(false, context),
            Action::Open | Action::Fold => self.open(context),
            Action::Register => {
                let dialog = RegisterDialog::open(self.id.clone(), Vec::new(), context);
                context
                    .go
                    .push(Go::Over(Box::new(Overlay::Register(Box::new(dialog)))));
            }
            Action::Delete => PlanDialog::show(
                Intent::DeleteRuns {
                    runs: vec![self.id.clone()],
                },
                context,
            ),
            Action::Restore => PlanDialog::show(
                Intent::RestoreRuns {
                    runs: vec![self.id.clone()],
                },
                context,
            ),
            Action::Lineage => self.lineage(context),
            Action::Charts => context
                .go
                .push(Go::To(Screen::charts(vec![self.id.clone()]))),
            Action::Compare => {
                let label = self
                    .run()
                    .map_or_else(|| self.id.text().clone(), Run::label);
                let home = self.run().map_or_else(String::new, |run| {
                    format!("experiment {}", run.experiment_id.clean())
                });
                context.shared.marks.add(&self.id, &label, &home);
                if context.shared.marks.len() < 2 {
                    context.say("marked; mark another run to compare it with");
                } else {
                    context
                        .go
                        .push(Go::To(Screen::compare(context.shared.marks.ids())));
                }
            }
            Action::Picture => self.picture(context),
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter by key or value",
                &self.filter,
            )))),
            Action::Goal => {
                let keys = self
                    .run()
                    .map(|run| run.metrics.iter().map(|m| m.key.clone()).collect())
                    .unwrap_or_default();
                context.go.push(Go::Over(Box::new(Overlay::goals(keys))));
            }
            Action::CopyValue => self.copy(false, context),
            Action::CopyId => self.copy(true, context),
            Action::WebPage => {
                if let (Some(web), Some(run)) = (context.shared.session.web.clone(), self.run()) {
                    context.copy(format!(
                        "{web}/#/experiments/{}/runs/{}",
                        run.experiment_id.raw(),
                        run.id.raw()
                    ));
                }
            }
            Action::Back if self.files.close_preview() => {}
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let reply = self.files.reply(ticket, reply, context)?;
        let rest = take_reply!(ticket, reply, context, Run => self.data);
        if let (None, Some(run)) = (&rest, self.run()) {
            context.shared.histories.grow(run, context.now);
        }
        rest
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Goal(goal) => {
                if let Some(run) = self.data.get().map(|detail| &detail.run) {
                    context.shared.goals.insert(run.experiment_id.clone(), goal);
                }
            }
            Choice::Written => self.enter(context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = list_area(frame(size).body, self.tab);
        let (height, top) = (usize::from(rows.height), rows.y);
        if self.tab == Tab::Artifacts {
            let len = self.files.len();
            return Some(List {
                cursor: self.files.cursor_mut(),
                len,
                height,
                top,
            });
        }
        let len = self.items().len();
        Some(List {
            cursor: &mut self.cursors[self.tab as usize],
            len,
            height,
            top,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        match self.tab {
            Tab::Artifacts => self.files.label(line),
            _ => self
                .items()
                .get(line)
                .map(|item| item.key.clean().into_owned())
                .unwrap_or_default(),
        }
    }

    fn settle(&mut self, context: &mut Context<'_>) {
        if self.is_going() {
            context.refetch(&mut self.data, 1, || Request::Run(self.id.clone()));
        }
        self.fetch_histories(context);
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
