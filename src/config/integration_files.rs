//! The user's own recognisers: `recognisers/*.toml` in the config folder.

use std::path::Path;

/// The longest recogniser that is read, in bytes.
const MAX_BYTES: u64 = 256 << 10;
/// The most recognisers.
const MAX_FILES: usize = 200;

/// The names of the files, and their texts, in the order of the names. One that can't be read has a text that says so: reading it as
/// TOML tells where.
#[must_use]
pub fn read_integration_files(config: &Path) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(config.join("recognisers")) else {
        return Vec::new();
    };
    let is_toml = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "toml");
    let mut paths: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_toml)
        .take(MAX_FILES)
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let is_short = std::fs::metadata(path).is_ok_and(|file| file.len() <= MAX_BYTES);
        let text = if is_short {
            std::fs::read_to_string(path).ok()
        } else {
            None
        };
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        (
            name,
            text.unwrap_or_else(|| "can't be read, or is longer than 256 kB".to_owned()),
        )
    };
    paths.iter().map(read).collect()
}
