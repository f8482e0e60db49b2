//! Gate evaluation with facts read from the store.

use std::collections::BTreeMap;

use crate::domain::{ModelName, VersionNumber};
use crate::ops::lineage::{LineageSources, lineage_facts_from_snapshot};
use crate::promotion::policy::{
    Candidate, GateResults, GateTarget, Policy, PolicyEvaluation, Promoter,
};
use crate::promotion::{Intent, RegistrySnapshot, find_champion};
use crate::store::Result;

use super::registry::read_model_snapshot;

/// Evaluates every gate that an intent meets; each version is read once.
///
/// # Errors
/// When facts cannot be read: unread facts never pass.
pub async fn evaluate(
    policy: &Policy,
    sources: LineageSources<'_>,
    intent: &Intent,
    snapshot: &RegistrySnapshot,
    promoter: Promoter<'_>,
) -> Result<GateResults> {
    let mut facts = BTreeMap::new();
    for version in policy.versions_to_read(intent, snapshot) {
        let read = lineage_facts_from_snapshot(sources, snapshot, version).await?;
        facts.insert(version, read);
    }
    Ok(policy.evaluate_intent(intent, snapshot, &facts, promoter))
}

/// A version evaluated for a slot, with the facts that were compared.
#[derive(Debug)]
pub struct Review {
    /// Gate outcomes and open requests.
    pub evaluation: PolicyEvaluation,
    /// Facts of the reviewed version.
    pub candidate: Candidate,
    /// Facts of the version to beat.
    pub champion: Option<Candidate>,
}

/// Evaluates a version for a slot on a fresh snapshot, overriding nothing.
///
/// # Errors
/// When the version does not exist, or registry or facts cannot be read.
pub async fn review(
    policy: &Policy,
    sources: LineageSources<'_>,
    model: &ModelName,
    target: &GateTarget,
    user: &str,
) -> Result<Review> {
    let mut snapshot = read_model_snapshot(sources.reader, model).await?;
    snapshot.requests = sources
        .reader
        .transition_requests(model, target.version)
        .await?;
    let read = async |version: VersionNumber| {
        lineage_facts_from_snapshot(sources, &snapshot, version).await
    };
    let candidate = read(target.version).await?;
    let champion = match find_champion(Some(&target.slot), Some(target.version), &snapshot) {
        Some(version) => Some(read(version.version).await?),
        None => None,
    };
    let evaluation = policy
        .evaluate(&candidate, champion.as_ref(), target, user.into())
        .with_requests(&snapshot);
    Ok(Review {
        evaluation,
        candidate,
        champion,
    })
}
