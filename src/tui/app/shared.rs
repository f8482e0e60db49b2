//! What all screens share: the session, marks, goals, histories, notices; and the context that a step works in.

use std::collections::{BTreeMap, HashMap};

use super::histories::Histories;
use super::layout::Size;
use super::marks::Marks;
use super::message::{Effect, Request, Ticket};
use super::notices::Notices;
use super::overlays::Overlay;
use super::pace::Pace;
use super::remote::Remote;
use crate::config::theme::Theme;
use crate::config::views::View as SavedView;
use crate::domain::{Direction, ExperimentId, Goal, Millis, RegisteredModel, RunId};
use crate::promotion::{Intent, Place};
use crate::store::limits::BULK_RUNS;
use crate::store::{Features, Resolution};
use crate::tui::screens::Screen;

/// Asked for as the number of points of a history: all that there are.
pub const ALL_POINTS: u32 = u32::MAX;

/// What a session was opened with.
#[derive(Clone, Debug)]
pub struct Session {
    /// The store's name for people.
    pub target: String,
    /// Whether there is a writer.
    pub can_write: bool,
    /// Why there is none, for the top line: `READ ONLY` by wish, or what the store lacks.
    pub read_only_why: String,
    /// Who writes.
    pub user: String,
    /// The address of the server's web page, where the store is a server.
    pub web: Option<String>,
    /// The names of the themes, in the order in which ctrl-t goes through them.
    pub themes: Vec<String>,
    /// The theme in use.
    pub theme: String,
    /// Whether the theme is for a dark ground.
    pub dark: bool,
    /// How often running runs are read again, in s; 0 for never.
    pub refresh_seconds: u32,
    /// How many runs of a table are kept here at most.
    pub max_runs: u64,
    /// Places that ask for the model's name typed.
    pub protected: Vec<Place>,
    /// Whether a write also leaves its record as tags of the version.
    pub tags: bool,
    /// The views that were saved, by name.
    pub views: BTreeMap<String, SavedView>,
    /// Whether each experiment's table is remembered as it was left.
    pub remember: bool,
    /// The zone in which times are told.
    pub zone: jiff::tz::TimeZone,
    /// Entries of the journal that never ended, when the session began.
    pub unfinished: usize,
}

impl Session {
    /// A read-only session on a store, with all else as it is where nobody chose; it refreshes and remembers nothing.
    #[must_use]
    pub fn plain(target: &str) -> Self {
        Self {
            target: target.to_owned(),
            can_write: false,
            read_only_why: "this session is read-only".to_owned(),
            user: "ana".to_owned(),
            web: None,
            themes: Theme::names().into_iter().map(str::to_owned).collect(),
            theme: "dark".to_owned(),
            dark: true,
            refresh_seconds: 0,
            max_runs: 500_000,
            protected: Vec::new(),
            tags: true,
            views: BTreeMap::new(),
            remember: false,
            zone: jiff::tz::TimeZone::UTC,
            unfinished: 0,
        }
    }
}

/// What all screens share.
#[derive(Debug)]
pub struct Shared {
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
    pub histories: Histories,
    /// How often the store is asked again.
    pub pace: Pace,
    /// What was said.
    pub notices: Notices,
    /// How often runs were deleted or restored from here: tables that were read before are out of date.
    pub lifecycles: u64,
    /// The reason that was typed for a plan that was left: it is there again when the same is planned.
    pub left_reason: Option<(Intent, String)>,
    /// The view that the first table of runs is opened with.
    pub first_view: Option<SavedView>,
    tickets: u64,
}

impl Shared {
    /// A session's first state.
    #[must_use]
    pub fn new(session: Session) -> Self {
        Self {
            session,
            features: Remote::default(),
            models: Remote::default(),
            marks: Marks::default(),
            goals: HashMap::new(),
            histories: Histories::default(),
            pace: Pace::default(),
            notices: Notices::default(),
            lifecycles: 0,
            left_reason: None,
            first_view: None,
            tickets: 0,
        }
    }

    /// Asks what every session wants to know.
    pub fn begin(&mut self, effects: &mut Vec<Effect>) {
        let ticket = self.ticket();
        self.features.asking(ticket, 0);
        effects.push(Effect::Ask(ticket, Request::Features));
    }

    /// Which way a metric gets better: as a goal says that was declared or chosen, else as its key tells.
    #[must_use]
    pub fn direction(&self, metric: &str) -> Option<Direction> {
        let goal = self.goals.values().find(|goal| goal.metric.raw() == metric);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::told(metric))
    }

    /// Saves a view under a name, or deletes the one that has it.
    pub fn views_changed(
        &mut self,
        name: String,
        view: Option<SavedView>,
        effects: &mut Vec<Effect>,
    ) {
        let request = match &view {
            Some(view) => Request::SaveView(name.clone(), Box::new(view.clone())),
            None => Request::DeleteView(name.clone()),
        };
        let ticket = self.ticket();
        effects.push(Effect::Ask(ticket, request));
        match view {
            Some(view) => drop(self.session.views.insert(name, view)),
            None => drop(self.session.views.remove(&name)),
        }
    }

    /// A ticket that was never given before.
    pub fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }
}

/// Where a step wants to go.
#[derive(Debug)]
pub enum Go {
    /// To a screen, on top of this one.
    To(Screen),
    /// To a screen, with the ones above it left: a screen of the same kind that is on the stack is taken.
    Home(Screen),
    /// Back one screen.
    Back,
    /// Open a dialog over the screen.
    Over(Box<Overlay>),
    /// Close the dialog.
    Close,
    /// Tell the screen below the dialog what was chosen there.
    Chosen(Choice),
    /// Ask the screen what it says of the text that is typed.
    Advise,
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
    Columns(Vec<crate::tui::screens::runs::columns::Wanted>),
    /// A column of what the curves of a metric come to, to be shown or hidden.
    Fact(crate::table::Fact, crate::text::Untrusted),
    /// A model's name and, for a registration, the source.
    Model(String),
    /// A source of a registration.
    Source(crate::text::Untrusted),
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
    Written,
}

/// What a step works in.
pub struct Context<'a> {
    /// The time, ms since the epoch.
    pub now: Millis,
    /// The terminal's size.
    pub size: Size,
    /// What all screens share.
    pub shared: &'a mut Shared,
    /// What the runtime is asked to do.
    pub effects: &'a mut Vec<Effect>,
    /// Where to go.
    pub go: &'a mut Vec<Go>,
}

impl Context<'_> {
    /// Asks a question.
    pub fn ask(&mut self, request: Request) -> Ticket {
        let ticket = self.shared.ticket();
        self.effects.push(Effect::Ask(ticket, request));
        ticket
    }

    /// Asks for the histories of a metric that are missing, in bulk, with about so many points each. Returns what was asked.
    pub fn ask_histories(&mut self, runs: &[RunId], metric: &str, points: u32) -> Vec<Ticket> {
        let missing = self.shared.histories.missing(runs, metric, points);
        let resolution = if points == ALL_POINTS {
            Resolution::Exact
        } else {
            Resolution::Points(points)
        };
        missing
            .chunks(BULK_RUNS)
            .map(|runs| self.ask_part(runs, metric, points, resolution))
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
        let coarse = self.shared.histories.coarse(runs, metric, (first, last));
        for runs in coarse.chunks(BULK_RUNS) {
            self.ask_part(
                runs,
                metric,
                points,
                Resolution::Between {
                    points,
                    first,
                    last,
                },
            );
        }
    }

    fn ask_part(
        &mut self,
        runs: &[RunId],
        metric: &str,
        points: u32,
        resolution: Resolution,
    ) -> Ticket {
        let ticket = self.ask(Request::Histories {
            runs: runs.to_vec(),
            metric: metric.to_owned(),
            resolution,
        });
        let between = if let Resolution::Between { first, last, .. } = resolution {
            Some((first, last))
        } else {
            None
        };
        self.shared
            .histories
            .asking(ticket, runs, metric, points, between);
        ticket
    }

    /// Asks a question whose answer goes to `remote`; a question already under way there is forgotten.
    pub fn fetch<T>(&mut self, remote: &mut Remote<T>, request: Request) {
        for (old, _) in [remote.asked.take(), remote.refreshing.take()]
            .into_iter()
            .flatten()
        {
            self.effects.push(Effect::Cancel(old));
        }
        let ticket = self.ask(request);
        remote.asking(ticket, self.now);
    }

    /// Puts a text on the clipboard and says so.
    pub fn copy(&mut self, text: String) {
        let ticket = self.shared.ticket();
        self.shared.notices.say(
            self.now,
            format!("copied: {}", crate::text::untrusted::clean(&text)),
        );
        self.effects.push(Effect::Copy(ticket, text));
    }

    /// Says something in the message line.
    pub fn say(&mut self, text: impl Into<String>) {
        self.shared.notices.say(self.now, text.into());
    }
}
