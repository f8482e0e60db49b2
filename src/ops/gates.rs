//! Judges what a policy says of an intent: the facts that conditions see are read here.

use crate::domain::run::KeyValue;
use crate::domain::{Millis, Slot};
use crate::promotion::policy::{Candidate, GateTarget, Policy, PolicyEvaluation, gate_targets};
use crate::promotion::{
    APPROVAL_PREFIX, Approval, Decision, GateResult, Intent, RegistrySnapshot, find_champion,
};
use crate::store::Result;

use crate::ops::lineage::{LineageSources, lineage_facts_from_snapshot};

/// Who asks, and what they want to go past.
#[derive(Clone, Copy, Debug)]
pub struct Promoter<'a> {
    /// Who.
    pub name: &'a str,
    /// The gates that they want to go past, by name.
    pub overrides: &'a [String],
}

/// Judges every version that an intent gives a place.
///
/// # Errors
/// When the facts can't be read: nothing passes on facts that nobody saw.
pub async fn evaluate(
    policy: &Policy,
    sources: LineageSources<'_>,
    intent: &Intent,
    snapshot: &RegistrySnapshot,
    promoter: Promoter<'_>,
) -> Result<Vec<PolicyEvaluation>> {
    let mut all = Vec::new();
    let Some(model) = intent.model() else {
        return Ok(all);
    };
    for target in gate_targets(intent) {
        if policy.has_rules_for(model, &target.slot) {
            all.push(match intent {
                Intent::ResolveRequest { facts_digest, .. } => {
                    evaluate_request_approval(
                        policy,
                        sources,
                        &target,
                        snapshot,
                        promoter.name,
                        facts_digest,
                    )
                    .await?
                }
                _ => evaluate_target(policy, sources, &target, snapshot, promoter).await?,
            });
        }
    }
    Ok(all)
}

/// Judges one version for one place.
///
/// # Errors
/// As for [`judge`].
pub async fn evaluate_target(
    policy: &Policy,
    sources: LineageSources<'_>,
    target: &GateTarget,
    snapshot: &RegistrySnapshot,
    promoter: Promoter<'_>,
) -> Result<PolicyEvaluation> {
    let (candidate, champion) = candidate_and_champion(sources, target, snapshot).await?;
    Ok(policy
        .evaluate(
            &candidate,
            champion.as_ref(),
            target,
            promoter.name,
            promoter.overrides,
        )
        .with_requests(snapshot))
}

/// Judges the yes to somebody's request: who asked is the promoter, and who answers approves. Nobody goes past a gate that way.
async fn evaluate_request_approval(
    policy: &Policy,
    sources: LineageSources<'_>,
    target: &GateTarget,
    snapshot: &RegistrySnapshot,
    who: &str,
    facts_digest: &str,
) -> Result<PolicyEvaluation> {
    let (mut candidate, champion) = candidate_and_champion(sources, target, snapshot).await?;
    let slot = target.slot.to_string();
    let (reviewer, comment, facts_digest) =
        (who.to_owned(), String::new(), facts_digest.to_owned());
    let approval = Approval {
        reviewer,
        at: Millis::MAX,
        slot,
        decision: Decision::Approve,
        comment,
        facts_digest,
        recorded_by: None,
    };
    let value = serde_json::to_string(&approval).unwrap_or_default();
    candidate
        .version
        .tags
        .push(KeyValue::new(format!("{APPROVAL_PREFIX}answer"), value));
    let Slot::Stage(stage) = &target.slot else {
        return Ok(policy.evaluate(&candidate, champion.as_ref(), target, who, &[]));
    };
    let promoter = snapshot
        .open_request(target.version, *stage)
        .map_or(who, |request| request.requested_by.raw());
    // The server knows people by their addresses: somebody of the same name before the @ is taken for the same person.
    let is_own = promoter
        .split('@')
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case(who));
    let promoter = if is_own { who } else { promoter };
    Ok(policy
        .evaluate(&candidate, champion.as_ref(), target, promoter, &[])
        .with_requests(snapshot))
}

/// The candidate and the version to beat, with all that is known of them.
///
/// # Errors
/// When either can't be read.
pub async fn candidate_and_champion(
    sources: LineageSources<'_>,
    target: &GateTarget,
    snapshot: &RegistrySnapshot,
) -> Result<(Candidate, Option<Candidate>)> {
    let candidate = lineage_facts_from_snapshot(sources, snapshot, target.version).await?;
    let champion = match find_champion(Some(&target.slot), Some(target.version), snapshot) {
        Some(version) => {
            Some(lineage_facts_from_snapshot(sources, snapshot, version.version).await?)
        }
        None => None,
    };
    Ok((candidate, champion))
}

/// The verdicts of all places; where there are several, each says which.
#[must_use]
pub fn gate_results(evaluations: &[PolicyEvaluation]) -> Vec<GateResult> {
    let name = |target: &GateTarget, gate: &str| {
        if evaluations.len() > 1 {
            format!("{}: {gate}", target.slot)
        } else {
            gate.to_owned()
        }
    };
    let of_one = |one: &PolicyEvaluation| {
        one.gates
            .iter()
            .map(|gate| GateResult {
                name: name(&one.target, &gate.name),
                ..gate.clone()
            })
            .collect::<Vec<_>>()
    };
    evaluations.iter().flat_map(of_one).collect()
}
