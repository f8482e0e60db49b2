//! The user's own integrations: `recognisers/*.toml` in the config folder.

use std::path::Path;

use super::{read_bounded, toml_files};

const MAX_BYTES: u64 = 256 << 10;
const MAX_FILES: usize = 200;

/// Names and texts of the integration files, sorted by name. The text of an unreadable file is the
/// reason, so that parsing it as TOML reports the file.
#[must_use]
pub fn read_integration_files(config: &Path) -> Vec<(String, String)> {
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = read_bounded(path, MAX_BYTES);
        (
            name.into_owned(),
            text.unwrap_or_else(|error| format!("can't be read: {error}")),
        )
    };
    toml_files(&config.join("recognisers"))
        .iter()
        .take(MAX_FILES)
        .map(read)
        .collect()
}
