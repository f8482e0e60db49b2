//! The operation of a write in words, for error messages.

use crate::domain::{
    MetadataField, MetadataOwner, MetadataWrite, ModelName, StoreWrite, VersionNumber,
};

/// The operation, for error messages.
pub(super) fn describe_operation(write: &StoreWrite) -> String {
    match write {
        StoreWrite::CreateModel { name } => format!("creating model {}", name.clean()),
        StoreWrite::CreateVersion { name, .. } => {
            format!("creating a version of {}", name.clean())
        }
        StoreWrite::DeleteVersion { name, version } => {
            format!("deleting {}", version_of(name, *version))
        }
        StoreWrite::Metadata(write) => describe_metadata(write),
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            ..
        } => format!("moving {} to {stage}", version_of(name, *version)),
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let (alias, name) = (alias.clean(), name.clean());
            format!("setting alias @{alias} of {name} to version {version}")
        }
        StoreWrite::DeleteAlias { name, alias } => {
            format!("removing alias @{} of {}", alias.clean(), name.clean())
        }
        StoreWrite::RequestTransition { name, version, .. }
        | StoreWrite::ApproveTransition { name, version, .. }
        | StoreWrite::RejectTransition { name, version, .. }
        | StoreWrite::WithdrawTransition { name, version, .. } => {
            let version = version_of(name, *version);
            format!("changing a transition request for {version}")
        }
        StoreWrite::DeleteRun { run } => format!("deleting run {}", run.clean()),
        StoreWrite::RestoreRun { run } => format!("restoring run {}", run.clean()),
    }
}

fn version_of(name: &ModelName, version: VersionNumber) -> String {
    format!("version {version} of {}", name.clean())
}

fn describe_metadata(write: &MetadataWrite) -> String {
    let owner = match &write.owner {
        MetadataOwner::Version { model, version } => version_of(model, *version),
        MetadataOwner::Model { model } => model.clean().into_owned(),
        MetadataOwner::Run { run } => format!("run {}", run.clean()),
    };
    match &write.field {
        MetadataField::Description => format!("setting the description of {owner}"),
        MetadataField::Name => format!("setting the name of {owner}"),
        MetadataField::Tag { key } if write.value.is_some() => {
            format!("setting tag {} of {owner}", key.clean())
        }
        MetadataField::Tag { key } => format!("removing tag {} of {owner}", key.clean()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sanitized() {
        let write = StoreWrite::SetAlias {
            name: "o'brien\u{1b}".into(),
            alias: "champion".into(),
            version: VersionNumber(3),
        };
        assert_eq!(
            describe_operation(&write),
            "setting alias @champion of o'brien␛ to version 3"
        );
    }
}
