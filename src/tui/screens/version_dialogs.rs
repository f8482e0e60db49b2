//! What follows the choices of the promotion dialog of a version.

use crate::domain::{Alias, ModelName, Stage, VersionNumber};
use crate::promotion::Intent;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{AliasChange, PromoteChoice};

/// Plans the choice of the promotion dialog.
pub(super) fn plan_promotion(
    model: &ModelName,
    version: VersionNumber,
    choice: PromoteChoice,
    context: &mut UpdateContext<'_>,
) {
    match choice {
        PromoteChoice::Stage(to) => plan_transition(model, version, to, context),
        PromoteChoice::Alias(change) => plan_alias(model, version, change, context),
        PromoteChoice::Request(to) => {
            let model = model.clone();
            context.plan(Intent::RequestTransition { model, version, to });
        }
    }
}

/// Plans to move a version to a stage.
fn plan_transition(
    model: &ModelName,
    version: VersionNumber,
    to: Stage,
    context: &mut UpdateContext<'_>,
) {
    context.plan(Intent::TransitionStage {
        model: model.clone(),
        version,
        to,
        archive_existing: false,
    });
}

/// Plans to set or to remove an alias.
fn plan_alias(
    model: &ModelName,
    version: VersionNumber,
    change: AliasChange,
    context: &mut UpdateContext<'_>,
) {
    let model = model.clone();
    context.plan(match change {
        AliasChange::Set(name) => Intent::SetAlias {
            model,
            alias: Alias::from(name),
            version,
        },
        AliasChange::Remove(name) => Intent::RemoveAlias {
            model,
            alias: Alias::from(name),
        },
    });
}
