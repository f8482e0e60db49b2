//! Gate evaluation with facts read from the store.

use std::collections::BTreeMap;

use crate::domain::{ModelName, VersionNumber};
use crate::lineage::{self, Warning};
use crate::ops::lineage::{LineageSources, lineage_facts_from_snapshot};
use crate::promotion::policy::{
    Candidate, ChampionFacts, GateResults, GateTarget, Policy, PolicyEvaluation, Promoter,
    gate_targets,
};
use crate::promotion::{Intent, RegistrySnapshot, dangling_champion, find_champion};
use crate::store::Result;

use super::registry::read_model_snapshot;

/// The facts that were read for an intent, by version.
pub(super) type FactsByVersion = BTreeMap<VersionNumber, Candidate>;

/// Evaluates every gate that an intent meets; each version is read once. Returns the facts that it read, too.
///
/// # Errors
/// When facts cannot be read: unread facts never pass.
pub(super) async fn evaluate(
    policy: &Policy,
    sources: LineageSources<'_>,
    intent: &Intent,
    snapshot: &RegistrySnapshot,
    promoter: Promoter<'_>,
) -> Result<(GateResults, FactsByVersion)> {
    let mut facts = BTreeMap::new();
    for version in policy.versions_to_read(intent, snapshot) {
        let read = lineage_facts_from_snapshot(sources, snapshot, version).await?;
        facts.insert(version, read);
    }
    let results = policy.evaluate_intent(intent, snapshot, &facts, promoter);
    Ok((results, facts))
}

/// The lineage's warnings about each version that an intent gives a slot. Facts that are not in `facts` are read and
/// added; a version that cannot be read is a warning itself.
pub(super) async fn lineage_warnings(
    sources: LineageSources<'_>,
    intent: &Intent,
    snapshot: &RegistrySnapshot,
    facts: &mut FactsByVersion,
) -> Vec<Warning> {
    let (targets, mut all) = (gate_targets(intent), Vec::new());
    for target in &targets {
        let champion = find_champion(Some(&target.slot), Some(target.version), snapshot);
        let champion = champion.map(|version| version.version);
        for version in [Some(target.version), champion].into_iter().flatten() {
            if facts.contains_key(&version) {
                continue;
            }
            match lineage_facts_from_snapshot(sources, snapshot, version).await {
                Ok(read) => drop(facts.insert(version, read)),
                Err(error) => {
                    let label = snapshot.subject.label(version);
                    let text = format!("the lineage of {label} could not be read: {error}");
                    all.push(text.into());
                }
            }
        }
        let Some(candidate) = facts.get(&target.version) else {
            continue;
        };
        let champion = champion.and_then(|champion| facts.get(&champion));
        let label = snapshot.subject.label(target.version);
        let lines = lineage::warnings(candidate, champion).into_iter();
        all.extend(lines.map(|line| match targets.len() {
            1 => line,
            _ => line.labelled(&label),
        }));
    }
    all
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
    /// The registry that was read, with the open requests of the version.
    pub snapshot: RegistrySnapshot,
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
    let dangling = dangling_champion(Some(&target.slot), Some(target.version), &snapshot);
    let facts = ChampionFacts::new(champion.as_ref(), dangling);
    snapshot.run.clone_from(&candidate.run);
    let evaluation = policy
        .evaluate(&candidate, facts, target, user.into())
        .with_requests(&snapshot);
    Ok(Review {
        evaluation,
        candidate,
        champion,
        snapshot,
    })
}
