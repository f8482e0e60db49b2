//! Who approved the version, who serves it, who moved it last.

use super::{Answer, Sides, Tone, answer, label};
use crate::domain::KeyValue;
use crate::promotion::policy::Candidate;
use crate::promotion::{Approval, Decision, TAG_PREFIX};
use crate::text::quantity::format_time;
use crate::text::width::truncate;

/// Parts of tag keys by which people and other tools record an approval.
const APPROVAL_WORDS: [&str; 9] = [
    "approv",
    "signoff",
    "sign_off",
    "signed_off",
    "signed",
    "reviewed_by",
    "reviewer",
    "review_status",
    "validated_by",
];
/// Words of a model's description that say where it is served.
const SERVING_WORDS: [&str; 5] = ["serve", "serving", "endpoint", "deploy", "http"];
/// Columns of a value or a description.
const MAX_TEXT_WIDTH: u16 = 200;

impl Sides<'_> {
    pub(super) fn approvals(&self) -> Answer {
        let evaluation = self.review.evaluation;
        let slot = evaluation.target.slot.to_string();
        let approvals = Approval::from_version_tags(&self.review.candidate.version);
        let valid = |approval: &&Approval| {
            approval.slot == slot && approval.facts_digest == evaluation.facts_digest
        };
        let by = |decision| {
            let approvals = approvals.iter().filter(valid);
            let approvals = approvals.filter(|approval| approval.decision == decision);
            let mut names: Vec<&str> = approvals
                .map(|approval| approval.reviewer.as_str())
                .collect();
            names.dedup();
            names
        };
        let (approved, rejected) = (by(Decision::Approve), by(Decision::Reject));
        let tags = approval_tags(self.review.candidate);
        let (tone, first) = match (rejected.as_slice(), approved.as_slice(), tags.as_slice()) {
            ([_, ..], ..) => (
                Tone::Bad,
                format!("rejected for {slot} by {}", rejected.join(", ")),
            ),
            (_, [_, ..], _) => (Tone::Good, format!("{}, for {slot}", approved.join(", "))),
            (_, _, [_, ..]) => (
                Tone::Plain,
                format!("by tags of other tools only; no review for {slot} is recorded"),
            ),
            _ if approvals.is_empty() => {
                (Tone::Unknown, "nobody: no approval is recorded".to_owned())
            }
            _ => (Tone::Warning, format!("nobody, for {slot} and these facts")),
        };
        let mut lines = vec![first];
        lines.extend(
            approvals
                .iter()
                .map(|approval| self.approval_line(approval)),
        );
        lines.extend(tags);
        let requests = evaluation.requests.iter();
        lines.extend(requests.map(|request| format!("request: {}", request.summary())));
        let of_champion = self.champion().map(|champion| {
            let approvals = Approval::from_version_tags(&champion.version).into_iter();
            let approvals = approvals.map(|approval| approval.describe());
            approvals.chain(approval_tags(champion)).collect::<Vec<_>>()
        });
        lines.extend(
            of_champion
                .filter(|all| !all.is_empty())
                .map(|all| format!("the champion: {}", all.join("; "))),
        );
        answer("approval", "Who approved?", tone, lines)
    }

    fn approval_line(&self, approval: &Approval) -> String {
        let mut line = format!(
            "{}: {} for {}",
            approval.reviewer,
            approval.decision.as_str(),
            approval.slot
        );
        line.extend(format_time(approval.at).map(|at| format!(" on {at}")));
        if !approval.comment.is_empty() {
            line.push_str(&format!(": {}", approval.comment));
        }
        if let Some(by) = &approval.recorded_by {
            line.push_str(&format!(", recorded by {by}"));
        }
        if approval.facts_digest != self.review.evaluation.facts_digest {
            line.push_str(" (lapsed: the facts changed since)");
        }
        line
    }

    pub(super) fn serving(&self) -> Answer {
        let deployments = |facts: &Candidate| -> Vec<String> {
            let all = facts.evidence.deployments();
            all.map(|(tool, one)| {
                format!("{tool}: {one} ({}), serves {}", one.source, label(facts))
            })
            .collect()
        };
        let own = deployments(self.review.candidate);
        let champions = self.champion().map(deployments).unwrap_or_default();
        let (tone, first) = match (own.is_empty(), champions.is_empty()) {
            (false, _) => (Tone::Warning, "this version is deployed now"),
            (true, false) => (Tone::Plain, "the champion is deployed, this version is not"),
            (true, true) => (Tone::Unknown, "not known: no deployment record was found"),
        };
        let mut lines = vec![first.to_owned()];
        lines.extend(own.into_iter().chain(champions));
        let holders = &self.review.context.holders;
        lines.push(if holders.is_empty() {
            "no version holds a stage or an alias".to_owned()
        } else {
            holders.join(", ")
        });
        let description = &self.review.candidate.model.description;
        let text = description.raw().to_ascii_lowercase();
        let is_about_serving = SERVING_WORDS.iter().any(|word| text.contains(word));
        lines.extend(is_about_serving.then(|| {
            let text = truncate(&description.clean(), MAX_TEXT_WIDTH);
            format!("the model's description: {text}")
        }));
        answer("serving", "Who serves it?", tone, lines)
    }

    pub(super) fn last_move(&self) -> Answer {
        let context = self.review.context;
        let tone = if context.is_move_recorded {
            Tone::Plain
        } else {
            Tone::Unknown
        };
        let mut lines = context.last_moves.clone();
        if lines.is_empty() {
            lines.push("not known: no record was found".to_owned());
        }
        answer("last_move", "Who moved it last?", tone, lines)
    }
}

/// The approvals in tags that others set: `approved_by is elena (tag of churn/4)`.
fn approval_tags(facts: &Candidate) -> Vec<String> {
    let is_approval = |tag: &&KeyValue| {
        let key = tag
            .key
            .raw()
            .to_ascii_lowercase()
            .replace(['-', '.', ' '], "_");
        !tag.key.raw().starts_with(TAG_PREFIX)
            && !tag.value.is_empty()
            && APPROVAL_WORDS.iter().any(|word| key.contains(word))
    };
    let line = |tag: &KeyValue, owner: &str| {
        let value = truncate(&tag.value.clean(), MAX_TEXT_WIDTH);
        format!("{} is {value} (tag of {owner})", tag.key.raw())
    };
    let of_version = facts.version.tags.iter().filter(is_approval);
    let of_run = facts
        .run
        .iter()
        .flat_map(|run| &run.tags)
        .filter(is_approval);
    of_version
        .map(|tag| line(tag, &label(facts)))
        .chain(of_run.map(|tag| line(tag, "its run")))
        .collect()
}
