//! Gathers what a store says of a version, for lineage: the only place that knows both.
//!
//! A version's run may be deleted, its files unreachable, its server too old for logged models. Only the version itself
//! must be there; everything else that can't be read is a line in [`Facts::missing`].

mod artifacts;
mod checkout;
mod copy;
mod evidence;
mod git;
mod local_files;
mod model_files;
mod related;
mod sources;

pub use git::{commits_since_champion, run_git};
pub use sources::{EvidenceSources, LineageSources};

use futures_util::future::{OptionFuture, join};

use crate::domain::{
    LoggedModel, ModelName, ModelVersion, RegisteredModel, Run, RunId, StoreError, StoreErrorKind,
    VersionNumber,
};
use crate::evidence::{EvidenceReport, EvidenceSubject};
use crate::lineage::{ArtifactSource, Graph, LineageFacts, build_with_related};
use crate::promotion::{RegistrySnapshot, find_champion};
use crate::store::{ReadStore, Result};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The most parents that are followed: sweeps nest two or three deep.
const MAX_PARENTS: usize = 16;

/// Reads everything that tells the lineage of a version: its model, run, parents, logged model, and the model's files.
///
/// # Errors
/// When the version itself can't be read, or is not there.
pub async fn load_lineage_facts(
    sources: LineageSources<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Result<LineageFacts> {
    let reader = sources.reader;
    let (versions, model) = join(reader.versions(name), reader.model(name)).await;
    let mut missing = Vec::new();
    let model = model.unwrap_or_else(|fault| {
        missing.push(format!(
            "model {}: {}",
            name.clean(),
            clean(fault.why.raw())
        ));
        placeholder_model(name)
    });
    let found = versions?.into_iter().find(|known| known.version == version);
    let version = found.ok_or_else(|| no_such_version(name, version))?;
    Ok(load_surroundings(sources, version, model, missing).await)
}

/// The lineage of a version with what stands around it, and with what differs from the champion among its warnings.
///
/// # Errors
/// As for [`lineage_facts`]; a champion that can't be read is one that nothing differs from.
pub async fn load_lineage_graph(
    sources: LineageSources<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Result<Graph> {
    let facts = load_lineage_facts(sources, name, version).await?;
    let versions = sources.reader.versions(name).await.unwrap_or_default();
    let snapshot = RegistrySnapshot::for_model(
        sources.reader.origin(),
        name,
        Some(facts.model.clone()),
        versions,
    );
    let champion = match find_champion(None, Some(version), &snapshot) {
        Some(champion) => {
            lineage_facts_from_snapshot(sources.reader.into(), &snapshot, champion.version)
                .await
                .ok()
        }
        None => None,
    };
    let mut related = related::load_related(sources.reader, &facts).await;
    // Git may take a while: it is asked where that holds nobody up.
    let work = move || {
        related::add_git_history(&mut related, &facts, champion.as_ref());
        build_with_related(&facts, &related, champion.as_ref())
    };
    let built = tokio::task::spawn_blocking(work).await;
    built.map_err(|stopped| {
        StoreError::new(
            StoreErrorKind::ServerError,
            "telling the lineage",
            stopped.to_string(),
        )
    })
}

/// The same where the registry has been read: only what is around the version is asked for.
///
/// # Errors
/// When the version is not there.
pub async fn lineage_facts_from_snapshot(
    sources: LineageSources<'_>,
    snapshot: &RegistrySnapshot,
    version: VersionNumber,
) -> Result<LineageFacts> {
    let found = snapshot
        .versions
        .iter()
        .find(|known| known.version == version)
        .cloned();
    let version = found.ok_or_else(|| no_such_version(snapshot.model_name(), version))?;
    let model = snapshot
        .model
        .clone()
        .unwrap_or_else(|| placeholder_model(snapshot.model_name()));
    Ok(load_surroundings(sources, version, model, Vec::new()).await)
}

fn no_such_version(name: &ModelName, version: VersionNumber) -> StoreError {
    StoreError::new(
        StoreErrorKind::NotFound,
        format!("reading version {version} of {}", name.clean()),
        "there is no such version",
    )
}

/// What is around a version: its run, parents, logged model and files.
async fn load_surroundings(
    sources: LineageSources<'_>,
    version: ModelVersion,
    model: RegisteredModel,
    mut missing: Vec<String>,
) -> LineageFacts {
    let reader = sources.reader;
    let by_version = Some(&version.run_id).filter(|id| !id.is_empty()).cloned();
    let named = by_version.or_else(|| ArtifactSource::parse(version.source.raw(), None).run_id);
    // A copy has the files of what it is a copy of.
    let original = copy::original_version(reader, &version).await;
    let logged_id = original.as_ref().unwrap_or(&version).logged_model();
    let (logged_model, run) = join(
        OptionFuture::from(logged_id.as_ref().map(|id| reader.logged_model(id))),
        OptionFuture::from(named.as_ref().map(|id| reader.run(id))),
    )
    .await;
    let logged_model = logged_model.and_then(|answer| {
        ok_or_missing(answer, &mut missing, || {
            format!("logged model {}", version.source.clean())
        })
    });
    let run = match run {
        Some(answer) => ok_or_missing(answer, &mut missing, || run_name(named.as_ref())),
        None => run_of_logged_model(reader, logged_model.as_ref(), &mut missing).await,
    };
    let parents = load_parents(reader, run.as_ref(), &mut missing).await;
    let files = model_files::read_model_files(
        reader,
        original.as_ref().unwrap_or(&version),
        run.as_ref(),
        &mut missing,
    )
    .await;
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
        files,
        evidence,
        missing,
    }
}

/// The run that a logged model names, where the version names none.
async fn run_of_logged_model(
    reader: &dyn ReadStore,
    model: Option<&LoggedModel>,
    missing: &mut Vec<String>,
) -> Option<Run> {
    let id = model
        .map(|model| &model.source_run_id)
        .filter(|id| !id.is_empty())?;
    ok_or_missing(reader.run(id).await, missing, || run_name(Some(id)))
}

/// The chain of parents, nearest first; it ends at a run that is its own ancestor, and after [`PARENTS`].
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
        let Some(parent) = ok_or_missing(reader.run(&id).await, missing, || run_name(Some(&id)))
        else {
            break;
        };
        chain.push(parent);
    }
    chain
}

/// What was answered; a fault becomes a line of what is missing.
fn ok_or_missing<T>(
    result: Result<T>,
    missing: &mut Vec<String>,
    what: impl FnOnce() -> String,
) -> Option<T> {
    result
        .map_err(|fault| missing.push(format!("{}: {}", what(), clean(fault.why.raw()))))
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
    }
}

#[cfg(test)]
mod tests;
