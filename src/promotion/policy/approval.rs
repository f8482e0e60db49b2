//! Approvals, judged: which ones stand, and whether they are enough.

use serde_json::{Value as Json, json};

use super::file::ApprovalRule;
use super::judge::Asked;
use crate::domain::ModelVersion;
use crate::promotion::{Approval, Decision, GateVerdict, Verdict};
use crate::text::untrusted::clean;

/// The name under which approvals stand among the gates.
const GATE: &str = "approvals";

/// The last word of each person on a place that is bound to what is there now.
#[must_use]
pub fn standing(all: &[Approval], asked: &Asked, seen: &str) -> Vec<Approval> {
    let target = asked.target.to_string();
    let mut last: Vec<Approval> = Vec::new();
    for approval in all
        .iter()
        .filter(|approval| approval.to == target && approval.seen == seen)
    {
        last.retain(|other| other.by != approval.by);
        last.push(approval.clone());
    }
    last
}

pub(super) fn fact(approval: &Approval) -> Json {
    json!({"by": approval.by, "at": approval.at, "to": approval.to, "decision": approval.decision.as_str(), "comment": approval.comment})
}

/// Judges the approvals of a version by a rule.
pub(super) fn judge(
    rule: &ApprovalRule,
    version: &ModelVersion,
    asked: &Asked,
    seen: &str,
    author: &str,
    promoter: &str,
) -> GateVerdict {
    let all = Approval::of(version);
    let standing = standing(&all, asked, seen);
    let may = |approval: &Approval| {
        let by = approval.by.as_str();
        // Who records the word of another could have made it up.
        let is_own = by == promoter || approval.recorded_by.as_deref() == Some(promoter);
        let is_out = (rule.not_author && by == author) || (rule.not_promoter && is_own);
        !is_out && (rule.by.is_empty() || rule.by.iter().any(|who| who == by))
    };
    let (counted, others): (Vec<&Approval>, Vec<&Approval>) =
        standing.iter().partition(|approval| may(approval));
    let rejected = counted
        .iter()
        .find(|approval| approval.decision == Decision::Reject);
    let given = counted
        .iter()
        .filter(|approval| approval.decision == Decision::Approve)
        .count();
    let target = asked.target.to_string();
    let lapsed = all
        .iter()
        .filter(|approval| approval.to == target && approval.seen != seen)
        .count();
    let mut reason = match rejected {
        Some(no) => vec![format!(
            "{} rejected it{}{}",
            no.by,
            if no.comment.is_empty() { "" } else { ": " },
            no.comment
        )],
        None if given < rule.needed => vec![format!("{given} of {} approvals", rule.needed)],
        None => Vec::new(),
    };
    if !reason.is_empty() {
        reason.extend((lapsed > 0).then(|| format!("{lapsed} lapsed: the facts changed since")));
        reason.extend(others.iter().map(|other| {
            format!(
                "{}'s does not count: author, promoter, or not asked",
                other.by
            )
        }));
    }
    let values = standing
        .iter()
        .map(|approval| {
            (
                clean(&approval.by).into_owned(),
                approval.decision.as_str().to_owned(),
            )
        })
        .collect();
    let verdict = if reason.is_empty() {
        Verdict::Pass
    } else if rejected.is_none() && all.is_empty() {
        Verdict::Absent
    } else {
        Verdict::Fail
    };
    GateVerdict {
        name: GATE.to_owned(),
        verdict,
        reason: clean(&reason.join("; ")).into_owned(),
        values,
    }
}
