//! What a write does to the file, in readable SQL.

use crate::domain::run::KeyValue;
use crate::domain::{ModelName, StoreWrite, VersionNumber};
use crate::text::untrusted::clean;

/// An SQL string, safe to draw.
fn quote(text: &str) -> String {
    format!("'{}'", clean(text).replace('\'', "''"))
}

fn where_version(name: &ModelName, version: VersionNumber) -> String {
    format!("WHERE name = {} AND version = {version}", quote(name.raw()))
}

/// The statements of a write on one line, without bookkeeping such as times.
pub(super) fn preview_sql(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateModel { name } => {
            let name = quote(name.raw());
            format!("INSERT INTO registered_models (name) VALUES ({name})")
        }
        StoreWrite::SetDescription {
            name,
            version: None,
            text,
        } => {
            let (name, text) = (quote(name.raw()), quote(text.raw()));
            format!("UPDATE registered_models SET description = {text} WHERE name = {name}")
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
            let (name, alias) = (quote(name.raw()), quote(alias.raw()));
            format!("DELETE FROM registered_model_aliases WHERE name = {name} AND alias = {alias}")
        }
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            "nothing: transition requests exist on Databricks only".to_owned()
        }
        StoreWrite::DeleteRun { run } => {
            let id = quote(run.raw());
            format!(
                "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = now WHERE run_uuid = {id}"
            )
        }
        StoreWrite::RestoreRun { run } => {
            let id = quote(run.raw());
            format!(
                "UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = {id}"
            )
        }
        StoreWrite::CreateVersion { .. }
        | StoreWrite::DeleteVersion { .. }
        | StoreWrite::SetVersionTag { .. }
        | StoreWrite::DeleteVersionTag { .. }
        | StoreWrite::SetDescription {
            version: Some(_), ..
        }
        | StoreWrite::TransitionStage { .. } => preview_version_sql(write),
    }
}

/// The statements of a write to a version.
fn preview_version_sql(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => format!(
            "INSERT INTO model_versions (name, version, source, run_id) VALUES ({}, next, {}, {}){}",
            quote(name.raw()),
            quote(source.raw()),
            quote(run_id.raw()),
            with_tags(tags)
        ),
        StoreWrite::DeleteVersion { name, version } => format!(
            "UPDATE model_versions SET current_stage = 'Deleted_Internal' {}, and its aliases removed",
            where_version(name, *version)
        ),
        StoreWrite::SetVersionTag { name, version, tag } => format!(
            "UPSERT model_version_tags SET key = {}, value = {} {}",
            quote(tag.key.raw()),
            quote(tag.value.raw()),
            where_version(name, *version)
        ),
        StoreWrite::DeleteVersionTag { name, version, key } => format!(
            "DELETE FROM model_version_tags {} AND key = {}",
            where_version(name, *version),
            quote(key.raw())
        ),
        StoreWrite::SetDescription {
            name,
            version: Some(version),
            text,
        } => format!(
            "UPDATE model_versions SET description = {} {}",
            quote(text.raw()),
            where_version(name, *version)
        ),
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
        _ => String::new(),
    }
}

fn with_tags(tags: &[KeyValue]) -> String {
    let tags = tags
        .iter()
        .map(|tag| format!("{} = {}", clean(tag.key.raw()), quote(tag.value.raw())));
    match tags.collect::<Vec<_>>().join(", ") {
        tags if tags.is_empty() => tags,
        tags => format!(" with tags {tags}"),
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
    }
}
