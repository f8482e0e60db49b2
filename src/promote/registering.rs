//! Planning a registration: the model if there is none, then the version with its tags in the same request.

use super::draft::Draft;
use super::plan::{INTENT_TAG, PlanError, TAG_PREFIX};
use crate::domain::write::Tag;
use crate::domain::{Lifecycle, ModelName, RegistryWrite, RunId, RunStatus, Untrusted};

/// Drafts the registration of a run's source as a version of a model.
pub(super) fn draft(draft: &mut Draft<'_>, wanted: (&RunId, &Untrusted, &ModelName, bool)) -> Result<(), PlanError> {
    let (run_id, source, name, again) = wanted;
    check_name(name)?;
    check_run(draft, run_id)?;
    let same = draft.reading.versions.iter().find(|version| version.run_id == *run_id && version.source == *source);
    if let Some(version) = same.filter(|_| !again) {
        let target = draft.target(version.version);
        return Err(PlanError::Refused(format!("this run and source are registered already, as {target}; --again makes another version")));
    }
    if draft.reading.model.is_none() {
        let write = RegistryWrite::CreateModel { name: name.clone() };
        draft.write(write, "create model", name.clean().into_owned(), "no such model".into(), "a registered model".into());
    }
    let expected = draft.reading.versions.iter().map(|version| version.version.0).max().unwrap_or(0) + 1;
    let write = RegistryWrite::CreateVersion { name: name.clone(), source: source.clone(), run_id: run_id.clone(), tags: tags(draft) };
    let after = format!("a new version, probably {expected}, from {}", source.clean());
    draft.write(write, "register", name.clean().into_owned(), "not registered".into(), after);
    Ok(())
}

/// The intent's id is always there: a creation whose answer was lost is found again by it.
fn tags(draft: &Draft<'_>) -> Vec<Tag> {
    let context = draft.context;
    let mut tags = vec![Tag::new(INTENT_TAG, context.id.clone())];
    if context.tags {
        let key = format!("{TAG_PREFIX}log.{}", context.id.chars().take(8).collect::<String>());
        tags.push(Tag::new(key, draft.told("register", "", "None")));
    }
    tags
}

/// MLflow's own rule: no `/`, no `:`, not empty.
fn check_name(name: &ModelName) -> Result<(), PlanError> {
    let refused = |why: &str| Err(PlanError::Refused(format!("{} is no model name: {why}", name.clean())));
    match name.raw() {
        text if text.trim().is_empty() => refused("it is empty"),
        text if text.contains(['/', ':']) => refused("MLflow takes no / and no : in it"),
        text if text.len() > 256 => refused("it is longer than 256 bytes"),
        _ => Ok(()),
    }
}

fn check_run(draft: &mut Draft<'_>, id: &RunId) -> Result<(), PlanError> {
    let Some(run) = &draft.reading.run else {
        return Err(PlanError::Missing(format!("there is no run {}", id.clean())));
    };
    if run.lifecycle == Lifecycle::Deleted {
        return Err(PlanError::Refused(format!("run {} is deleted; restore it first", run.label().clean())));
    }
    if run.status != RunStatus::Finished {
        draft.warnings.push(format!("run {} is {}, not FINISHED", run.label().clean(), run.status.as_str()));
    }
    Ok(())
}
