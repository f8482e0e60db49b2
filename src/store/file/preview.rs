//! What a write does to the store, for `--plan`.

use crate::domain::{ModelName, StoreWrite, VersionNumber};
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
        StoreWrite::SetVersionTag {
            name,
            version: number,
            tag,
        } => format!(
            "write {} to {}/tags/{}",
            tag.value.clean(),
            version(name, *number),
            tag.key.clean()
        ),
        StoreWrite::DeleteVersionTag {
            name,
            version: number,
            key,
        } => {
            format!("remove {}/tags/{}", version(name, *number), key.clean())
        }
        StoreWrite::SetDescription {
            name,
            version: number,
            text,
        } => {
            let folder = number.map_or_else(|| model(name), |number| version(name, number));
            format!("set description = {} in {folder}/meta.yaml", text.clean())
        }
        StoreWrite::TransitionStage {
            name,
            version: number,
            stage,
            archive_existing,
        } => {
            let also = if *archive_existing {
                format!(", and Archived in every other version in {stage}")
            } else {
                String::new()
            };
            format!(
                "set current_stage = {stage} in {}/meta.yaml{also}",
                version(name, *number)
            )
        }
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            format!(
                "write {version} to {}/aliases/{}",
                model(name),
                alias.clean()
            )
        }
        StoreWrite::DeleteAlias { name, alias } => {
            format!("remove {}/aliases/{}", model(name), alias.clean())
        }
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            "nothing: transition requests exist on Databricks only".to_owned()
        }
        StoreWrite::DeleteRun { run } => format!(
            "set lifecycle_stage = deleted in EXPERIMENT/{}/meta.yaml",
            clean(run.raw())
        ),
        StoreWrite::RestoreRun { run } => format!(
            "set lifecycle_stage = active in EXPERIMENT/{}/meta.yaml",
            clean(run.raw())
        ),
    }
}
