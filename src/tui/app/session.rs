//! The session, and the state that all screens share.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::backoff::PollBackoff;
use super::history_cache::HistoryCache;
use super::marks::Marks;
use super::message::{Effect, Request, Ticket};
use super::notifications::Notifications;
use super::remote::{Fetch, Remote};
use crate::config::saved_views::SavedView;
use crate::config::theme::Theme;
use crate::domain::{
    Direction, ExperimentId, Goal, Millis, ModelName, RegisteredModel, Slot, SlotKinds,
    VersionNumber,
};
use crate::promotion::Intent;
use crate::store::Features;

/// How a session was opened. Only the theme and the saved views change later.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "the other fields are named after what they hold"
)]
pub struct Session {
    /// The store as shown in the top line.
    pub store_name: String,
    /// The workspace that was chosen, by its name; `None` if none was.
    pub workspace: Option<String>,
    pub can_write: bool,
    /// Why the session is read-only: its flag, the policy, the schema or the kind of store.
    pub read_only_reason: String,
    /// The author of writes.
    pub user: String,
    /// The address of the server's web UI up to the paths of its pages.
    pub web_url: Option<String>,
    /// What versions of the registry can hold.
    pub slot_kinds: SlotKinds,
    /// The themes in the order of ctrl-t.
    pub theme_names: Vec<String>,
    pub theme: String,
    pub is_dark: bool,
    /// Seconds between two background refreshes; 0 disables them.
    pub refresh_seconds: u32,
    /// The most runs that a table loads.
    pub max_runs: u64,
    /// Stages and aliases whose change is confirmed by typing the model's name.
    pub protected_slots: Vec<Slot>,
    /// Whether a write is also recorded in tags of the version.
    pub writes_tags: bool,
    pub views: BTreeMap<String, SavedView>,
    /// Whether the layout of each experiment's table is saved when it changes.
    pub remembers_views: bool,
    pub time_zone: jiff::tz::TimeZone,
    /// Journal entries without an outcome when the session started.
    pub unfinished_entries: usize,
    /// What of the journal can't be read, if anything.
    pub journal_damage: Option<String>,
    /// Why the workspace that was chosen before did not open; the first screen reports it.
    pub start_error: Option<String>,
}

impl Session {
    /// A read-only session with default settings, without refreshes and without remembered views.
    #[must_use]
    pub fn read_only(target: &str) -> Self {
        Self {
            store_name: target.to_owned(),
            workspace: None,
            can_write: false,
            read_only_reason: "this session is read-only".to_owned(),
            user: "ana".to_owned(),
            web_url: None,
            slot_kinds: SlotKinds::BOTH,
            theme_names: Theme::builtin_names()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            theme: "dark".to_owned(),
            is_dark: true,
            refresh_seconds: 0,
            max_runs: 500_000,
            protected_slots: Vec::new(),
            writes_tags: true,
            views: BTreeMap::new(),
            remembers_views: false,
            time_zone: jiff::tz::TimeZone::UTC,
            unfinished_entries: 0,
            journal_damage: None,
            start_error: None,
        }
    }
}

/// The most filters that are remembered.
const MAX_FILTERS: usize = 100;

/// The state that all screens share.
#[derive(Debug)]
#[expect(missing_docs, reason = "the other fields are named after their types")]
pub struct SharedState {
    pub session: Session,
    pub features: Remote<Features>,
    /// The names of the store's workspaces, requested by the list of them.
    pub(super) workspaces: Remote<Vec<String>>,
    /// The registered models: the Models screen's list, and names to complete.
    pub models: Remote<Vec<RegisteredModel>>,
    pub marks: Marks,
    pub goals: HashMap<ExperimentId, Goal>,
    pub histories: HistoryCache,
    pub backoff: PollBackoff,
    /// How long requests still wait for the server's limits, if any does.
    pub rate_limit_wait: Option<Duration>,
    pub notifications: Notifications,
    /// Counts writes to runs: a table that was loaded at a lower count is out of date.
    pub run_changes: u64,
    /// The version that was just registered: the screen below the plan opens it.
    pub registered: Option<(ModelName, VersionNumber)>,
    /// The reason typed into a plan that was closed; the same intent starts with it, until a plan is applied.
    pub draft_reason: Option<(Intent, String)>,
    /// The filters of run tables in this session, the newest last.
    pub filter_history: Vec<String>,
    /// The saved view that the first run table opens with.
    pub initial_view: Option<SavedView>,
    last_ticket: u64,
}

impl SharedState {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            features: Remote::default(),
            workspaces: Remote::default(),
            models: Remote::default(),
            marks: Marks::default(),
            goals: HashMap::new(),
            histories: HistoryCache::default(),
            backoff: PollBackoff::default(),
            rate_limit_wait: None,
            notifications: Notifications::default(),
            run_changes: 0,
            registered: None,
            draft_reason: None,
            filter_history: Vec::new(),
            initial_view: None,
            last_ticket: 0,
        }
    }

    /// Whether the store may have requests to transition a version; not until its features are known.
    #[must_use]
    pub fn has_transition_requests(&self) -> bool {
        let features = self.features.get();
        features.is_some_and(|features| features.has_transition_requests)
    }

    /// Requests what the store supports.
    pub(super) fn load_features(&mut self, now: Millis, effects: &mut Vec<Effect>) {
        let ticket = self.next_ticket();
        self.features.begin(Fetch {
            ticket,
            since: now,
            is_background: false,
        });
        effects.push(Effect::Request(ticket, Request::Features));
    }

    /// Whether less or more of a metric is better: by a declared or chosen goal, else by the metric's name.
    #[must_use]
    pub fn direction(&self, metric: &str) -> Option<Direction> {
        let goal = self.goals.values().find(|goal| goal.metric.raw() == metric);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::from_metric_name(metric))
    }

    /// Keeps a filter for the prompt, as the newest one.
    pub fn remember_filter(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.filter_history.retain(|known| known != text);
        self.filter_history.push(text.to_owned());
        let excess = self.filter_history.len().saturating_sub(MAX_FILTERS);
        self.filter_history.drain(..excess);
    }

    /// Saves a view under a name; `None` deletes the view.
    pub fn save_or_delete_view(
        &mut self,
        name: String,
        view: Option<SavedView>,
        effects: &mut Vec<Effect>,
    ) {
        let request = match &view {
            Some(view) => Request::SaveView(name.clone(), Box::new(view.clone())),
            None => Request::DeleteView(name.clone()),
        };
        let ticket = self.next_ticket();
        effects.push(Effect::Request(ticket, request));
        match view {
            Some(view) => drop(self.session.views.insert(name, view)),
            None => drop(self.session.views.remove(&name)),
        }
    }

    /// A new ticket; tickets are never reused.
    pub fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }
}
