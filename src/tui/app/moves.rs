//! What moved between two looks at all models.

use crate::domain::RegisteredModel;
use crate::promotion::Reading;
use crate::promotion::journal::{Moved, moved};

/// What moved since the last look, in one line; the first of several is told whole. Nothing where nothing did.
pub(super) fn told(known: &[RegisteredModel], now: &[RegisteredModel]) -> Option<String> {
    let of_model = |model: &RegisteredModel| -> Vec<Moved> {
        let before = known.iter().find(|before| before.name == model.name);
        before
            .map(|before| moved(&reading(before).state(), &reading(model)))
            .unwrap_or_default()
    };
    let mut all = now
        .iter()
        .flat_map(of_model)
        .filter(|moved| moved.to != "deleted");
    let (first, more) = (all.next()?, all.count());
    Some(if more > 0 {
        format!("{}, and {more} more", first.line())
    } else {
        first.line()
    })
}

/// What a listing says of a model: the newest version of each stage, which is not all of them.
fn reading(model: &RegisteredModel) -> Reading {
    Reading::of_model(
        "",
        &model.name,
        Some(model.clone()),
        model.latest_versions.clone(),
    )
}
