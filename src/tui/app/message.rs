//! What comes in and what goes out: messages and effects, as values.

use ratatui::layout::Rect;

use crate::analysis::importance::Importance;
use crate::analysis::value_diff::DiffLine;
use crate::chart::Figure;
use crate::config::keymap::Key;
use crate::config::saved_views::{SavedView, ViewError};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, MetricHistory, Millis, ModelName, Preview,
    RegisteredModel, Run, RunId, Slot, StoreError, VersionNumber,
};
use crate::lineage::Graph;
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::list_runs::RunPage;
use crate::ops::plan_write::PlannedWrite;
use crate::promotion::journal::JournalEntry;
use crate::promotion::{Cleared, Intent};
use crate::store::{
    ChangedRuns, ChangedRunsQuery, Downstream, Features, Resolution, RunQuery, Upstream,
};

pub use crate::ops::RequestError;
pub use crate::ops::assess::Assessment;
pub use crate::ops::diff::{CommonFile, DiffTarget};
pub use crate::ops::export::Export;
pub use crate::ops::history::ModelHistory;
pub use crate::ops::models::ModelDetail;
pub use crate::ops::runs::RunDetail;

/// Which question an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What the mouse did, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The left button went down.
    Click {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The left button was held from one place to another, as (column, row).
    Drag {
        /// Where it went down.
        from: (u16, u16),
        /// Where it came up.
        to: (u16, u16),
    },
    /// The wheel turned by lines: down is positive.
    Wheel(i16),
}

/// What happened.
#[derive(Debug)]
pub enum Message {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something.
    Mouse(Mouse),
    /// The terminal has this size now, in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Time went by: the clock is in the call itself.
    Tick,
    /// A question was answered.
    Reply(Ticket, Reply),
}

/// An answer.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "each is the answer to the request of the same name"
)]
pub enum Reply {
    Features(Result<Features, StoreError>),
    Experiments(Result<Vec<Experiment>, StoreError>),
    /// One page of a [`Request::Runs`].
    Runs(Result<RunPage, StoreError>),
    Changes(Result<ChangedRuns, StoreError>),
    ChildRuns(Result<Vec<Run>, StoreError>),
    Run(Result<Box<RunDetail>, StoreError>),
    RunsById(Result<Vec<Run>, StoreError>),
    Histories(Result<Vec<MetricHistory>, StoreError>),
    Artifacts(Result<Vec<Artifact>, StoreError>),
    Preview(Result<Preview, StoreError>),
    Models(Result<Vec<RegisteredModel>, StoreError>),
    Versions(Result<Box<ModelDetail>, StoreError>),
    Lineage(Result<Box<Graph>, StoreError>),
    Downstream(Result<Box<Downstream>, StoreError>),
    Plan(Result<Box<PlannedWrite>, RequestError>),
    Progress(ApplyProgress),
    Applied(Result<Box<ApplyReport>, RequestError>),
    Journal(Result<Vec<JournalEntry>, StoreError>),
    /// To [`Request::History`].
    History(Result<Box<ModelHistory>, StoreError>),
    Rechecked(Result<String, StoreError>),
    ViewSaved(Result<String, ViewError>),
    ViewDeleted(Result<String, ViewError>),
    LastView(Option<Box<SavedView>>),
    LastViewSaved(Result<(), ViewError>),
    Importance(Result<Box<Importance>, StoreError>),
    Diff(Result<Vec<DiffLine>, RequestError>),
    /// To [`Request::Review`].
    Review(Result<Box<ReviewPage>, RequestError>),
    Assessed(Result<Box<Assessment>, StoreError>),
    CommonFiles(Result<Vec<CommonFile>, StoreError>),
    Exported(Result<String, RequestError>),
    /// The cells of a picture; none where the terminal lays it over them.
    Image(Result<Option<HalfBlockImage>, RequestError>),
    /// A text was put on the clipboard, or could not be.
    Copied(Result<(), String>),
}

/// The review of a version: candidate against champion.
#[derive(Clone, Debug)]
pub struct ReviewPage {
    /// The place that it is judged for.
    pub slot: Slot,
    /// The digest of what was seen, in hex: a word about it is bound to this.
    pub digest: String,
    /// Whether somebody asks for it at the server: a word about it answers the request.
    pub is_requested: bool,
    /// The page, cleaned.
    pub lines: Vec<String>,
}

/// What a picture is of.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// Charts; on a dark ground if that is wanted.
    Charts(Vec<Figure>, bool),
    /// An image among the artifacts.
    Artifact(ArtifactOwner, String),
}

/// A picture in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfBlockImage {
    /// How many stand beside each other.
    pub columns: u16,
    /// Row by row, the colours of each one's upper and lower half: red, green, blue.
    pub half_blocks: Vec<[[u8; 3]; 2]>,
    /// The same in letters, a line each, for terminals without colours.
    pub ascii_lines: Vec<String>,
}

/// A question that takes time.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a question is moved once, from the state to its task"
)]
pub enum Request {
    /// What the store is and can do.
    Features,
    /// All experiments.
    Experiments,
    /// Runs, page by page: the first page is read at once, each further one after [`Effect::NextPage`].
    Runs {
        /// `page_size` is the size of the first page.
        query: RunQuery,
        /// The listing ends with the page that reaches this number of runs.
        limit: Option<u64>,
    },
    /// What changed in a listing of runs, unless the store's pulse is still this one.
    Changes(ChangedRunsQuery, Option<u64>),
    /// The runs of these experiments that are nested directly in a run.
    ChildRuns(Vec<ExperimentId>, RunId),
    /// A run and what belongs to it.
    Run(RunId),
    /// Runs to compare.
    RunsById(Vec<RunId>),
    /// Histories of one metric.
    Histories {
        /// Of which runs.
        runs: Vec<RunId>,
        /// Which metric.
        metric: String,
        /// How exact.
        resolution: Resolution,
    },
    /// The files under a path.
    Artifacts(ArtifactOwner, String),
    /// The beginning of a file.
    Preview(ArtifactOwner, String),
    /// All registered models.
    Models,
    /// The versions of a model.
    Versions(ModelName),
    /// What the policy and other tools say of the versions of a model.
    Assess(ModelName),
    /// The lineage of a version.
    Lineage(ModelName, VersionNumber),
    /// What was made from something.
    Downstream(Upstream),
    /// A plan for an intent.
    Plan {
        /// What is wanted.
        intent: Intent,
        /// Why.
        reason: String,
        /// The gates to go past, by name.
        overrides: Vec<String>,
    },
    /// Carry a plan out.
    Apply(Cleared),
    /// The journal of this store.
    Journal,
    /// What happened to a model: who moved which version where, when and why.
    History(ModelName),
    /// Look again at an entry.
    Recheck(Box<JournalEntry>),
    /// Save a view under a name.
    SaveView(String, Box<SavedView>),
    /// Delete the view of a name.
    DeleteView(String),
    /// Which params go with a metric among runs.
    Importance(Vec<Run>, String),
    /// What differs between two things.
    Diff(DiffTarget),
    /// The review of a version, in lines of at most so many cells.
    Review(ModelName, VersionNumber, u16),
    /// The files that two runs have in common.
    CommonFiles(RunId, RunId),
    /// A picture for an area of the screen.
    Image(ImageSource, Rect),
    /// Write a file of this name, unless there is one already; its end says in which form.
    Export(String, Box<Export>),
    /// How the table of these experiments was left.
    LoadLastView(Vec<ExperimentId>),
    /// Remember how the table of these experiments is left.
    SaveLastView(Vec<ExperimentId>, Box<SavedView>),
}

/// What the runtime is asked to do.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an effect is moved once, from the state to its task"
)]
pub enum Effect {
    /// Ask a question; the answer comes with the ticket.
    Request(Ticket, Request),
    /// Read the next page of a listing; its reply has the ticket of the [`Request::Runs`].
    NextPage(Ticket),
    /// Forget a question: its answer is not wanted any more.
    Cancel(Ticket),
    /// Put a text on the clipboard.
    Copy(Ticket, String),
    /// Give the terminal back to the shell until the user comes back.
    Suspend,
    /// Alert whoever is about: something that is watched has moved, as this text says.
    Alert(String),
    /// Change to the theme of this name.
    SetTheme(String),
    /// End the program.
    Quit,
}

/// An experiment to open, with its name for the top line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentChoice {
    /// Its id.
    pub id: ExperimentId,
    /// Its name, cleaned.
    pub name: String,
}

/// How long ago something was, for freshness: ms.
#[must_use]
pub fn elapsed(now: Millis, at: Millis) -> Millis {
    now.saturating_sub(at).max(0)
}
