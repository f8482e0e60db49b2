//! Requests for gate results, history and reviews of versions.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::requests::Services;
use crate::domain::{ModelName, Slot, Stage, VersionNumber};
use crate::export::review::ReviewDocument;
use crate::lineage::LineageFacts;
use crate::ops::gates;
use crate::ops::lineage::{LineageSources, commits_since_champion, lineage_facts_from_snapshot};
use crate::ops::registry::read_model_snapshot;
use crate::promotion::journal::{JournalEntry, timeline};
use crate::promotion::policy::GateTarget;
use crate::promotion::{RegistrySnapshot, find_champion};
use crate::store::Result;
use crate::tui::app::message::{Assessment, ModelHistory, RequestError, ReviewPage};

/// Limit of versions evaluated for a table: each takes several requests.
const MAX_ASSESSED: usize = 20;
/// Versions that are read concurrently.
const MAX_CONCURRENT: usize = 4;

/// The slot that versions are evaluated for: the first protected one.
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

/// Gate results and evidence of the newest versions.
pub(super) async fn assess_versions(services: &Services, model: &ModelName) -> Result<Assessment> {
    let slot = review_slot(services, model);
    let reader = services.primary.as_ref();
    let snapshot = read_model_snapshot(reader, model).await?;
    let mut newest: Vec<VersionNumber> = snapshot.versions.iter().map(|v| v.version).collect();
    newest.sort_unstable_by(|a, b| b.cmp(a));
    newest.truncate(MAX_ASSESSED);
    let champion_of = |version| {
        find_champion(Some(&slot), Some(version), &snapshot).map(|champion| champion.version)
    };
    // Most share a champion, which is read once.
    let to_read: BTreeSet<VersionNumber> = newest
        .iter()
        .flat_map(|version| [Some(*version), champion_of(*version)])
        .flatten()
        .collect();
    let facts = read_facts(services.sources(reader), &snapshot, to_read).await;
    let assess = |version: &VersionNumber| {
        let champion = champion_of(*version);
        let champion_facts = champion.and_then(|champion| facts.get(&champion));
        // Unreadable versions, and versions with an unreadable champion, have no results.
        if champion.is_some() && champion_facts.is_none() {
            return None;
        }
        let target = GateTarget {
            slot: slot.clone(),
            version: *version,
        };
        let (candidate, user) = (facts.get(version)?, services.user.as_str());
        let evaluation = services
            .policy
            .evaluate(candidate, champion_facts, &target, user.into());
        Some((*version, evaluation.gates))
    };
    let is_guarded = services.policy.has_rules_for(model, &slot);
    let guarded = newest.iter().filter(|_| is_guarded);
    let evidence = newest
        .iter()
        .filter_map(|version| Some((*version, facts.get(version)?.evidence.tools.clone())))
        .filter(|(_, tools)| !tools.is_empty());
    Ok(Assessment {
        total: snapshot.versions.len(),
        gates: guarded.filter_map(assess).collect(),
        evidence: evidence.collect(),
        slot: slot.to_string(),
    })
}

/// Facts of the versions that can be read.
async fn read_facts(
    sources: LineageSources<'_>,
    snapshot: &RegistrySnapshot,
    versions: BTreeSet<VersionNumber>,
) -> BTreeMap<VersionNumber, LineageFacts> {
    let read = stream::iter(versions).map(|version| async move {
        let facts = lineage_facts_from_snapshot(sources, snapshot, version).await;
        Some((version, facts.ok()?))
    });
    let read: Vec<_> = read.buffered(MAX_CONCURRENT).collect().await;
    read.into_iter().flatten().collect()
}

/// History of a model from the journal and the tags of its versions.
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

/// Review of a version, wrapped to `width` cells.
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
            lines: document.to_document().to_lines(Some(width)),
            is_requested: !review.evaluation.requests.is_empty(),
            slot: review.evaluation.target.slot,
            digest: review.evaluation.facts_digest,
        }
    };
    let page = tokio::task::spawn_blocking(work).await;
    page.map_err(|error| RequestError {
        message: error.to_string(),
        hint: "try it again".into(),
    })
}
