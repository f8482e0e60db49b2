//! Deleting versions; moving runs to MLflow's trash and back.

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::{
    Lifecycle, ModelVersion, Run, RunId, RunStatus, Stage, StoreWrite, VersionNumber,
};
use crate::promotion::RunSnapshot;
use crate::promotion::confusable::is_deceptive;
use crate::text::Untrusted;

/// Limit of one plan: each run is one request and one read-back.
const MAX_RUNS: usize = 200;

/// Dependent versions of a run that are listed by name; the rest is counted.
const MAX_NAMED: usize = 5;

/// A version that holds a slot must be demoted first.
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
        let slots = stage
            .into_iter()
            .chain(aliases)
            .collect::<Vec<_>>()
            .join(", ");
        return Err(PlanError::Refused(format!(
            "{label} holds {slots}: demote it first"
        )));
    }
    let recovery_hint = if !builder.context.creates_versions {
        "this registry takes new versions from MLflow's client only, so undo can't register it again"
            .to_owned()
    } else if version.run_id.is_empty() {
        "it has no run to register again".to_owned()
    } else {
        format!(
            "undo registers its run {} again, as a new version",
            version.run_id.short()
        )
    };
    builder.warn(format!(
        "{label} cannot be restored, since MLflow overwrites its source; {recovery_hint}"
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
        "deleted".to_owned(),
    );
    Ok(())
}

/// Warns about dependent versions; if one of them is served, the plan needs a typed confirmation.
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
                "run {name} is {}: it may continue to log",
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
                "{stay} runs nested in run {name} are not deleted with it"
            ));
        }
    }
    builder
        .warn("deleted runs can be restored until `mlflow gc` removes them; their assessments of traces are lost".to_owned());
    builder.confirmation_name = is_any_served.then(|| confirmation_name(&runs));
    for snapshot in runs {
        builder.push_lifecycle(&snapshot.run, Lifecycle::Deleted);
    }
    Ok(())
}

pub(super) fn restore_runs(builder: &mut PlanBuilder, ids: &[RunId]) -> Result<(), PlanError> {
    for snapshot in runs_to_change(builder, ids, Lifecycle::Deleted)? {
        builder.warn_all(warnings::of_run_name(&snapshot.run));
        builder.push_lifecycle(&snapshot.run, Lifecycle::Active);
    }
    Ok(())
}

/// The runs that are in state `now`, without duplicates.
fn runs_to_change<'a>(
    builder: &PlanBuilder<'a>,
    ids: &[RunId],
    now: Lifecycle,
) -> Result<Vec<&'a RunSnapshot>, PlanError> {
    if ids.len() > MAX_RUNS {
        return Err(PlanError::Refused(format!(
            "{} runs are too many for one plan: at most {MAX_RUNS}",
            ids.len()
        )));
    }
    let mut runs: Vec<&RunSnapshot> = Vec::new();
    for id in ids {
        let snapshot = builder
            .snapshot
            .run_snapshot(id)
            .ok_or_else(|| PlanError::NotFound(format!("run {} does not exist", id.short())))?;
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
            "{} {verb} already {}",
            builder.snapshot.subject,
            other.as_str()
        )));
    }
    Ok(runs)
}

/// Returns whether a version created from the run is served.
fn warn_about_dependents(builder: &mut PlanBuilder, snapshot: &RunSnapshot) -> bool {
    let name = snapshot.run.id.short();
    let is_served =
        |version: &&ModelVersion| version.stage == Stage::Production || !version.aliases.is_empty();
    let (served, others): (Vec<_>, Vec<_>) = snapshot.versions.iter().partition(is_served);
    let label = |version: &&ModelVersion| format!("{}/{}", version.name.clean(), version.version);
    for version in &served {
        let slots = Untrusted::from(version.slot_names().join(", "));
        builder.warn(format!(
            "{} holds {} and was created from run {name}",
            label(version),
            slots.clean()
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
            "also created from run {name}: {}{rest}",
            named.join(", ")
        ));
    }
    !served.is_empty()
}

/// The name to type: that of a single run, or its id if the name is empty or deceptive; else the number of runs.
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
