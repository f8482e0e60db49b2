//! What a write would do to the file, in the words of SQL, for people to read.

use crate::domain::{ModelName, RegistryWrite, VersionNumber};
use crate::text::untrusted::clean;

/// A text as SQL quotes it, safe to draw.
fn quoted(text: &str) -> String {
    format!("'{}'", clean(text).replace('\'', "''"))
}

fn of_version(name: &ModelName, version: VersionNumber) -> String {
    format!(
        "WHERE name = {} AND version = {version}",
        quoted(name.raw())
    )
}

/// The statements of a write, on one line, without what is only bookkeeping.
pub(super) fn describe(write: &RegistryWrite) -> String {
    match write {
        RegistryWrite::CreateModel { name } => format!(
            "INSERT INTO registered_models (name) VALUES ({})",
            quoted(name.raw())
        ),
        RegistryWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            let (name, source, run) = (
                quoted(name.raw()),
                quoted(source.raw()),
                quoted(run_id.raw()),
            );
            let tags = tags
                .iter()
                .map(|tag| format!("{} = {}", clean(tag.key.raw()), quoted(tag.value.raw())));
            let tags = tags.collect::<Vec<_>>().join(", ");
            let with = if tags.is_empty() {
                String::new()
            } else {
                format!(" with tags {tags}")
            };
            format!(
                "INSERT INTO model_versions (name, version, source, run_id) VALUES ({name}, next, {source}, {run}){with}"
            )
        }
        RegistryWrite::DeleteVersion { name, version } => {
            format!(
                "UPDATE model_versions SET current_stage = 'Deleted_Internal' {}, and its aliases removed",
                of_version(name, *version)
            )
        }
        RegistryWrite::SetVersionTag { name, version, tag } => {
            let (key, value) = (quoted(tag.key.raw()), quoted(tag.value.raw()));
            format!(
                "UPSERT model_version_tags SET key = {key}, value = {value} {}",
                of_version(name, *version)
            )
        }
        RegistryWrite::DeleteVersionTag { name, version, key } => {
            format!(
                "DELETE FROM model_version_tags {} AND key = {}",
                of_version(name, *version),
                quoted(key.raw())
            )
        }
        RegistryWrite::Describe {
            name,
            version,
            text,
        } => match version {
            Some(version) => format!(
                "UPDATE model_versions SET description = {} {}",
                quoted(text.raw()),
                of_version(name, *version)
            ),
            None => format!(
                "UPDATE registered_models SET description = {} WHERE name = {}",
                quoted(text.raw()),
                quoted(name.raw())
            ),
        },
        RegistryWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => {
            let also = if *archive_existing {
                format!(", and every other version in {stage} to 'Archived'")
            } else {
                String::new()
            };
            format!(
                "UPDATE model_versions SET current_stage = '{stage}' {}{also}",
                of_version(name, *version)
            )
        }
        RegistryWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let (name, alias) = (quoted(name.raw()), quoted(alias.raw()));
            format!(
                "UPSERT registered_model_aliases SET version = {version} WHERE name = {name} AND alias = {alias}"
            )
        }
        RegistryWrite::DeleteAlias { name, alias } => {
            format!(
                "DELETE FROM registered_model_aliases WHERE name = {} AND alias = {}",
                quoted(name.raw()),
                quoted(alias.raw())
            )
        }
        RegistryWrite::RequestTransition { .. }
        | RegistryWrite::ApproveTransition { .. }
        | RegistryWrite::RejectTransition { .. }
        | RegistryWrite::WithdrawTransition { .. } => {
            "nothing: a file has no transition requests".to_owned()
        }
        RegistryWrite::DeleteRun { run } => {
            format!(
                "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = now WHERE run_uuid = {}",
                quoted(run.raw())
            )
        }
        RegistryWrite::RestoreRun { run } => {
            format!(
                "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = {}",
                quoted(run.raw())
            )
        }
    }
}

/// What is being done, for a fault.
pub(super) fn doing(write: &RegistryWrite) -> String {
    match write {
        RegistryWrite::CreateModel { name } => format!("creating model {}", name.clean()),
        RegistryWrite::CreateVersion { name, .. } => {
            format!("creating a version of {}", name.clean())
        }
        RegistryWrite::DeleteVersion { name, version } => {
            format!("deleting version {version} of {}", name.clean())
        }
        RegistryWrite::SetVersionTag { name, version, tag } => {
            format!(
                "setting tag {} of version {version} of {}",
                tag.key.clean(),
                name.clean()
            )
        }
        RegistryWrite::DeleteVersionTag { name, version, key } => {
            format!(
                "removing tag {} of version {version} of {}",
                key.clean(),
                name.clean()
            )
        }
        RegistryWrite::Describe { name, version, .. } => match version {
            Some(version) => format!("describing version {version} of {}", name.clean()),
            None => format!("describing {}", name.clean()),
        },
        RegistryWrite::TransitionStage {
            name,
            version,
            stage,
            ..
        } => format!("moving version {version} of {} to {stage}", name.clean()),
        RegistryWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            format!(
                "giving @{} of {} to version {version}",
                alias.clean(),
                name.clean()
            )
        }
        RegistryWrite::DeleteAlias { name, alias } => {
            format!("removing @{} of {}", alias.clean(), name.clean())
        }
        RegistryWrite::RequestTransition { name, version, .. }
        | RegistryWrite::ApproveTransition { name, version, .. }
        | RegistryWrite::RejectTransition { name, version, .. }
        | RegistryWrite::WithdrawTransition { name, version, .. } => {
            format!("a request about version {version} of {}", name.clean())
        }
        RegistryWrite::DeleteRun { run } => format!("deleting run {}", run.clean()),
        RegistryWrite::RestoreRun { run } => format!("restoring run {}", run.clean()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_store_is_quoted_and_cleaned() {
        let write = RegistryWrite::SetAlias {
            name: "o'brien\u{1b}".into(),
            alias: "champion".into(),
            version: VersionNumber(3),
        };
        assert_eq!(
            describe(&write),
            "UPSERT registered_model_aliases SET version = 3 WHERE name = 'o''brien␛' AND alias = 'champion'"
        );
        assert_eq!(doing(&write), "giving @champion of o'brien␛ to version 3");
    }
}
