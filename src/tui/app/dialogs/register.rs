//! Registering a run: choose the model's source and a name, then plan. A copy of a version has its source already.

use tui_input::InputRequest;

use super::picker::{Picker, PickerItem};
use crate::config::keymap::Action;
use crate::domain::{
    ModelName, ModelVersion, RegisteredModel, RegistrableModel, Run, RunId, StoreError,
    registrable_models, select_model, version_in_source,
};
use crate::ops::copy::copy_source;
use crate::promotion::Intent;
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use crate::tui::app::context::UpdateContext;
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::remote::Remote;

/// What the lists of the dialog choose.
#[derive(Clone, Debug)]
pub enum RegisterChoice {
    Source(Untrusted),
    /// An artifact path within the run.
    Path(String),
    Name(String),
}

/// The dialog.
#[derive(Debug)]
pub struct RegisterDialog {
    pub run: RunId,
    /// Why this run was selected, in lines, when the program selected it.
    pub rationale: Vec<String>,
    pub data: Remote<Run>,
    /// The run's models.
    models: Vec<RegistrableModel>,
    pub source: Option<Untrusted>,
    /// The list of sources, then of names.
    pub picker: Option<Picker<RegisterChoice>>,
    models_ticket: Option<Ticket>,
}

impl RegisterDialog {
    /// Requests the run and the names of the registered models.
    #[must_use]
    pub fn open(run: RunId, rationale: Vec<String>, context: &mut UpdateContext<'_>) -> Self {
        let mut data = Remote::default();
        context.fetch(&mut data, Request::Run(run.clone()));
        // A request of its own, so that its reply is delivered here: it can arrive after the run's.
        let is_unknown = context.shared.models.get().is_none();
        let models_ticket = is_unknown.then(|| context.request(Request::Models));
        Self {
            run,
            rationale,
            data,
            models: Vec::new(),
            source: None,
            picker: None,
            models_ticket,
        }
    }

    /// Asks for the model to copy a version to.
    #[must_use]
    pub fn open_copy(version: &ModelVersion, context: &mut UpdateContext<'_>) -> Self {
        let is_unknown = context.shared.models.get().is_none();
        let mut dialog = Self {
            run: version.run_id.clone(),
            rationale: Vec::new(),
            data: Remote::default(),
            models: Vec::new(),
            source: None,
            picker: None,
            models_ticket: is_unknown.then(|| context.request(Request::Models)),
        };
        dialog.choose_name(copy_source(version), context);
        dialog
    }

    /// What is registered.
    #[must_use]
    pub fn title(&self) -> String {
        let source = self.source.as_ref();
        match source.and_then(|source| version_in_source(source.raw())) {
            Some((model, version)) => format!("copy {}/{version}", model.clean()),
            None => format!("register run {}", self.run.short()),
        }
    }

    /// The path of the chosen model; the title has that of a copy.
    #[must_use]
    pub fn shown_source(&self) -> Option<&Untrusted> {
        let source = self.source.as_ref()?;
        version_in_source(source.raw()).is_none().then_some(source)
    }

    /// What enter does, for the footer.
    #[must_use]
    pub fn accept_hint(&self) -> &'static str {
        match (&self.picker, &self.source) {
            (None, _) => "",
            (Some(_), None) => "choose this model",
            (Some(_), Some(_)) => "plan",
        }
    }

    #[must_use]
    pub fn is_loading_models(&self) -> bool {
        self.models_ticket.is_some()
    }

    #[must_use]
    pub fn error(&self) -> Option<&StoreError> {
        self.data.error()
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if let Some(picker) = &mut self.picker {
            picker.edit(request);
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match (action, &mut self.picker) {
            (Action::Back, _) => context.close_dialog(),
            (Action::Accept, Some(picker)) => match picker.take_selected() {
                Some(RegisterChoice::Source(source)) => self.choose_name(source, context),
                Some(RegisterChoice::Path(path)) => {
                    let source = self.source_at(&path);
                    self.choose_name(source, context);
                }
                Some(RegisterChoice::Name(name)) => self.open_plan(&name, context),
                None => {}
            },
            (action, Some(picker)) => picker.move_cursor(action, context.size),
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
            Reply::Run(result) if self.data.is_awaiting(ticket) => {
                if let Ok(detail) = &result {
                    let logged = detail.logged_models.as_deref().unwrap_or_default();
                    self.models = registrable_models(&detail.run, logged);
                }
                self.data
                    .resolve(result.map(|detail| detail.run), context.now);
                self.choose_source(context);
                None
            }
            Reply::Models(result) if self.models_ticket == Some(ticket) => {
                self.models_ticket = None;
                // Without the names, one can still be typed.
                context.shared.models.resolve(result, context.now);
                if let Some(source) = self.source.clone() {
                    let typed = self
                        .picker
                        .as_ref()
                        .map(|picker| picker.input.value().to_owned());
                    self.choose_name(source, context);
                    if let (Some(picker), Some(text)) = (&mut self.picker, typed) {
                        picker.set_text(text);
                    }
                }
                None
            }
            other => Some(other),
        }
    }

    fn choose_source(&mut self, context: &mut UpdateContext<'_>) {
        if self.data.get().is_none() {
            return;
        }
        if let [only] = self.models.as_slice() {
            let source = only.source.clone();
            return self.choose_name(source, context);
        }
        let item = |source: &RegistrableModel| {
            PickerItem::new(
                source.label.clean(),
                source.source.clean(),
                RegisterChoice::Source(source.source.clone()),
            )
        };
        let title = if self.models.is_empty() {
            "this run logged no model: type an artifact path"
        } else {
            "model to register"
        };
        let picker = Picker::new(title, self.models.iter().map(item))
            .with_custom_item(path_item)
            .with_empty_text("type the path of a model among the run's artifacts");
        self.picker = Some(picker);
    }

    /// The source of a typed path: a model of the run by its name, or the folder. The plan refuses a
    /// folder without a model.
    fn source_at(&self, path: &str) -> Untrusted {
        let prefix = format!("runs:/{}/", self.run.raw());
        let path = path.strip_prefix(&prefix).unwrap_or(path);
        let known = select_model(&self.models, path).map(|model| model.source.clone());
        known.unwrap_or_else(|| format!("{prefix}{path}").into())
    }

    fn choose_name(&mut self, source: Untrusted, context: &mut UpdateContext<'_>) {
        let title = if version_in_source(source.raw()).is_some() {
            "copy to"
        } else {
            "register as"
        };
        self.source = Some(source);
        let item = |model: &RegisteredModel| {
            PickerItem::new(
                model.name.clean(),
                "add a version",
                RegisterChoice::Name(model.name.raw().to_owned()),
            )
        };
        let known = context.shared.models.get().into_iter().flatten();
        let picker = Picker::new(title, known.map(item))
            .with_custom_item(name_item)
            .with_empty_text("type a new model's name");
        self.picker = Some(picker);
    }

    fn open_plan(&mut self, name: &str, context: &mut UpdateContext<'_>) {
        let Some(source) = self.source.clone() else {
            return;
        };
        context.plan(Intent::Register {
            run: self.run.clone(),
            source,
            model: ModelName::from(name),
            allow_duplicate: false,
            replaces: None,
        });
    }
}

fn path_item(text: &str) -> Option<PickerItem<RegisterChoice>> {
    let path = text.trim().trim_matches('/');
    let choice = RegisterChoice::Path(path.to_owned());
    (!path.is_empty())
        .then(|| PickerItem::new(clean(path), "a folder among the run's artifacts", choice))
}

fn name_item(text: &str) -> Option<PickerItem<RegisterChoice>> {
    let name = text.trim();
    let choice = RegisterChoice::Name(name.to_owned());
    (!name.is_empty())
        .then(|| PickerItem::new(clean(name), "as typed; creates a new model", choice))
}
