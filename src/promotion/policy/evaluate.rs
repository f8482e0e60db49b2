//! Evaluation of a policy: which gates a version meets for a slot, and their outcomes.

use super::file::{ApprovalRule, Gate, Policy};
use super::{Candidate, PolicyFacts, approval_gate};
use crate::domain::{ModelName, Slot, Stage, TransitionRequest, VersionNumber};
use crate::promotion::{
    Approval, Decision, GateOutcome, GateResult, Intent, PlanContext, RegistrySnapshot, Subject,
};
use crate::text::untrusted::clean;

/// A version that is to hold a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateTarget {
    /// Stage or alias.
    pub slot: Slot,
    /// Candidate for it.
    pub version: VersionNumber,
}

/// Who promotes.
#[derive(Clone, Copy, Debug)]
pub struct Promoter<'a> {
    /// User name, as in the policy's lists.
    pub name: &'a str,
    /// Names of gates to override, plain or prefixed with the slot: `beats the champion`,
    /// `Production: beats the champion`.
    pub overrides: &'a [String],
}

impl<'a> From<&'a str> for Promoter<'a> {
    /// A promoter who overrides nothing.
    fn from(name: &'a str) -> Self {
        Self {
            name,
            overrides: &[],
        }
    }
}

/// Gate outcomes of one version for one slot. For display: it clears no plan, see [`super::GateResults`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyEvaluation {
    /// The version and slot that were evaluated.
    pub target: GateTarget,
    /// In the order of the policy; each model section's approvals come last.
    pub gates: Vec<GateResult>,
    /// SHA-256 of the candidate's facts in hex; approvals are bound to it.
    pub facts_digest: String,
    /// SHA-256 in hex of everything that a gate could read, the champion's facts included.
    pub compared_digest: String,
    /// Open transition requests for the slot; see [`Self::with_requests`].
    pub requests: Vec<TransitionRequest>,
}

/// What the gates compare a candidate with.
#[derive(Clone, Debug)]
pub enum ChampionFacts<'a> {
    /// No version holds the slot.
    Nobody,
    /// The version to beat.
    Version(&'a Candidate),
    /// A version that cannot be compared with, and why, cleaned: its alias dangles. No gate that reads it passes.
    Dangling(String),
}

impl<'a> From<Option<&'a Candidate>> for ChampionFacts<'a> {
    fn from(champion: Option<&'a Candidate>) -> Self {
        champion.map_or(Self::Nobody, Self::Version)
    }
}

impl<'a> ChampionFacts<'a> {
    /// The champion that was read, else why there is none.
    #[must_use]
    pub fn new(champion: Option<&'a Candidate>, dangling: Option<String>) -> Self {
        match (champion, dangling) {
            (Some(champion), _) => Self::Version(champion),
            (None, Some(why)) => Self::Dangling(why),
            (None, None) => Self::Nobody,
        }
    }
}

impl PolicyEvaluation {
    /// Adds the snapshot's open requests for the target.
    #[must_use]
    pub fn with_requests(mut self, snapshot: &RegistrySnapshot) -> Self {
        let open = snapshot.requests.iter().flatten();
        let is_for_target = |request: &&TransitionRequest| {
            request.version == self.target.version
                && Slot::Stage(request.to_stage) == self.target.slot
        };
        self.requests = open.filter(is_for_target).cloned().collect();
        self
    }

    /// Whether every gate passed or was overridden.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.gates.iter().all(|gate| !gate.is_blocking())
    }
}

/// The versions that an intent gives a slot, with that slot. Demoting and removing meet no gate: they must be possible
/// whatever the facts are.
#[must_use]
pub fn gate_targets(intent: &Intent) -> Vec<GateTarget> {
    let target = |slot, version| GateTarget { slot, version };
    match intent {
        Intent::TransitionStage { version, to, .. }
        | Intent::ResolveRequest {
            version,
            to,
            decision: Decision::Approve,
            ..
        } if is_gated(*to) => vec![target(Slot::Stage(*to), *version)],
        Intent::SetAlias { alias, version, .. } => {
            vec![target(Slot::Alias(alias.clone()), *version)]
        }
        Intent::Undo(undo) => {
            let stages = undo
                .stages
                .iter()
                .filter(|stage| is_gated(stage.restored))
                .map(|stage| target(Slot::Stage(stage.restored), stage.target));
            let aliases = undo.aliases.iter().filter_map(|alias| {
                Some(target(Slot::Alias(alias.target.clone()), alias.restored?))
            });
            stages.chain(aliases).collect()
        }
        _ => Vec::new(),
    }
}

fn is_gated(stage: Stage) -> bool {
    !matches!(stage, Stage::None | Stage::Archived)
}

impl Policy {
    /// Applies the policy's protected slots and tag setting to a context. A policy has no settings for runs.
    #[must_use]
    pub fn plan_context(&self, subject: &Subject, context: PlanContext) -> PlanContext {
        let Some(model) = subject.model() else {
            return context;
        };
        PlanContext {
            writes_tags: context.writes_tags && self.writes_tags(model).unwrap_or(true),
            protected_slots: self.protected_slots(model, context.protected_slots),
            ..context
        }
    }

    /// Whether a gate or approval rule guards a slot of a model.
    #[must_use]
    pub fn has_rules_for(&self, model: &ModelName, slot: &Slot) -> bool {
        self.rules_for(model).any(|rules| {
            rules.gates.iter().any(|gate| gate.applies_to(slot))
                || rules
                    .approval
                    .as_ref()
                    .is_some_and(|rule| rule.applies_to(slot))
        })
    }

    /// Evaluates the gates of one version for one slot.
    #[must_use]
    pub fn evaluate<'a>(
        &self,
        candidate: &Candidate,
        champion: impl Into<ChampionFacts<'a>>,
        target: &GateTarget,
        promoter: Promoter<'_>,
    ) -> PolicyEvaluation {
        let model = &candidate.version.name;
        let (champion, dangling) = match champion.into() {
            ChampionFacts::Nobody => (None, None),
            ChampionFacts::Version(champion) => (Some(champion), None),
            ChampionFacts::Dangling(why) => (None, Some(why)),
        };
        let facts = PolicyFacts::new(candidate, champion, target, promoter.name);
        let approvals = approval_gate::valid_approvals(
            &Approval::from_version_tags(&candidate.version),
            target,
            &facts.facts_digest,
        );
        let facts = facts.with_approvals(&approvals);
        let mut gates = Vec::new();
        for rules in self.rules_for(model) {
            let first = gates.len();
            let applies = |gate: &&Gate| gate.applies_to(&target.slot);
            gates.extend(
                rules
                    .gates
                    .iter()
                    .filter(applies)
                    .map(|gate| evaluate_gate(gate, &facts, dangling.as_deref())),
            );
            let applies = |rule: &&ApprovalRule| rule.applies_to(&target.slot);
            gates.extend(rules.approval.as_ref().filter(applies).map(|rule| {
                approval_gate::evaluate(
                    rule,
                    &candidate.version,
                    target,
                    &facts.facts_digest,
                    &super::facts::author(candidate),
                    promoter.name,
                )
            }));
            // Nobody can lift the rules of another file.
            let can_override = self
                .rules_for(model)
                .filter(|others| others.source == rules.source)
                .any(|others| others.can_override(promoter.name));
            for gate in gates[first..].iter_mut().filter(|gate| gate.is_blocking()) {
                apply_override(gate, target, promoter, can_override);
            }
        }
        PolicyEvaluation {
            target: target.clone(),
            gates,
            compared_digest: facts.digest_all(),
            facts_digest: facts.facts_digest,
            requests: Vec::new(),
        }
    }
}

/// With a dangling champion, a gate that reads the champion is absent: `!has(champion) || …` must not pass because of a
/// deleted version.
fn evaluate_gate(gate: &Gate, facts: &PolicyFacts, dangling: Option<&str>) -> GateResult {
    if let Some(why) = dangling.filter(|_| gate.condition.reads_champion()) {
        return GateResult {
            name: gate.name.clone(),
            outcome: GateOutcome::Absent,
            reason: format!("the champion is unknown: {why}"),
            values: vec![("champion".to_owned(), "absent".to_owned())],
        };
    }
    let result = gate.condition.evaluate(facts);
    let reason = match (result.outcome, &gate.failure_message) {
        (GateOutcome::Pass, _) => String::new(),
        (_, None) if result.reason.is_empty() => format!("not met: {}", gate.condition.source()),
        (_, Some(message)) if result.reason.is_empty() => message.clone(),
        (_, Some(message)) => format!("{}; {message}", result.reason),
        (_, None) => result.reason,
    };
    GateResult {
        name: gate.name.clone(),
        outcome: result.outcome,
        reason: clean(&reason).into_owned(),
        values: result.values,
    }
}

fn apply_override(
    gate: &mut GateResult,
    target: &GateTarget,
    promoter: Promoter<'_>,
    can_override: bool,
) {
    let qualified_name = format!("{}: {}", target.slot, gate.name);
    let is_named = |name: &String| *name == gate.name || *name == qualified_name;
    if !promoter.overrides.iter().any(is_named) {
        return;
    }
    if can_override {
        gate.outcome = GateOutcome::Overridden;
    } else {
        gate.reason = format!(
            "{}; the policy does not allow {} to override it",
            gate.reason,
            clean(promoter.name)
        );
    }
}
