//! MLflow's own SQLite file, opened directly.

use std::path::Path;

use super::{Access, Answer, Opened};

/// Opens the file.
///
/// # Errors
/// When it is missing, unreadable, or no MLflow store.
pub async fn open(path: &Path, access: Access) -> Answer<Opened> {
    let _ = (path, access);
    unimplemented!()
}
