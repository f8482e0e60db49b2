//! Every limit on what is taken from outside, in one place, each with its reason.

use crate::domain::Run;

/// The most bytes taken from one HTTP answer after decompression. 50,000 runs, MLflow's own maximum for a page,
/// are about 220 MB at its usual 4.3 kB a run; pages here hold a tenth of that.
pub const ANSWER_BYTES: usize = 64 << 20;

/// The most bytes of an error answer that are read: only its first line is shown.
pub const ERROR_BYTES: usize = 64 << 10;

/// The most bytes of an artifact that a preview reads.
pub const PREVIEW_BYTES: u64 = 256 << 10;

/// The most bytes of an image among the artifacts that is shown: more than any plot, and photographs of 40 megapixels.
pub const PICTURE_BYTES: u64 = 24 << 20;

/// The most bytes of each of two files that are compared line by line.
pub const DIFF_BYTES: u64 = 512 << 10;

/// The most pages followed in one listing: a server that hands out tokens forever ends here.
pub const PAGES: usize = 10_000;

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
pub const SILENCE_SECONDS: u64 = 30;

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
pub fn next_page(page: &[Run]) -> u32 {
    let values: usize = page.iter().map(|run| run.params.len() + run.metrics.len() + run.tags.len()).sum();
    let runs = PAGE_VALUES * page.len() / values.max(1);
    u32::try_from(runs).unwrap_or(PAGE_RUNS).clamp(FIRST_PAGE_RUNS / 2, PAGE_RUNS)
}

/// How many known runs are read again with one request: their ids make a filter of some 7 kB.
pub const CHANGED_RUNS: usize = 200;

/// The most runs nested directly in one that are read when it is opened: more than anybody looks through.
pub const NESTED_RUNS: usize = 10_000;

/// The most runs of a server that are looked at for what was made from something: some twenty of its pages.
pub const MADE_RUNS: usize = 20_000;

/// The most runs of a server that are looked at for those that read a model: every lineage asks, and no filter helps.
pub const READERS: usize = 2_000;

/// The most runs that are asked one by one whether they read a model: searches of MLflow's servers don't tell it.
pub const ASKED_READERS: usize = 40;

/// How many runs the first page has, so that the first rows are there early.
pub const FIRST_PAGE_RUNS: u32 = 100;

/// How long a question to a SQLite file waits for another program's write, in seconds. MLflow's own patience is 20.
pub const SQLITE_READ_SECONDS: u64 = 10;

/// How long a write to a SQLite file waits for other programs, in seconds.
pub const SQLITE_WRITE_SECONDS: u64 = 10;

/// How many runs are read from a SQLite file in one question, so that no writer waits longer than some 10 ms.
pub const SQLITE_RUNS: usize = 1_000;

/// The most entries of one folder of local artifacts that are listed.
pub const FOLDER_ENTRIES: usize = 10_000;
