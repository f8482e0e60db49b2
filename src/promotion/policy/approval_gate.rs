//! The approval gate: which reviews are valid, and whether they are enough.

use serde_json::{Value as Json, json};

use super::evaluate::GateTarget;
use super::file::ApprovalRule;
use crate::domain::ModelVersion;
use crate::promotion::{Approval, Decision, GateOutcome, GateResult, is_same_person};
use crate::text::untrusted::clean;

const GATE_NAME: &str = "approvals";

/// Each reviewer's last review for the slot with the current facts digest. Of one person's reviews under several spellings of
/// the name, a rejection counts.
#[must_use]
pub fn valid_approvals(all: &[Approval], target: &GateTarget, facts_digest: &str) -> Vec<Approval> {
    let slot = target.slot.to_string();
    let mut latest: Vec<Approval> = Vec::new();
    for approval in all
        .iter()
        .filter(|approval| approval.slot == slot && approval.facts_digest == facts_digest)
    {
        latest.retain(|other| other.reviewer != approval.reviewer);
        latest.push(approval.clone());
    }
    let mut people: Vec<Approval> = Vec::new();
    latest.sort_by_key(|approval| approval.decision != Decision::Reject);
    for approval in latest {
        let is_new = |other: &Approval| !is_same_person(&other.reviewer, &approval.reviewer);
        if people.iter().all(is_new) {
            people.push(approval);
        }
    }
    people.sort_by(|a, b| (a.at, &a.reviewer).cmp(&(b.at, &b.reviewer)));
    people
}

pub(super) fn to_json(approval: &Approval) -> Json {
    json!({"by": approval.reviewer, "at": approval.at, "to": approval.slot, "decision": approval.decision.as_str(), "comment": approval.comment})
}

pub(super) fn evaluate(
    rule: &ApprovalRule,
    version: &ModelVersion,
    target: &GateTarget,
    facts_digest: &str,
    author: &str,
    promoter: &str,
) -> GateResult {
    let all = Approval::from_version_tags(version);
    let valid = valid_approvals(&all, target, facts_digest);
    let counts = |approval: &Approval| {
        let by = approval.reviewer.as_str();
        // A promoter approver records another user's review could have invented it.
        let is_promoter = |name: &str| is_same_person(name, promoter);
        let is_own = is_promoter(by) || approval.recorded_by.as_deref().is_some_and(is_promoter);
        let is_excluded = (rule.excludes_author && is_same_person(by, author))
            || (rule.excludes_promoter && is_own);
        !is_excluded
            && (rule.approvers.is_empty() || rule.approvers.iter().any(|approver| approver == by))
    };
    let (counted, others): (Vec<&Approval>, Vec<&Approval>) =
        valid.iter().partition(|approval| counts(approval));
    let rejected = counted
        .iter()
        .find(|approval| approval.decision == Decision::Reject);
    let approved = counted
        .iter()
        .filter(|approval| approval.decision == Decision::Approve)
        .count();
    let slot = target.slot.to_string();
    let lapsed = all
        .iter()
        .filter(|approval| approval.slot == slot && approval.facts_digest != facts_digest)
        .count();
    let reason = match rejected {
        None if approved >= rule.required => Vec::new(),
        _ => failure_reasons(rule, rejected, approved, lapsed, &others),
    };
    let values = valid
        .iter()
        .map(|approval| {
            (
                clean(&approval.reviewer).into_owned(),
                approval.decision.as_str().to_owned(),
            )
        })
        .collect();
    let outcome = if reason.is_empty() {
        GateOutcome::Pass
    } else if rejected.is_none() && all.is_empty() {
        GateOutcome::Absent
    } else {
        GateOutcome::Fail
    };
    GateResult {
        name: GATE_NAME.to_owned(),
        outcome,
        reason: clean(&reason.join("; ")).into_owned(),
        values,
    }
}

fn failure_reasons(
    rule: &ApprovalRule,
    rejected: Option<&&Approval>,
    approved: usize,
    lapsed: usize,
    ignored: &[&Approval],
) -> Vec<String> {
    let mut reasons = vec![match rejected {
        Some(review) if review.comment.is_empty() => format!("{} rejected it", review.reviewer),
        Some(review) => format!("{} rejected it: {}", review.reviewer, review.comment),
        None => format!("{approved} of {} approvals", rule.required),
    }];
    reasons.extend((lapsed > 0).then(|| format!("{lapsed} lapsed: the facts changed")));
    reasons.extend(ignored.iter().map(|review| {
        format!(
            "the review by {} does not count: author, promoter, or not an approver",
            review.reviewer
        )
    }));
    reasons
}
