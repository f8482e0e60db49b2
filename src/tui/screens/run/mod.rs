//! A run: metrics, params, tags, datasets, artifacts and models, one tab each.

mod datasets;
mod facts;
pub(crate) mod files;
mod items;
mod rows;
mod tab;

use super::{
    ChartsScreen, CompareScreen, FocusedList, Freshness, LineageScreen, Screen, experiment_label,
    versions::open_registered_version,
};
use crate::analysis::heartbeat::Heartbeat;
use crate::config::keymap::{Action, Scope};
use crate::domain::{ArtifactOwner, Goal, Lifecycle, ModelVersion, Run, RunId, RunStatus};
use crate::promotion::Intent;
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{
    Dialog, ImageDialog, Prompt, RegisterDialog, TextDialog, edit_run, goals,
};
use crate::tui::app::layout::{Size, screen_areas, split_top};
use crate::tui::app::message::{DownloadSource, ImageSource, RunDetail};
use crate::tui::app::tab_bar::TabBar;
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};
use ratatui::layout::Rect;

use facts::fact_items;
use files::FileTree;
use items::{items_of, version_key};
use rows::rows_of;

pub(crate) use items::TabItem;
pub(crate) use rows::TabRow;
pub use tab::RunTab;

/// Points of a history for a sparkline in the list of metrics.
const SPARKLINE_POINTS: u32 = 200;
/// Rows above a tab's list: the tabs and an empty line.
pub(crate) const TAB_ROWS: u16 = 2;

/// The list of a tab.
pub(crate) fn list_area(body: Rect) -> Rect {
    split_top(body, TAB_ROWS).1
}

/// A run.
#[derive(Debug)]
pub struct RunScreen {
    pub(crate) id: RunId,
    pub(crate) data: Remote<Box<RunDetail>>,
    pub(crate) tab: RunTab,
    /// One cursor per tab, over its rows.
    cursors: [Cursor; RunTab::ALL.len()],
    /// The items of the visible tab that pass the filter, except for artifacts.
    pub(crate) items: Vec<TabItem>,
    /// The items in the width of the screen.
    pub(crate) rows: Vec<TabRow>,
    /// Searches keys and values.
    pub(crate) filter: TextFilter,
    pub(crate) files: FileTree,
}

impl RunScreen {
    pub(crate) fn new(id: RunId) -> Self {
        Self {
            id,
            data: Remote::default(),
            tab: RunTab::default(),
            cursors: [Cursor::default(); RunTab::ALL.len()],
            items: Vec::new(),
            rows: Vec::new(),
            filter: TextFilter::default(),
            files: FileTree::default(),
        }
    }

    /// The line of the last match in the preview of a file.
    #[must_use]
    pub fn found_line(&self) -> Option<usize> {
        self.files.preview.as_ref()?.found
    }

    pub(crate) fn run(&self) -> Option<&Run> {
        self.data.get().map(|detail| &detail.run)
    }

    /// Whether the run is active, so that it is refreshed automatically.
    fn is_active(&self) -> bool {
        self.run()
            .is_some_and(|run| matches!(run.status, RunStatus::Running | RunStatus::Scheduled))
    }

    /// The heartbeat of a running run, from the loaded histories of its metrics.
    pub(crate) fn heartbeat(&self, shared: &SharedState) -> Option<Heartbeat> {
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
        // The metric that is logged most often counts.
        let heartbeats = metrics
            .filter_map(known)
            .map(|(points, sampled)| Heartbeat::from_run(run).with_history(points, sampled));
        let shortest_interval = heartbeats
            .filter(|heartbeat| heartbeat.interval.is_some())
            .min_by_key(|heartbeat| heartbeat.interval);
        Some(shortest_interval.unwrap_or_else(|| Heartbeat::from_run(run)))
    }

    /// The cursor of the visible tab.
    pub(crate) fn cursor(&self) -> Cursor {
        self.cursors[self.tab as usize]
    }

    /// The item under the cursor.
    fn current_item(&self) -> Option<&TabItem> {
        let row = self.rows.get(self.cursor().index)?;
        self.items.get(row.item)
    }

    /// Makes the items and rows of the visible tab.
    fn update_rows(&mut self, context: &UpdateContext<'_>) {
        self.items = self.tab_items(context);
        self.rows = rows_of(&self.items, context.size.width);
    }

    fn tab_items(&self, context: &UpdateContext<'_>) -> Vec<TabItem> {
        let Some(detail) = self.data.get() else {
            return Vec::new();
        };
        let mut items = items_of(self.tab, detail);
        if self.tab == RunTab::Overview {
            let facts = fact_items(self, &detail.run, context.now, context.shared);
            let title = (!items.is_empty()).then(|| TabItem::title("metrics", ""));
            items = facts.into_iter().chain(title).chain(items).collect();
        }
        items.retain(|item| {
            let text = format!("{} {}", item.key.raw(), item.value.raw());
            self.filter.matches(&text)
        });
        items
    }

    fn versions(&self) -> &[ModelVersion] {
        let versions = self.data.get().map(|detail| detail.versions.as_deref());
        versions.and_then(Result::ok).unwrap_or_default()
    }

    fn open_goals(&self, context: &mut UpdateContext<'_>) {
        let metrics = self.run().into_iter().flat_map(|run| &run.metrics);
        let keys = metrics.map(|metric| metric.key.clone()).collect();
        let experiment = self.run().map(|run| &run.experiment_id);
        let goal = experiment
            .and_then(|id| context.shared.goals.get(id))
            .cloned();
        context.open(goals(keys, goal.as_ref()).submit_to(Self::set_goal));
    }

    fn set_goal(&mut self, goal: Goal, context: &mut UpdateContext<'_>) {
        if let Some(run) = self.run() {
            let id = run.experiment_id.clone();
            context.shared.goals.insert(id, goal);
        }
    }

    fn fetch_histories(&self, context: &mut UpdateContext<'_>) {
        if !matches!(
            self.tab,
            RunTab::Metrics | RunTab::System | RunTab::Overview
        ) {
            return;
        }
        let height = usize::from(context.size.height);
        let at = self.cursor().index;
        let rows = self.rows.iter().filter(|row| row.is_first);
        for item in rows
            .skip(at.saturating_sub(height))
            .take(2 * height)
            .filter_map(|row| self.items.get(row.item))
            .filter(|item| item.number.is_some())
        {
            let metric = item.key.raw();
            context.request_histories(std::slice::from_ref(&self.id), metric, SPARKLINE_POINTS);
        }
    }

    fn plan_lifecycle_change(&self, context: &mut UpdateContext<'_>) {
        let runs = vec![self.id.clone()];
        let is_deleted = self
            .run()
            .is_some_and(|run| run.lifecycle == Lifecycle::Deleted);
        context.plan(if is_deleted {
            Intent::RestoreRuns { runs }
        } else {
            Intent::DeleteRuns { runs }
        });
    }

    fn open_edit(&self, context: &mut UpdateContext<'_>) {
        match self.run() {
            Some(run) => edit_run::<Self>(&run.id, &run.name, &run.tags, context),
            None => context.notify("the run is still loading"),
        }
    }

    fn show_tab(&mut self, tab: RunTab, context: &mut UpdateContext<'_>) {
        self.tab = tab;
        if self.tab == RunTab::Artifacts {
            self.files.load_root(&self.id, context);
        }
    }

    fn open(&mut self, context: &mut UpdateContext<'_>) {
        match self.tab {
            RunTab::Artifacts if self.files.is_image() => self.open_image(context),
            RunTab::Artifacts => self.files.open(&self.id, context),
            RunTab::Models if let Some(version) = self.current_version() => {
                context.push(LineageScreen::new(version.name.clone(), version.version));
            }
            _ => self.open_text(context),
        }
    }

    /// The version under the cursor on the tab of models.
    fn current_version(&self) -> Option<&ModelVersion> {
        let key = self.current_item()?.key.raw();
        let mut versions = self.versions().iter();
        versions.find(|version| version_key(version) == key)
    }

    /// Shows the item under the cursor in full.
    fn open_text(&self, context: &mut UpdateContext<'_>) {
        let Some(item) = self.current_item() else {
            return;
        };
        let mut lines = item.value_lines();
        if !item.note.is_empty() {
            lines.push(item.note.clone());
        }
        if self.tab == RunTab::Models {
            lines.push("a logged model without a version: R registers it".to_owned());
        }
        let title = item.key.clean().trim().to_owned();
        context.open(Dialog::Text(Box::new(TextDialog::new(title, lines))));
    }

    fn open_image(&self, context: &mut UpdateContext<'_>) {
        let Some(file) = self
            .files
            .current()
            .filter(|_| self.tab == RunTab::Artifacts && self.files.is_image())
        else {
            return context.notify("select an image artifact: PNG, JPEG, GIF or WebP");
        };
        let of = ImageSource::Artifact(
            ArtifactOwner::Run(self.id.clone()),
            file.path.raw().to_owned(),
        );
        let view = ImageDialog::open(file.path.clean().into_owned(), of, context);
        context.open(Dialog::Image(Box::new(view)));
    }

    /// The file or folder under the cursor, or all files on the other tabs.
    fn download_path(&self) -> String {
        let current = self.files.current();
        let current = current.filter(|_| self.tab == RunTab::Artifacts);
        current.map_or_else(String::new, |file| file.path.raw().to_owned())
    }

    fn open_download(&self, context: &mut UpdateContext<'_>) {
        let path = self.download_path();
        let what = match path.rsplit('/').next().unwrap_or_default() {
            "" => "all files".to_owned(),
            name => clean(name).into_owned(),
        };
        let title = format!("download {what} to folder");
        let name = format!("artifacts-{}", self.id.short());
        let prompt = Prompt::export(&title, &name, Self::download, context);
        context.open(Dialog::Prompt(prompt.with_accept_hint("download")));
    }

    fn download(&mut self, folder: String, context: &mut UpdateContext<'_>) {
        let source = DownloadSource {
            owner: ArtifactOwner::Run(self.id.clone()),
            root: String::new(),
            path: self.download_path(),
        };
        context.request(Request::Download(source, folder));
    }

    fn copy_value(&self, id: bool, context: &mut UpdateContext<'_>) {
        match (id, self.tab) {
            (true, _) => context.copy_name(self.id.raw()),
            (false, RunTab::Artifacts) => {
                if let Some(file) = self.files.current() {
                    context.copy_name(file.path.raw());
                }
            }
            (false, _) => {
                if let Some(item) = self.current_item() {
                    context.copy_to_clipboard(item.value.raw().to_owned());
                }
            }
        }
    }

    fn open_lineage(&self, context: &mut UpdateContext<'_>) {
        match self.versions().first() {
            Some(version) => {
                context.push(LineageScreen::new(version.name.clone(), version.version));
            }
            None => context.notify("no version is registered from this run: R registers one"),
        }
    }
}

impl Screen for RunScreen {
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
            shared.polled_freshness(freshness, 1, self.data.last_attempt_at())
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
            Action::NextPane | Action::Right => self.show_tab(self.tab.step(true), context),
            Action::PreviousPane | Action::Left => self.show_tab(self.tab.step(false), context),
            Action::Open | Action::Fold => self.open(context),
            Action::Register => {
                let dialog = RegisterDialog::open(self.id.clone(), Vec::new(), context);
                context.open(Dialog::Register(Box::new(dialog)));
            }
            Action::Delete => self.plan_lifecycle_change(context),
            Action::Edit => self.open_edit(context),
            Action::Files => self.show_tab(RunTab::Artifacts, context),
            Action::Lineage => self.open_lineage(context),
            Action::Charts => context.push(ChartsScreen::new(vec![self.id.clone()])),
            Action::Compare => {
                let label = self
                    .run()
                    .map_or_else(|| self.id.text().clone(), Run::label);
                let origin = self.run().map_or_else(String::new, experiment_label);
                context.shared.marks.add(&self.id, &label, &origin);
                if context.shared.marks.len() < 2 {
                    context.notify("marked: mark another run to compare it with");
                } else {
                    context.push(CompareScreen::new(context.shared.marks.ids()));
                }
            }
            Action::Picture => self.open_image(context),
            Action::Download => self.open_download(context),
            Action::Goal => self.open_goals(context),
            Action::CopyValue => self.copy_value(false, context),
            Action::CopyId => self.copy_value(true, context),
            Action::WebPage => {
                if let Some(run) = self.run() {
                    let (experiment, id) = (run.experiment_id.raw(), run.id.raw());
                    context.copy_web_page(&["experiments", experiment, "runs", id]);
                }
            }
            Action::Back if self.files.close_preview() => {}
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
        match reply {
            Reply::Run(result) if self.data.is_awaiting(ticket) => {
                context.resolve(&mut self.data, ticket, result);
            }
            other => return Some(other),
        }
        if let Some(run) = self.run() {
            context.shared.histories.append_latest(run, context.now);
        }
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        open_registered_version(context);
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter by key or value", &mut self.filter))
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = list_area(screen_areas(size).body);
        if self.tab == RunTab::Artifacts {
            let len = self.files.len();
            return Some(FocusedList::new(self.files.cursor_mut(), len, rows));
        }
        let len = self.rows.len();
        let cursor = &mut self.cursors[self.tab as usize];
        Some(FocusedList::new(cursor, len, rows))
    }

    /// Pages scroll the open preview of a file.
    fn scroll_pane(&mut self, action: Action, size: Size) -> bool {
        let is_page = matches!(
            action,
            Action::HalfPageUp | Action::HalfPageDown | Action::PageUp | Action::PageDown
        );
        let area = list_area(screen_areas(size).body);
        is_page && self.tab == RunTab::Artifacts && self.files.scroll_preview(action, area)
    }

    fn find_in_preview(&mut self, text: &str, step: isize, size: Size) -> Option<bool> {
        let area = list_area(screen_areas(size).body);
        let files = (self.tab == RunTab::Artifacts).then_some(&mut self.files)?;
        files.find_in_preview(text, step, area)
    }

    fn tabs(&self, size: Size) -> Option<TabBar> {
        Some(TabBar {
            area: split_top(screen_areas(size).body, 1).0,
            titles: RunTab::ALL.map(RunTab::title).to_vec(),
            selected: self.tab as usize,
        })
    }

    fn select_tab(&mut self, index: usize, context: &mut UpdateContext<'_>) {
        if let Some(tab) = RunTab::ALL.get(index) {
            self.show_tab(*tab, context);
        }
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        if self.tab == RunTab::Artifacts {
            return self.files.row_label(row);
        }
        let row = self.rows.get(row);
        row.map_or_else(String::new, |row| format!("{} {}", row.key, row.value))
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        if self.is_active() {
            context.refetch_if_due(&mut self.data, 1, || Request::Run(self.id.clone()));
        }
        self.update_rows(context);
        self.fetch_histories(context);
    }
}
