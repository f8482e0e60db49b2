//! What a policy says of versions, for the screens: the verdicts beside each, and the review of one.

use futures_util::stream::{self, StreamExt};

use super::answer::Ground;
use crate::analysis::inner::{DiffLine, Sign};
use crate::app::message::{Refused, VersionGates};
use crate::domain::{Fault, ModelName, Stage, VersionNumber};
use crate::export::review::Packet;
use crate::journal::read_registry;
use crate::policy::Asked;
use crate::promote::{Intent, Place, Reading};
use crate::provenance::{Promoter, commits, judge_one, sides};
use crate::store::Answer;

/// The most versions that are judged for a table: each takes some questions.
const VERSIONS: usize = 20;
/// How many are judged at a time.
const AT_ONCE: usize = 4;

/// The place that the versions of a model are judged for: the first that is protected.
fn target(ground: &Ground, model: &ModelName) -> Place {
    let protected = ground.policy.protected(model).unwrap_or_else(|| ground.protected.clone());
    protected.into_iter().next().unwrap_or(Place::Stage(Stage::Production))
}

async fn reading(ground: &Ground, model: &ModelName) -> Answer<Reading> {
    let intent = Intent::Describe { model: model.clone(), version: None, text: String::new().into() };
    read_registry(ground.own.as_ref(), &intent).await
}

/// What the policy says of the newest versions; empty where it guards nothing.
pub(super) async fn gates(ground: &Ground, model: &ModelName) -> Answer<VersionGates> {
    let target = target(ground, model);
    if !ground.policy.concerns(model, &target) {
        return Ok(VersionGates { target: target.to_string(), verdicts: Vec::new() });
    }
    let reading = reading(ground, model).await?;
    let promoter = Promoter { name: &ground.user, overrides: &[] };
    let mut numbers: Vec<VersionNumber> = reading.versions.iter().map(|version| version.version).collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    let judged = stream::iter(numbers.into_iter().take(VERSIONS)).map(|version| {
        let (reading, asked) = (&reading, Asked { target: target.clone(), version });
        async move { judge_one(&ground.policy, ground.own.as_ref(), &asked, reading, promoter).await.map(|judged| (version, judged.gates)) }
    });
    // One that can't be read is told by its lineage; the others are worth seeing.
    let verdicts = judged.buffered(AT_ONCE).filter_map(|answer| async { answer.ok() }).collect().await;
    Ok(VersionGates { target: target.to_string(), verdicts })
}

/// The review of a version, as lines.
pub(super) async fn review(ground: &Ground, model: &ModelName, version: VersionNumber) -> Result<Vec<DiffLine>, Refused> {
    let by_fault = |fault: Fault| Refused { why: fault.to_string(), next: fault.advice().into() };
    let reading = reading(ground, model).await.map_err(by_fault)?;
    let asked = Asked { target: target(ground, model), version };
    let (candidate, champion) = sides(ground.own.as_ref(), &asked, &reading).await.map_err(by_fault)?;
    let judged = ground.policy.judge(&candidate, champion.as_ref(), &asked, &ground.user, &[]);
    let work = move || {
        let commits = commits(&candidate, champion.as_ref());
        let commits = commits.as_deref().map_err(String::as_str);
        Packet { judged: &judged, candidate: &candidate, champion: champion.as_ref(), commits }.lines()
    };
    let lines = tokio::task::spawn_blocking(work).await;
    let lines = lines.map_err(|stopped| Refused { why: stopped.to_string(), next: "try it again".into() })?;
    Ok(lines.into_iter().map(|line| DiffLine::plain(Sign::Same, line)).collect())
}
