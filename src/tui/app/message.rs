//! Messages into the app and effects out of it, as values.

use ratatui::layout::Rect;

use crate::analysis::Comparison;
use crate::analysis::importance::Importance;
use crate::analysis::value_diff::DiffLine;
use crate::chart::Figure;
use crate::config::keymap::Key;
use crate::config::saved_views::{SavedView, ViewError};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, MetricHistory, ModelName,
    ModelVersion, Preview, RegisteredModel, Run, RunId, Slot, StoreError, VersionNumber,
};
use crate::evidence::ToolEvidence;
use crate::lineage::Graph;
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::plan_write::PlannedWrite;
use crate::promotion::journal::{JournalEntry, TimelineEvent};
use crate::promotion::{Cleared, GateResult, Intent};
use crate::store::{
    ChangedRuns, ChangedRunsQuery, Downstream, Features, Page, PageToken, Resolution, RunQuery,
    Upstream,
};

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
    Experiments(Result<Vec<Experiment>, StoreError>),
    Runs(Result<Page<Run>, StoreError>),
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
    History(Result<Box<ModelHistory>, StoreError>),
    Rechecked(Result<String, StoreError>),
    ViewSaved(Result<String, ViewError>),
    ViewDeleted(Result<String, ViewError>),
    LastView(Option<Box<SavedView>>),
    LastViewSaved(Result<(), ViewError>),
    Importance(Result<Box<Importance>, StoreError>),
    Diff(Result<Vec<DiffLine>, RequestError>),
    Review(Result<Box<ReviewPage>, RequestError>),
    Assessed(Result<Box<Assessment>, StoreError>),
    CommonFiles(Result<Vec<CommonFile>, StoreError>),
    Exported(Result<String, RequestError>),
    /// The cells of a picture; `None` where the terminal draws it over them.
    Image(Result<Option<HalfBlockImage>, RequestError>),
    /// The result of [`Effect::Copy`].
    Copied(Result<(), String>),
}

/// The data of the Run screen. Parts that failed to load have their own error.
#[derive(Clone, Debug)]
pub struct RunDetail {
    pub run: Run,
    /// The logged models of the run (MLflow 3).
    pub logged_models: Result<Vec<LoggedModel>, StoreError>,
    /// The versions registered from the run.
    pub versions: Result<Vec<ModelVersion>, StoreError>,
}

/// The data of the Versions screen.
#[derive(Clone, Debug)]
pub struct ModelDetail {
    pub model: RegisteredModel,
    /// Newest first.
    pub versions: Vec<ModelVersion>,
    /// The source runs of the versions; those that can't be read are missing.
    pub runs: Vec<Run>,
}

/// The data of the History screen.
#[derive(Clone, Debug)]
pub struct ModelHistory {
    /// Newest first.
    pub events: Vec<TimelineEvent>,
    /// The journal entries about the model, to undo them.
    pub entries: Vec<JournalEntry>,
}

/// Gate results and evidence for the versions of a model.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// The slot that the gates were evaluated for, cleaned.
    pub slot: String,
    /// The number of versions; only the newest are assessed.
    pub total: usize,
    /// Empty results mean that no gate protects the slot.
    pub gates: Vec<(VersionNumber, Vec<GateResult>)>,
    /// Versions without evidence are missing.
    pub evidence: Vec<(VersionNumber, Vec<ToolEvidence>)>,
}

/// The review of a version: candidate against champion.
#[derive(Clone, Debug)]
pub struct ReviewPage {
    /// The slot that the version is reviewed for.
    pub slot: Slot,
    /// The digest of the shown facts, in hex; an approval is bound to it.
    pub digest: String,
    /// Whether a transition request is open on the server; the decision then resolves it.
    pub is_requested: bool,
    /// Cleaned.
    pub lines: Vec<String>,
}

/// The inputs of a diff.
#[derive(Clone, Debug)]
pub enum DiffTarget {
    /// Two files of the same path.
    Files {
        path: String,
        /// The owner, and the path in its artifacts.
        before: (ArtifactOwner, String),
        after: (ArtifactOwner, String),
    },
    /// Two commits of the local repository.
    Commits { before: String, after: String },
}

/// A file that two runs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonFile {
    /// The path in both runs; a logged model's file is prefixed with the model's name.
    pub path: String,
    /// The owner, and the path in its artifacts.
    pub before: (ArtifactOwner, String),
    pub after: (ArtifactOwner, String),
    /// In bytes, where the store knows them.
    pub sizes: Option<(u64, u64)>,
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

/// What an export writes.
#[derive(Clone, Debug)]
pub enum Export {
    /// As PNG or SVG.
    Charts(Vec<Figure>),
    /// As Markdown, CSV, JSON or HTML; the flag leaves out equal rows.
    Comparison(Comparison, bool),
}

/// Why a request failed, as cleaned text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// One line.
    pub message: String,
    /// The next step.
    pub hint: String,
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
    /// All experiments.
    Experiments,
    /// A page of runs.
    Runs {
        /// The filter, order and size.
        query: RunQuery,
        /// `None` for the first page.
        page_token: Option<PageToken>,
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
    /// The review of a version, wrapped to a width in cells.
    Review(ModelName, VersionNumber, u16),
    /// The files that two runs have in common.
    CommonFiles(RunId, RunId),
    /// A picture for an area of the screen.
    Image(ImageSource, Rect),
    /// Write a new file; its extension selects the format.
    Export(String, Box<Export>),
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
    /// Cancel a request.
    Cancel(Ticket),
    /// Copy a text to the clipboard.
    Copy(Ticket, String),
    /// Suspend the process and return to the shell.
    Suspend,
    /// Alert the user outside of the terminal, with this text.
    Alert(String),
    /// Switch to a theme by name.
    SetTheme(String),
    /// Quit the program.
    Quit,
}
