//! The models of a run, and what is at the source of a registration.

use crate::domain::{
    ArtifactOwner, LoggedModelId, RegistrableModel, Run, StoreError, StoreErrorKind,
    logged_model_in_source, registrable_models,
};
use crate::lineage::ArtifactSource;
use crate::promotion::{Intent, SourceCheck};
use crate::store::{ReadStore, Result};
use crate::text::untrusted::clean;

/// The file that makes a folder a model.
const MODEL_FILE: &str = "MLmodel";

/// The models of a run that can be registered, newest first. On a store that cannot list logged
/// models, those of MLflow 3 have their ID for a name.
pub async fn models_of_run(reader: &dyn ReadStore, run: &Run) -> Vec<RegistrableModel> {
    let logged = reader.logged_models(&run.experiment_id, &run.id).await;
    registrable_models(run, &logged.unwrap_or_default())
}

/// Looks for a model at the source of a registration; other intents are not checked.
pub(super) async fn check_intent_source(
    reader: &dyn ReadStore,
    intent: &Intent,
    run: Option<&Run>,
) -> SourceCheck {
    match (intent, run) {
        (Intent::Register { source, .. }, Some(run)) => {
            check_source(reader, run, source.raw()).await
        }
        _ => SourceCheck::Unchecked,
    }
}

/// Looks for a model at a source, which is the run's or a logged model.
pub async fn check_source(reader: &dyn ReadStore, run: &Run, source: &str) -> SourceCheck {
    if let Some(id) = logged_model_in_source(source) {
        return check_logged_model(reader, &id).await;
    }
    let found = ArtifactSource::parse(source, Some(run.artifact_uri.raw()));
    match found.artifact_path {
        Some(path) if found.run_id.is_none_or(|id| id == run.id) => {
            check_run_folder(reader, run, &path).await
        }
        _ => SourceCheck::Unchecked,
    }
}

async fn check_logged_model(reader: &dyn ReadStore, id: &LoggedModelId) -> SourceCheck {
    match reader.logged_model(id).await {
        Err(error) if error.kind == StoreErrorKind::NotFound => {
            SourceCheck::NoModel("the logged model does not exist".to_owned())
        }
        Err(error) => unreadable(&error),
        Ok(model) if model.lifecycle == crate::domain::Lifecycle::Deleted => {
            SourceCheck::NoModel("the logged model is deleted".to_owned())
        }
        Ok(model) if model.is_external() => SourceCheck::ExternalModel,
        Ok(_) => {
            let owner = ArtifactOwner::LoggedModel(id.clone());
            match has_model_file(reader, &owner, "").await {
                Ok(true) => SourceCheck::Model,
                Ok(false) => SourceCheck::NoModel(format!("its files have no {MODEL_FILE}")),
                Err(error) => unreadable(&error),
            }
        }
    }
}

async fn check_run_folder(reader: &dyn ReadStore, run: &Run, path: &str) -> SourceCheck {
    let owner = ArtifactOwner::Run(run.id.clone());
    let missing = match has_model_file(reader, &owner, path).await {
        Ok(true) => return SourceCheck::Model,
        Ok(false) => format!(
            "no {MODEL_FILE} among the artifacts of run {}",
            run.id.short()
        ),
        // A file or a missing folder, unless the root cannot be listed either.
        Err(_) => match reader.artifacts(&owner, "").await {
            Ok(_) => format!("run {} has no folder {}", run.id.short(), clean(path)),
            Err(error) => return unreadable(&error),
        },
    };
    let models = models_of_run(reader, run).await;
    let known: Vec<String> = models
        .iter()
        .filter(|model| model.label.raw() != path)
        .map(|model| model.selector(&models).clean().into_owned())
        .collect();
    SourceCheck::NoModel(if known.is_empty() {
        missing
    } else {
        format!("{missing}; its models are {}", known.join(", "))
    })
}

async fn has_model_file(
    reader: &dyn ReadStore,
    owner: &ArtifactOwner,
    folder: &str,
) -> Result<bool> {
    let listed = reader.artifacts(owner, folder).await?;
    let is_model_file =
        |file: &crate::domain::Artifact| !file.is_dir && file.file_name().raw() == MODEL_FILE;
    Ok(listed.iter().any(is_model_file))
}

fn unreadable(error: &StoreError) -> SourceCheck {
    SourceCheck::Unreadable(clean(error.why.raw()).into_owned())
}
