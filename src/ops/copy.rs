//! Copying a version to another model: a new version whose source is the first one.

use crate::domain::{ModelName, ModelVersion, VersionStatus};
use crate::ops::RequestError;
use crate::promotion::Intent;
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The source of a copy, as MLflow's own client writes it.
#[must_use]
pub fn copy_source(version: &ModelVersion) -> Untrusted {
    format!("models:/{}/{}", version.name.raw(), version.version).into()
}

/// The intent to copy a version to a model, which is created if it does not exist.
///
/// # Errors
/// For a version that MLflow could not load from its copy.
pub fn copy_intent(
    version: &ModelVersion,
    to: ModelName,
    allow_duplicate: bool,
) -> Result<Intent, RequestError> {
    check_copyable(version)?;
    Ok(Intent::Register {
        run: version.run_id.clone(),
        source: copy_source(version),
        model: to,
        allow_duplicate,
        replaces: None,
    })
}

/// Refuses a version that can't be copied.
///
/// # Errors
/// For a prompt, a version that is not ready, and one without a run.
pub fn check_copyable(version: &ModelVersion) -> Result<(), RequestError> {
    let label = format!("{}/{}", version.name.clean(), version.version);
    if version.is_prompt() {
        let why = format!("{label} is a prompt, not a model");
        return Err(RequestError::new(
            why,
            "copy its text to a prompt of its own",
        ));
    }
    if version.status != VersionStatus::Ready {
        let status = clean(version.status.as_str());
        let why = format!("{label} is not ready: its status is {status}");
        return Err(RequestError::new(
            why,
            "copy it when its registration is complete",
        ));
    }
    if version.run_id.is_empty() {
        let why = format!("{label} has no run, which a copy would be recorded with");
        let hint = "copy it with MLflow's own client: MlflowClient().copy_model_version";
        return Err(RequestError::new(why, hint));
    }
    Ok(())
}
