//! What moved between two looks at all models.

use crate::domain::RegisteredModel;
use crate::promotion::RegistrySnapshot;
use crate::promotion::journal::{HolderChange, registry_diff};

/// What moved since the last look, in one line; the first of several is told whole. Nothing where nothing did.
pub(super) fn summarize_changes(
    known: &[RegisteredModel],
    now: &[RegisteredModel],
) -> Option<String> {
    let changes_of = |model: &RegisteredModel| -> Vec<HolderChange> {
        let before = known.iter().find(|before| before.name == model.name);
        before
            .map(|before| registry_diff(&listed_snapshot(before).state(), &listed_snapshot(model)))
            .unwrap_or_default()
    };
    let mut all = now
        .iter()
        .flat_map(changes_of)
        .filter(|moved| moved.to != "deleted");
    let (first, more) = (all.next()?, all.count());
    Some(if more > 0 {
        format!("{}, and {more} more", first.describe())
    } else {
        first.describe()
    })
}

/// What a listing says of a model: the newest version of each stage, which is not all of them.
fn listed_snapshot(model: &RegisteredModel) -> RegistrySnapshot {
    RegistrySnapshot::for_model(
        "",
        &model.name,
        Some(model.clone()),
        model.latest_versions.clone(),
    )
}
