//! Editing the description, the name and the tags of a version, a model or a run: a list of them, a text, a plan.

use super::picker::{Picker, PickerItem};
use super::{Dialog, Prompt};
use crate::domain::run::find_value;
use crate::domain::{
    KeyValue, MetadataField, MetadataOwner, ModelVersion, RUN_DESCRIPTION_TAG, RUN_NAME_TAG,
    RegisteredModel, RunId,
};
use crate::promotion::{Intent, is_reserved_tag};
use crate::text::Untrusted;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::screen::Screen;

/// A description, a name or a tag to edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditChoice {
    owner: MetadataOwner,
    field: MetadataField,
    /// What it belongs to, cleaned: `iris/3`.
    label: String,
    /// The value now; empty for a new tag.
    value: Untrusted,
}

/// Offers what can be edited of a version, and the description of its model.
pub fn edit_version<S: Screen>(
    version: &ModelVersion,
    model: &RegisteredModel,
    context: &mut UpdateContext<'_>,
) {
    let owner = MetadataOwner::Version {
        model: version.name.clone(),
        version: version.version,
    };
    let of_model = MetadataOwner::Model {
        model: model.name.clone(),
    };
    let (label, model_label) = (owner.to_string(), of_model.to_string());
    let texts = [
        description_item(&owner, &label, &version.description),
        description_item(&of_model, &model_label, &model.description)
            .with_detail("of the whole model"),
    ];
    open::<S>(&owner, &label, texts, &version.tags, context);
}

/// Offers what can be edited of a model or a prompt.
pub fn edit_model<S: Screen>(model: &RegisteredModel, context: &mut UpdateContext<'_>) {
    let owner = MetadataOwner::Model {
        model: model.name.clone(),
    };
    let label = owner.to_string();
    let text = description_item(&owner, &label, &model.description);
    open::<S>(&owner, &label, [text], &model.tags, context);
}

/// Offers what can be edited of a run.
pub fn edit_run<S: Screen>(
    run: &RunId,
    name: &Untrusted,
    tags: &[KeyValue],
    context: &mut UpdateContext<'_>,
) {
    let owner = MetadataOwner::Run { run: run.clone() };
    let label = if name.is_empty() {
        owner.to_string()
    } else {
        name.clean().into_owned()
    };
    let description = find_value(tags, RUN_DESCRIPTION_TAG)
        .cloned()
        .unwrap_or_default();
    let texts = [
        description_item(&owner, &label, &description),
        text_item(&owner, MetadataField::Name, &label, name),
    ];
    open::<S>(&owner, &label, texts, tags, context);
}

fn description_item(
    owner: &MetadataOwner,
    label: &str,
    value: &Untrusted,
) -> PickerItem<EditChoice> {
    text_item(owner, MetadataField::Description, label, value)
}

fn text_item(
    owner: &MetadataOwner,
    field: MetadataField,
    label: &str,
    value: &Untrusted,
) -> PickerItem<EditChoice> {
    let choice = EditChoice {
        owner: owner.clone(),
        field,
        label: label.to_owned(),
        value: value.clone(),
    };
    let shown = match &choice.field {
        MetadataField::Tag { key } => format!("tag {}", key.clean()),
        _ => choice.title(),
    };
    PickerItem::new(shown, value.clean(), choice)
}

/// Opens the list, in which another tag can be typed.
fn open<S: Screen>(
    owner: &MetadataOwner,
    label: &str,
    texts: impl IntoIterator<Item = PickerItem<EditChoice>>,
    tags: &[KeyValue],
    context: &mut UpdateContext<'_>,
) {
    let tag_item = |key: &Untrusted, value: &Untrusted| {
        text_item(owner, MetadataField::Tag { key: key.clone() }, label, value)
    };
    let editable = tags.iter().filter(|tag| !is_reserved_tag(tag.key.raw()));
    let tags = editable.map(|tag| tag_item(&tag.key, &tag.value));
    let items: Vec<_> = texts.into_iter().chain(tags).collect();
    let (owner, owned_label) = (owner.clone(), label.to_owned());
    let picker = Picker::new(format!("edit {label}: type a key to add a tag"), items)
        .with_accept_hint("edit")
        .with_empty_text("type the key of a new tag")
        .with_custom_item(move |text| {
            let key = Untrusted::from(text.trim());
            let field = MetadataField::Tag { key: key.clone() };
            let item = text_item(&owner, field, &owned_label, &Untrusted::default());
            (!key.is_empty()).then(|| item.with_detail("new"))
        });
    context.open(picker.submit_to(ask_for_text::<S>));
}

impl EditChoice {
    /// Cleaned: `description of iris/3`.
    fn title(&self) -> String {
        match &self.field {
            MetadataField::Description => format!("description of {}", self.label),
            MetadataField::Name => format!("name of {}", self.label),
            MetadataField::Tag { key } => format!("tag {} (empty removes it)", key.clean()),
        }
    }

    fn into_intent(self, text: String) -> Intent {
        let owner = self.owner;
        let key = match self.field {
            MetadataField::Description => {
                return Intent::Describe {
                    owner,
                    text: text.into(),
                };
            }
            MetadataField::Name => RUN_NAME_TAG.into(),
            MetadataField::Tag { key } => key,
        };
        let value = (!text.is_empty()).then(|| text.into());
        Intent::Tag { owner, key, value }
    }
}

/// Opens the prompt with the text that it has now.
fn ask_for_text<S: Screen>(_: &mut S, choice: EditChoice, context: &mut UpdateContext<'_>) {
    let (title, text) = (choice.title(), choice.value.raw().to_owned());
    let prompt = Prompt::ask_about(&title, &text, choice, plan_text::<S>);
    context.open(Dialog::Prompt(prompt.with_accept_hint("plan")));
}

fn plan_text<S: Screen>(
    _: &mut S,
    (choice, text): (EditChoice, String),
    context: &mut UpdateContext<'_>,
) {
    context.plan(choice.into_intent(text));
}
