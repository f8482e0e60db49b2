//! Reads the records that a lineage is built from.
//!
//! Only the version itself must be readable. Its run may be deleted, its files unreachable, its server too old for logged
//! models: each is a line in [`LineageFacts::missing`].

mod artifacts;
mod checkout;
mod evidence;
mod git;
mod local_files;
mod notes;
mod related;
mod sources;

pub(super) use artifacts::artifact_location;
pub use git::{commits_since_champion, run_git, run_git_in};
pub use sources::{EvidenceSources, LineageSources};

use futures_util::future::{OptionFuture, join, join_all};

use crate::domain::{
    LoggedModel, ModelName, ModelVersion, RegisteredModel, Run, RunId, Slot, StoreError,
    StoreErrorKind, VersionNumber,
};
use crate::evidence::{EvidenceReport, EvidenceSubject};
use crate::lineage::{ArtifactSource, Graph, LineageFacts, build_with_related};
use crate::promotion::{RegistrySnapshot, find_champion};
use crate::store::{ReadStore, Result};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// Parents that are followed: sweeps nest two or three levels deep.
const MAX_PARENTS: usize = 16;
/// Evaluation runs that are read.
const MAX_EVALUATION_RUNS: usize = 8;

/// Reads the records of a version.
///
/// # Errors
/// If the version cannot be read or does not exist.
pub async fn load_lineage_facts(
    sources: LineageSources<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Result<LineageFacts> {
    let (snapshot, missing) = read_versions(sources.reader, name).await?;
    facts_from_snapshot(sources, &snapshot, version, missing).await
}

/// Builds the lineage of a version with its related records, and warns of what makes it incomparable with the champion:
/// the holder of `slot`, else the version in use.
///
/// # Errors
/// If the version cannot be read or does not exist. A champion that cannot be read is ignored.
pub async fn load_lineage_graph(
    sources: LineageSources<'_>,
    name: &ModelName,
    version: VersionNumber,
    slot: Option<&Slot>,
) -> Result<Graph> {
    let (snapshot, missing) = read_versions(sources.reader, name).await?;
    let facts = facts_from_snapshot(sources, &snapshot, version, missing).await?;
    let champion = find_champion(slot, Some(version), &snapshot).map(|champion| {
        lineage_facts_from_snapshot(sources.reader.into(), &snapshot, champion.version)
    });
    let champion = OptionFuture::from(champion).await.and_then(Result::ok);
    let mut related = related::load_related(sources.reader, &facts).await;
    // Git can take a while and blocks.
    let work = move || {
        related::add_git_history(&mut related, &facts, champion.as_ref());
        let mut graph = build_with_related(&facts, &related, champion.as_ref());
        notes::add_version_notes(&mut graph, &facts.version);
        graph
    };
    let built = tokio::task::spawn_blocking(work).await;
    built.map_err(|error| {
        StoreError::new(
            StoreErrorKind::ServerError,
            "building the lineage",
            error.to_string(),
        )
    })
}

/// Reads the records of a version whose registry entries are read already.
///
/// # Errors
/// If the version does not exist.
pub async fn lineage_facts_from_snapshot(
    sources: LineageSources<'_>,
    snapshot: &RegistrySnapshot,
    version: VersionNumber,
) -> Result<LineageFacts> {
    facts_from_snapshot(sources, snapshot, version, Vec::new()).await
}

/// A model's versions; a model that cannot be read is a line of what is missing.
async fn read_versions(
    reader: &dyn ReadStore,
    name: &ModelName,
) -> Result<(RegistrySnapshot, Vec<String>)> {
    let mut missing = Vec::new();
    let (model, versions) = match reader.model_and_versions(name).await {
        Ok((model, versions)) => (Some(model), versions),
        Err(error) => {
            let what = format!("model {}", name.clean());
            let versions = reader.versions(name).await?;
            (ok_or_missing(Err(error), &mut missing, &what), versions)
        }
    };
    let snapshot = RegistrySnapshot::for_model(reader.origin(), name, model, versions);
    Ok((snapshot, missing))
}

async fn facts_from_snapshot(
    sources: LineageSources<'_>,
    snapshot: &RegistrySnapshot,
    version: VersionNumber,
    missing: Vec<String>,
) -> Result<LineageFacts> {
    let name = snapshot.model_name();
    let found = snapshot.version(version).cloned();
    let version = found.ok_or_else(|| {
        StoreError::new(
            StoreErrorKind::NotFound,
            format!("reading version {version} of {}", name.clean()),
            "no such version",
        )
    })?;
    let model = snapshot.model.clone();
    let model = model.unwrap_or_else(|| placeholder_model(name));
    Ok(load_surroundings(sources, version, model, missing).await)
}

/// Reads a version's run, parents, logged model, files and evidence.
async fn load_surroundings(
    sources: LineageSources<'_>,
    version: ModelVersion,
    model: RegisteredModel,
    mut missing: Vec<String>,
) -> LineageFacts {
    let reader = sources.reader;
    let by_version = Some(&version.run_id).filter(|id| !id.is_empty()).cloned();
    let named = by_version.or_else(|| ArtifactSource::parse(version.source.raw(), None).run_id);
    // A copy has the files of its original.
    let original = related::original_version(reader, &version).await;
    let logged_id = original.as_ref().unwrap_or(&version).logged_model();
    let (logged_model, run) = join(
        OptionFuture::from(logged_id.as_ref().map(|id| reader.logged_model(id))),
        OptionFuture::from(named.as_ref().map(|id| reader.run(id))),
    )
    .await;
    let logged_model = logged_model.and_then(|result| {
        let what = format!("logged model {}", version.source.clean());
        ok_or_missing(result, &mut missing, &what)
    });
    let run = match run {
        Some(result) => ok_or_missing(result, &mut missing, &run_name(named.as_ref())),
        None => run_of_logged_model(reader, logged_model.as_ref(), &mut missing).await,
    };
    let evaluation_runs = match &run {
        Some(_) => Vec::new(),
        None => load_evaluation_runs(reader, logged_model.as_ref(), &mut missing).await,
    };
    let parents = load_parents(reader, run.as_ref(), &mut missing).await;
    let files = if version.is_prompt() {
        Vec::new()
    } else {
        let files_of = original.as_ref().unwrap_or(&version);
        artifacts::read_model_files(reader, files_of, run.as_ref(), &mut missing).await
    };
    let subject = EvidenceSubject {
        version: &version,
        run: run.as_ref(),
        logged_model: logged_model.as_ref(),
    };
    let evidence = if sources.evidence_sources.is_disabled() {
        EvidenceReport::default()
    } else {
        evidence::collect_evidence(sources, subject).await
    };
    LineageFacts {
        version,
        model,
        run,
        parents,
        logged_model,
        evaluation_runs,
        files,
        evidence,
        missing,
    }
}

/// The run that a logged model names, for a version that does not.
async fn run_of_logged_model(
    reader: &dyn ReadStore,
    model: Option<&LoggedModel>,
    missing: &mut Vec<String>,
) -> Option<Run> {
    let id = model
        .map(|model| &model.source_run_id)
        .filter(|id| !id.is_empty())?;
    ok_or_missing(reader.run(id).await, missing, &run_name(Some(id)))
}

/// The runs that logged metrics for a logged model, the latest first, up to
/// [`MAX_EVALUATION_RUNS`].
async fn load_evaluation_runs(
    reader: &dyn ReadStore,
    model: Option<&LoggedModel>,
    missing: &mut Vec<String>,
) -> Vec<Run> {
    let ids = model.map(|model| model.metric_runs.as_slice());
    let ids: Vec<RunId> = ids.unwrap_or_default().to_vec();
    let ids = ids.into_iter().take(MAX_EVALUATION_RUNS);
    let read = join_all(ids.map(|id| async move {
        let run = reader.run(&id).await;
        (id, run)
    }))
    .await;
    read.into_iter()
        .filter_map(|(id, result)| ok_or_missing(result, missing, &run_name(Some(&id))))
        .collect()
}

/// The chain of parents, nearest first. A run that is its own ancestor ends it, and [`MAX_PARENTS`].
async fn load_parents(
    reader: &dyn ReadStore,
    run: Option<&Run>,
    missing: &mut Vec<String>,
) -> Vec<Run> {
    let mut chain: Vec<Run> = Vec::new();
    while let Some(id) = chain.last().or(run).and_then(Run::parent) {
        if run.into_iter().chain(&chain).any(|known| known.id == id) {
            missing.push(format!("{}: it is its own ancestor", run_name(Some(&id))));
            break;
        }
        if chain.len() == MAX_PARENTS {
            missing.push(format!(
                "{}: nested deeper than {MAX_PARENTS} runs",
                run_name(Some(&id))
            ));
            break;
        }
        let parent = reader.run(&id).await;
        let Some(parent) = ok_or_missing(parent, missing, &run_name(Some(&id))) else {
            break;
        };
        chain.push(parent);
    }
    chain
}

/// The value; an error becomes a line of what is missing.
fn ok_or_missing<T>(result: Result<T>, missing: &mut Vec<String>, what: &str) -> Option<T> {
    result
        .map_err(|error| missing.push(format!("{what}: {}", clean(error.why.raw()))))
        .ok()
}

fn run_name(id: Option<&RunId>) -> String {
    format!("run {}", id.map(RunId::short).unwrap_or_default())
}

fn placeholder_model(name: &ModelName) -> RegisteredModel {
    RegisteredModel {
        name: name.clone(),
        creation_time: None,
        last_updated_time: None,
        description: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
        latest_versions: Vec::new(),
        staged_versions: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
