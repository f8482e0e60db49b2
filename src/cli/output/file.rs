//! Output files of subcommands.

use std::io::ErrorKind;
use std::path::Path;

use super::error::{CliError, ExitStatus};
use crate::files;

/// Writes a file that the user named. One that exists stays as it is unless `overwrite` was given; a link is never followed.
///
/// # Errors
/// If it exists or can't be written.
pub fn write_output(path: &Path, contents: &[u8], overwrite: bool) -> Result<(), CliError> {
    let is_regular = || path.symlink_metadata().is_ok_and(|found| found.is_file());
    let written = if overwrite && is_regular() {
        files::replace(path, contents)
    } else {
        files::create(path, contents)
    };
    written.map_err(|error| {
        let message = format!("cannot write {}", path.display());
        let failed = CliError::new(ExitStatus::Failed, message);
        match error.kind() {
            ErrorKind::AlreadyExists if is_regular() => failed
                .with_cause("the file exists already")
                .with_hint("name another file, or remove this one"),
            ErrorKind::AlreadyExists => failed
                .with_cause("something that is no regular file has this name")
                .with_hint("name another file"),
            _ => failed.with_cause(error.to_string()),
        }
    })
}
