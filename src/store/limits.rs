//! Every limit on what is taken from outside, in one place, each with its reason.

use crate::domain::Run;

/// The most bytes taken from one HTTP answer after decompression. 50,000 runs, MLflow's own maximum for a page,
/// are about 220 MB at its usual 4.3 kB a run; pages here hold a tenth of that.
pub const RESPONSE_BYTES: usize = 64 << 20;

/// The most bytes of an error answer that are read: only its first line is shown.
pub const ERROR_RESPONSE_BYTES: usize = 64 << 10;

/// The most bytes of an artifact that are read at all, whoever asks: a document that is read whole to be understood.
pub const ARTIFACT_BYTES: u64 = 4 << 20;

/// The most bytes of an artifact that a preview reads.
pub const PREVIEW_BYTES: u64 = 256 << 10;

/// The most bytes of an image among the artifacts that is shown: more than any plot, and photographs of 40 megapixels.
pub const IMAGE_BYTES: u64 = 24 << 20;

/// The most bytes of each of two files that are compared line by line.
pub const DIFF_BYTES: u64 = 512 << 10;

/// The most pages followed in one listing: a server that hands out tokens forever ends here.
pub const MAX_PAGES: usize = 10_000;

/// The most runs for which one bulk request for histories may ask (MLflow's own maximum).
pub const BULK_RUNS: usize = 100;

/// The most points a run that bulk-interval gives (MLflow's own maximum).
pub const BULK_POINTS: u32 = 2_500;

/// The longest text of a message from a store that is kept, in characters.
pub const MESSAGE_CHARS: usize = 500;

/// How long a connection may take to open, in seconds.
pub const CONNECT_SECONDS: u64 = 5;

/// How long a read may take in all, in seconds: a server that just started takes up to 14 s to its first answer.
pub const READ_SECONDS: u64 = 60;

/// How long an answer may stay silent between two pieces, in seconds.
pub const IDLE_SECONDS: u64 = 30;

/// How long a write may take in all, in seconds.
pub const WRITE_SECONDS: u64 = 30;

/// How often a read that failed in passing is sent again.
pub const READ_RETRIES: usize = 2;

/// How many runs a page has when the rest is streamed in, unless they hold very many values: see [`next_page`].
pub const PAGE_RUNS: u32 = 1_000;

/// About how many params, metrics and tags a page has together, so that taking it in leaves a frame's time for keys: 1,000 values
/// take some 0.1 ms.
const PAGE_VALUES: usize = 100_000;

/// How many runs the page after this one should have.
#[must_use]
pub fn next_page_size(page: &[Run]) -> u32 {
    let values: usize = page
        .iter()
        .map(|run| run.params.len() + run.metrics.len() + run.tags.len())
        .sum();
    let runs = PAGE_VALUES * page.len() / values.max(1);
    u32::try_from(runs)
        .unwrap_or(PAGE_RUNS)
        .clamp(FIRST_PAGE_RUNS / 2, PAGE_RUNS)
}

/// How many known runs are read again with one request: their ids make a filter of some 7 kB.
pub const CHANGED_RUNS_BATCH: usize = 200;

/// The most runs nested directly in one that are read when it is opened: more than anybody looks through.
pub const NESTED_RUNS: usize = 10_000;

/// The most runs of a server that are looked at for what was made from something: some twenty of its pages.
pub const DOWNSTREAM_SCAN_RUNS: usize = 20_000;

/// The most runs of a server that are looked at for those that read a model: every lineage asks, and no filter helps.
pub const MODEL_READER_SCAN_RUNS: usize = 2_000;

/// The most runs that are asked one by one whether they read a model: searches of MLflow's servers don't tell it.
pub const MODEL_READER_LOOKUPS: usize = 40;

/// How many runs the first page has, so that the first rows are there early.
pub const FIRST_PAGE_RUNS: u32 = 100;

/// How long a question to a SQLite file waits for another program's write, in seconds. MLflow's own patience is 20.
pub const SQLITE_READ_SECONDS: u64 = 10;

/// How long a write to a SQLite file waits for other programs, in seconds.
pub const SQLITE_WRITE_SECONDS: u64 = 10;

/// How many runs are read from a SQLite file in one question, so that no writer waits longer than some 10 ms.
pub const SQLITE_BATCH_RUNS: usize = 1_000;

/// The most entries of one folder of local artifacts that are listed.
pub const FOLDER_ENTRIES: usize = 10_000;

/// The largest record of a W&B file that is taken, in bytes: W&B itself refuses to send more than a few MiB at once.
pub const WANDB_RECORD_BYTES: usize = 64 << 20;

/// The largest JSON value of a W&B record that is taken apart, in bytes: what is parsed takes some tens of times as much memory.
pub const WANDB_JSON_BYTES: usize = 4 << 20;

/// The most params of a run that are taken from its W&B config: more than anybody compares.
pub const WANDB_PARAMS: usize = 20_000;

/// The most metrics of a W&B run that are kept: tables of 12,000 columns were seen.
pub const WANDB_METRICS: usize = 50_000;

/// The most of the system's metrics of a W&B run that are kept: eight graphics cards and a hundred processors have some 300.
pub const WANDB_SYSTEM_METRICS: usize = 1_000;

/// The longest text of a param or a tag of a W&B run that is kept, in bytes: MLflow takes 6,000 characters.
pub const WANDB_TEXT_BYTES: usize = 8_000;

/// How many bytes of W&B files are read for one page of runs at most, so that the first rows are there early: some 50 ms.
pub const WANDB_PAGE_BYTES: u64 = 96 << 20;

/// How many bytes the histories of W&B runs may take while they are kept: twenty runs of 50 metrics and 2,000 steps take 25 MiB.
pub const WANDB_HISTORY_BYTES: usize = 256 << 20;

/// The largest text file of W&B's beside a run (`config.yaml`, `wandb-metadata.json`, …) that is read, in bytes.
pub const WANDB_SIDECAR_BYTES: u64 = 4 << 20;

/// How long a W&B run that did not say that it ended may be silent and still count as running, in seconds: W&B's server gives up
/// a run without a heartbeat after five minutes.
pub const WANDB_HEARTBEAT_TIMEOUT_SECONDS: i64 = 300;
