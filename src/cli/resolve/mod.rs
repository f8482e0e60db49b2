//! Finding what a person names: the store, an experiment, a run, a version. A name that could mean several things is
//! never guessed at: what it could be is listed.

mod connection;
mod experiment;
mod run;
mod target;
mod version;

pub use connection::connection;
pub use experiment::{experiment, experiment_scope, is_similar};
pub use run::{run, runs};
pub use target::target;
pub use version::{model, version};

/// The most candidates that a message lists.
const MAX_CANDIDATES: usize = 10;

/// The first candidates, and how many more there are.
fn list_candidates(candidates: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = candidates.len().saturating_sub(MAX_CANDIDATES);
    let mut lines: Vec<String> = candidates.take(MAX_CANDIDATES).collect();
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines
}
