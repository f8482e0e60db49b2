//! A registration: which of the run's models, under which name; then the plan.

use tui_input::InputRequest;

use super::PlanDialog;
use super::picker::{Item, Picker};
use crate::config::keymap::Action;
use crate::domain::model_source::{ModelSource, model_sources};
use crate::domain::{Fault, ModelName, Run, RunId};
use crate::promotion::Intent;
use crate::text::Untrusted;
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go};

/// The dialog.
#[derive(Debug)]
pub struct RegisterDialog {
    /// The run.
    pub run: RunId,
    /// Why this run, in lines, where the program chose it.
    pub why: Vec<String>,
    /// The run's facts, once they came.
    pub data: Remote<Run>,
    /// The source that was chosen.
    pub source: Option<Untrusted>,
    /// The list that is shown now: of sources, then of names.
    pub picker: Option<Picker>,
    models: Option<Ticket>,
}

impl RegisterDialog {
    /// Opens the dialog and asks for the run and for the names that there are.
    #[must_use]
    pub fn open(run: RunId, why: Vec<String>, context: &mut Context<'_>) -> Self {
        let mut data = Remote::default();
        context.fetch(&mut data, Request::Run(run.clone()));
        // The answer is this dialog's own, so that it hears of it: it may come after the run's.
        let models = context
            .shared
            .models
            .value
            .is_none()
            .then(|| context.ask(Request::Models));
        Self {
            run,
            why,
            data,
            source: None,
            picker: None,
            models,
        }
    }

    /// Whether the names of the models are still being read.
    #[must_use]
    pub fn is_reading_models(&self) -> bool {
        self.models.is_some()
    }

    /// Why nothing can be registered.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.data.fault.as_ref()
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if let Some(picker) = &mut self.picker {
            picker.edit(request);
        }
    }

    pub(super) fn on(&mut self, action: Action, context: &mut Context<'_>) {
        match (action, &mut self.picker) {
            (Action::Back, _) => context.go.push(Go::Close),
            (Action::Accept, Some(picker)) => {
                let choice = picker
                    .items()
                    .get(picker.cursor.at)
                    .map(|item| item.choice.clone());
                match choice {
                    Some(Choice::Source(source)) => self.ask_name(source, context),
                    Some(Choice::Model(name)) => self.plan(&name, context),
                    _ => {}
                }
            }
            (action, Some(picker)) => picker.on(action, context),
            _ => {}
        }
    }

    pub(super) fn reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut Context<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Run(answer) if self.data.awaits(ticket) => {
                self.data.take(answer.map(|detail| detail.run), context.now);
                self.ask_source(context);
                None
            }
            Reply::Models(answer) if self.models == Some(ticket) => {
                self.models = None;
                // Names are an offer: without them, one can still be typed.
                context.shared.models.take(answer, context.now);
                if let Some(source) = self.source.clone() {
                    let typed = self
                        .picker
                        .as_ref()
                        .map(|picker| picker.input.value().to_owned())
                        .unwrap_or_default();
                    self.ask_name(source, context);
                    typed
                        .chars()
                        .for_each(|c| self.edit(InputRequest::InsertChar(c)));
                }
                None
            }
            other => Some(other),
        }
    }

    fn ask_source(&mut self, context: &mut Context<'_>) {
        let Some(run) = self.data.get() else { return };
        let sources = model_sources(run);
        if let [only] = sources.as_slice() {
            let source = only.source.clone();
            self.ask_name(source, context);
            return;
        }
        let item = |source: &ModelSource| Item {
            label: source.label.clean().into_owned(),
            detail: source.source.clean().into_owned(),
            choice: Choice::Source(source.source.clone()),
        };
        let title = if sources.is_empty() {
            "this run logged no model: type its artifact path"
        } else {
            "which of its models"
        };
        let picker = Picker::new(title, sources.iter().map(item).collect());
        self.picker = Some(if sources.is_empty() {
            picker.typed(as_path)
        } else {
            picker
        });
    }

    fn ask_name(&mut self, source: Untrusted, context: &mut Context<'_>) {
        // A path that was typed is within the run.
        let source = match source.raw().strip_prefix(PATH) {
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
        let item = |model: &crate::domain::RegisteredModel| Item {
            label: model.name.clean().into_owned(),
            detail: "one more version".into(),
            choice: Choice::Model(model.name.raw().to_owned()),
        };
        self.picker =
            Some(Picker::new("register as", known.iter().map(item).collect()).typed(as_name));
    }

    fn plan(&mut self, name: &str, context: &mut Context<'_>) {
        let Some(source) = self.source.clone() else {
            return;
        };
        let intent = Intent::Register {
            run: self.run.clone(),
            source,
            model: ModelName::from(name),
            again: false,
            instead_of: None,
        };
        PlanDialog::show(intent, context);
    }
}

/// What a typed artifact path begins with until the run's id takes its place.
const PATH: &str = "path:";

fn as_path(text: &str) -> Option<Item> {
    let path = text.trim().trim_matches('/');
    (!path.is_empty()).then(|| Item {
        label: crate::text::untrusted::clean(path).into_owned(),
        detail: "a folder among the run's artifacts".into(),
        choice: Choice::Source(Untrusted::from(format!("{PATH}{path}"))),
    })
}

fn as_name(text: &str) -> Option<Item> {
    let name = text.trim();
    (!name.is_empty()).then(|| Item {
        label: crate::text::untrusted::clean(name).into_owned(),
        detail: "as typed; a new model is made where there is none of this name".into(),
        choice: Choice::Model(name.to_owned()),
    })
}
