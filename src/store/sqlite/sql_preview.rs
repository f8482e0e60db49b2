//! What a write would do to the file, in the words of SQL, for people to read.

use crate::domain::{ModelName, StoreWrite, VersionNumber};
use crate::text::untrusted::clean;

/// A text as SQL quotes it, safe to draw.
fn quote(text: &str) -> String {
    format!("'{}'", clean(text).replace('\'', "''"))
}

fn where_version(name: &ModelName, version: VersionNumber) -> String {
    format!("WHERE name = {} AND version = {version}", quote(name.raw()))
}

/// The statements of a write, on one line, without what is only bookkeeping.
pub(super) fn preview_sql(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateModel { name } => format!(
            "INSERT INTO registered_models (name) VALUES ({})",
            quote(name.raw())
        ),
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            let (name, source, run) = (quote(name.raw()), quote(source.raw()), quote(run_id.raw()));
            let tags = tags
                .iter()
                .map(|tag| format!("{} = {}", clean(tag.key.raw()), quote(tag.value.raw())));
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
        StoreWrite::DeleteVersion { name, version } => {
            format!(
                "UPDATE model_versions SET current_stage = 'Deleted_Internal' {}, and its aliases removed",
                where_version(name, *version)
            )
        }
        StoreWrite::SetVersionTag { name, version, tag } => {
            let (key, value) = (quote(tag.key.raw()), quote(tag.value.raw()));
            format!(
                "UPSERT model_version_tags SET key = {key}, value = {value} {}",
                where_version(name, *version)
            )
        }
        StoreWrite::DeleteVersionTag { name, version, key } => {
            format!(
                "DELETE FROM model_version_tags {} AND key = {}",
                where_version(name, *version),
                quote(key.raw())
            )
        }
        StoreWrite::SetDescription {
            name,
            version,
            text,
        } => match version {
            Some(version) => format!(
                "UPDATE model_versions SET description = {} {}",
                quote(text.raw()),
                where_version(name, *version)
            ),
            None => format!(
                "UPDATE registered_models SET description = {} WHERE name = {}",
                quote(text.raw()),
                quote(name.raw())
            ),
        },
        StoreWrite::TransitionStage {
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
                where_version(name, *version)
            )
        }
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let (name, alias) = (quote(name.raw()), quote(alias.raw()));
            format!(
                "UPSERT registered_model_aliases SET version = {version} WHERE name = {name} AND alias = {alias}"
            )
        }
        StoreWrite::DeleteAlias { name, alias } => {
            format!(
                "DELETE FROM registered_model_aliases WHERE name = {} AND alias = {}",
                quote(name.raw()),
                quote(alias.raw())
            )
        }
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            "nothing: a file has no transition requests".to_owned()
        }
        StoreWrite::DeleteRun { run } => {
            format!(
                "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = now WHERE run_uuid = {}",
                quote(run.raw())
            )
        }
        StoreWrite::RestoreRun { run } => {
            format!(
                "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = {}",
                quote(run.raw())
            )
        }
    }
}

/// What is being done, for a fault.
pub(super) fn describe_operation(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateModel { name } => format!("creating model {}", name.clean()),
        StoreWrite::CreateVersion { name, .. } => {
            format!("creating a version of {}", name.clean())
        }
        StoreWrite::DeleteVersion { name, version } => {
            format!("deleting version {version} of {}", name.clean())
        }
        StoreWrite::SetVersionTag { name, version, tag } => {
            format!(
                "setting tag {} of version {version} of {}",
                tag.key.clean(),
                name.clean()
            )
        }
        StoreWrite::DeleteVersionTag { name, version, key } => {
            format!(
                "removing tag {} of version {version} of {}",
                key.clean(),
                name.clean()
            )
        }
        StoreWrite::SetDescription { name, version, .. } => match version {
            Some(version) => format!("describing version {version} of {}", name.clean()),
            None => format!("describing {}", name.clean()),
        },
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            ..
        } => format!("moving version {version} of {} to {stage}", name.clean()),
        StoreWrite::SetAlias {
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
        StoreWrite::DeleteAlias { name, alias } => {
            format!("removing @{} of {}", alias.clean(), name.clean())
        }
        StoreWrite::RequestTransition { name, version, .. }
        | StoreWrite::ApproveTransition { name, version, .. }
        | StoreWrite::RejectTransition { name, version, .. }
        | StoreWrite::WithdrawTransition { name, version, .. } => {
            format!("a request about version {version} of {}", name.clean())
        }
        StoreWrite::DeleteRun { run } => format!("deleting run {}", run.clean()),
        StoreWrite::RestoreRun { run } => format!("restoring run {}", run.clean()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_text_is_quoted_and_sanitized() {
        let write = StoreWrite::SetAlias {
            name: "o'brien\u{1b}".into(),
            alias: "champion".into(),
            version: VersionNumber(3),
        };
        assert_eq!(
            preview_sql(&write),
            "UPSERT registered_model_aliases SET version = 3 WHERE name = 'o''brien␛' AND alias = 'champion'"
        );
        assert_eq!(
            describe_operation(&write),
            "giving @champion of o'brien␛ to version 3"
        );
    }
}
