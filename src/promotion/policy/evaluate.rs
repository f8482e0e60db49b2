//! Judging: which gates an intent meets, and what they say.

use super::file::Policy;
use super::{Candidate, PolicyFacts, approval_gate};
use crate::domain::{ModelName, Slot, Stage, TransitionRequest, VersionNumber};
use crate::promotion::{
    Approval, Decision, GateOutcome, GateResult, Intent, PlanContext, RegistrySnapshot, Subject,
};
use crate::text::untrusted::clean;

/// A version that is to hold a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateTarget {
    /// The place.
    pub slot: Slot,
    /// The version.
    pub version: VersionNumber,
}

/// What a policy says of one version for one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyEvaluation {
    /// What was asked.
    pub target: GateTarget,
    /// The verdicts, in the order of the policy; approvals last.
    pub gates: Vec<GateResult>,
    /// The digest that an approval of it is bound to, in hex.
    pub facts_digest: String,
    /// The requests for this place that are open at the server; filled by who reads them.
    pub requests: Vec<TransitionRequest>,
}

impl PolicyEvaluation {
    /// The same with the open requests for its place.
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
        self.gates
            .iter()
            .all(|gate| matches!(gate.outcome, GateOutcome::Pass | GateOutcome::Overridden))
    }
}

/// The versions that an intent gives a place where they are served or tried. Putting away and taking away meet no gate: they
/// must be possible whatever the facts are.
#[must_use]
pub fn gate_targets(intent: &Intent) -> Vec<GateTarget> {
    let is_served = |stage: Stage| !matches!(stage, Stage::None | Stage::Archived);
    match intent {
        Intent::TransitionStage { version, to, .. } if is_served(*to) => vec![GateTarget {
            slot: Slot::Stage(*to),
            version: *version,
        }],
        Intent::ResolveRequest {
            version,
            to,
            decision: Decision::Approve,
            ..
        } if is_served(*to) => {
            vec![GateTarget {
                slot: Slot::Stage(*to),
                version: *version,
            }]
        }
        Intent::SetAlias { alias, version, .. } => vec![GateTarget {
            slot: Slot::Alias(alias.clone()),
            version: *version,
        }],
        Intent::Undo {
            stages, aliases, ..
        } => {
            let back = stages
                .iter()
                .filter(|(.., back)| is_served(*back))
                .map(|(version, _, back)| (Slot::Stage(*back), *version));
            let alias = aliases
                .iter()
                .filter_map(|(alias, _, back)| Some((Slot::Alias(alias.clone()), (*back)?)));
            back.chain(alias)
                .map(|(slot, version)| GateTarget { slot, version })
                .collect()
        }
        _ => Vec::new(),
    }
}

impl Policy {
    /// The circumstances of a plan, as the policy has them: what is protected, and whether records are left. Of runs it says nothing.
    #[must_use]
    pub fn plan_context(&self, subject: &Subject, context: PlanContext) -> PlanContext {
        let Some(model) = subject.model() else {
            return context;
        };
        let tags = context.writes_tags && self.writes_tags(model).unwrap_or(true);
        PlanContext {
            protected_slots: self
                .protected_slots(model)
                .unwrap_or(context.protected_slots),
            writes_tags: tags,
            ..context
        }
    }

    /// Whether anything is to be judged for a model.
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

    /// Judges a candidate. `overrides` are names of gates that the promoter wants to go past.
    #[must_use]
    pub fn evaluate(
        &self,
        candidate: &Candidate,
        champion: Option<&Candidate>,
        target: &GateTarget,
        promoter: &str,
        overrides: &[String],
    ) -> PolicyEvaluation {
        let model = &candidate.version.name;
        let without_approvals = PolicyFacts::new(candidate, champion, target, promoter, &[]);
        let approvals = approval_gate::valid_approvals(
            &Approval::from_version_tags(&candidate.version),
            target,
            &without_approvals.facts_digest,
        );
        let facts = PolicyFacts::new(candidate, champion, target, promoter, &approvals);
        let mut gates = Vec::new();
        for rules in self.rules_for(model) {
            for gate in rules
                .gates
                .iter()
                .filter(|gate| gate.applies_to(&target.slot))
            {
                let result = gate.condition.evaluate(&facts);
                let message = || {
                    gate.failure_message
                        .clone()
                        .unwrap_or_else(|| format!("not so: {}", gate.condition.source()))
                };
                let reason = match result.outcome {
                    GateOutcome::Pass => String::new(),
                    _ if result.reason.is_empty() => message(),
                    _ if gate.failure_message.is_some() => {
                        format!("{}; {}", result.reason, message())
                    }
                    _ => result.reason,
                };
                gates.push(GateResult {
                    name: gate.name.clone(),
                    outcome: result.outcome,
                    reason: clean(&reason).into_owned(),
                    values: result.values,
                });
            }
            if let Some(rule) = rules
                .approval
                .as_ref()
                .filter(|rule| rule.applies_to(&target.slot))
            {
                let author = super::facts::author(candidate);
                gates.push(approval_gate::evaluate(
                    rule,
                    &candidate.version,
                    target,
                    &facts.facts_digest,
                    &author,
                    promoter,
                ));
            }
        }
        let can_override = self.can_override(model, promoter);
        for gate in gates
            .iter_mut()
            .filter(|gate| matches!(gate.outcome, GateOutcome::Fail | GateOutcome::Absent))
        {
            let qualified_name = format!("{}: {}", target.slot, gate.name);
            if overrides
                .iter()
                .any(|name| *name == gate.name || *name == qualified_name)
            {
                if can_override {
                    gate.outcome = GateOutcome::Overridden;
                } else {
                    gate.reason = format!(
                        "{}; the policy does not let {} override it",
                        gate.reason,
                        clean(promoter)
                    );
                }
            }
        }
        PolicyEvaluation {
            target: target.clone(),
            gates,
            facts_digest: facts.facts_digest,
            requests: Vec::new(),
        }
    }
}
