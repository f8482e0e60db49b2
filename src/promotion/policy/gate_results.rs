//! Sealed gate results: the proof that a policy was evaluated for an intent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::Candidate;
use super::evaluate::{ChampionFacts, GateTarget, PolicyEvaluation, Promoter, gate_targets};
use super::file::Policy;
use crate::domain::{Millis, Slot, VersionNumber};
use crate::promotion::{
    APPROVAL_PREFIX, Approval, Decision, Fingerprint, GateOutcome, GateResult, Intent, Plan,
    RegistrySnapshot, dangling_champion, find_champion, is_same_person,
};

/// The gate outcomes of an intent: what clearance takes. Only [`Policy::evaluate_intent`] builds it, also when no gate
/// applies, so no caller can clear a plan without an evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateResults {
    intent: Intent,
    fingerprint: Fingerprint,
    gates: Vec<GateResult>,
    /// Of the facts that gates and approvals could read; empty if no gate applies.
    compared_digests: Vec<String>,
    promoter: String,
    overrides: Vec<String>,
}

impl GateResults {
    /// Whether these were evaluated for the plan's intent, on the registry that the plan was made from. Results without
    /// gates follow from policy and intent alone.
    #[must_use]
    pub fn is_for(&self, plan: &Plan) -> bool {
        self.intent == plan.intent
            && (self.gates.is_empty() || self.fingerprint == plan.fingerprint)
    }

    /// The user that the gates were evaluated for, and the overrides that were requested.
    #[must_use]
    pub fn promoter(&self) -> Promoter<'_> {
        Promoter {
            name: &self.promoter,
            overrides: &self.overrides,
        }
    }

    /// What differs in a later evaluation, in words, cleaned: outcomes, values that conditions read, and other facts.
    #[must_use]
    pub fn differences(&self, later: &Self) -> Vec<String> {
        let mut found: Vec<String> = self
            .gates
            .iter()
            .filter_map(|gate| {
                let now = later.gates.iter().find(|other| other.name == gate.name);
                let Some(now) = now else {
                    return Some(format!("gate {} no longer applies", gate.name));
                };
                (gate != now).then(|| describe_gate_change(gate, now))
            })
            .collect();
        let is_new = |gate: &&GateResult| !self.gates.iter().any(|old| old.name == gate.name);
        found.extend(
            later
                .gates
                .iter()
                .filter(is_new)
                .map(|gate| format!("gate {} is new", gate.name)),
        );
        if found.is_empty() && self.compared_digests != later.compared_digests {
            found.push("facts of the candidate or of the version to beat changed".to_owned());
        }
        found
    }
}

fn describe_gate_change(before: &GateResult, now: &GateResult) -> String {
    let values = now
        .values
        .iter()
        .filter(|value| !before.values.contains(value));
    let mut parts: Vec<String> = values
        .map(|(path, value)| {
            let old = before.values.iter().find(|(other, _)| other == path);
            let old = old.map_or("not recorded", |(_, value)| value);
            format!("{path} was {old}, is {value}")
        })
        .collect();
    if before.outcome != now.outcome {
        let (old, new) = (before.outcome.as_str(), now.outcome.as_str());
        parts.insert(0, format!("{old} before, {new} now"));
    }
    if parts.is_empty() {
        parts.push(now.reason.clone());
    }
    format!("gate {}: {}", now.name, parts.join(", "))
}

impl Deref for GateResults {
    type Target = [GateResult];

    fn deref(&self) -> &[GateResult] {
        &self.gates
    }
}

impl Policy {
    /// The versions whose facts the gates of an intent compare: candidates and their champions.
    #[must_use]
    pub fn versions_to_read(
        &self,
        intent: &Intent,
        snapshot: &RegistrySnapshot,
    ) -> BTreeSet<VersionNumber> {
        self.guarded_targets(intent)
            .iter()
            .flat_map(|target| [Some(target.version), champion_of(target, snapshot)])
            .flatten()
            .collect()
    }

    /// Evaluates every gate that an intent meets. `facts` holds [`Self::versions_to_read`]; a target whose facts are
    /// missing does not pass.
    #[must_use]
    pub fn evaluate_intent(
        &self,
        intent: &Intent,
        snapshot: &RegistrySnapshot,
        facts: &BTreeMap<VersionNumber, Candidate>,
        promoter: Promoter<'_>,
    ) -> GateResults {
        let targets = self.guarded_targets(intent);
        let (mut gates, mut compared_digests) = (Vec::new(), Vec::new());
        for target in &targets {
            let champion = champion_of(target, snapshot).map(|version| facts.get(&version));
            let results = match (facts.get(&target.version), champion) {
                (None, _) | (_, Some(None)) => vec![unread_facts(target)],
                (Some(candidate), champion) => {
                    let dangling =
                        dangling_champion(Some(&target.slot), Some(target.version), snapshot);
                    let champion = ChampionFacts::new(champion.flatten(), dangling);
                    let evaluation = match intent {
                        Intent::ResolveRequest { facts_digest, .. } => self.evaluate_answer(
                            candidate,
                            champion,
                            target,
                            snapshot,
                            promoter.name,
                            facts_digest,
                        ),
                        _ => self.evaluate(candidate, champion, target, promoter),
                    };
                    compared_digests.push(evaluation.compared_digest);
                    evaluation.gates
                }
            };
            gates.extend(results.into_iter().map(|gate| match targets.len() {
                1 => gate,
                _ => GateResult {
                    name: format!("{}: {}", target.slot, gate.name),
                    ..gate
                },
            }));
        }
        GateResults {
            intent: intent.clone(),
            fingerprint: snapshot.fingerprint(),
            gates,
            compared_digests,
            promoter: promoter.name.to_owned(),
            overrides: promoter.overrides.to_vec(),
        }
    }

    fn guarded_targets(&self, intent: &Intent) -> Vec<GateTarget> {
        let Some(model) = intent.model() else {
            return Vec::new();
        };
        let mut targets = gate_targets(intent);
        targets.retain(|target| self.has_rules_for(model, &target.slot));
        targets
    }

    /// Evaluates the approval of a transition request: the requester is the promoter, and the user who answers approves.
    /// Nothing can be overridden this way.
    fn evaluate_answer(
        &self,
        candidate: &Candidate,
        champion: ChampionFacts<'_>,
        target: &GateTarget,
        snapshot: &RegistrySnapshot,
        user: &str,
        facts_digest: &str,
    ) -> PolicyEvaluation {
        let approval = Approval {
            reviewer: user.to_owned(),
            at: Millis::MAX,
            slot: target.slot.to_string(),
            decision: Decision::Approve,
            comment: String::new(),
            facts_digest: facts_digest.to_owned(),
            recorded_by: None,
        };
        let mut candidate = candidate.clone();
        candidate
            .version
            .tags
            .push(approval.to_tag(format!("{APPROVAL_PREFIX}answer")));
        let requester = match &target.slot {
            Slot::Stage(stage) => snapshot.open_request(target.version, *stage),
            Slot::Alias(_) => None,
        };
        let requester = requester.map_or(user, |request| request.requested_by.raw());
        // The server knows people by e-mail address: the same name before the @ counts as the same person.
        let is_own = requester
            .split('@')
            .next()
            .is_some_and(|name| is_same_person(name, user));
        let promoter = if is_own { user } else { requester };
        self.evaluate(&candidate, champion, target, promoter.into())
    }
}

fn champion_of(target: &GateTarget, snapshot: &RegistrySnapshot) -> Option<VersionNumber> {
    find_champion(Some(&target.slot), Some(target.version), snapshot).map(|version| version.version)
}

fn unread_facts(target: &GateTarget) -> GateResult {
    GateResult {
        name: "facts".to_owned(),
        outcome: GateOutcome::Absent,
        reason: format!("version {} or its champion was not read", target.version),
        values: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::candidate;
    use super::*;
    use crate::domain::Stage;
    use crate::promotion::{ClearanceError, grant_clearance, plan, test_registry};

    const POLICY: &str = "[[model.'*'.gate]]\nname = 'g'\nrequire = 'true'\n";

    fn to_stage(version: u64, to: Stage) -> Intent {
        Intent::TransitionStage {
            model: "iris".into(),
            version: VersionNumber(version),
            to,
            archive_existing: true,
        }
    }

    fn facts() -> BTreeMap<VersionNumber, Candidate> {
        (1..=3)
            .map(|number| (VersionNumber(number), candidate(number, &[])))
            .collect()
    }

    fn evaluate(policy: &Policy, intent: &Intent, snapshot: &RegistrySnapshot) -> GateResults {
        policy.evaluate_intent(intent, snapshot, &facts(), "ada".into())
    }

    #[test]
    fn results_of_another_intent_or_registry_are_refused() {
        let (policy, snapshot) = (Policy::parse(POLICY).unwrap(), test_registry::snapshot());
        let intent = to_stage(3, Stage::Production);
        let plan = plan(intent.clone(), &snapshot, &test_registry::context()).unwrap();
        let clear = |gates| grant_clearance(plan.clone(), gates, Some("iris"));
        assert!(clear(evaluate(&policy, &intent, &snapshot)).is_ok());
        let refused = ClearanceError::ForeignGates(intent.to_string());
        // No gate guards Archived: the empty result belongs to that intent.
        let other = evaluate(&policy, &to_stage(3, Stage::Archived), &snapshot);
        assert!(other.is_empty());
        assert_eq!(clear(other).unwrap_err(), refused);
        let mut changed = snapshot.clone();
        changed.versions[0].stage = Stage::None;
        let stale = evaluate(&policy, &intent, &changed);
        assert_eq!(clear(stale).unwrap_err(), refused);
        assert!(clear(evaluate(&Policy::default(), &intent, &changed)).is_ok());
    }

    #[test]
    fn unread_facts_never_pass() {
        let (policy, snapshot) = (Policy::parse(POLICY).unwrap(), test_registry::snapshot());
        let intent = to_stage(3, Stage::Production);
        for missing in policy.versions_to_read(&intent, &snapshot) {
            let mut facts = facts();
            facts.remove(&missing);
            let gates = policy.evaluate_intent(&intent, &snapshot, &facts, "ada".into());
            assert_eq!(gates[0].outcome, GateOutcome::Absent, "without {missing}");
        }
    }
}
