//! What all screens share: the session, marks, goals, histories, notices; and the context that a step works in.

use std::collections::{BTreeMap, HashMap};

use super::backoff::PollBackoff;
use super::dialogs::Dialog;
use super::history_cache::HistoryCache;
use super::layout::Size;
use super::marks::Marks;
use super::message::{Effect, Request, Ticket};
use super::notifications::Notifications;
use super::remote::Remote;
use crate::config::saved_views::SavedView;
use crate::config::theme::Theme;
use crate::domain::{Direction, ExperimentId, Goal, Millis, RegisteredModel, RunId, Slot};
use crate::promotion::Intent;
use crate::store::limits::BULK_RUNS;
use crate::store::{Features, Resolution};
use crate::tui::screens::Screen;

/// Asked for as the number of points of a history: all that there are.
pub const ALL_POINTS: u32 = u32::MAX;

/// What a session was opened with.
#[derive(Clone, Debug)]
pub struct Session {
    /// The store's name for people.
    pub store_name: String,
    /// Whether there is a writer.
    pub can_write: bool,
    /// Why there is none, for the top line: `READ ONLY` by wish, or what the store lacks.
    pub read_only_reason: String,
    /// Who writes.
    pub user: String,
    /// The address of the server's web page, where the store is a server.
    pub web_url: Option<String>,
    /// The names of the themes, in the order in which ctrl-t goes through them.
    pub theme_names: Vec<String>,
    /// The theme in use.
    pub theme: String,
    /// Whether the theme is for a dark ground.
    pub is_dark: bool,
    /// How often running runs are read again, in s; 0 for never.
    pub refresh_seconds: u32,
    /// How many runs of a table are kept here at most.
    pub max_runs: u64,
    /// Places that ask for the model's name typed.
    pub protected_slots: Vec<Slot>,
    /// Whether a write also leaves its record as tags of the version.
    pub writes_tags: bool,
    /// The views that were saved, by name.
    pub views: BTreeMap<String, SavedView>,
    /// Whether each experiment's table is remembered as it was left.
    pub remembers_views: bool,
    /// The zone in which times are told.
    pub time_zone: jiff::tz::TimeZone,
    /// Entries of the journal that never ended, when the session began.
    pub unfinished_entries: usize,
}

impl Session {
    /// A read-only session on a store, with all else as it is where nobody chose; it refreshes and remembers nothing.
    #[must_use]
    pub fn read_only(target: &str) -> Self {
        Self {
            store_name: target.to_owned(),
            can_write: false,
            read_only_reason: "this session is read-only".to_owned(),
            user: "ana".to_owned(),
            web_url: None,
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
        }
    }
}

/// What all screens share.
#[derive(Debug)]
pub struct SharedState {
    /// What the session was opened with.
    pub session: Session,
    /// What the store is and can do.
    pub features: Remote<Features>,
    /// The registered models: for the Models screen, and to offer names.
    pub models: Remote<Vec<RegisteredModel>>,
    /// The runs that are marked.
    pub marks: Marks,
    /// The goal of each experiment.
    pub goals: HashMap<ExperimentId, Goal>,
    /// Histories that were fetched.
    pub histories: HistoryCache,
    /// How often the store is asked again.
    pub backoff: PollBackoff,
    /// What was said.
    pub notifications: Notifications,
    /// How often runs were deleted or restored from here: tables that were read before are out of date.
    pub lifecycle_changes: u64,
    /// The reason that was typed for a plan that was left: it is there again when the same is planned.
    pub draft_reason: Option<(Intent, String)>,
    /// The view that the first table of runs is opened with.
    pub initial_view: Option<SavedView>,
    last_ticket: u64,
}

impl SharedState {
    /// A session's first state.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            features: Remote::default(),
            models: Remote::default(),
            marks: Marks::default(),
            goals: HashMap::new(),
            histories: HistoryCache::default(),
            backoff: PollBackoff::default(),
            notifications: Notifications::default(),
            lifecycle_changes: 0,
            draft_reason: None,
            initial_view: None,
            last_ticket: 0,
        }
    }

    /// Asks what every session wants to know.
    pub fn load_features(&mut self, effects: &mut Vec<Effect>) {
        let ticket = self.next_ticket();
        self.features.start_loading(ticket, 0);
        effects.push(Effect::Request(ticket, Request::Features));
    }

    /// Which way a metric gets better: as a goal says that was declared or chosen, else as its key tells.
    #[must_use]
    pub fn direction(&self, metric: &str) -> Option<Direction> {
        let goal = self.goals.values().find(|goal| goal.metric.raw() == metric);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::from_metric_name(metric))
    }

    /// Saves a view under a name, or deletes the one that has it.
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

    /// A ticket that was never given before.
    pub fn next_ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }
}

/// Where a step wants to go.
#[derive(Debug)]
pub enum Navigate {
    /// To a screen, on top of this one.
    Push(Screen),
    /// To a screen, with the ones above it left: a screen of the same kind that is on the stack is taken.
    Switch(Screen),
    /// Back one screen.
    Back,
    /// Open a dialog over the screen.
    OpenDialog(Box<Dialog>),
    /// Close the dialog.
    CloseDialog,
    /// Tell the screen below the dialog what was chosen there.
    Submit(Choice),
    /// Ask the screen what it says of the text that is typed.
    CheckInput,
}

/// What was chosen in a dialog, for the screen that opened it.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// An action from the palette.
    Action(crate::config::keymap::Action),
    /// A goal.
    Goal(Goal),
    /// A grouping.
    Group(crate::table::Grouping),
    /// A marked run of which the mark is to go.
    Unmark(crate::domain::RunId),
    /// A filter that was typed; empty for none.
    Filter(String),
    /// A text to find.
    Find(String),
    /// A name to save the view under.
    SaveView(String),
    /// A property of runs, for an axis.
    Property(crate::chart::Property),
    /// The param whose values are compared, each with its runs together; nothing for runs.
    CompareBy(Option<crate::text::Untrusted>),
    /// A file that two runs have, to be compared.
    CommonFile(Box<crate::tui::app::message::CommonFile>),
    /// A file to write what is seen into.
    Export(String),
    /// A saved view to open.
    OpenView(String),
    /// A saved view to delete.
    DeleteView(String),
    /// Which columns are shown, in which order.
    Columns(Vec<crate::tui::screens::runs::columns::ColumnChoice>),
    /// A column of what the curves of a metric come to, to be shown or hidden.
    CurveColumn(crate::table::CurveStat, crate::text::Untrusted),
    /// A model's name and, for a registration, the source.
    Model(String),
    /// A source of a registration.
    ModelSource(crate::text::Untrusted),
    /// A node of a lineage.
    Node(crate::lineage::NodeId),
    /// A stage.
    Stage(crate::domain::Stage),
    /// An alias; `remove` when it is to be taken away.
    Alias {
        /// The alias.
        name: String,
        /// Taken away instead of given.
        remove: bool,
    },
    /// A plan was carried out: what is shown may have changed.
    Applied,
}

/// What a step works in.
pub struct UpdateContext<'a> {
    /// The time, ms since the epoch.
    pub now: Millis,
    /// The terminal's size.
    pub size: Size,
    /// What all screens share.
    pub shared: &'a mut SharedState,
    /// What the runtime is asked to do.
    pub effects: &'a mut Vec<Effect>,
    /// Where to go.
    pub navigation: &'a mut Vec<Navigate>,
}

impl UpdateContext<'_> {
    /// Asks a question.
    pub fn request(&mut self, request: Request) -> Ticket {
        let ticket = self.shared.next_ticket();
        self.effects.push(Effect::Request(ticket, request));
        ticket
    }

    /// Asks for the histories of a metric that are missing, in bulk, with about so many points each. Returns what was asked.
    pub fn request_histories(&mut self, runs: &[RunId], metric: &str, points: u32) -> Vec<Ticket> {
        let missing = self.shared.histories.missing(runs, metric, points);
        let resolution = if points == ALL_POINTS {
            Resolution::Full
        } else {
            Resolution::Points(points)
        };
        missing
            .chunks(BULK_RUNS)
            .map(|runs| self.request_chunk(runs, metric, points, resolution))
            .collect()
    }

    /// Asks for the part between two steps of histories that are thinned out there, with about so many points each.
    pub fn refine_histories(
        &mut self,
        runs: &[RunId],
        metric: &str,
        points: u32,
        (first, last): (i64, i64),
    ) {
        let to_refine = self
            .shared
            .histories
            .needing_refinement(runs, metric, (first, last));
        for runs in to_refine.chunks(BULK_RUNS) {
            self.request_chunk(
                runs,
                metric,
                points,
                Resolution::StepRange {
                    points,
                    first,
                    last,
                },
            );
        }
    }

    fn request_chunk(
        &mut self,
        runs: &[RunId],
        metric: &str,
        points: u32,
        resolution: Resolution,
    ) -> Ticket {
        let ticket = self.request(Request::Histories {
            runs: runs.to_vec(),
            metric: metric.to_owned(),
            resolution,
        });
        let between = if let Resolution::StepRange { first, last, .. } = resolution {
            Some((first, last))
        } else {
            None
        };
        self.shared
            .histories
            .start_request(ticket, runs, metric, points, between);
        ticket
    }

    /// Asks a question whose answer goes to `remote`; a question already under way there is forgotten.
    pub fn fetch<T>(&mut self, remote: &mut Remote<T>, request: Request) {
        for (old, _) in [remote.loading.take(), remote.refreshing.take()]
            .into_iter()
            .flatten()
        {
            self.effects.push(Effect::Cancel(old));
        }
        let ticket = self.request(request);
        remote.start_loading(ticket, self.now);
    }

    /// Puts a text on the clipboard and says so.
    pub fn copy_to_clipboard(&mut self, text: String) {
        let ticket = self.shared.next_ticket();
        self.shared.notifications.info(
            self.now,
            format!("copied: {}", crate::text::untrusted::clean(&text)),
        );
        self.effects.push(Effect::Copy(ticket, text));
    }

    /// Says something in the message line.
    pub fn notify(&mut self, text: impl Into<String>) {
        self.shared.notifications.info(self.now, text.into());
    }
}
