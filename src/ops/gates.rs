//! Judges what a policy says of an intent: the facts that conditions see are read here.

use crate::domain::Millis;
use crate::domain::run::Pair;
use crate::promotion::policy::{Asked, Candidate, Judged, Policy, targets};
use crate::promotion::{
    APPROVAL_PREFIX, Approval, Decision, GateVerdict, Intent, Place, Reading, champion,
};
use crate::store::Answer;

use crate::ops::lineage::{Sources, facts_of};

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
pub async fn judge(
    policy: &Policy,
    sources: Sources<'_>,
    intent: &Intent,
    reading: &Reading,
    promoter: Promoter<'_>,
) -> Answer<Vec<Judged>> {
    let mut all = Vec::new();
    let Some(model) = intent.model() else {
        return Ok(all);
    };
    for asked in targets(intent) {
        if policy.concerns(model, &asked.target) {
            all.push(match intent {
                Intent::Answer { seen, .. } => {
                    judge_answer(policy, sources, &asked, reading, promoter.name, seen).await?
                }
                _ => judge_one(policy, sources, &asked, reading, promoter).await?,
            });
        }
    }
    Ok(all)
}

/// Judges one version for one place.
///
/// # Errors
/// As for [`judge`].
pub async fn judge_one(
    policy: &Policy,
    sources: Sources<'_>,
    asked: &Asked,
    reading: &Reading,
    promoter: Promoter<'_>,
) -> Answer<Judged> {
    let (candidate, champion) = sides(sources, asked, reading).await?;
    Ok(policy
        .judge(
            &candidate,
            champion.as_ref(),
            asked,
            promoter.name,
            promoter.overrides,
        )
        .with_requests(reading))
}

/// Judges the yes to somebody's request: who asked is the promoter, and who answers approves. Nobody goes past a gate that way.
async fn judge_answer(
    policy: &Policy,
    sources: Sources<'_>,
    asked: &Asked,
    reading: &Reading,
    who: &str,
    seen: &str,
) -> Answer<Judged> {
    let (mut candidate, champion) = sides(sources, asked, reading).await?;
    let to = asked.target.to_string();
    let (by, comment, seen) = (who.to_owned(), String::new(), seen.to_owned());
    let approval = Approval {
        by,
        at: Millis::MAX,
        to,
        decision: Decision::Approve,
        comment,
        seen,
        recorded_by: None,
    };
    let value = serde_json::to_string(&approval).unwrap_or_default();
    candidate
        .version
        .tags
        .push(Pair::new(format!("{APPROVAL_PREFIX}answer"), value));
    let Place::Stage(stage) = &asked.target else {
        return Ok(policy.judge(&candidate, champion.as_ref(), asked, who, &[]));
    };
    let promoter = reading
        .request(asked.version, *stage)
        .map_or(who, |request| request.by.raw());
    // The server knows people by their addresses: somebody of the same name before the @ is taken for the same person.
    let is_own = promoter
        .split('@')
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case(who));
    let promoter = if is_own { who } else { promoter };
    Ok(policy
        .judge(&candidate, champion.as_ref(), asked, promoter, &[])
        .with_requests(reading))
}

/// The candidate and the version to beat, with all that is known of them.
///
/// # Errors
/// When either can't be read.
pub async fn sides(
    sources: Sources<'_>,
    asked: &Asked,
    reading: &Reading,
) -> Answer<(Candidate, Option<Candidate>)> {
    let candidate = facts_of(sources, reading, asked.version).await?;
    let champion = match champion(Some(&asked.target), Some(asked.version), reading) {
        Some(version) => Some(facts_of(sources, reading, version.version).await?),
        None => None,
    };
    Ok((candidate, champion))
}

/// The verdicts of all places; where there are several, each says which.
#[must_use]
pub fn verdicts(judged: &[Judged]) -> Vec<GateVerdict> {
    let name = |asked: &Asked, gate: &str| {
        if judged.len() > 1 {
            format!("{}: {gate}", asked.target)
        } else {
            gate.to_owned()
        }
    };
    let of_one = |one: &Judged| {
        one.gates
            .iter()
            .map(|gate| GateVerdict {
                name: name(&one.asked, &gate.name),
                ..gate.clone()
            })
            .collect::<Vec<_>>()
    };
    judged.iter().flat_map(of_one).collect()
}
