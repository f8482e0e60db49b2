//! Opening the screens: the one place where the command line hands over to them.

use std::sync::Arc;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::{look, resolve};
use crate::config::keymap::Keymap;
use crate::config::views::{Shelf, View, ViewFiles};
use crate::config::{environment, user};
use crate::promotion::journal::EntryState;
use crate::store::Opened;
use crate::text::untrusted::clean;
use crate::tui::app::Start;
use crate::tui::runtime;
use crate::tui::runtime::RunError;

/// Opens the screens on the store that is meant.
///
/// # Errors
/// When there is no such store, or there is no terminal to draw on.
pub async fn run(context: &mut Context<'_>) -> Result<(), Failure> {
    let opened = context.open().await?;
    let beside = context.beside().await?;
    let mut start = start(&opened, context).await?;
    let keymap = keymap(context)?;
    let journal = context.journal();
    let entries = journal
        .entries(opened.reader.origin())
        .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let unfinished = entries
        .iter()
        .filter(|entry| entry.state == EntryState::Unfinished)
        .count();
    let (look, themes, theme) = look::look(context)?;
    let views = ViewFiles::at(
        &context.directories.config,
        &context.directories.data,
        &std::env::current_dir().unwrap_or_default(),
    );
    let shelf = views.shelf();
    for wrong in &shelf.wrong {
        context.output.note(&format!("a view is left out: {wrong}"));
    }
    start.view = view(context.flags.view.as_deref(), &shelf)?;
    let app = crate::tui::app::Session {
        target: beside.as_ref().map_or_else(
            || opened.reader.name().to_owned(),
            |second| format!("{} + {}", opened.reader.name(), second.name()),
        ),
        can_write: opened.writer.is_some(),
        read_only_why: "this session is read-only".to_owned(),
        user: user(&environment),
        web: web(&opened),
        themes,
        theme,
        dark: !look.is_light(),
        refresh_seconds: context.settings.refresh,
        max_runs: context.settings.max_runs,
        protected: crate::cli::write::protected(&context.settings),
        tags: context.settings.tags,
        views: shelf.views,
        remember: context.settings.remember,
        zone: jiff::tz::TimeZone::system(),
        unfinished,
    };
    let policy = context.policy()?;
    let lookout = Arc::new(context.lookout(opened.reader.as_ref()));
    let mouse = context.settings.mouse;
    let (pictures, alert) = (context.settings.pictures, context.settings.alert);
    let session = runtime::Session {
        opened,
        beside,
        app,
        journal,
        policy,
        lookout,
        start,
        keymap,
        look,
        views,
        mouse,
        pictures,
        alert,
    };
    runtime::run(session).await.map_err(|error| match error {
        RunError::NotATerminal => Failure::new(Exit::Usage, error.to_string()),
        RunError::Terminal(_) => Failure::new(Exit::Failed, error.to_string()),
    })
}

/// The view that was named.
fn view(name: Option<&str>, shelf: &Shelf) -> Result<Option<View>, Failure> {
    let Some(name) = name else { return Ok(None) };
    let found = shelf.views.get(name).cloned();
    let known = || shelf.views.keys().cloned().collect::<Vec<_>>().join(", ");
    let next = if shelf.views.is_empty() {
        "save one with w in the run table".to_owned()
    } else {
        format!("the views are {}", known())
    };
    found.map(Some).ok_or_else(|| {
        Failure::new(Exit::NoMatch, format!("there is no view {}", clean(name))).next(next)
    })
}

async fn start(opened: &Opened, context: &Context<'_>) -> Result<Start, Failure> {
    let Some(name) = &context.flags.experiment else {
        return Ok(Start::default());
    };
    let experiment = resolve::experiment(opened.reader.as_ref(), name).await?;
    let name = experiment.name.clean().into_owned();
    Ok(Start {
        goal: experiment.declared_goal(),
        experiment: Some(experiment.id),
        experiment_name: Some(name),
        view: None,
    })
}

/// The server's own address, where there is a web page behind it.
fn web(opened: &Opened) -> Option<String> {
    let origin = opened.reader.origin();
    origin
        .starts_with("http")
        .then(|| origin.trim_end_matches('/').to_owned())
}

/// The keys: ours, with the person's file over them.
fn keymap(context: &Context<'_>) -> Result<Keymap, Failure> {
    let path = context.directories.config.join("keymap.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(
                Failure::new(Exit::Failed, format!("{} can't be read", path.display()))
                    .because(error.to_string()),
            );
        }
    };
    Keymap::load(text.as_deref().map(|text| (path.as_path(), text)))
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))
}
