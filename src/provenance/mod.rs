//! The room of provenance: for now only what the runtime calls.

use crate::domain::{ModelName, VersionNumber};
use crate::lineage::Facts;
use crate::store::{Answer, Read};

/// Reads what a version's lineage is told from.
///
/// # Errors
/// When the version can't be read.
pub async fn lineage_facts(reader: &dyn Read, name: &ModelName, version: VersionNumber) -> Answer<Facts> {
    let _ = (reader.name(), name, version);
    unimplemented!()
}
