//! Copies: MLflow promotes from one registered model to another by a version whose source is another version.

use crate::domain::{ModelVersion, VersionNumber};
use crate::store::ReadStore;

/// How many copies of copies are followed.
const MAX_COPY_DEPTH: usize = 4;

/// The version that a version is a copy of: its source is `models:/NAME/VERSION`.
pub(super) async fn copy_source(
    reader: &dyn ReadStore,
    version: &ModelVersion,
) -> Option<ModelVersion> {
    let (name, number) = version
        .source
        .raw()
        .strip_prefix("models:/")?
        .rsplit_once('/')?;
    let number = VersionNumber(number.parse().ok()?);
    let versions = reader.versions(&name.into()).await.ok()?;
    versions.into_iter().find(|known| known.version == number)
}

/// The version at the end of a chain of copies; nothing for one that is no copy, or whose original can't be read.
pub(super) async fn original_version(
    reader: &dyn ReadStore,
    version: &ModelVersion,
) -> Option<ModelVersion> {
    let mut original = copy_source(reader, version).await?;
    for _ in 1..MAX_COPY_DEPTH {
        match copy_source(reader, &original).await {
            Some(next) => original = next,
            None => break,
        }
    }
    Some(original)
}
