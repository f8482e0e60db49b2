//! Resolves names on the command line to a store, experiment, run or version. An ambiguous name is an
//! error that lists the candidates.

mod connection;
mod experiment;
mod registry;
mod run;
mod target;
mod version;

pub use connection::{connection, exposed_credentials, warnings};
pub use experiment::{experiment, experiment_scope, is_similar};
pub use registry::{ResolvedRegistry, registry};
pub use run::{run, runs};
pub use target::{ResolvedTarget, target};
pub use version::{model, model_and_versions, version};

/// Candidates that an error lists.
const MAX_CANDIDATES: usize = 10;

/// The first candidates and the number of others.
fn list_candidates(candidates: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = candidates.len().saturating_sub(MAX_CANDIDATES);
    let mut lines: Vec<String> = candidates.take(MAX_CANDIDATES).collect();
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines
}
