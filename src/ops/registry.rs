//! Reading registry snapshots.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::domain::{Lifecycle, ModelName, ModelVersion, Run, RunId, StoreError, StoreErrorKind};
use crate::promotion::{Intent, Plan, Preconditions, RegistrySnapshot, RunSnapshot, is_confusable};
use crate::store::ReadStore;

const MAX_CONCURRENT_READS: usize = 4;

/// Reads the snapshot that an intent is planned on.
///
/// # Errors
/// When the store cannot be read. Missing models and runs are not errors.
pub async fn read_snapshot(
    reader: &dyn ReadStore,
    intent: &Intent,
) -> Result<RegistrySnapshot, StoreError> {
    let Some(name) = intent.model() else {
        return read_run_snapshots(reader, intent).await;
    };
    let mut snapshot = read_model_snapshot(reader, name).await?;
    snapshot.run = match intent.run() {
        Some(run) => none_if_missing(reader.run(run).await)?,
        None => read_source_run(reader, intent, &snapshot.versions).await?,
    };
    if let Some(version) = intent
        .version()
        .filter(|version| snapshot.version(*version).is_some())
    {
        snapshot.requests = reader.transition_requests(name, version).await?;
    }
    if snapshot.model.is_none() && intent.run().is_some() {
        // Only for a warning, so a failed listing is ignored.
        let models = reader.models().await.unwrap_or_default();
        snapshot.confusable_models = models
            .into_iter()
            .map(|model| model.name)
            .filter(|other| is_confusable(other.raw(), name.raw()))
            .collect();
    }
    Ok(snapshot)
}

/// Reads runs, with dependents if they are to be deleted.
async fn read_run_snapshots(
    reader: &dyn ReadStore,
    intent: &Intent,
) -> Result<RegistrySnapshot, StoreError> {
    let subject = intent.subject();
    let ids: Vec<RunId> = subject.runs().to_vec();
    let with_dependents = is_deleting_runs(intent);
    let read = stream::iter(ids)
        .map(|id| async move { read_run_snapshot(reader, &id, with_dependents).await });
    let runs: Vec<Option<RunSnapshot>> = read.buffered(MAX_CONCURRENT_READS).try_collect().await?;
    let mut snapshot = RegistrySnapshot {
        subject,
        ..RegistrySnapshot::for_model(reader.origin(), &ModelName::default(), None, Vec::new())
    };
    snapshot.runs = runs.into_iter().flatten().collect();
    Ok(snapshot)
}

/// Only a deletion affects dependents.
fn is_deleting_runs(intent: &Intent) -> bool {
    match intent {
        Intent::DeleteRuns { .. } => true,
        Intent::Undo(undo) => undo
            .lifecycles
            .iter()
            .any(|run| run.restored == Lifecycle::Deleted),
        _ => false,
    }
}

async fn read_run_snapshot(
    reader: &dyn ReadStore,
    id: &RunId,
    with_dependents: bool,
) -> Result<Option<RunSnapshot>, StoreError> {
    let Some(run) = none_if_missing(reader.run(id).await)? else {
        return Ok(None);
    };
    if !with_dependents {
        return Ok(Some(RunSnapshot {
            run,
            versions: Vec::new(),
            nested: Vec::new(),
        }));
    }
    let mut versions = empty_if_unsupported(reader.versions_of_run(id).await)?;
    let nested = empty_if_unsupported(
        reader
            .nested_runs(std::slice::from_ref(&run.experiment_id), id)
            .await,
    )?;
    let mut known: Option<crate::domain::RegisteredModel> = None;
    for version in &mut versions {
        if known
            .as_ref()
            .is_none_or(|model| model.name != version.name)
        {
            known = none_if_missing(reader.model(&version.name).await)?;
        }
        // MLflow's search results have no aliases.
        let aliases = known
            .iter()
            .flat_map(|model| &model.aliases)
            .filter(|(_, number)| *number == version.version);
        version.aliases = aliases.map(|(alias, _)| alias.clone()).collect();
    }
    Ok(Some(RunSnapshot {
        run,
        versions,
        nested: nested.into_iter().map(|run| run.id).collect(),
    }))
}

fn empty_if_unsupported<T>(result: Result<Vec<T>, StoreError>) -> Result<Vec<T>, StoreError> {
    match result {
        Err(error)
            if matches!(
                error.kind,
                StoreErrorKind::NotFound | StoreErrorKind::Unsupported
            ) =>
        {
            Ok(Vec::new())
        }
        result => result,
    }
}

/// Reads a model and its versions.
///
/// # Errors
/// When the store cannot be read. A missing model is not an error.
pub async fn read_model_snapshot(
    reader: &dyn ReadStore,
    name: &ModelName,
) -> Result<RegistrySnapshot, StoreError> {
    let found = none_if_missing(reader.model_and_versions(name).await)?;
    let (model, versions) = match found {
        Some((model, versions)) => (Some(model), versions),
        None => (None, Vec::new()),
    };
    Ok(RegistrySnapshot::for_model(
        reader.origin(),
        name,
        model,
        versions,
    ))
}

/// The source run of the intent's version. It only adds warnings, so a run that cannot be read is ignored.
async fn read_source_run(
    reader: &dyn ReadStore,
    intent: &Intent,
    versions: &[ModelVersion],
) -> Result<Option<Run>, StoreError> {
    let version = intent
        .version()
        .and_then(|number| versions.iter().find(|version| version.version == number));
    let Some(run) = version
        .map(|version| &version.run_id)
        .filter(|run: &&RunId| !run.is_empty())
    else {
        return Ok(None);
    };
    match reader.run(run).await {
        Err(error)
            if matches!(
                error.kind,
                StoreErrorKind::PermissionDenied
                    | StoreErrorKind::Unsupported
                    | StoreErrorKind::InvalidRequest
            ) =>
        {
            Ok(None)
        }
        result => none_if_missing(result),
    }
}

fn none_if_missing<T>(result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == StoreErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Differences between a plan's snapshot and `now` in words, cleaned.
#[must_use]
pub fn describe_changes(plan: &Plan, now: &RegistrySnapshot) -> Vec<String> {
    let subject = &plan.subject();
    let mut found = plan
        .preconditions
        .differences(&Preconditions::from_snapshot(now), subject);
    found.extend(
        plan.before
            .diff(&now.state())
            .iter()
            .map(|change| change.describe(subject)),
    );
    found.extend(plan.metadata_conflicts(now));
    if plan.origin != now.origin {
        found.push("this is another store".to_owned());
    }
    if found.is_empty() && plan.fingerprint != now.fingerprint() {
        found.push("the registry differs from the one that was planned on".to_owned());
    }
    found
}
