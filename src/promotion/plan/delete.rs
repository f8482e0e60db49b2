//! Putting runs into MLflow's trash, and taking them out.

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::{
    Lifecycle, ModelVersion, Run, RunId, RunStatus, Stage, StoreWrite, VersionNumber,
};
use crate::promotion::RunSnapshot;
use crate::promotion::confusable::is_deceptive;
use crate::text::Untrusted;

/// The most runs of one plan: each is a request, and each is read back.
const MAX_RUNS: usize = 200;

/// How many dependent versions of a run are named before the rest is counted.
const MAX_NAMED: usize = 5;

/// Plans to delete a version that holds no place: who serves it is asked to take it away first.
pub(super) fn delete_version(
    builder: &mut PlanBuilder,
    number: VersionNumber,
) -> Result<(), PlanError> {
    let (version, label) = (builder.version(number)?, builder.label(number));
    let aliases: Vec<String> = builder
        .state
        .aliases_of(number)
        .into_iter()
        .map(|alias| format!("@{}", alias.clean()))
        .collect();
    if !matches!(version.stage, Stage::None | Stage::Archived) || !aliases.is_empty() {
        let stage = (!matches!(version.stage, Stage::None | Stage::Archived))
            .then(|| version.stage.to_string());
        let held = stage
            .into_iter()
            .chain(aliases)
            .collect::<Vec<_>>()
            .join(", ");
        return Err(PlanError::Refused(format!(
            "{label} holds {held}: demote it first"
        )));
    }
    let recovery_hint = if version.run_id.is_empty() {
        "nor registered again: it names no run".to_owned()
    } else {
        format!(
            "undoing this registers its run {} again, as a new version",
            version.run_id.short()
        )
    };
    builder.warn(format!(
        "{label} can't be brought back, since MLflow overwrites where its model was; {recovery_hint}"
    ));
    let from = version.source.clean().into_owned();
    builder.push_step(
        StoreWrite::DeleteVersion {
            name: builder.model_name().clone(),
            version: number,
        },
        "delete",
        label,
        from,
        "gone".to_owned(),
    );
    Ok(())
}

/// Plans to delete runs. What depends on them is told; a run behind a version that is served asks for the name typed.
pub(super) fn delete_runs(builder: &mut PlanBuilder, ids: &[RunId]) -> Result<(), PlanError> {
    let runs = runs_to_change(builder, ids, Lifecycle::Active)?;
    let mut is_any_served = false;
    for snapshot in &runs {
        builder.warn_all(warnings::of_run_name(&snapshot.run));
        is_any_served |= warn_about_dependents(builder, snapshot);
        let name = snapshot.run.id.short();
        if matches!(
            snapshot.run.status,
            RunStatus::Running | RunStatus::Scheduled
        ) {
            builder.warn(format!(
                "run {name} says that it is {}: it may go on logging",
                snapshot.run.status.as_str()
            ));
        }
        let stay = snapshot
            .nested
            .iter()
            .filter(|nested| !ids.contains(nested))
            .count();
        if stay > 0 {
            builder.warn(format!(
                "{stay} runs are nested in run {name}: MLflow leaves them as they are"
            ));
        }
    }
    builder
        .warn("restoring brings runs back until `mlflow gc` takes them away; assessments that they made of traces are not kept".to_owned());
    builder.confirmation_name = is_any_served.then(|| confirmation_name(&runs));
    for snapshot in runs {
        builder.push_lifecycle(&snapshot.run, Lifecycle::Deleted);
    }
    Ok(())
}

/// Plans to restore runs.
pub(super) fn restore_runs(builder: &mut PlanBuilder, ids: &[RunId]) -> Result<(), PlanError> {
    for snapshot in runs_to_change(builder, ids, Lifecycle::Deleted)? {
        builder.warn_all(warnings::of_run_name(&snapshot.run));
        builder.push_lifecycle(&snapshot.run, Lifecycle::Active);
    }
    Ok(())
}

/// The runs that are in the state in which there is something to do.
fn runs_to_change<'a>(
    builder: &PlanBuilder<'a>,
    ids: &[RunId],
    now: Lifecycle,
) -> Result<Vec<&'a RunSnapshot>, PlanError> {
    if ids.len() > MAX_RUNS {
        return Err(PlanError::Refused(format!(
            "{} runs are too many for one plan: {MAX_RUNS} at most",
            ids.len()
        )));
    }
    let mut runs: Vec<&RunSnapshot> = Vec::new();
    for id in ids {
        let snapshot = builder
            .snapshot
            .run_snapshot(id)
            .ok_or_else(|| PlanError::NotFound(format!("run {} is not there", id.short())))?;
        if snapshot.run.lifecycle == now && !runs.iter().any(|known| known.run.id == *id) {
            runs.push(snapshot);
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
            builder.snapshot.subject,
            other.as_str()
        )));
    }
    Ok(runs)
}

/// Tells which versions were made from a run. Whether one of them is served.
fn warn_about_dependents(builder: &mut PlanBuilder, snapshot: &RunSnapshot) -> bool {
    let name = snapshot.run.id.short();
    let is_served =
        |version: &&ModelVersion| version.stage == Stage::Production || !version.aliases.is_empty();
    let (served, others): (Vec<_>, Vec<_>) = snapshot.versions.iter().partition(is_served);
    let label = |version: &&ModelVersion| format!("{}/{}", version.name.clean(), version.version);
    for version in &served {
        let places = Untrusted::from(version.slot_names().join(", "));
        builder.warn(format!(
            "{} holds {} and was made from run {name}",
            label(version),
            places.clean()
        ));
    }
    if !others.is_empty() {
        let named: Vec<String> = others.iter().take(MAX_NAMED).map(label).collect();
        let rest = if others.len() > MAX_NAMED {
            format!(" and {} more", others.len() - MAX_NAMED)
        } else {
            String::new()
        };
        builder.warn(format!(
            "made from run {name}, too: {}{rest}",
            named.join(", ")
        ));
    }
    !served.is_empty()
}

/// What is typed to delete runs: the name of the one, where it can be typed as it is seen, else its id; or how many they are.
fn confirmation_name(runs: &[&RunSnapshot]) -> Untrusted {
    match runs {
        [one] if one.run.name.is_empty() || is_deceptive(one.run.name.raw()) => {
            one.run.id.short().into()
        }
        [one] => one.run.name.clone(),
        several => format!("{} runs", several.len()).into(),
    }
}

impl PlanBuilder<'_> {
    /// Adds the step that deletes or restores a run.
    pub(super) fn push_lifecycle(&mut self, run: &Run, to: Lifecycle) {
        let (id, before) = (run.id.clone(), run.lifecycle.as_str().to_owned());
        let named = if run.name.is_empty() {
            String::new()
        } else {
            format!(" {}", run.name.clean())
        };
        let target = format!("run {}{named}", id.short());
        let (write, action) = match to {
            Lifecycle::Deleted => (StoreWrite::DeleteRun { run: id }, "delete"),
            Lifecycle::Active => (StoreWrite::RestoreRun { run: id }, "restore"),
        };
        self.push_step(write, action, target, before, to.as_str().to_owned());
    }
}
