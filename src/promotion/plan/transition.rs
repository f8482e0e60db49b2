//! Stage transitions.

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::{Stage, StoreWrite, TransitionRequest, VersionNumber};
use crate::promotion::{RegistryChange, RegistryState};

/// `archive_existing` is ignored for None and Archived, where MLflow fails on it.
pub(super) fn transition(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    to: Stage,
    archive_existing: bool,
) -> Result<(), PlanError> {
    let version = builder.version(number)?;
    let label = builder.label(number);
    let is_active = is_active(to);
    let archive_existing = archive_existing && is_active;
    let others = other_versions_in(&builder.state, to, number);
    let archives = archive_existing && !others.is_empty();
    if version.stage == to && !archives {
        return Err(PlanError::NothingToDo(format!(
            "{label} is already in {to}"
        )));
    }
    if is_active {
        builder.require_promotable(version)?;
        builder.warn_all(warnings::of_source_run(builder.snapshot, version));
    }
    let open_requests = builder
        .snapshot
        .requests
        .iter()
        .flatten()
        .filter(|request| request.version == number)
        .map(TransitionRequest::summary);
    builder.warn_all(open_requests.map(|line| format!("{line}; answer the request with `review`")));
    if is_active && !archive_existing {
        for other in others {
            let other = builder.label(other);
            builder.warn_of_consequence(&format!(
                "{other} stays in {to}, which will hold more than one version"
            ));
        }
    }
    let write = StoreWrite::TransitionStage {
        name: builder.model_name().clone(),
        version: number,
        stage: to,
        archive_existing,
    };
    let changes = diff_after(&builder.state, &write);
    builder.push_tag_record(version, version.stage.as_str(), to.as_str(), changes);
    builder.push_slot_change(write, "move");
    Ok(())
}

pub(super) fn is_active(stage: Stage) -> bool {
    matches!(stage, Stage::Staging | Stage::Production)
}

pub(super) fn diff_after(state: &RegistryState, write: &StoreWrite) -> Vec<RegistryChange> {
    let mut after = state.clone();
    after.apply(write);
    state.diff(&after)
}

fn other_versions_in(
    state: &RegistryState,
    stage: Stage,
    version: VersionNumber,
) -> Vec<VersionNumber> {
    state
        .versions_in_stage(stage)
        .into_iter()
        .filter(|other| *other != version)
        .collect()
}
