//! Judging: which gates an intent meets, and what they say.

use super::file::Policy;
use super::{Candidate, Facts, approval};
use crate::domain::{ModelName, Stage, TransitionRequest, VersionNumber};
use crate::promotion::{
    Approval, Context, Decision, GateVerdict, Intent, Place, Reading, Subject, Verdict,
};
use crate::text::untrusted::clean;

/// A version that is to hold a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The place.
    pub target: Place,
    /// The version.
    pub version: VersionNumber,
}

/// What a policy says of one version for one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What was asked.
    pub asked: Asked,
    /// The verdicts, in the order of the policy; approvals last.
    pub gates: Vec<GateVerdict>,
    /// The digest that an approval of it is bound to, in hex.
    pub seen: String,
    /// The requests for this place that are open at the server; filled by who reads them.
    pub requests: Vec<TransitionRequest>,
}

impl Judged {
    /// The same with the open requests for its place.
    #[must_use]
    pub fn with_requests(mut self, reading: &Reading) -> Self {
        let asked = reading.requests.iter().flatten();
        let is_meant = |request: &&TransitionRequest| {
            request.version == self.asked.version && Place::Stage(request.to) == self.asked.target
        };
        self.requests = asked.filter(is_meant).cloned().collect();
        self
    }

    /// Whether every gate passed or was overridden.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.gates
            .iter()
            .all(|gate| matches!(gate.verdict, Verdict::Pass | Verdict::Overridden))
    }
}

/// The versions that an intent gives a place where they are served or tried. Putting away and taking away meet no gate: they
/// must be possible whatever the facts are.
#[must_use]
pub fn targets(intent: &Intent) -> Vec<Asked> {
    let serves = |stage: Stage| !matches!(stage, Stage::None | Stage::Archived);
    match intent {
        Intent::Move { version, to, .. } if serves(*to) => vec![Asked {
            target: Place::Stage(*to),
            version: *version,
        }],
        Intent::Answer {
            version,
            to,
            decision: Decision::Approve,
            ..
        } if serves(*to) => {
            vec![Asked {
                target: Place::Stage(*to),
                version: *version,
            }]
        }
        Intent::SetAlias { alias, version, .. } => vec![Asked {
            target: Place::Alias(alias.clone()),
            version: *version,
        }],
        Intent::Undo {
            stages, aliases, ..
        } => {
            let back = stages
                .iter()
                .filter(|(.., back)| serves(*back))
                .map(|(version, _, back)| (Place::Stage(*back), *version));
            let alias = aliases
                .iter()
                .filter_map(|(alias, _, back)| Some((Place::Alias(alias.clone()), (*back)?)));
            back.chain(alias)
                .map(|(target, version)| Asked { target, version })
                .collect()
        }
        _ => Vec::new(),
    }
}

impl Policy {
    /// The circumstances of a plan, as the policy has them: what is protected, and whether records are left. Of runs it says nothing.
    #[must_use]
    pub fn circumstances(&self, subject: &Subject, context: Context) -> Context {
        let Some(model) = subject.model() else {
            return context;
        };
        let tags = context.tags && self.tags(model).unwrap_or(true);
        Context {
            protected: self.protected(model).unwrap_or(context.protected),
            tags,
            ..context
        }
    }

    /// Whether anything is to be judged for a model.
    #[must_use]
    pub fn concerns(&self, model: &ModelName, target: &Place) -> bool {
        self.rules(model).any(|rules| {
            rules.gates.iter().any(|gate| gate.is_for(target))
                || rules
                    .approval
                    .as_ref()
                    .is_some_and(|rule| rule.is_for(target))
        })
    }

    /// Judges a candidate. `overrides` are names of gates that the promoter wants to go past.
    #[must_use]
    pub fn judge(
        &self,
        candidate: &Candidate,
        champion: Option<&Candidate>,
        asked: &Asked,
        promoter: &str,
        overrides: &[String],
    ) -> Judged {
        let model = &candidate.version.name;
        let bare = Facts::new(candidate, champion, asked, promoter, &[]);
        let standing = approval::standing(&Approval::of(&candidate.version), asked, &bare.seen);
        let facts = Facts::new(candidate, champion, asked, promoter, &standing);
        let mut gates = Vec::new();
        for rules in self.rules(model) {
            for gate in rules.gates.iter().filter(|gate| gate.is_for(&asked.target)) {
                let said = gate.condition.judge(&facts);
                let wanted = || {
                    gate.otherwise
                        .clone()
                        .unwrap_or_else(|| format!("not so: {}", gate.condition.source()))
                };
                let reason = match said.verdict {
                    Verdict::Pass => String::new(),
                    _ if said.why.is_empty() => wanted(),
                    _ if gate.otherwise.is_some() => format!("{}; {}", said.why, wanted()),
                    _ => said.why,
                };
                gates.push(GateVerdict {
                    name: gate.name.clone(),
                    verdict: said.verdict,
                    reason: clean(&reason).into_owned(),
                    values: said.values,
                });
            }
            if let Some(rule) = rules
                .approval
                .as_ref()
                .filter(|rule| rule.is_for(&asked.target))
            {
                let author = super::facts::author(candidate);
                gates.push(approval::judge(
                    rule,
                    &candidate.version,
                    asked,
                    &facts.seen,
                    &author,
                    promoter,
                ));
            }
        }
        let may = self.may_override(model, promoter);
        for gate in gates
            .iter_mut()
            .filter(|gate| matches!(gate.verdict, Verdict::Fail | Verdict::Absent))
        {
            let whole = format!("{}: {}", asked.target, gate.name);
            if overrides
                .iter()
                .any(|name| *name == gate.name || *name == whole)
            {
                if may {
                    gate.verdict = Verdict::Overridden;
                } else {
                    gate.reason = format!(
                        "{}; the policy does not let {} override it",
                        gate.reason,
                        clean(promoter)
                    );
                }
            }
        }
        Judged {
            asked: asked.clone(),
            gates,
            seen: facts.seen,
            requests: Vec::new(),
        }
    }
}
