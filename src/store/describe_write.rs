//! The operation of a write in words, for error messages.

use crate::domain::{ModelName, StoreWrite, VersionNumber};

/// The operation, for error messages.
pub(super) fn describe_operation(write: &StoreWrite) -> String {
    let version_of = |name: &ModelName, version: &VersionNumber| {
        format!("version {version} of {}", name.clean())
    };
    match write {
        StoreWrite::CreateModel { name } => format!("creating model {}", name.clean()),
        StoreWrite::CreateVersion { name, .. } => {
            format!("creating a version of {}", name.clean())
        }
        StoreWrite::DeleteVersion { name, version } => {
            format!("deleting {}", version_of(name, version))
        }
        StoreWrite::SetVersionTag { name, version, tag } => {
            format!(
                "setting tag {} of {}",
                tag.key.clean(),
                version_of(name, version)
            )
        }
        StoreWrite::DeleteVersionTag { name, version, key } => {
            format!(
                "removing tag {} of {}",
                key.clean(),
                version_of(name, version)
            )
        }
        StoreWrite::SetDescription { name, version, .. } => {
            let of = version.as_ref().map(|version| version_of(name, version));
            let of = of.unwrap_or_else(|| name.clean().into_owned());
            format!("setting the description of {of}")
        }
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            ..
        } => format!("moving {} to {stage}", version_of(name, version)),
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
            let version = version_of(name, version);
            format!("changing a transition request for {version}")
        }
        StoreWrite::DeleteRun { run } => format!("deleting run {}", run.clean()),
        StoreWrite::RestoreRun { run } => format!("restoring run {}", run.clean()),
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
