//! From what was read to the graph.

use super::{Facts, Graph};

/// Builds the lineage of a version.
#[must_use]
pub fn build(facts: &Facts) -> Graph {
    let _ = facts;
    unimplemented!()
}
