//! The screens' states. Each owns its cursor, filter and order; drawing is in `ui/screens/`, keys are in the keymap.

pub mod charts;
pub mod compare;
pub mod downstream;
pub mod drivers;
pub mod experiments;
pub mod history;
pub mod journal;
pub mod lineage;
pub mod models;
pub mod run;
pub mod runs;
pub mod versions;

use crate::config::keymap::{Action, Scope};
use crate::domain::{ExperimentId, Millis, ModelName, RunId, StoreError, VersionNumber};
use crate::store::Upstream;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{PromptFeedback, PromptPurpose};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Mouse, Reply, Ticket};
use crate::tui::app::shared::{Choice, SharedState, UpdateContext};

/// How fresh what is shown is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Freshness {
    /// When the shown value came, ms since the epoch.
    pub fetched_at: Option<Millis>,
    /// Since when a question is under way, ms since the epoch.
    pub loading_since: Option<Millis>,
    /// How many of how many have come, while a listing streams in.
    pub progress: Option<(u64, Option<u64>)>,
    /// Why the last question failed.
    pub error: Option<StoreError>,
    /// Where it is refreshed by itself: the time between two questions, in ms.
    pub poll_interval: Option<Millis>,
    /// Whether that is longer than was asked for because answers take long.
    pub is_backing_off: bool,
}

impl Freshness {
    /// The freshness of something remote.
    #[must_use]
    pub fn of<T>(remote: &crate::tui::app::Remote<T>) -> Self {
        let loading_since = remote.loading.map(|(_, since)| since);
        Self {
            fetched_at: remote.fetched_at(),
            loading_since,
            error: remote.error.clone(),
            ..Self::default()
        }
    }
}

/// A list that a screen shows, for movement, mouse and find.
pub struct FocusedList<'a> {
    /// The cursor in it.
    pub cursor: &'a mut Cursor,
    /// How many lines it has.
    pub len: usize,
    /// How many of them are seen.
    pub height: usize,
    /// The row of the screen on which the first seen line is.
    pub top: u16,
}

/// What every screen can do.
pub trait View {
    /// Where its keys are.
    fn scope(&self) -> Scope;

    /// Where you are, from the outside in, cleaned.
    fn breadcrumbs(&self, shared: &SharedState) -> Vec<String>;

    /// How fresh it is.
    fn freshness(&self, shared: &SharedState) -> Freshness;

    /// Asks for what it shows: when it is opened, and at a refresh.
    fn request_data(&mut self, context: &mut UpdateContext<'_>);

    /// Takes an action that is its own. Returns whether it was.
    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool;

    /// Takes an answer that it asked for; gives back one that it did not.
    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply>;

    /// Takes what was chosen in a dialog that it opened.
    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>);

    /// Says something of a text that is typed for it; `cursor` is a byte of the text.
    fn check_input(&self, purpose: PromptPurpose, text: &str, cursor: usize) -> PromptFeedback {
        let _ = (purpose, text, cursor);
        PromptFeedback::default()
    }

    /// The list that has the focus.
    fn list(&mut self, size: Size, shared: &SharedState) -> Option<FocusedList<'_>>;

    /// Whether it moves about by itself, instead of line by line in that list.
    fn has_spatial_cursor(&self) -> bool {
        false
    }

    /// What find looks at in a line of that list, cleaned.
    fn row_label(&self, line: usize, shared: &SharedState) -> String;

    /// A click in the body that is not on a line of the list, or that is: the line is then under the cursor already.
    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) {
        let _ = (mouse, context);
    }

    /// Called after every step while it is seen: brings what is derived up to date, asks for what became visible.
    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        let _ = context;
    }

    /// What find looks for; empty for nothing.
    fn search_text(&self) -> &str;

    /// Sets what find looks for.
    fn set_search_text(&mut self, needle: String);
}

/// A screen.
#[derive(Debug)]
#[expect(missing_docs, reason = "the screens by their names")]
pub enum Screen {
    Experiments(Box<experiments::ExperimentsScreen>),
    Runs(Box<runs::RunsScreen>),
    Run(Box<run::RunScreen>),
    Charts(Box<charts::ChartsScreen>),
    Compare(Box<compare::CompareScreen>),
    Drivers(Box<drivers::DriversScreen>),
    Models(models::ModelsScreen),
    Versions(Box<versions::VersionsScreen>),
    Lineage(Box<lineage::LineageScreen>),
    Downstream(Box<downstream::DownstreamScreen>),
    Journal(Box<journal::JournalScreen>),
    History(Box<history::HistoryScreen>),
}

impl Screen {
    /// The list of experiments.
    #[must_use]
    pub fn experiments() -> Self {
        Self::Experiments(Box::default())
    }

    /// The runs of experiments; `name` is for the top line, cleaned.
    #[must_use]
    pub fn runs(experiments: Vec<ExperimentId>, name: String) -> Self {
        Self::Runs(Box::new(runs::RunsScreen::new(experiments, name)))
    }

    /// One run.
    #[must_use]
    pub fn run(id: RunId) -> Self {
        Self::Run(Box::new(run::RunScreen::new(id)))
    }

    /// The curves of runs.
    #[must_use]
    pub fn charts(runs: Vec<RunId>) -> Self {
        Self::Charts(Box::new(charts::ChartsScreen::new(runs)))
    }

    /// Runs side by side.
    #[must_use]
    pub fn compare(runs: Vec<RunId>) -> Self {
        Self::Compare(Box::new(compare::CompareScreen::new(runs)))
    }

    /// The registered models.
    #[must_use]
    pub fn models() -> Self {
        Self::Models(models::ModelsScreen::default())
    }

    /// The versions of a model.
    #[must_use]
    pub fn versions(name: ModelName) -> Self {
        Self::Versions(Box::new(versions::VersionsScreen::new(name)))
    }

    /// The lineage of a version.
    #[must_use]
    pub fn lineage(name: ModelName, version: VersionNumber) -> Self {
        Self::Lineage(Box::new(lineage::LineageScreen::new(name, version)))
    }

    /// The versions that were made from something.
    #[must_use]
    pub fn downstream(of: Upstream) -> Self {
        Self::Downstream(Box::new(downstream::DownstreamScreen::new(of)))
    }

    /// The journal of this store.
    #[must_use]
    pub fn journal() -> Self {
        Self::Journal(Box::default())
    }

    /// What happened to a model.
    #[must_use]
    pub fn history(name: ModelName) -> Self {
        Self::History(Box::new(history::HistoryScreen::new(name)))
    }

    fn view(&self) -> &(dyn View + 'static) {
        match self {
            Self::Experiments(screen) => screen.as_ref(),
            Self::Runs(screen) => screen.as_ref(),
            Self::Run(screen) => screen.as_ref(),
            Self::Charts(screen) => screen.as_ref(),
            Self::Compare(screen) => screen.as_ref(),
            Self::Drivers(screen) => screen.as_ref(),
            Self::Models(screen) => screen,
            Self::Versions(screen) => screen.as_ref(),
            Self::Lineage(screen) => screen.as_ref(),
            Self::Downstream(screen) => screen.as_ref(),
            Self::Journal(screen) => screen.as_ref(),
            Self::History(screen) => screen.as_ref(),
        }
    }

    fn view_mut(&mut self) -> &mut (dyn View + 'static) {
        match self {
            Self::Experiments(screen) => screen.as_mut(),
            Self::Runs(screen) => screen.as_mut(),
            Self::Run(screen) => screen.as_mut(),
            Self::Charts(screen) => screen.as_mut(),
            Self::Compare(screen) => screen.as_mut(),
            Self::Drivers(screen) => screen.as_mut(),
            Self::Models(screen) => screen,
            Self::Versions(screen) => screen.as_mut(),
            Self::Lineage(screen) => screen.as_mut(),
            Self::Downstream(screen) => screen.as_mut(),
            Self::Journal(screen) => screen.as_mut(),
            Self::History(screen) => screen.as_mut(),
        }
    }

    /// Whether both are the same kind of screen.
    #[must_use]
    pub fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl std::ops::Deref for Screen {
    type Target = dyn View;

    fn deref(&self) -> &Self::Target {
        self.view()
    }
}

impl std::ops::DerefMut for Screen {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.view_mut()
    }
}

/// The shape of a reply that was awaited, put into its remote value; gives the reply back when it is not of this kind or
/// not awaited.
macro_rules! take_reply {
    ($ticket:expr, $reply:expr, $context:expr, $kind:ident => $remote:expr) => {
        match $reply {
            $crate::tui::app::message::Reply::$kind(answer) if $remote.is_awaiting($ticket) => {
                let requested_at = $remote.requested_at($ticket).unwrap_or($context.now);
                let is_already_reported = $remote.refreshing.is_some() && $remote.error.is_some();
                $context.record_poll($crate::tui::app::polling::PollOutcome {
                    requested_at,
                    error: answer.as_ref().err(),
                    is_already_reported,
                });
                $remote.resolve(answer, $context.now);
                None
            }
            other => Some(other),
        }
    };
}
pub(crate) use take_reply;
