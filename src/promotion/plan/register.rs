//! Registering a run's model as a new version.

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::{
    Lifecycle, ModelVersion, Run, RunId, StoreWrite, VersionNumber, logged_model_in_source,
    version_in_source,
};
use crate::promotion::{RegistrationTags, SourceCheck};
use crate::text::Untrusted;

/// Creates the model first if it does not exist. The version gets its tags in the same request, so that the intent tag finds it
/// if the response is lost.
pub(super) fn register(
    builder: &mut PlanBuilder,
    id: &RunId,
    source: &Untrusted,
    allow_duplicate: bool,
    replaces: Option<VersionNumber>,
) -> Result<(), PlanError> {
    let snapshot = builder.snapshot;
    let run = snapshot.run.as_ref().filter(|run| run.id == *id);
    let run =
        run.ok_or_else(|| PlanError::NotFound(format!("run {} does not exist", id.short())))?;
    check_name(builder)?;
    check_source(run, source)?;
    check_model_at_source(builder, source)?;
    check_duplicates(builder, run, source, allow_duplicate)?;
    if let Some(gone) = replaces {
        let gone = builder.label(gone);
        builder.warn(format!("{gone} cannot be restored: this creates a new version, without its tags, slots and description"));
    }
    builder.warn_all(warnings::of_confusable_models(snapshot));
    builder.warn_all(
        warnings::of_run(run)
            .into_iter()
            .chain(unlogged_source_warning(run, source).map(Into::into)),
    );
    let name = builder.model_name();
    let target = name.clean().into_owned();
    if snapshot.model.is_none() {
        builder.push_step(
            StoreWrite::CreateModel { name: name.clone() },
            "create model",
            target.clone(),
            "does not exist".into(),
            "no versions".into(),
        );
    }
    let before = match builder.state.stages.keys().next_back() {
        Some(last) => format!("up to version {last}"),
        None => "no versions".to_owned(),
    };
    let after = match version_in_source(source.raw()) {
        Some((model, version)) => format!("a copy of {}/{version}", model.clean()),
        None => format!(
            "a new version from run {} ({})",
            run.id.short(),
            source.clean()
        ),
    };
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

/// Names that MLflow refuses, and names that look like paths.
fn check_name(builder: &PlanBuilder) -> Result<(), PlanError> {
    let (raw, shown) = (builder.model_name().raw(), builder.model_name().clean());
    let refused = |why: &str| {
        Err(PlanError::Refused(format!(
            "invalid model name {shown}: {why}"
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
        return refused("MLflow refuses `/`, `:`, `.` and `..`");
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
            "{} belongs to another run than {}",
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
            "run {} is already registered as {same}",
            run.id.short()
        )));
    }
    if !same.is_empty() {
        builder.warn(format!("the same model is already registered as {same}"));
    }
    if !other.is_empty() {
        builder.warn(format!(
            "another model of run {} is already registered as {other}",
            run.id.short()
        ));
    }
    Ok(())
}

/// Refuses a source without a model, as MLflow does when it loads the version.
fn check_model_at_source(builder: &mut PlanBuilder, source: &Untrusted) -> Result<(), PlanError> {
    let source = source.clean();
    match &builder.snapshot.source_check {
        SourceCheck::Unchecked | SourceCheck::Model => {}
        SourceCheck::ExternalModel => builder.warn(format!(
            "{source} is an external model: its files are outside of MLflow, which cannot load it"
        )),
        SourceCheck::NoModel(why) => {
            return Err(PlanError::NotFound(format!("no model at {source}: {why}")));
        }
        SourceCheck::Unreadable(why) => builder.warn(format!(
            "the files of {source} could not be read, so it may not be a model: {why}"
        )),
    }
    Ok(())
}

/// MLflow's own client registers `runs:/ID/path` as the artifact location that it resolves to.
fn is_same_source(run: &Run, source: &Untrusted, registered: &Untrusted) -> bool {
    let path = source
        .raw()
        .strip_prefix("runs:/")
        .and_then(|rest| rest.split_once('/'))
        .map(|(_, path)| path);
    let resolved = path
        .filter(|_| !run.artifact_uri.is_empty())
        .map(|path| format!("{}/{path}", run.artifact_uri.raw().trim_end_matches('/')));
    let logged = logged_model_in_source(source.raw());
    source == registered
        || resolved.is_some_and(|resolved| resolved == registered.raw())
        || (logged.is_some() && logged == logged_model_in_source(registered.raw()))
}

/// Warns if the run has no record of logging the model: MLflow 3 lists outputs, MLflow 2 has a tag.
fn unlogged_source_warning(run: &Run, source: &Untrusted) -> Option<String> {
    let name = run.id.short();
    if version_in_source(source.raw()).is_some() {
        return None;
    }
    if let Some(id) = source.raw().strip_prefix("models:/") {
        let unknown = !run.model_outputs.is_empty()
            && !run
                .model_outputs
                .iter()
                .any(|output| output.model_id.raw() == id);
        return unknown.then(|| format!("{} is not an output of run {name}", source.clean()));
    }
    let logged = run.tag("mlflow.log-model.history");
    (logged.is_none() && run.model_outputs.is_empty())
        .then(|| format!("run {name} has no record of logging a model"))
}
