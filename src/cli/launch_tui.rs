//! Opening the screens: the one place where the command line hands over to them.

use std::sync::Arc;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::{appearance, resolve};
use crate::config::keymap::Keymap;
use crate::config::saved_views::{SavedView, SavedViews, ViewFiles};
use crate::config::{current_user, env_var};
use crate::promotion::journal::EntryState;
use crate::store::StoreHandle;
use crate::text::untrusted::clean;
use crate::tui::runtime;
use crate::tui::runtime::RunError;
use crate::tui::screens::StartOptions;

/// Opens the screens on the store that is meant.
///
/// # Errors
/// When there is no such store, or there is no terminal to draw on.
pub async fn run(context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let opened = context.open_store().await?;
    let second = context.open_second_store().await?;
    let mut start = start_state(&opened, context).await?;
    let keymap = load_keymap(context)?;
    let journal = context.journal();
    let entries = journal
        .entries(opened.reader.origin())
        .map_err(|error| CliError::new(ExitStatus::Failed, error.to_string()))?;
    let unfinished = entries
        .iter()
        .filter(|entry| entry.state == EntryState::Unfinished)
        .count();
    let (appearance, themes, theme) = appearance::load(context)?;
    let view_files = ViewFiles::new(
        &context.directories.config,
        &context.directories.data,
        &std::env::current_dir().unwrap_or_default(),
    );
    let saved_views = view_files.load_all();
    for wrong in &saved_views.errors {
        context
            .printer
            .note(&format!("a view is left out: {wrong}"));
    }
    start.view = find_view(context.global_args.view.as_deref(), &saved_views)?;
    let app = crate::tui::app::Session {
        store_name: second.as_ref().map_or_else(
            || opened.reader.name().to_owned(),
            |second| format!("{} + {}", opened.reader.name(), second.name()),
        ),
        can_write: opened.writer.is_ok(),
        read_only_reason: opened
            .writer
            .as_ref()
            .err()
            .map(ToString::to_string)
            .unwrap_or_default(),
        user: current_user(&env_var),
        web_url: opened.reader.web_url().map(str::to_owned),
        theme_names: themes,
        theme,
        is_dark: !appearance.is_light(),
        refresh_seconds: context.settings.refresh_seconds,
        max_runs: context.settings.max_runs,
        protected_slots: context.settings.protected_slots.clone(),
        writes_tags: context.settings.write_tags,
        views: saved_views.views,
        remembers_views: context.settings.remember_tables,
        time_zone: jiff::tz::TimeZone::system(),
        unfinished_entries: unfinished,
    };
    let policy = context.policy()?;
    let evidence_sources = Arc::new(context.evidence_sources(opened.reader.as_ref()));
    let mouse = context.settings.mouse;
    let (pictures, alert) = (context.settings.pictures, context.settings.alert);
    let session = runtime::SessionSetup {
        store: opened,
        second_store: second,
        app,
        journal,
        policy,
        evidence_sources,
        start,
        keymap,
        appearance,
        view_files,
        mouse,
        pictures,
        alert,
    };
    runtime::run(session).await.map_err(|error| match error {
        RunError::NotATerminal => CliError::new(ExitStatus::Usage, error.to_string()),
        RunError::Terminal(_) => CliError::new(ExitStatus::Failed, error.to_string()),
    })
}

/// The view that was named.
fn find_view(name: Option<&str>, saved_views: &SavedViews) -> Result<Option<SavedView>, CliError> {
    let Some(name) = name else { return Ok(None) };
    let found = saved_views.views.get(name).cloned();
    let known = || {
        saved_views
            .views
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .join(", ")
    };
    let next = if saved_views.views.is_empty() {
        "save one with w in the run table".to_owned()
    } else {
        format!("the views are {}", known())
    };
    found.map(Some).ok_or_else(|| {
        CliError::new(
            ExitStatus::NoMatch,
            format!("there is no view {}", clean(name)),
        )
        .with_hint(next)
    })
}

async fn start_state(
    opened: &StoreHandle,
    context: &CommandContext<'_>,
) -> Result<StartOptions, CliError> {
    let Some(name) = &context.global_args.experiment else {
        return Ok(StartOptions::default());
    };
    let experiment = resolve::experiment(opened.reader.as_ref(), name).await?;
    let name = experiment.name.clean().into_owned();
    Ok(StartOptions {
        goal: experiment.declared_goal(),
        experiment: Some(experiment.id),
        experiment_name: Some(name),
        view: None,
    })
}

/// The keys: ours, with the person's file over them.
fn load_keymap(context: &CommandContext<'_>) -> Result<Keymap, CliError> {
    let path = context.directories.config.join("keymap.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(CliError::new(
                ExitStatus::Failed,
                format!("{} can't be read", path.display()),
            )
            .with_cause(error.to_string()));
        }
    };
    Keymap::load(text.as_deref().map(|text| (path.as_path(), text)))
        .map_err(|error| CliError::new(ExitStatus::Usage, error.to_string()))
}
