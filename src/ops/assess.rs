//! Gate results and tool evidence for the newest versions of a model.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::lineage::{LineageSources, lineage_facts_from_snapshot};
use super::registry::read_model_snapshot;
use crate::domain::{ModelName, Slot, VersionNumber};
use crate::evidence::ToolEvidence;
use crate::lineage::LineageFacts;
use crate::promotion::policy::{ChampionFacts, GateTarget, Policy};
use crate::promotion::{GateResult, RegistrySnapshot, dangling_champion, find_champion};
use crate::store::Result;

/// How many versions are assessed: each takes several requests.
const MAX_ASSESSED: usize = 20;
/// How many versions are read at a time.
const MAX_CONCURRENT: usize = 4;

/// The assessment of a model's newest versions for one slot. Versions whose facts cannot be read are left out.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Cleaned.
    pub slot: String,
    /// The version that holds the slot, else the one in use: what the others are compared with.
    pub champion: Option<VersionNumber>,
    /// The number of versions of the model, assessed or not.
    pub total: usize,
    /// Newest first; empty if no gate guards the slot.
    pub gates: Vec<(VersionNumber, Vec<GateResult>)>,
    /// Newest first, without the versions that have no evidence.
    pub evidence: Vec<(VersionNumber, Vec<ToolEvidence>)>,
}

/// Evaluates the gates of `slot` for the newest versions, each against the champion that it would replace.
///
/// # Errors
/// When the registry cannot be read.
pub async fn assess_versions(
    policy: &Policy,
    sources: LineageSources<'_>,
    model: &ModelName,
    slot: Slot,
    user: &str,
) -> Result<Assessment> {
    let snapshot = read_model_snapshot(sources.reader, model).await?;
    let mut newest: Vec<VersionNumber> = snapshot
        .versions
        .iter()
        .map(|version| version.version)
        .collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    newest.truncate(MAX_ASSESSED);
    let champion_of = |version| {
        find_champion(Some(&slot), Some(version), &snapshot).map(|champion| champion.version)
    };
    let facts = read_facts(sources, &snapshot, &newest, champion_of).await;
    let gates_of = |version: &VersionNumber| {
        let champion = match champion_of(*version) {
            // No result against a champion whose facts are unknown.
            Some(champion) => Some(facts.get(&champion)?),
            None => None,
        };
        let dangling = dangling_champion(Some(&slot), Some(*version), &snapshot);
        let champion = ChampionFacts::new(champion, dangling);
        let target = GateTarget {
            slot: slot.clone(),
            version: *version,
        };
        let evaluation = policy.evaluate(facts.get(version)?, champion, &target, user.into());
        Some((*version, evaluation.gates))
    };
    let evidence_of = |version: &VersionNumber| {
        let tools = &facts.get(version)?.evidence.tools;
        (!tools.is_empty()).then(|| (*version, tools.clone()))
    };
    let is_guarded = policy.has_rules_for(model, &slot);
    let guarded = newest.iter().filter(|_| is_guarded);
    Ok(Assessment {
        slot: slot.to_string(),
        champion: find_champion(Some(&slot), None, &snapshot).map(|champion| champion.version),
        total: snapshot.versions.len(),
        gates: guarded.filter_map(gates_of).collect(),
        evidence: newest.iter().filter_map(evidence_of).collect(),
    })
}

/// Reads the facts of versions and their champions, each once: most versions share a champion.
async fn read_facts(
    sources: LineageSources<'_>,
    snapshot: &RegistrySnapshot,
    versions: &[VersionNumber],
    champion_of: impl Fn(VersionNumber) -> Option<VersionNumber>,
) -> BTreeMap<VersionNumber, LineageFacts> {
    let all: BTreeSet<VersionNumber> = versions
        .iter()
        .flat_map(|version| [Some(*version), champion_of(*version)])
        .flatten()
        .collect();
    let facts: Vec<_> = stream::iter(all)
        .map(|version| async move {
            let facts = lineage_facts_from_snapshot(sources, snapshot, version).await;
            Some((version, facts.ok()?))
        })
        .buffered(MAX_CONCURRENT)
        .collect()
        .await;
    facts.into_iter().flatten().collect()
}
