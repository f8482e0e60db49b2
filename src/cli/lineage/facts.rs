//! Reading what the lineage of a version is told from.

use crate::domain::{Fault, FaultKind, ModelName, Run, VersionNumber};
use crate::lineage::Facts;
use crate::store::{Answer, Read};

/// The most parents that are followed: more would be a circle.
const PARENTS: usize = 16;

/// Reads the version, its model, its run and the run's parents, and its logged model. What can't be read is named.
///
/// # Errors
/// When the version itself can't be read.
pub async fn lineage_facts(reader: &dyn Read, name: &ModelName, number: VersionNumber) -> Answer<Facts> {
    let model = reader.model(name).await?;
    let versions = reader.versions(name).await?;
    let version = versions
        .into_iter()
        .find(|version| version.version == number)
        .ok_or_else(|| Fault::new(FaultKind::Missing, format!("reading {}/{number}", name.clean()), "there is no such version"))?;
    let mut missing = Vec::new();
    let mut note = |what: String, fault: &Fault| missing.push(format!("{what}: {}", fault.why.clean()));
    let logged_model = match version.logged_model() {
        Some(id) => reader.logged_model(&id).await.inspect_err(|fault| note(format!("logged model {}", id.clean()), fault)).ok(),
        None => None,
    };
    let from_model = logged_model.as_ref().map(|model| model.source_run_id.clone());
    let run_id = Some(version.run_id.clone()).filter(|id| !id.is_empty()).or(from_model).filter(|id| !id.is_empty());
    let run = match run_id {
        Some(id) => reader.run(&id).await.inspect_err(|fault| note(format!("run {}", id.short()), fault)).ok(),
        None => None,
    };
    let mut parents: Vec<Run> = Vec::new();
    let mut next = run.as_ref().and_then(Run::parent);
    while let Some(id) = next.filter(|_| parents.len() < PARENTS) {
        let parent = reader.run(&id).await.inspect_err(|fault| note(format!("run {}", id.short()), fault)).ok();
        next = parent.as_ref().and_then(Run::parent);
        parents.extend(parent);
    }
    Ok(Facts { version, model, run, parents, logged_model, files: Vec::new(), missing })
}
