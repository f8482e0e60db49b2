//! Moving a version to a stage.

use super::draft::Draft;
use super::{Change, PlanError, State, warnings};
use crate::domain::{RegistryWrite, Stage, TransitionRequest, VersionNumber};

/// Plans a move. MLflow archives only what is in Staging or Production, and fails when asked for more, so the
/// wish is dropped elsewhere.
pub(super) fn relocate(
    draft: &mut Draft,
    number: VersionNumber,
    to: Stage,
    archive_existing: bool,
) -> Result<(), PlanError> {
    let version = draft.version(number)?;
    let label = draft.label(number);
    let is_active = is_active(to);
    let archive_existing = archive_existing && is_active;
    let others = others(&draft.state, to, number);
    let archives = archive_existing && !others.is_empty();
    if version.stage == to && !archives {
        return Err(PlanError::NothingToDo(format!("{label} is in {to}")));
    }
    if is_active {
        draft.must_be_promotable(version)?;
        draft.warn_all(warnings::of_origin(draft.reading, version));
    }
    let asked = draft
        .reading
        .requests
        .iter()
        .flatten()
        .filter(|request| request.version == number)
        .map(TransitionRequest::line);
    draft.warn_all(asked.map(|line| format!("{line}; `review` answers the request")));
    if is_active && !archive_existing {
        for other in others {
            let other = draft.label(other);
            draft.warn(format!(
                "{other} stays in {to}, too: more than one version will be there"
            ));
        }
    }
    let write = RegistryWrite::TransitionStage {
        name: draft.name().clone(),
        version: number,
        stage: to,
        archive_existing,
    };
    let changes = changes(&draft.state, &write);
    draft.record(version, version.stage.as_str(), to.as_str(), changes);
    draft.place(write, "move");
    Ok(())
}

/// Whether a stage is one in which versions are served.
pub(super) fn is_active(stage: Stage) -> bool {
    matches!(stage, Stage::Staging | Stage::Production)
}

/// What a write changes.
pub(super) fn changes(state: &State, write: &RegistryWrite) -> Vec<Change> {
    let mut after = state.clone();
    after.apply(write);
    state.changes(&after)
}

fn others(state: &State, stage: Stage, version: VersionNumber) -> Vec<VersionNumber> {
    state
        .holders(stage)
        .into_iter()
        .filter(|other| *other != version)
        .collect()
}
