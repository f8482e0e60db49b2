//! The user's integrations: `integrations/*.toml` in the config folder. Older versions read `recognisers/*.toml`, which still
//! works.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Bytes of an integration.
const MAX_BYTES: u64 = 256 << 10;
/// Integrations in one folder.
const MAX_FILES: usize = 200;
/// The folders. A file in a later one replaces a file of the same name.
const FOLDERS: [&str; 2] = ["recognisers", "integrations"];

/// File names and texts in the order of the names. The text of a file that cannot be read is an error message: parsing it as
/// TOML reports the file.
#[must_use]
pub fn read_integration_files(config: &Path) -> Vec<(String, String)> {
    let files = FOLDERS
        .iter()
        .flat_map(|folder| list_files(&config.join(folder)));
    let by_name: BTreeMap<String, String> = files.map(|path| read_file(&path)).collect();
    by_name.into_iter().collect()
}

fn list_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_toml = |path: &PathBuf| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    };
    paths.filter(is_toml).take(MAX_FILES).collect()
}

fn read_file(path: &Path) -> (String, String) {
    let is_short = std::fs::metadata(path).is_ok_and(|file| file.len() <= MAX_BYTES);
    let text = is_short
        .then(|| std::fs::read_to_string(path).ok())
        .flatten();
    let name = path.file_name().unwrap_or_default();
    let error = || "cannot be read, or is longer than 256 kB".to_owned();
    (
        name.to_string_lossy().into_owned(),
        text.unwrap_or_else(error),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrations_replace_recognisers_of_the_same_name() {
        let config = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("recognisers/a.toml", "old a"),
            ("recognisers/b.toml", "old b"),
            ("integrations/a.toml", "new a"),
            ("integrations/notes.txt", "ignored"),
        ] {
            let path = config.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let expected = [("a.toml", "new a"), ("b.toml", "old b")];
        assert_eq!(
            read_integration_files(config.path()),
            expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
        );
    }
}
