//! Registering a run's model as a new version.

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::{Lifecycle, ModelVersion, Run, RunId, StoreWrite, VersionNumber};
use crate::promotion::RegistrationTags;
use crate::text::Untrusted;

/// Plans a registration. The model is made first when it is not there; the version carries its tags from the beginning.
pub(super) fn register(
    builder: &mut PlanBuilder,
    id: &RunId,
    source: &Untrusted,
    allow_duplicate: bool,
    replaces: Option<VersionNumber>,
) -> Result<(), PlanError> {
    let snapshot = builder.snapshot;
    let run = snapshot.run.as_ref().filter(|run| run.id == *id);
    let run = run.ok_or_else(|| PlanError::NotFound(format!("run {} is not there", id.short())))?;
    check_name(builder)?;
    check_source(run, source)?;
    check_duplicates(builder, run, source, allow_duplicate)?;
    if let Some(gone) = replaces {
        let gone = builder.label(gone);
        builder.warn(format!("{gone} itself can't be brought back: this makes a new version, without its tags, places and description"));
    }
    builder.warn_all(warnings::of_confusable_models(snapshot));
    builder.warn_all(
        warnings::of_run(run)
            .into_iter()
            .chain(unlogged_source_warning(run, source)),
    );
    let name = builder.model_name();
    let target = name.clean().into_owned();
    if snapshot.model.is_none() {
        builder.push_step(
            StoreWrite::CreateModel { name: name.clone() },
            "make model",
            target.clone(),
            "not there".into(),
            "no versions".into(),
        );
    }
    let before = match builder.state.stages.keys().next_back() {
        Some(last) => format!("up to version {last}"),
        None => "no versions".to_owned(),
    };
    let after = format!(
        "a new version from run {} ({})",
        run.id.short(),
        source.clean()
    );
    let tags = RegistrationTags::to_tags(builder.context);
    let write = StoreWrite::CreateVersion {
        name: name.clone(),
        source: source.clone(),
        run_id: run.id.clone(),
        tags,
    };
    builder.push_step(write, "register", target, before, after);
    Ok(())
}

/// What MLflow refuses in a name, and what can't be told from a path.
fn check_name(builder: &PlanBuilder) -> Result<(), PlanError> {
    let (raw, shown) = (builder.model_name().raw(), builder.model_name().clean());
    let refused = |why: &str| {
        Err(PlanError::Refused(format!(
            "{shown} can't be a model's name: {why}"
        )))
    };
    if builder
        .snapshot
        .model
        .as_ref()
        .is_some_and(crate::domain::RegisteredModel::is_prompt)
    {
        return Err(PlanError::Refused(format!(
            "{shown} is a prompt, not a model"
        )));
    }
    if raw.trim().is_empty() {
        return refused("it is blank");
    }
    if raw.contains(['/', ':']) || raw == "." || raw == ".." {
        return refused("MLflow refuses / and : and what reads as a path");
    }
    Ok(())
}

fn check_source(run: &Run, source: &Untrusted) -> Result<(), PlanError> {
    if run.lifecycle == Lifecycle::Deleted {
        return Err(PlanError::Refused(format!(
            "run {} is deleted: restore it first",
            run.id.short()
        )));
    }
    if source.raw().trim().is_empty() {
        return Err(PlanError::Refused(format!(
            "run {} has no model to register",
            run.id.short()
        )));
    }
    let other = source
        .raw()
        .strip_prefix("runs:/")
        .map(|rest| rest.split('/').next().unwrap_or_default());
    if other.is_some_and(|other| other != run.id.raw()) {
        return Err(PlanError::Refused(format!(
            "{} is of another run than {}",
            source.clean(),
            run.id.short()
        )));
    }
    Ok(())
}

fn check_duplicates(
    builder: &mut PlanBuilder,
    run: &Run,
    source: &Untrusted,
    allow_duplicate: bool,
) -> Result<(), PlanError> {
    let from_run: Vec<&ModelVersion> = builder
        .snapshot
        .versions
        .iter()
        .filter(|version| version.run_id == run.id)
        .collect();
    let (same, other): (Vec<_>, Vec<_>) = from_run
        .into_iter()
        .partition(|version| is_same_source(run, source, &version.source));
    let labels = |versions: &[&ModelVersion]| {
        versions
            .iter()
            .map(|version| builder.label(version.version))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (same, other) = (labels(&same), labels(&other));
    if !same.is_empty() && !allow_duplicate {
        return Err(PlanError::Refused(format!(
            "run {} is registered already, as {same}",
            run.id.short()
        )));
    }
    if !same.is_empty() {
        builder.warn(format!("the same model is registered already, as {same}"));
    }
    if !other.is_empty() {
        builder.warn(format!(
            "another model of run {} is registered already, as {other}",
            run.id.short()
        ));
    }
    Ok(())
}

/// MLflow's own client writes `runs:/ID/path` as the place it stands for.
fn is_same_source(run: &Run, source: &Untrusted, registered: &Untrusted) -> bool {
    let path = source
        .raw()
        .strip_prefix("runs:/")
        .and_then(|rest| rest.split_once('/'))
        .map(|(_, path)| path);
    let resolved = path
        .filter(|_| !run.artifact_uri.is_empty())
        .map(|path| format!("{}/{path}", run.artifact_uri.raw().trim_end_matches('/')));
    source == registered || resolved.is_some_and(|resolved| resolved == registered.raw())
}

/// Whether the run is known to have made what is to be registered. MLflow 3 names its outputs, MLflow 2 keeps a tag.
fn unlogged_source_warning(run: &Run, source: &Untrusted) -> Option<String> {
    let name = run.id.short();
    if let Some(id) = source.raw().strip_prefix("models:/") {
        let unknown = !run.model_outputs.is_empty()
            && !run
                .model_outputs
                .iter()
                .any(|output| output.model_id.raw() == id);
        return unknown.then(|| {
            format!(
                "{} is not among the models that run {name} made",
                source.clean()
            )
        });
    }
    let logged = run.tag("mlflow.log-model.history");
    (logged.is_none() && run.model_outputs.is_empty())
        .then(|| format!("run {name} is not known to have logged a model"))
}
