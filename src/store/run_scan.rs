//! All runs of a large listing, read by whole tables: a database does that several times faster than looking up the rows of
//! each run.

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinSet;

use super::Result;
use crate::domain::{Run, RunPart};

/// How many chunks of a table wait for their reader.
const CHUNKS_AHEAD: usize = 2;

/// What a scan found.
#[derive(Clone, Debug, PartialEq)]
pub enum ScanChunk {
    /// Runs without params, tags, metrics and datasets. All of them come before their parts.
    Runs(Vec<Run>),
    /// Parts of these runs, and maybe of others.
    Part(RunPart),
}

/// The end of a scan that a store writes to.
#[derive(Clone)]
pub(super) struct ScanSender(Sender<Result<Batch>>);

struct Batch {
    chunk: ScanChunk,
    rows: u64,
}

impl ScanSender {
    /// Sends what some rows of a table hold; `false` if it is not wanted any more.
    pub(super) async fn send(&self, chunk: ScanChunk, rows: u64) -> bool {
        self.0.send(Ok(Batch { chunk, rows })).await.is_ok()
    }

    /// [`Self::send`], from a thread that may block.
    pub(super) fn blocking_send(&self, chunk: ScanChunk, rows: u64) -> bool {
        self.0.blocking_send(Ok(Batch { chunk, rows })).is_ok()
    }
}

/// A scan, which ends when it is dropped. The store reads ahead.
pub struct RunScan {
    runs: Receiver<Result<Batch>>,
    parts: Receiver<Result<Batch>>,
    tasks: JoinSet<()>,
    rows: u64,
    total_rows: u64,
}

impl RunScan {
    /// Starts a scan: `read` gets where runs and their parts go, and returns a task for each table. `total_rows` is about
    /// the number of rows in all of them.
    pub(super) fn start<T>(total_rows: u64, read: impl FnOnce(ScanSender, ScanSender) -> T) -> Self
    where
        T: IntoIterator<Item: Future<Output = Result<()>> + Send + 'static>,
    {
        let (runs_sender, runs) = mpsc::channel(CHUNKS_AHEAD);
        let (parts_sender, parts) = mpsc::channel(CHUNKS_AHEAD);
        let mut tasks = JoinSet::new();
        let errors = parts_sender.clone();
        for read_table in read(ScanSender(runs_sender), ScanSender(parts_sender)) {
            let errors = errors.clone();
            tasks.spawn(async move {
                if let Err(error) = read_table.await {
                    let _ = errors.send(Err(error)).await;
                }
            });
        }
        Self {
            runs,
            parts,
            tasks,
            rows: 0,
            total_rows,
        }
    }

    /// The next chunk; `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<ScanChunk>> {
        let batch = match self.runs.recv().await {
            Some(batch) => batch,
            None => self.parts.recv().await?,
        };
        Some(batch.map(|batch| {
            self.rows += batch.rows;
            batch.chunk
        }))
    }

    /// About which part of the work is done, from 0 to 1.
    #[must_use]
    pub fn progress(&self) -> f64 {
        (self.rows as f64 / self.total_rows.max(1) as f64).min(1.0)
    }
}

impl std::fmt::Debug for RunScan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunScan")
            .field("progress", &self.progress())
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}
