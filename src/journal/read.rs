//! Reading the registry for a plan.

use crate::domain::{Fault, FaultKind, ModelName, ModelVersion, Run, RunId};
use crate::promote::{Ground, Intent, Plan, Reading};
use crate::store::Read;

/// Reads what an intent's plan stands on, fresh.
///
/// # Errors
/// When the store can't be read. A model that is not there is no error, nor is a run that is not there.
pub async fn read_registry(reader: &dyn Read, intent: &Intent) -> Result<Reading, Fault> {
    let mut reading = read_model(reader, intent.model()).await?;
    reading.run = match intent.run() {
        Some(run) => there(reader.run(run).await)?,
        None => context(reader, intent, &reading.versions).await?,
    };
    Ok(reading)
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
    Ok(Reading { origin: reader.origin().to_owned(), name: name.clone(), model, versions, run: None })
}

/// The run that the version which is meant came from. It is told beside the plan, so a run that may not be seen is no hindrance.
async fn context(reader: &dyn Read, intent: &Intent, versions: &[ModelVersion]) -> Result<Option<Run>, Fault> {
    let meant = intent.version().and_then(|number| versions.iter().find(|version| version.version == number));
    let Some(run) = meant.map(|version| &version.run_id).filter(|run: &&RunId| !run.is_empty()) else { return Ok(None) };
    match reader.run(run).await {
        Err(fault) if matches!(fault.kind, FaultKind::Denied | FaultKind::Unsupported | FaultKind::Invalid) => Ok(None),
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
    let name = plan.intent.model();
    let mut found = plan.ground.differences(&Ground::of(now), name);
    found.extend(plan.before.changes(&now.state()).iter().map(|change| change.describe(name)));
    if plan.origin != now.origin {
        found.push("another store answers".to_owned());
    }
    if found.is_empty() && plan.fingerprint != now.fingerprint() {
        found.push("something that the plan stands on is different".to_owned());
    }
    found
}
