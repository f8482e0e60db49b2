//! What follows the choices of the promotion and edit dialogs of a version.

use super::Screen;
use crate::domain::{Alias, ModelName, ModelVersion, Stage, VersionNumber};
use crate::promotion::Intent;
use crate::text::untrusted::clean;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{AliasChange, Dialog, EditChoice, Handler, PromoteChoice, Prompt};

/// Opens the prompt for a description or tag, with the text that it has now.
pub(super) fn ask_for_text<S: Screen>(
    version: &ModelVersion,
    choice: EditChoice,
    handler: Handler<S, String>,
    context: &mut UpdateContext<'_>,
) -> (ModelVersion, EditChoice) {
    let mut models = context.shared.models.get().into_iter().flatten();
    let (title, text) = match &choice {
        EditChoice::Version => (
            format!(
                "description of {}/{}",
                version.name.clean(),
                version.version
            ),
            version.description.raw().to_owned(),
        ),
        EditChoice::Model => (
            format!("description of {}", version.name.clean()),
            models
                .find(|model| model.name == version.name)
                .map(|model| model.description.raw().to_owned())
                .unwrap_or_default(),
        ),
        EditChoice::Tag(key) => (
            format!("tag {} (empty removes it)", clean(key)),
            version
                .tag(key)
                .map(|value| value.raw().to_owned())
                .unwrap_or_default(),
        ),
    };
    let prompt = Prompt::ask(&title, &text, handler).with_accept_hint("plan");
    context.open(Dialog::Prompt(prompt));
    (version.clone(), choice)
}

/// Plans to change a description or a tag.
pub(super) fn plan_text(
    version: &ModelVersion,
    choice: EditChoice,
    text: String,
    context: &mut UpdateContext<'_>,
) {
    let (model, number) = (version.name.clone(), version.version);
    context.plan(match choice {
        EditChoice::Version => Intent::Describe {
            model,
            version: Some(number),
            text: text.into(),
        },
        EditChoice::Model => Intent::Describe {
            model,
            version: None,
            text: text.into(),
        },
        EditChoice::Tag(key) => Intent::Tag {
            model,
            version: number,
            key: key.into(),
            value: (!text.is_empty()).then(|| text.into()),
        },
    });
}

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
