//! A registration: which of the run's models, under which name; then the plan.

use tui_input::InputRequest;

use super::PlanDialog;
use super::picker::{Picker, PickerItem};
use crate::config::keymap::Action;
use crate::domain::registrable_model::{RegistrableModel, registrable_models};
use crate::domain::{ModelName, Run, RunId, StoreError};
use crate::promotion::Intent;
use crate::text::Untrusted;
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

/// The dialog.
#[derive(Debug)]
pub struct RegisterDialog {
    /// The run.
    pub run: RunId,
    /// Why this run, in lines, where the program chose it.
    pub rationale: Vec<String>,
    /// The run's facts, once they came.
    pub data: Remote<Run>,
    /// The source that was chosen.
    pub source: Option<Untrusted>,
    /// The list that is shown now: of sources, then of names.
    pub picker: Option<Picker>,
    models_ticket: Option<Ticket>,
}

impl RegisterDialog {
    /// Opens the dialog and asks for the run and for the names that there are.
    #[must_use]
    pub fn open(run: RunId, rationale: Vec<String>, context: &mut UpdateContext<'_>) -> Self {
        let mut data = Remote::default();
        context.fetch(&mut data, Request::Run(run.clone()));
        // The answer is this dialog's own, so that it hears of it: it may come after the run's.
        let models_ticket = context
            .shared
            .models
            .value
            .is_none()
            .then(|| context.request(Request::Models));
        Self {
            run,
            rationale,
            data,
            source: None,
            picker: None,
            models_ticket,
        }
    }

    /// Whether the names of the models are still being read.
    #[must_use]
    pub fn is_loading_models(&self) -> bool {
        self.models_ticket.is_some()
    }

    /// Why nothing can be registered.
    #[must_use]
    pub fn error(&self) -> Option<&StoreError> {
        self.data.error.as_ref()
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if let Some(picker) = &mut self.picker {
            picker.edit(request);
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match (action, &mut self.picker) {
            (Action::Back, _) => context.navigation.push(Navigate::CloseDialog),
            (Action::Accept, Some(picker)) => {
                let choice = picker
                    .items()
                    .get(picker.cursor.index)
                    .map(|item| item.choice.clone());
                match choice {
                    Some(Choice::ModelSource(source)) => self.choose_name(source, context),
                    Some(Choice::Model(name)) => self.open_plan(&name, context),
                    _ => {}
                }
            }
            (action, Some(picker)) => picker.handle_action(action, context),
            _ => {}
        }
    }

    pub(super) fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Run(answer) if self.data.is_awaiting(ticket) => {
                self.data
                    .resolve(answer.map(|detail| detail.run), context.now);
                self.choose_source(context);
                None
            }
            Reply::Models(answer) if self.models_ticket == Some(ticket) => {
                self.models_ticket = None;
                // Names are an offer: without them, one can still be typed.
                context.shared.models.resolve(answer, context.now);
                if let Some(source) = self.source.clone() {
                    let typed = self
                        .picker
                        .as_ref()
                        .map(|picker| picker.input.value().to_owned())
                        .unwrap_or_default();
                    self.choose_name(source, context);
                    typed
                        .chars()
                        .for_each(|c| self.edit(InputRequest::InsertChar(c)));
                }
                None
            }
            other => Some(other),
        }
    }

    fn choose_source(&mut self, context: &mut UpdateContext<'_>) {
        let Some(run) = self.data.get() else { return };
        let sources = registrable_models(run);
        if let [only] = sources.as_slice() {
            let source = only.source.clone();
            self.choose_name(source, context);
            return;
        }
        let item = |source: &RegistrableModel| PickerItem {
            label: source.label.clean().into_owned(),
            detail: source.source.clean().into_owned(),
            choice: Choice::ModelSource(source.source.clone()),
        };
        let title = if sources.is_empty() {
            "this run logged no model: type its artifact path"
        } else {
            "which of its models"
        };
        let picker = Picker::new(title, sources.iter().map(item).collect());
        self.picker = Some(if sources.is_empty() {
            picker.with_custom_item(path_item)
        } else {
            picker
        });
    }

    fn choose_name(&mut self, source: Untrusted, context: &mut UpdateContext<'_>) {
        // A path that was typed is within the run.
        let source = match source.raw().strip_prefix(PATH_PREFIX) {
            Some(path) => Untrusted::from(format!("runs:/{}/{path}", self.run.raw())),
            None => source,
        };
        self.source = Some(source);
        let known = context
            .shared
            .models
            .get()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let item = |model: &crate::domain::RegisteredModel| PickerItem {
            label: model.name.clean().into_owned(),
            detail: "one more version".into(),
            choice: Choice::Model(model.name.raw().to_owned()),
        };
        self.picker = Some(
            Picker::new("register as", known.iter().map(item).collect())
                .with_custom_item(name_item),
        );
    }

    fn open_plan(&mut self, name: &str, context: &mut UpdateContext<'_>) {
        let Some(source) = self.source.clone() else {
            return;
        };
        let intent = Intent::Register {
            run: self.run.clone(),
            source,
            model: ModelName::from(name),
            allow_duplicate: false,
            replaces: None,
        };
        PlanDialog::show(intent, context);
    }
}

/// What a typed artifact path begins with until the run's id takes its place.
const PATH_PREFIX: &str = "path:";

fn path_item(text: &str) -> Option<PickerItem> {
    let path = text.trim().trim_matches('/');
    (!path.is_empty()).then(|| PickerItem {
        label: crate::text::untrusted::clean(path).into_owned(),
        detail: "a folder among the run's artifacts".into(),
        choice: Choice::ModelSource(Untrusted::from(format!("{PATH_PREFIX}{path}"))),
    })
}

fn name_item(text: &str) -> Option<PickerItem> {
    let name = text.trim();
    (!name.is_empty()).then(|| PickerItem {
        label: crate::text::untrusted::clean(name).into_owned(),
        detail: "as typed; a new model is made where there is none of this name".into(),
        choice: Choice::Model(name.to_owned()),
    })
}
