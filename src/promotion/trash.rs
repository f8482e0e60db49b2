//! Putting runs into MLflow's trash, and taking them out.

use super::draft::Draft;
use super::lookalike::is_deceptive;
use super::{PlanError, RunReading, warnings};
use crate::domain::{Lifecycle, ModelVersion, RegistryWrite, Run, RunId, RunStatus, Stage};
use crate::text::Untrusted;

/// The most runs of one plan: each is a request, and each is read back.
const MOST: usize = 200;

/// How many dependent versions of a run are named before the rest is counted.
const NAMED: usize = 5;

/// Plans to delete runs. What depends on them is told; a run behind a version that is served asks for the name typed.
pub(super) fn delete(draft: &mut Draft, ids: &[RunId]) -> Result<(), PlanError> {
    let runs = wanted(draft, ids, Lifecycle::Active)?;
    let mut served = false;
    for read in &runs {
        draft.warn_all(warnings::of_run_name(&read.run));
        served |= warn_of_versions(draft, read);
        let name = read.run.id.short();
        if matches!(read.run.status, RunStatus::Running | RunStatus::Scheduled) {
            draft.warn(format!(
                "run {name} says that it is {}: it may go on logging",
                read.run.status.as_str()
            ));
        }
        let stay = read
            .nested
            .iter()
            .filter(|nested| !ids.contains(nested))
            .count();
        if stay > 0 {
            draft.warn(format!(
                "{stay} runs are nested in run {name}: MLflow leaves them as they are"
            ));
        }
    }
    draft
        .warn("restoring brings runs back until `mlflow gc` takes them away; assessments that they made of traces are not kept".to_owned());
    draft.asks_for = served.then(|| to_type(&runs));
    for read in runs {
        draft.lifecycle(&read.run, Lifecycle::Deleted);
    }
    Ok(())
}

/// Plans to restore runs.
pub(super) fn restore(draft: &mut Draft, ids: &[RunId]) -> Result<(), PlanError> {
    for read in wanted(draft, ids, Lifecycle::Deleted)? {
        draft.warn_all(warnings::of_run_name(&read.run));
        draft.lifecycle(&read.run, Lifecycle::Active);
    }
    Ok(())
}

/// The runs that are in the state in which there is something to do.
fn wanted<'a>(
    draft: &Draft<'a>,
    ids: &[RunId],
    now: Lifecycle,
) -> Result<Vec<&'a RunReading>, PlanError> {
    if ids.len() > MOST {
        return Err(PlanError::Refused(format!(
            "{} runs are too many for one plan: {MOST} at most",
            ids.len()
        )));
    }
    let mut runs: Vec<&RunReading> = Vec::new();
    for id in ids {
        let read = draft
            .reading
            .of_run(id)
            .ok_or_else(|| PlanError::Missing(format!("run {} is not there", id.short())))?;
        if read.run.lifecycle == now && !runs.iter().any(|known| known.run.id == *id) {
            runs.push(read);
        }
    }
    if runs.is_empty() {
        let other = if now == Lifecycle::Active {
            Lifecycle::Deleted
        } else {
            Lifecycle::Active
        };
        let verb = if ids.len() == 1 { "is" } else { "are" };
        return Err(PlanError::NothingToDo(format!(
            "{} {verb} {}",
            draft.reading.subject,
            other.as_str()
        )));
    }
    Ok(runs)
}

/// Tells which versions were made from a run. Whether one of them is served.
fn warn_of_versions(draft: &mut Draft, read: &RunReading) -> bool {
    let name = read.run.id.short();
    let is_served =
        |version: &&ModelVersion| version.stage == Stage::Production || !version.aliases.is_empty();
    let (served, others): (Vec<_>, Vec<_>) = read.versions.iter().partition(is_served);
    let label = |version: &&ModelVersion| format!("{}/{}", version.name.clean(), version.version);
    for version in &served {
        let places = Untrusted::from(version.places().join(", "));
        draft.warn(format!(
            "{} holds {} and was made from run {name}",
            label(version),
            places.clean()
        ));
    }
    if !others.is_empty() {
        let named: Vec<String> = others.iter().take(NAMED).map(label).collect();
        let rest = if others.len() > NAMED {
            format!(" and {} more", others.len() - NAMED)
        } else {
            String::new()
        };
        draft.warn(format!(
            "made from run {name}, too: {}{rest}",
            named.join(", ")
        ));
    }
    !served.is_empty()
}

/// What is typed to delete runs: the name of the one, where it can be typed as it is seen, else its id; or how many they are.
fn to_type(runs: &[&RunReading]) -> Untrusted {
    match runs {
        [one] if one.run.name.is_empty() || is_deceptive(one.run.name.raw()) => {
            one.run.id.short().into()
        }
        [one] => one.run.name.clone(),
        several => format!("{} runs", several.len()).into(),
    }
}

impl Draft<'_> {
    /// Adds the step that deletes or restores a run.
    pub(super) fn lifecycle(&mut self, run: &Run, to: Lifecycle) {
        let (id, before) = (run.id.clone(), run.lifecycle.as_str().to_owned());
        let named = if run.name.is_empty() {
            String::new()
        } else {
            format!(" {}", run.name.clean())
        };
        let target = format!("run {}{named}", id.short());
        let (write, action) = match to {
            Lifecycle::Deleted => (RegistryWrite::DeleteRun { run: id }, "delete"),
            Lifecycle::Active => (RegistryWrite::RestoreRun { run: id }, "restore"),
        };
        self.step(write, action, target, before, to.as_str().to_owned());
    }
}
