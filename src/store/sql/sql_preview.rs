//! What a write does to the file, in readable SQL.

use crate::domain::run::KeyValue;
use crate::domain::{
    MetadataField, MetadataOwner, MetadataWrite, ModelName, StoreWrite, VersionNumber,
};
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
        StoreWrite::Metadata(write) => preview_metadata_sql(write),
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

/// The statement that changes a description, a name or a tag.
fn preview_metadata_sql(write: &MetadataWrite) -> String {
    let (table, tags, owner) = match &write.owner {
        MetadataOwner::Version { model, version } => (
            "model_versions",
            "model_version_tags",
            where_version(model, *version),
        ),
        MetadataOwner::Model { model } => (
            "registered_models",
            "registered_model_tags",
            format!("WHERE name = {}", quote(model.raw())),
        ),
        MetadataOwner::Run { run } => (
            "runs",
            "tags",
            format!("WHERE run_uuid = {}", quote(run.raw())),
        ),
    };
    let value = quote(write.text());
    let statement = match (write.tag_key().map(quote), &write.value) {
        (None, _) => return format!("UPDATE {table} SET description = {value} {owner}"),
        (Some(key), Some(_)) => format!("UPSERT {tags} SET key = {key}, value = {value} {owner}"),
        (Some(key), None) => return format!("DELETE FROM {tags} {owner} AND key = {key}"),
    };
    match &write.field {
        MetadataField::Name => format!("UPDATE {table} SET name = {value} {owner}; {statement}"),
        _ => statement,
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
