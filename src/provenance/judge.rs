//! Judges what a policy says of an intent: the facts that conditions see are read here.

use crate::policy::{Asked, Candidate, Judged, Policy, targets};
use crate::promote::{GateVerdict, Intent, Reading, champion};
use crate::store::Answer;

use super::{Sources, facts_of};

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
    for asked in targets(intent) {
        if policy.concerns(intent.model(), &asked.target) {
            all.push(judge_one(policy, sources, &asked, reading, promoter).await?);
        }
    }
    Ok(all)
}

/// Judges one version for one place.
///
/// # Errors
/// As for [`judge`].
pub async fn judge_one(policy: &Policy, sources: Sources<'_>, asked: &Asked, reading: &Reading, promoter: Promoter<'_>) -> Answer<Judged> {
    let (candidate, champion) = sides(sources, asked, reading).await?;
    Ok(policy.judge(&candidate, champion.as_ref(), asked, promoter.name, promoter.overrides))
}

/// The candidate and the version to beat, with all that is known of them.
///
/// # Errors
/// When either can't be read.
pub async fn sides(sources: Sources<'_>, asked: &Asked, reading: &Reading) -> Answer<(Candidate, Option<Candidate>)> {
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
    let name = |asked: &Asked, gate: &str| if judged.len() > 1 { format!("{}: {gate}", asked.target) } else { gate.to_owned() };
    let of_one =
        |one: &Judged| one.gates.iter().map(|gate| GateVerdict { name: name(&one.asked, &gate.name), ..gate.clone() }).collect::<Vec<_>>();
    judged.iter().flat_map(of_one).collect()
}
