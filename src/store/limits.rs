//! Limits on input from outside, each with its reason.

use crate::domain::Run;

/// The largest HTTP response, in bytes after decompression. 50,000 runs, MLflow's maximum for a
/// page, are about 220 MB at a usual 4.3 kB a run; pages here have a tenth of that.
pub const RESPONSE_BYTES: usize = 64 << 20;

/// The most bytes read of an error response, of which only the first line is displayed.
pub const ERROR_RESPONSE_BYTES: usize = 64 << 10;

/// The largest artifact that is read as a whole, in bytes.
pub const ARTIFACT_BYTES: u64 = 4 << 20;

/// The most bytes of an artifact that a preview reads.
pub const PREVIEW_BYTES: u64 = 256 << 10;

/// The largest image that is displayed, in bytes: larger than any plot or a photograph of 40
/// megapixels.
pub const IMAGE_BYTES: u64 = 24 << 20;

/// The largest file of a line-by-line comparison, in bytes.
pub const DIFF_BYTES: u64 = 512 << 10;

/// The largest file of certificates, in bytes: all public authorities together are 200 kB.
pub const CERTIFICATE_BYTES: u64 = 4 << 20;

/// The largest credentials file, in bytes.
pub const CREDENTIALS_BYTES: u64 = 64 << 10;

/// The most pages of a listing, for servers that return tokens forever.
pub const MAX_PAGES: usize = 10_000;

/// The most bytes of all pages of a listing that is collected as a whole.
pub const LISTING_BYTES: usize = 256 << 20;

/// The most bytes of the runs of one streamed listing, about what they take in memory: half a million
/// runs with 32 values each take some 800 MiB.
pub const LISTED_RUN_BYTES: u64 = 1 << 30;

/// The most runs in one bulk request for histories (MLflow's maximum).
pub const BULK_RUNS: usize = 100;

/// The most points of a run in a bulk response (MLflow's maximum).
pub const BULK_POINTS: u32 = 2_500;

/// The longest error message of a server, in characters.
pub const MESSAGE_CHARS: usize = 500;

/// The timeout of opening a connection, in seconds.
pub const CONNECT_SECONDS: u64 = 5;

/// The timeout of a read, in seconds: a server that just started takes up to 14 s to respond.
pub const READ_SECONDS: u64 = 60;

/// The timeout of a file that is downloaded, in seconds: 24 h.
pub const DOWNLOAD_SECONDS: u64 = 24 * 60 * 60;

/// The most files of one download.
pub const DOWNLOAD_FILES: usize = 100_000;

/// The most folders inside each other in a download, for stores that list a folder inside itself.
pub const DOWNLOAD_DEPTH: usize = 64;

/// The timeout between two chunks of a response, in seconds.
pub const IDLE_SECONDS: u64 = 30;

/// The timeout of a write, in seconds.
pub const WRITE_SECONDS: u64 = 30;

/// How often a read is retried after a transient error.
pub const READ_RETRIES: usize = 2;

/// How many runs a page has when the rest is streamed in, unless they hold very many values: see
/// `next_page`.
pub const PAGE_RUNS: u32 = 1_000;

/// About how many params, metrics and tags a page has together, so that taking it in leaves a
/// frame's time for keys: 1,000 values take some 0.1 ms.
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

/// How many known runs one request reads again: their ids make a filter of about 7 kB.
pub const CHANGED_RUNS_BATCH: usize = 200;

/// The most nested runs that are read when their parent is opened.
pub const NESTED_RUNS: usize = 10_000;

/// The most runs of a server that a search for downstream versions reads: about twenty pages.
pub const DOWNSTREAM_SCAN_RUNS: usize = 20_000;

/// The most runs of a server that a search for the readers of a model reads: every lineage needs
/// it, and no filter supports it.
pub const MODEL_READER_SCAN_RUNS: usize = 2_000;

/// The most runs that are read one by one for their input models, which searches on MLflow's
/// servers leave out.
pub const MODEL_READER_LOOKUPS: usize = 40;

/// The size of the first page, so that the first rows appear early.
pub const FIRST_PAGE_RUNS: u32 = 100;

/// How long a read of a SQLite file waits for other programs, in seconds. MLflow waits 20.
pub const SQLITE_READ_SECONDS: u64 = 10;

/// How long one use of a SQLite connection may take, in seconds: a file can define a query without an end.
pub const SQLITE_QUERY_SECONDS: u64 = 60;

/// The longest value of a SQLite file, in bytes.
pub const SQLITE_VALUE_BYTES: i32 = 64 << 20;

/// How long a write to a SQLite file waits for other programs, in seconds.
pub const SQLITE_WRITE_SECONDS: u64 = 10;

/// How long a query of a database server may take, in seconds.
pub const DATABASE_QUERY_SECONDS: u64 = 60;

/// The most bytes that a database server may send for one query: a million points of a history are
/// 50 MB, the ids of a million runs likewise.
pub const DATABASE_RESULT_BYTES: u64 = 256 << 20;

/// How many runs one query reads from a SQLite file, so that no writer waits longer than about 10
/// ms.
pub const SQLITE_BATCH_RUNS: usize = 1_000;

/// How many rows one query of a scan reads, which takes about 10 ms.
pub const SCAN_ROWS: u64 = 20_000;

/// How many pages of a database server's table one query of a scan reads, 2 MB.
pub const SCAN_PAGES: i64 = 256;

/// How many runs are listed by a scan of whole tables, where a store has one. Fewer are listed as fast page by page.
pub const SCANNED_RUNS: u64 = 5_000;

/// The most entries of a listed folder of local artifacts.
pub const FOLDER_ENTRIES: usize = 10_000;

/// The largest record of a W&B log, in bytes: W&B itself does not send more than a few MiB.
pub const WANDB_RECORD_BYTES: usize = 64 << 20;

/// The most damage of a W&B log that one reading skips, in bytes: a file with a hole of 200 GB is not
/// read to its end.
pub const WANDB_DAMAGE_BYTES: u64 = 256 << 20;

/// The largest JSON value of a W&B record that is parsed, in bytes: parsed JSON takes about thirty
/// times the memory.
pub const WANDB_JSON_BYTES: usize = 4 << 20;

/// The most params of a W&B run.
pub const WANDB_PARAMS: usize = 20_000;

/// The most metrics of a W&B run: tables with 12,000 columns exist.
pub const WANDB_METRICS: usize = 50_000;

/// The most system metrics of a W&B run: eight GPUs and a hundred CPUs have about 300.
pub const WANDB_SYSTEM_METRICS: usize = 1_000;

/// The longest param or tag of a W&B run, in bytes: MLflow accepts 6,000 characters.
pub const WANDB_TEXT_BYTES: usize = 8_000;

/// The most bytes of W&B logs that are read for one page of runs: about 50 ms.
pub const WANDB_PAGE_BYTES: u64 = 96 << 20;

/// The size of the cache of W&B histories, in bytes: twenty runs of 50 metrics and 2,000 steps take
/// 25 MiB.
pub const WANDB_HISTORY_BYTES: usize = 256 << 20;

/// The largest text file of a W&B run (`config.yaml`, `wandb-metadata.json`, …), in bytes.
pub const WANDB_SIDECAR_BYTES: u64 = 4 << 20;

/// How long an unfinished W&B run without new records counts as running, in seconds: the timeout of
/// W&B's server for a heartbeat.
pub const WANDB_HEARTBEAT_TIMEOUT_SECONDS: i64 = 300;

/// The largest `meta.yaml` of a file store, in bytes. A dataset's has its schema and its profile, of up
/// to 1 MB and 16 MB.
pub const FILE_STORE_META_BYTES: u64 = 32 << 20;

/// The largest param or tag of a file store, in bytes. MLflow's file store limits no tag.
pub const FILE_STORE_VALUE_BYTES: u64 = 4 << 20;

/// The largest history of a metric in a file store, in bytes: five million points.
pub const FILE_STORE_METRIC_BYTES: u64 = 256 << 20;

/// The most params, metrics or tags of a run in a file store.
pub const FILE_STORE_KEYS: usize = 50_000;
