//! The user's integrations: `integrations/*.toml` in the config folder. Older versions read `recognisers/*.toml`, which still
//! works.

use std::collections::BTreeMap;
use std::path::Path;

use crate::files::{list_toml_files, read_text};

/// The most bytes of one file.
const MAX_BYTES: u64 = 256 << 10;
/// The folders. A file in a later one replaces a file of the same name.
const FOLDERS: [&str; 2] = ["recognisers", "integrations"];

/// File names and texts in the order of the names. The text of a file that cannot be read is an error message: parsing it as
/// TOML reports the file.
#[must_use]
pub fn read_integration_files(config: &Path) -> Vec<(String, String)> {
    let files = FOLDERS
        .iter()
        .flat_map(|folder| list_toml_files(&config.join(folder)).0);
    let by_name: BTreeMap<String, String> = files.map(|path| read_file(&path)).collect();
    by_name.into_iter().collect()
}

fn read_file(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = read_text(path, MAX_BYTES);
    (
        name.into_owned(),
        text.unwrap_or_else(|error| format!("can't be read: {error}")),
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
