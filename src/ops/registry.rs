//! Reading what a plan stands on.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::domain::{Fault, FaultKind, Lifecycle, ModelName, ModelVersion, Run, RunId};
use crate::promotion::{Ground, Intent, Plan, Reading, RunReading, look_alike};
use crate::store::Read;

/// How many runs are read at a time.
const AT_ONCE: usize = 4;

/// Reads what an intent's plan stands on, fresh.
///
/// # Errors
/// When the store can't be read. A model that is not there is no error, nor is a run that is not there.
pub async fn read_registry(reader: &dyn Read, intent: &Intent) -> Result<Reading, Fault> {
    let Some(name) = intent.model() else {
        return read_runs(reader, intent).await;
    };
    let mut reading = read_model(reader, name).await?;
    reading.run = match intent.run() {
        Some(run) => there(reader.run(run).await)?,
        None => context(reader, intent, &reading.versions).await?,
    };
    if let Some(version) = intent
        .version()
        .filter(|version| reading.version(*version).is_some())
    {
        reading.requests = reader.transition_requests(name, version).await?;
    }
    if reading.model.is_none() && intent.run().is_some() {
        // It is told beside the plan of a new model, so a listing that fails is no hindrance.
        let models = reader.models().await.unwrap_or_default();
        reading.twins = models
            .into_iter()
            .map(|model| model.name)
            .filter(|other| look_alike(other.raw(), name.raw()))
            .collect();
    }
    Ok(reading)
}

/// Reads runs, with what depends on those that are to be deleted.
async fn read_runs(reader: &dyn Read, intent: &Intent) -> Result<Reading, Fault> {
    let subject = intent.subject();
    let ids: Vec<RunId> = subject.runs().to_vec();
    let deletes = deletes(intent);
    let read = stream::iter(ids).map(|id| async move { read_run(reader, &id, deletes).await });
    let runs: Vec<Option<RunReading>> = read.buffered(AT_ONCE).try_collect().await?;
    let mut reading = Reading {
        subject,
        ..Reading::of_model(reader.origin(), &ModelName::default(), None, Vec::new())
    };
    reading.runs = runs.into_iter().flatten().collect();
    Ok(reading)
}

/// Whether runs are to be deleted: who restores them leaves nothing without them.
fn deletes(intent: &Intent) -> bool {
    match intent {
        Intent::DeleteRuns { .. } => true,
        Intent::Undo { lifecycles, .. } => lifecycles
            .iter()
            .any(|(.., back)| *back == Lifecycle::Deleted),
        _ => false,
    }
}

async fn read_run(
    reader: &dyn Read,
    id: &RunId,
    with_dependents: bool,
) -> Result<Option<RunReading>, Fault> {
    let Some(run) = there(reader.run(id).await)? else {
        return Ok(None);
    };
    if !with_dependents {
        return Ok(Some(RunReading {
            run,
            versions: Vec::new(),
            nested: Vec::new(),
        }));
    }
    let mut versions = can(reader.versions_of_run(id).await)?;
    let nested = can(reader
        .nested(std::slice::from_ref(&run.experiment_id), id)
        .await)?;
    let mut known: Option<crate::domain::RegisteredModel> = None;
    for version in &mut versions {
        if known
            .as_ref()
            .is_none_or(|model| model.name != version.name)
        {
            known = there(reader.model(&version.name).await)?;
        }
        // Searching leaves aliases out.
        let aliases = known
            .iter()
            .flat_map(|model| &model.aliases)
            .filter(|(_, number)| *number == version.version);
        version.aliases = aliases.map(|(alias, _)| alias.clone()).collect();
    }
    Ok(Some(RunReading {
        run,
        versions,
        nested: nested.into_iter().map(|run| run.id).collect(),
    }))
}

/// What a store that has no such thing can't tell is not there.
fn can<T>(answer: Result<Vec<T>, Fault>) -> Result<Vec<T>, Fault> {
    match answer {
        Err(fault) if matches!(fault.kind, FaultKind::Missing | FaultKind::Unsupported) => {
            Ok(Vec::new())
        }
        answer => answer,
    }
}

/// What the registry says of a model, for who only looks.
///
/// # Errors
/// When the store can't be read. A model that is not there is no error.
pub async fn read_model(reader: &dyn Read, name: &ModelName) -> Result<Reading, Fault> {
    let model = there(reader.model(name).await)?;
    let versions = match &model {
        Some(_) => there(reader.versions(name).await)?.unwrap_or_default(),
        None => Vec::new(),
    };
    Ok(Reading::of_model(reader.origin(), name, model, versions))
}

/// The run that the version which is meant came from. It is told beside the plan, so a run that may not be seen is no hindrance.
async fn context(
    reader: &dyn Read,
    intent: &Intent,
    versions: &[ModelVersion],
) -> Result<Option<Run>, Fault> {
    let meant = intent
        .version()
        .and_then(|number| versions.iter().find(|version| version.version == number));
    let Some(run) = meant
        .map(|version| &version.run_id)
        .filter(|run: &&RunId| !run.is_empty())
    else {
        return Ok(None);
    };
    match reader.run(run).await {
        Err(fault)
            if matches!(
                fault.kind,
                FaultKind::Denied | FaultKind::Unsupported | FaultKind::Invalid
            ) =>
        {
            Ok(None)
        }
        answer => there(answer),
    }
}

fn there<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(fault) if fault.kind == FaultKind::Missing => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The differences between what a plan was made from and what is there now, in words.
#[must_use]
pub fn changes(plan: &Plan, now: &Reading) -> Vec<String> {
    let subject = &plan.subject();
    let mut found = plan.ground.differences(&Ground::of(now), subject);
    found.extend(
        plan.before
            .changes(&now.state())
            .iter()
            .map(|change| change.describe(subject)),
    );
    found.extend(plan.said_otherwise(now));
    if plan.origin != now.origin {
        found.push("another store answers".to_owned());
    }
    if found.is_empty() && plan.fingerprint != now.fingerprint() {
        found.push("something that the plan stands on is different".to_owned());
    }
    found
}
