//! The model's files that tell of its environment.

use futures_util::future::join_all;

use crate::domain::{ArtifactOwner, ModelVersion, Run};
use crate::lineage::ArtifactSource;
use crate::store::{ReadStore, limits};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The files that are read; only the first must be there.
const ENVIRONMENT_FILES: [&str; 4] = [
    "MLmodel",
    "requirements.txt",
    "conda.yaml",
    "python_env.yaml",
];

/// Reads the beginnings of the files that are there, at once.
pub(super) async fn read_model_files(
    reader: &dyn ReadStore,
    version: &ModelVersion,
    run: Option<&Run>,
    missing: &mut Vec<String>,
) -> Vec<(String, Untrusted)> {
    let Some((home, folder)) = artifact_location(version, run) else {
        missing.push(format!(
            "model files: {} leads to no artifacts of a run",
            version.source.clean()
        ));
        return Vec::new();
    };
    let listed = match reader.artifacts(&home, &folder).await {
        Ok(listed) => listed,
        Err(fault) => {
            missing.push(format!("model files: {}", clean(fault.why.raw())));
            return Vec::new();
        }
    };
    let present = |name: &str| {
        listed
            .iter()
            .any(|file| !file.is_dir && file.file_name().raw() == name)
    };
    let (there, absent): (Vec<&str>, Vec<&str>) =
        ENVIRONMENT_FILES.iter().partition(|name| present(name));
    if absent.contains(&"MLmodel") {
        missing.push("MLmodel: not among the model's files".into());
    }
    let home = &home;
    // The path is ours, not the listing's: a store can't lead the reading elsewhere.
    let path = |name: &str| {
        if folder.is_empty() {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        }
    };
    let previews = join_all(there.into_iter().map(|name| {
        let path = path(name);
        async move {
            (
                name,
                reader.preview(home, &path, limits::PREVIEW_BYTES).await,
            )
        }
    }))
    .await;
    let mut files = Vec::new();
    for (name, result) in previews {
        match result {
            Ok(preview) => {
                if preview.is_truncated {
                    missing.push(format!(
                        "{name}: only its first {} kB were read",
                        limits::PREVIEW_BYTES / 1024
                    ));
                }
                match preview.text() {
                    Some(text) => files.push((name.to_owned(), text)),
                    None => missing.push(format!("{name}: not text")),
                }
            }
            Err(fault) => missing.push(format!("{name}: {}", clean(fault.why.raw()))),
        }
    }
    files
}

/// Whose files they are, and in which folder. MLflow 3 keeps them with the logged model, MLflow 2 with the run.
fn artifact_location(version: &ModelVersion, run: Option<&Run>) -> Option<(ArtifactOwner, String)> {
    if let Some(id) = version.logged_model() {
        return Some((ArtifactOwner::LoggedModel(id), String::new()));
    }
    let source = ArtifactSource::parse(version.source.raw(), run.map(|run| run.artifact_uri.raw()));
    let owner = source.run_id.or_else(|| run.map(|run| run.id.clone()))?;
    Some((ArtifactOwner::Run(owner), source.artifact_path?))
}
