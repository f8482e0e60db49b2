//! What a policy says of versions, for the screens: the verdicts beside each, and the review of one.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::requests::Services;
use crate::domain::{ModelName, Slot, Stage, VersionNumber};
use crate::export::review::ReviewDocument;
use crate::lineage::LineageFacts;
use crate::ops::gates;
use crate::ops::lineage::{commits_since_champion, lineage_facts_from_snapshot};
use crate::ops::registry::read_model_snapshot;
use crate::promotion::find_champion;
use crate::promotion::journal::{JournalEntry, timeline};
use crate::promotion::policy::GateTarget;
use crate::store::Result;
use crate::tui::app::message::{Assessment, ModelHistory, RequestError, ReviewPage};

/// The most versions that are judged for a table: each takes some questions.
const MAX_ASSESSED: usize = 20;
/// How many are judged at a time.
const MAX_CONCURRENT: usize = 4;

/// The place that the versions of a model are judged for: the first that is protected.
fn review_slot(services: &Services, model: &ModelName) -> Slot {
    let protected = services
        .policy
        .protected_slots(model)
        .unwrap_or_else(|| services.protected_slots.clone());
    protected
        .into_iter()
        .next()
        .unwrap_or(Slot::Stage(Stage::Production))
}

/// What the policy and other tools say of the newest versions.
pub(super) async fn assess_versions(services: &Services, model: &ModelName) -> Result<Assessment> {
    let target = review_slot(services, model);
    let reader = services.primary.as_ref();
    let snapshot = read_model_snapshot(reader, model).await?;
    let total = snapshot.versions.len();
    let mut numbers: Vec<VersionNumber> = snapshot
        .versions
        .iter()
        .map(|version| version.version)
        .collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.truncate(MAX_ASSESSED);
    let champion_of = |version| {
        find_champion(Some(&target), Some(version), &snapshot).map(|champion| champion.version)
    };
    // Most share a champion: everything is read once.
    let versions_to_read: BTreeSet<VersionNumber> = numbers
        .iter()
        .flat_map(|version| [Some(*version), champion_of(*version)])
        .flatten()
        .collect();
    let (snapshot, sources) = (&snapshot, services.sources(reader));
    let read = stream::iter(versions_to_read).map(|version| async move {
        (
            version,
            lineage_facts_from_snapshot(sources, snapshot, version).await,
        )
    });
    let read: BTreeMap<VersionNumber, Result<LineageFacts>> =
        read.buffered(MAX_CONCURRENT).collect().await;
    let facts = |version: &VersionNumber| read.get(version).and_then(|answer| answer.as_ref().ok());
    let assess = |version: &VersionNumber| {
        let version = *version;
        let best = champion_of(version);
        let against = best.as_ref().and_then(facts);
        // Nothing is said of one that can't be read, nor against a champion that can't be.
        if best.is_some() && against.is_none() {
            return None;
        }
        let asked = GateTarget {
            slot: target.clone(),
            version,
        };
        Some((
            version,
            services
                .policy
                .evaluate(
                    facts(&version)?,
                    against,
                    &asked,
                    services.user.as_str().into(),
                )
                .gates,
        ))
    };
    let is_guarded = services.policy.has_rules_for(model, &target);
    let verdicts = numbers
        .iter()
        .filter(|_| is_guarded)
        .filter_map(assess)
        .collect();
    let evidence_of =
        |version: &VersionNumber| Some((*version, facts(version)?.evidence.tools.clone()));
    let evidence = numbers
        .iter()
        .filter_map(evidence_of)
        .filter(|(_, tools)| !tools.is_empty())
        .collect();
    Ok(Assessment {
        slot: target.to_string(),
        total,
        gates: verdicts,
        evidence,
    })
}

/// What happened to a model, as far as the journal and the tags of its versions tell.
pub(super) async fn model_history(
    services: &Services,
    model: &ModelName,
    journal: impl Future<Output = Result<Vec<JournalEntry>>>,
) -> Result<ModelHistory> {
    let snapshot = read_model_snapshot(services.primary.as_ref(), model).await?;
    let mut entries = journal.await?;
    entries.retain(|entry| entry.concerns_model(model.raw(), &snapshot.versions));
    let events = timeline(&entries, snapshot.model.as_ref(), &snapshot.versions);
    Ok(ModelHistory { events, entries })
}

/// The review of a version, in lines of at most `width` cells.
pub(super) async fn review_version(
    services: &Services,
    model: &ModelName,
    version: VersionNumber,
    width: u16,
) -> Result<ReviewPage, RequestError> {
    let target = GateTarget {
        slot: review_slot(services, model),
        version,
    };
    let sources = services.sources(services.primary.as_ref());
    let review = gates::review(&services.policy, sources, model, &target, &services.user).await?;
    // Git lists the commits between the two, which can take a while.
    let work = move || {
        let commits = commits_since_champion(&review.candidate, review.champion.as_ref());
        let document = ReviewDocument {
            evaluation: &review.evaluation,
            candidate: &review.candidate,
            champion: review.champion.as_ref(),
            commits: commits.as_deref().map_err(String::as_str),
        };
        ReviewPage {
            lines: document.render_lines(Some(width)),
            is_requested: !review.evaluation.requests.is_empty(),
            slot: review.evaluation.target.slot,
            digest: review.evaluation.facts_digest,
        }
    };
    let page = tokio::task::spawn_blocking(work).await;
    page.map_err(|stopped| RequestError {
        message: stopped.to_string(),
        hint: "try it again".into(),
    })
}
