//! One run: what it was given, what it read, what came of it, what it left.

pub mod files;
mod tab_items;

use super::{FocusedList, Freshness, Screen, View, take_reply};
use crate::analysis::heartbeat::Heartbeat;
use crate::config::keymap::{Action, Scope};
use crate::domain::{ArtifactOwner, Run, RunId, RunStatus};
use crate::promotion::Intent;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, ImageDialog, PlanDialog, RegisterDialog};
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::message::{ImageSource, Reply, Request, RunDetail, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

use files::FileTree;
use tab_items::items_of;

pub use tab_items::TabItem;

/// Points of a history that the list of metrics draws.
const SPARKLINE_POINTS: u32 = 200;
/// Rows above a tab: the tabs, and a line of space.
pub const TAB_ROWS: u16 = 2;
/// The most rows of facts above the metrics of the overview.
const FACT_ROWS: u16 = 9;

/// Where a tab's list is in a body; on the overview, facts stand above it.
#[must_use]
pub fn list_area(body: ratatui::layout::Rect, tab: RunTab) -> ratatui::layout::Rect {
    let facts = if tab == RunTab::Overview {
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
pub enum RunTab {
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

impl RunTab {
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
    pub tab: RunTab,
    /// The cursor of each tab.
    pub cursors: [Cursor; RunTab::ALL.len()],
    /// The words that a key must have.
    pub filter: String,
    /// The artifacts.
    pub files: FileTree,
    search_text: String,
}

impl RunScreen {
    /// A run.
    #[must_use]
    pub fn new(id: RunId) -> Self {
        Self {
            id,
            data: Remote::default(),
            tab: RunTab::default(),
            cursors: [Cursor::default(); RunTab::ALL.len()],
            filter: String::new(),
            files: FileTree::default(),
            search_text: String::new(),
        }
    }

    /// The run, once it came.
    #[must_use]
    pub fn run(&self) -> Option<&Run> {
        self.data.get().map(|detail| &detail.run)
    }

    /// Whether the run says that it goes on, so that it is read again by itself.
    fn is_active(&self) -> bool {
        self.run()
            .is_some_and(|run| matches!(run.status, RunStatus::Running | RunStatus::Scheduled))
    }

    /// How the run logs, if it says that it is running: by the histories of its metrics that are known.
    #[must_use]
    pub fn heartbeat(&self, shared: &SharedState) -> Option<Heartbeat> {
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
        let heartbeats = metrics
            .filter_map(known)
            .map(|(points, sampled)| Heartbeat::from_run(run).with_history(points, sampled));
        let shortest_interval = heartbeats
            .filter(|rhythm| rhythm.interval.is_some())
            .min_by_key(|rhythm| rhythm.interval);
        Some(shortest_interval.unwrap_or_else(|| Heartbeat::from_run(run)))
    }

    /// The cursor of the tab that is seen.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursors[self.tab as usize]
    }

    /// The lines of the tab that is seen, but for the artifacts.
    #[must_use]
    pub fn items(&self) -> Vec<TabItem> {
        let Some(detail) = self.data.get() else {
            return Vec::new();
        };
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let mut items = items_of(self.tab, detail);
        items.retain(|item| {
            let text = format!("{} {}", item.key.raw(), item.value.raw()).to_lowercase();
            words.iter().all(|word| text.contains(word))
        });
        items
    }

    fn fetch_histories(&self, context: &mut UpdateContext<'_>) {
        if !matches!(
            self.tab,
            RunTab::Metrics | RunTab::System | RunTab::Overview
        ) {
            return;
        }
        let height = usize::from(context.size.height);
        let items = self.items();
        let at = self.cursor().index;
        for item in items
            .iter()
            .skip(at.saturating_sub(height))
            .take(2 * height)
            .filter(|item| item.number.is_some())
        {
            let metric = item.key.raw();
            context.request_histories(std::slice::from_ref(&self.id), metric, SPARKLINE_POINTS);
        }
    }

    fn switch_tab(&mut self, forward: bool, context: &mut UpdateContext<'_>) {
        self.tab = self.tab.step(forward);
        if self.tab == RunTab::Artifacts {
            self.files.load_root(&self.id, context);
        }
    }

    fn open(&mut self, context: &mut UpdateContext<'_>) {
        match self.tab {
            RunTab::Artifacts if self.files.is_image() => self.open_image(context),
            RunTab::Artifacts => self.files.open(&self.id, context),
            RunTab::Models => {
                let versions = self
                    .data
                    .get()
                    .and_then(|detail| detail.versions.as_ref().ok())
                    .map(Vec::as_slice)
                    .unwrap_or_default();
                // Versions are listed first, then logged models.
                match versions.get(self.cursor().index) {
                    Some(version) => context.navigation.push(Navigate::Push(Screen::lineage(
                        version.name.clone(),
                        version.version,
                    ))),
                    None => context.notify(
                        "a logged model that is not registered has no lineage yet; r registers it",
                    ),
                }
            }
            _ => {}
        }
    }

    /// Shows the image under the cursor.
    fn open_image(&self, context: &mut UpdateContext<'_>) {
        let Some(file) = self
            .files
            .current()
            .filter(|_| self.tab == RunTab::Artifacts && self.files.is_image())
        else {
            return context.notify("go to an image among the artifacts: PNG, JPEG, GIF or WebP");
        };
        let of = ImageSource::Artifact(
            ArtifactOwner::Run(self.id.clone()),
            file.path.raw().to_owned(),
        );
        let view = ImageDialog::open(file.path.clean().into_owned(), of, context);
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Image(Box::new(
                view,
            )))));
    }

    fn copy_value(&self, id: bool, context: &mut UpdateContext<'_>) {
        let text = match (id, self.tab) {
            (true, _) => Some(self.id.raw().to_owned()),
            (false, RunTab::Artifacts) => {
                self.files.current().map(|file| file.path.raw().to_owned())
            }
            (false, _) => self
                .items()
                .get(self.cursor().index)
                .map(|item| item.value.raw().to_owned()),
        };
        if let Some(text) = text {
            context.copy_to_clipboard(text);
        }
    }

    fn open_lineage(&self, context: &mut UpdateContext<'_>) {
        let version = self
            .data
            .get()
            .and_then(|detail| detail.versions.as_ref().ok()?.first());
        match version {
            Some(version) => context.navigation.push(Navigate::Push(Screen::lineage(
                version.name.clone(),
                version.version,
            ))),
            None => context.notify("no version was registered from this run; r registers it"),
        }
    }
}

impl View for RunScreen {
    fn scope(&self) -> Scope {
        Scope::Run
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        let name = self
            .run()
            .map_or_else(|| self.id.short(), |run| run.label().clean().into_owned());
        vec!["run".into(), name]
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        let freshness = Freshness::of(&self.data);
        if self.is_active() {
            shared.polled_freshness(freshness, 1, self.data.last_attempt_at)
        } else {
            freshness
        }
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.shared.histories.remove(&self.id);
        context.fetch(&mut self.data, Request::Run(self.id.clone()));
        self.files = FileTree::default();
        if self.tab == RunTab::Artifacts {
            self.files.load_root(&self.id, context);
        }
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::NextPane | Action::Right => self.switch_tab(true, context),
            Action::PreviousPane | Action::Left => self.switch_tab(false, context),
            Action::Open | Action::Fold => self.open(context),
            Action::Register => {
                let dialog = RegisterDialog::open(self.id.clone(), Vec::new(), context);
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::Register(Box::new(
                        dialog,
                    )))));
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
            Action::Lineage => self.open_lineage(context),
            Action::Charts => context
                .navigation
                .push(Navigate::Push(Screen::charts(vec![self.id.clone()]))),
            Action::Compare => {
                let label = self
                    .run()
                    .map_or_else(|| self.id.text().clone(), Run::label);
                let home = self.run().map_or_else(String::new, |run| {
                    format!("experiment {}", run.experiment_id.clean())
                });
                context.shared.marks.add(&self.id, &label, &home);
                if context.shared.marks.len() < 2 {
                    context.notify("marked; mark another run to compare it with");
                } else {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::compare(context.shared.marks.ids())));
                }
            }
            Action::Picture => self.open_image(context),
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter by key or value",
                        &self.filter,
                    ))));
            }
            Action::Goal => {
                let keys = self
                    .run()
                    .map(|run| run.metrics.iter().map(|m| m.key.clone()).collect())
                    .unwrap_or_default();
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::goals(keys))));
            }
            Action::CopyValue => self.copy_value(false, context),
            Action::CopyId => self.copy_value(true, context),
            Action::WebPage => {
                if let (Some(web), Some(run)) = (context.shared.session.web_url.clone(), self.run())
                {
                    context.copy_to_clipboard(format!(
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

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        let reply = self.files.handle_reply(ticket, reply, context)?;
        let rest = take_reply!(ticket, reply, context, Run => self.data);
        if let (None, Some(run)) = (&rest, self.run()) {
            context.shared.histories.append_latest(run, context.now);
        }
        rest
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Goal(goal) => {
                if let Some(run) = self.data.get().map(|detail| &detail.run) {
                    context.shared.goals.insert(run.experiment_id.clone(), goal);
                }
            }
            Choice::Applied => self.request_data(context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = list_area(screen_areas(size).body, self.tab);
        let (height, top) = (usize::from(rows.height), rows.y);
        if self.tab == RunTab::Artifacts {
            let len = self.files.len();
            return Some(FocusedList {
                cursor: self.files.cursor_mut(),
                len,
                height,
                top,
            });
        }
        let len = self.items().len();
        Some(FocusedList {
            cursor: &mut self.cursors[self.tab as usize],
            len,
            height,
            top,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        match self.tab {
            RunTab::Artifacts => self.files.row_label(line),
            _ => self
                .items()
                .get(line)
                .map(|item| item.key.clean().into_owned())
                .unwrap_or_default(),
        }
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        if self.is_active() {
            context.refetch_if_due(&mut self.data, 1, || Request::Run(self.id.clone()));
        }
        self.fetch_histories(context);
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
