//! What a policy says of versions, for the screens: the verdicts beside each, and the review of one.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::answer::Ground;
use crate::domain::{Fault, ModelName, Stage, VersionNumber};
use crate::export::review::Packet;
use crate::lineage::Facts;
use crate::ops::gates::sides;
use crate::ops::lineage::{commits, facts_of};
use crate::ops::registry::read_model;
use crate::promotion::journal::{Entry, timeline};
use crate::promotion::policy::Asked;
use crate::promotion::{Place, champion};
use crate::store::Answer;
use crate::tui::app::message::{Assessed, HistoryOf, Refused, Reviewed};

/// The most versions that are judged for a table: each takes some questions.
const VERSIONS: usize = 20;
/// How many are judged at a time.
const AT_ONCE: usize = 4;

/// The place that the versions of a model are judged for: the first that is protected.
fn target(ground: &Ground, model: &ModelName) -> Place {
    let protected = ground
        .policy
        .protected(model)
        .unwrap_or_else(|| ground.protected.clone());
    protected
        .into_iter()
        .next()
        .unwrap_or(Place::Stage(Stage::Production))
}

/// What the policy and other tools say of the newest versions.
pub(super) async fn assess(ground: &Ground, model: &ModelName) -> Answer<Assessed> {
    let target = target(ground, model);
    let reader = ground.own.as_ref();
    let reading = read_model(reader, model).await?;
    let of = reading.versions.len();
    let mut numbers: Vec<VersionNumber> = reading
        .versions
        .iter()
        .map(|version| version.version)
        .collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.truncate(VERSIONS);
    let champion_of =
        |version| champion(Some(&target), Some(version), &reading).map(|champion| champion.version);
    // Most share a champion: everything is read once.
    let wanted: BTreeSet<VersionNumber> = numbers
        .iter()
        .flat_map(|version| [Some(*version), champion_of(*version)])
        .flatten()
        .collect();
    let (reading, sources) = (&reading, ground.sources(reader));
    let read = stream::iter(wanted)
        .map(|version| async move { (version, facts_of(sources, reading, version).await) });
    let read: BTreeMap<VersionNumber, Answer<Facts>> = read.buffered(AT_ONCE).collect().await;
    let facts = |version: &VersionNumber| read.get(version).and_then(|answer| answer.as_ref().ok());
    let judged = |version: &VersionNumber| {
        let version = *version;
        let best = champion_of(version);
        let against = best.as_ref().and_then(facts);
        // Nothing is said of one that can't be read, nor against a champion that can't be.
        if best.is_some() && against.is_none() {
            return None;
        }
        let asked = Asked {
            target: target.clone(),
            version,
        };
        Some((
            version,
            ground
                .policy
                .judge(facts(&version)?, against, &asked, &ground.user, &[])
                .gates,
        ))
    };
    let is_guarded = ground.policy.concerns(model, &target);
    let verdicts = numbers
        .iter()
        .filter(|_| is_guarded)
        .filter_map(judged)
        .collect();
    let left =
        |version: &VersionNumber| Some((*version, facts(version)?.evidence.evidence.clone()));
    let evidence = numbers
        .iter()
        .filter_map(left)
        .filter(|(_, tools)| !tools.is_empty())
        .collect();
    Ok(Assessed {
        target: target.to_string(),
        of,
        verdicts,
        evidence,
    })
}

/// What happened to a model, as far as the journal and the tags of its versions tell.
pub(super) async fn history(
    ground: &Ground,
    model: &ModelName,
    journal: impl Future<Output = Answer<Vec<Entry>>>,
) -> Answer<HistoryOf> {
    let reading = read_model(ground.own.as_ref(), model).await?;
    let mut entries = journal.await?;
    entries.retain(|entry| entry.concerns(model.raw(), &reading.versions));
    let events = timeline(&entries, reading.model.as_ref(), &reading.versions);
    Ok(HistoryOf { events, entries })
}

/// The review of a version, in lines of at most `width` cells.
pub(super) async fn review(
    ground: &Ground,
    model: &ModelName,
    version: VersionNumber,
    width: u16,
) -> Result<Reviewed, Refused> {
    let by_fault = |fault: Fault| Refused {
        why: fault.to_string(),
        next: fault.advice().into(),
    };
    let reader = ground.own.as_ref();
    let mut reading = read_model(reader, model).await.map_err(by_fault)?;
    reading.requests = reader
        .transition_requests(model, version)
        .await
        .map_err(by_fault)?;
    let asked = Asked {
        target: target(ground, model),
        version,
    };
    let (candidate, champion) = sides(ground.sources(reader), &asked, &reading)
        .await
        .map_err(by_fault)?;
    let judged = ground
        .policy
        .judge(&candidate, champion.as_ref(), &asked, &ground.user, &[])
        .with_requests(&reading);
    // The commits between are asked of git, which may take a while.
    let work = move || {
        let commits = commits(&candidate, champion.as_ref());
        let commits = commits.as_deref().map_err(String::as_str);
        let lines = Packet {
            judged: &judged,
            candidate: &candidate,
            champion: champion.as_ref(),
            commits,
        }
        .lines(Some(width));
        Reviewed {
            to: judged.asked.target,
            seen: judged.seen,
            is_requested: !judged.requests.is_empty(),
            lines,
        }
    };
    let page = tokio::task::spawn_blocking(work).await;
    page.map_err(|stopped| Refused {
        why: stopped.to_string(),
        next: "try it again".into(),
    })
}
