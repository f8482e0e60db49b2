//! Messages into the app and effects out of it, as values.

use ratatui::layout::Rect;

use crate::analysis::importance::Importance;
use crate::analysis::value_diff::DiffLine;
use crate::chart::Figure;
use crate::config::keymap::Key;
use crate::config::saved_views::{SavedView, ViewError};
use crate::config::theme::Role;
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, MetricHistory, ModelName, Preview,
    RegisteredModel, Run, RunId, Slot, StoreError, VersionNumber,
};
use crate::lineage::Graph;
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::list_runs::RunPage;
use crate::ops::plan_write::PlannedWrite;
use crate::ops::review::ReviewableSlot;
use crate::promotion::journal::JournalEntry;
use crate::promotion::{Cleared, Intent, ReviewFile};
use crate::store::{
    ChangedRuns, ChangedRunsQuery, Downstream, Features, Resolution, RunQuery, RunWindow, Upstream,
    WindowQuery, WindowRange,
};

pub use crate::ops::RequestError;
pub use crate::ops::assess::Assessment;
pub use crate::ops::diff::{CommonFile, DiffTarget};
pub use crate::ops::download::{Download, DownloadProgress, DownloadSource};
pub use crate::ops::export::{Export, TableExport};
pub use crate::ops::history::ModelHistory;
pub use crate::ops::models::ModelDetail;
pub use crate::ops::runs::RunDetail;

/// Identifies a request and its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// A mouse event, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The left button was pressed.
    Click {
        /// Column.
        x: u16,
        /// Row.
        y: u16,
    },
    /// The left button was dragged; positions are (column, row).
    Drag {
        /// Where the button was pressed.
        from: (u16, u16),
        /// Where the button was released.
        to: (u16, u16),
    },
    /// The wheel turned by this many notches; down is positive.
    Wheel(i16),
}

/// An event.
#[derive(Debug)]
pub enum Message {
    /// A key press.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// A mouse event.
    Mouse(Mouse),
    /// The terminal's new size in cells.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// Time passed; the time is an argument of `update`.
    Tick,
    /// A reply to the request with this ticket.
    Reply(Ticket, Reply),
    /// The process can't be suspended.
    SuspendFailed,
}

/// The reply to a request.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "each is the reply to the request of the same name"
)]
pub enum Reply {
    Features(Result<Features, StoreError>),
    Workspaces(Result<Vec<String>, StoreError>),
    Experiments(Result<Vec<Experiment>, StoreError>),
    /// One page of a [`Request::Runs`].
    Runs(Result<RunPage, StoreError>),
    /// The runs of a [`Request::Window`].
    Window(Result<RunWindow, StoreError>),
    Changes(Result<ChangedRuns, StoreError>),
    ChildRuns(Result<Vec<Run>, StoreError>),
    Run(Result<Box<RunDetail>, StoreError>),
    RunsById(Result<Vec<Run>, StoreError>),
    Histories(Result<Vec<MetricHistory>, StoreError>),
    Artifacts(Result<Vec<Artifact>, StoreError>),
    Preview(Result<Preview, StoreError>),
    Models(Result<Vec<RegisteredModel>, StoreError>),
    Prompts(Result<Vec<RegisteredModel>, StoreError>),
    Versions(Result<Box<ModelDetail>, StoreError>),
    Lineage(Result<Box<Graph>, StoreError>),
    Downstream(Result<Box<Downstream>, StoreError>),
    Plan(Result<Box<PlannedWrite>, RequestError>),
    Progress(ApplyProgress),
    Applied(Result<Box<ApplyReport>, RequestError>),
    Journal(Result<Vec<JournalEntry>, StoreError>),
    History(Result<Box<ModelHistory>, StoreError>),
    Rechecked(Result<String, StoreError>),
    ViewSaved(Result<String, ViewError>),
    ViewDeleted(Result<String, ViewError>),
    LastView(Option<Box<SavedView>>),
    LastViewSaved(Result<(), ViewError>),
    Importance(Result<Box<Importance>, StoreError>),
    Diff(Result<Vec<DiffLine>, RequestError>),
    Review(Result<Box<ReviewPage>, RequestError>),
    /// The file of [`Request::PrepareReview`].
    ReviewPrepared(Result<String, RequestError>),
    Assessed(Result<Box<Assessment>, StoreError>),
    CommonFiles(Result<Vec<CommonFile>, StoreError>),
    Exported(Result<String, RequestError>),
    /// How far a [`Request::Download`] is.
    Downloading(DownloadProgress),
    Downloaded(Result<Download, RequestError>),
    FreeName(String),
    /// The cells of a picture; `None` where the terminal draws it over them.
    Image(Result<Option<HalfBlockImage>, RequestError>),
    /// The result of [`Effect::Copy`].
    Copied(Result<(), String>),
}

/// The review of a version: candidate against champion.
#[derive(Clone, Debug)]
pub struct ReviewPage {
    /// The slot that the version is reviewed for.
    pub slot: Slot,
    /// The slots that it can be reviewed for.
    pub slots: Vec<ReviewableSlot>,
    /// The digest of the shown facts, in hex; an approval is bound to it.
    pub digest: String,
    /// Whether a transition request is open on the server; the decision then resolves it.
    pub is_requested: bool,
    /// Cleaned, each with its role.
    pub lines: Vec<(String, Role)>,
}

/// The source of a picture.
#[derive(Clone, Debug)]
pub enum ImageSource {
    /// The flag selects the dark palette.
    Charts(Vec<Figure>, bool),
    /// An image artifact and its path.
    Artifact(ArtifactOwner, String),
}

/// A picture drawn in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfBlockImage {
    /// The width in cells.
    pub columns: u16,
    /// The RGB colors of the upper and lower half of each cell, row by row.
    pub half_blocks: Vec<[[u8; 3]; 2]>,
    /// The rows as ASCII art, for terminals without colors.
    pub ascii_lines: Vec<String>,
}

/// A request to the runtime.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a request is moved once, from the app to its task"
)]
pub enum Request {
    /// What the store supports.
    Features,
    /// The workspaces of the store.
    Workspaces,
    /// All experiments.
    Experiments,
    /// Runs, page by page: the first page is read at once, each further one after [`Effect::NextPage`].
    Runs {
        /// `page_size` is the size of the first page.
        query: RunQuery,
        /// The listing ends with the page that reaches this number of runs.
        limit: Option<u64>,
    },
    /// A part of a listing that the store filters and orders.
    Window {
        /// The listing.
        query: WindowQuery,
        /// The part.
        range: WindowRange,
    },
    /// The changed runs of a listing, unless the store's revision is still this one.
    Changes(ChangedRunsQuery, Option<u64>),
    /// The direct children of a run within these experiments.
    ChildRuns(Vec<ExperimentId>, RunId),
    /// A run with its models and versions.
    Run(RunId),
    /// Runs in this order.
    RunsById(Vec<RunId>),
    /// Histories of one metric.
    Histories {
        /// The runs.
        runs: Vec<RunId>,
        /// The metric's key.
        metric: String,
        /// The number of points.
        resolution: Resolution,
    },
    /// The files under a path.
    Artifacts(ArtifactOwner, String),
    /// The beginning of a file.
    Preview(ArtifactOwner, String),
    /// All registered models.
    Models,
    /// All prompts.
    Prompts,
    /// The versions of a model.
    Versions(ModelName),
    /// Gate results and evidence for the versions of a model.
    Assess(ModelName),
    /// The lineage of a version.
    Lineage(ModelName, VersionNumber),
    /// The versions made from a dataset, commit, run or model.
    Downstream(Upstream),
    /// A plan for an intent.
    Plan {
        /// The change.
        intent: Intent,
        /// Recorded with the write.
        reason: String,
        /// The names of the gates to override.
        overrides: Vec<String>,
    },
    /// Apply a plan.
    Apply(Cleared),
    /// The journal of this store.
    Journal,
    /// The changes of a model's stages and aliases.
    History(ModelName),
    /// Check an entry of unknown outcome against the registry.
    Recheck(Box<JournalEntry>),
    /// Save a view under a name.
    SaveView(String, Box<SavedView>),
    /// Delete the view of a name.
    DeleteView(String),
    /// The importance of params for a metric.
    Importance(Vec<Run>, String),
    /// A diff.
    Diff(DiffTarget),
    /// The review of a version.
    Review {
        /// The registered model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// What it is reviewed for; by default the first protected slot.
        slot: Option<Slot>,
        /// The lines are wrapped to this width in cells.
        width: u16,
    },
    /// Write a review to a new file, for a user with write access to record.
    PrepareReview(String, Box<ReviewFile>),
    /// The files that two runs have in common.
    CommonFiles(RunId, RunId),
    /// A picture for an area of the screen.
    Image(ImageSource, Rect),
    /// A name like this one that no file has.
    FreeName(String),
    /// Write a new file; its extension selects the format.
    Export(String, Box<Export>),
    /// Download files to a new folder.
    Download(DownloadSource, String),
    /// The last view of the run table of these experiments.
    LoadLastView(Vec<ExperimentId>),
    /// Save the view of the run table of these experiments.
    SaveLastView(Vec<ExperimentId>, Box<SavedView>),
}

/// An instruction to the runtime.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an effect is moved once, from the app to its task"
)]
pub enum Effect {
    /// Send a request; the reply has the same ticket.
    Request(Ticket, Request),
    /// Read the next page of a listing; its reply has the ticket of the [`Request::Runs`].
    NextPage(Ticket),
    /// Cancel a request.
    Cancel(Ticket),
    /// Copy a text to the clipboard.
    Copy(Ticket, String),
    /// Suspend the process and return to the shell.
    Suspend,
    /// Clear the terminal and draw everything again.
    Redraw,
    /// Alert the user outside of the terminal, with this text.
    Alert(String),
    /// Switch to a theme by name.
    SetTheme(String),
    /// End the session and open the same store with another workspace.
    OpenWorkspace(String),
    /// Quit the program.
    Quit,
}
