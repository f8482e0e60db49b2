//! What a write does to the store, for `--plan`.

use crate::domain::{
    MetadataField, MetadataOwner, MetadataWrite, ModelName, RunId, Stage, StoreWrite, VersionNumber,
};
use crate::text::untrusted::clean;

fn model(name: &ModelName) -> String {
    format!("models/{}", name.clean())
}

fn version(name: &ModelName, version: VersionNumber) -> String {
    format!("{}/version-{version}", model(name))
}

/// The files that a write changes, without bookkeeping such as times.
pub(super) fn preview(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateModel { name } => format!("create {}/meta.yaml", model(name)),
        StoreWrite::Metadata(write) => preview_metadata(write),
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => format!(
            "write {version} to {}/aliases/{}",
            model(name),
            alias.clean()
        ),
        StoreWrite::DeleteAlias { name, alias } => {
            format!("remove {}/aliases/{}", model(name), alias.clean())
        }
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            "nothing: transition requests exist on Databricks only".to_owned()
        }
        StoreWrite::DeleteRun { run } => set_lifecycle(run, "deleted"),
        StoreWrite::RestoreRun { run } => set_lifecycle(run, "active"),
        StoreWrite::CreateVersion { .. }
        | StoreWrite::DeleteVersion { .. }
        | StoreWrite::TransitionStage { .. } => preview_version(write),
    }
}

fn set_lifecycle(run: &RunId, stage: &str) -> String {
    let run = run.clean();
    format!("set lifecycle_stage = {stage} in EXPERIMENT/{run}/meta.yaml")
}

/// The file with a description, a name or a tag.
fn preview_metadata(write: &MetadataWrite) -> String {
    let folder = match &write.owner {
        MetadataOwner::Version { model, version } => self::version(model, *version),
        MetadataOwner::Model { model } => self::model(model),
        MetadataOwner::Run { run } => format!("EXPERIMENT/{}", run.clean()),
    };
    let value = clean(write.text());
    let line = match (write.tag_key().map(clean), &write.value) {
        (None, _) => return format!("set description = {value} in {folder}/meta.yaml"),
        (Some(key), Some(_)) => format!("write {value} to {folder}/tags/{key}"),
        (Some(key), None) => return format!("remove {folder}/tags/{key}"),
    };
    match &write.field {
        MetadataField::Name => format!("{line}, and set run_name in {folder}/meta.yaml"),
        _ => line,
    }
}

/// The files of a write to a version.
fn preview_version(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            let tags = tags
                .iter()
                .map(|tag| format!(", tags/{} = {}", tag.key.clean(), tag.value.clean()));
            format!(
                "create {}/version-NEXT with source = {}, run_id = {}{}",
                model(name),
                source.clean(),
                run_id.clean(),
                tags.collect::<String>()
            )
        }
        StoreWrite::DeleteVersion {
            name,
            version: number,
        } => format!(
            "set current_stage = Deleted_Internal in {}/meta.yaml, and remove its aliases",
            version(name, *number)
        ),
        StoreWrite::TransitionStage {
            name,
            version: number,
            stage,
            archive_existing,
        } => transition(&version(name, *number), *stage, *archive_existing),
        _ => String::new(),
    }
}

fn transition(folder: &str, stage: Stage, archive_existing: bool) -> String {
    let also = if archive_existing {
        format!(", and Archived in every other version in {stage}")
    } else {
        String::new()
    };
    format!("set current_stage = {stage} in {folder}/meta.yaml{also}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_text_is_sanitized() {
        let write = StoreWrite::SetAlias {
            name: "shop\u{1b}".into(),
            alias: "champion".into(),
            version: VersionNumber(3),
        };
        assert_eq!(preview(&write), "write 3 to models/shop␛/aliases/champion");
    }
}
