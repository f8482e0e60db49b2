//! Opens the TUI.

use std::sync::Arc;

use super::appearance::Appearance;
use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::{appearance, resolve};
use crate::config::keymap::Keymap;
use crate::config::saved_views::{SavedView, SavedViews, ViewFiles};
use crate::config::{current_user, env_var};
use crate::ops::journal::Journal;
use crate::promotion::journal::{EntryState, JournalEntry};
use crate::store::{ReadStore, StoreHandle};
use crate::text::untrusted::clean;
use crate::tui::app::Session;
use crate::tui::runtime;
use crate::tui::runtime::RunError;
use crate::tui::screens::StartOptions;

/// Opens the TUI on a store.
///
/// # Errors
/// If the store can't be opened, or standard input or output is no terminal.
pub async fn run(context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let session = set_up(context).await?;
    runtime::run(session, async |workspace| {
        let name = clean(&workspace).into_owned();
        let previous = context.global_args.workspace.replace(workspace);
        // An experiment and a view are those of the workspace that they were named for.
        context.global_args.experiment = None;
        context.global_args.view = None;
        let error = match set_up(context).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        context.global_args.workspace = previous;
        let mut session = set_up(context).await?;
        let text = format!("can't open workspace {name}: {}", error.summary());
        session.app.start_error = Some(text);
        Ok(session)
    })
    .await
}

impl From<RunError> for CliError {
    fn from(error: RunError) -> Self {
        let status = match error {
            RunError::NotATerminal => ExitStatus::Usage,
            RunError::Terminal(_) => ExitStatus::Failed,
        };
        Self::new(status, error.to_string())
    }
}

async fn set_up(context: &mut CommandContext<'_>) -> Result<runtime::SessionSetup, CliError> {
    let opened = context.open_store().await?;
    let second = context.open_second_store().await?;
    let mut start = start_state(&opened, context).await?;
    let keymap = Keymap::read(&context.directories.keymap_file())?;
    let journal = context.journal();
    let (unfinished_entries, journal_damage) = check_journal(&journal, &opened)?;
    let appearance = appearance::load(context)?;
    let view_files = ViewFiles::new(
        &context.directories.config,
        &context.directories.data,
        &std::env::current_dir().unwrap_or_default(),
    );
    let saved_views = view_files.load_all();
    for error in &saved_views.errors {
        context
            .printer
            .note(&format!("skipped a saved view: {error}"));
    }
    start.view = find_view(context.global_args.view.as_deref(), &saved_views)?;
    let app = Session {
        views: saved_views.views,
        unfinished_entries,
        journal_damage,
        ..describe_session(context, &opened, second.as_deref(), &appearance)
    };
    let policy = context.policy()?;
    let evidence_sources = Arc::new(context.evidence_sources(opened.reader.as_ref()));
    let mouse = context.settings.mouse;
    let (pictures, alert) = (context.settings.pictures, context.settings.alert);
    Ok(runtime::SessionSetup {
        store: opened,
        second_store: second,
        app,
        journal,
        policy,
        evidence_sources,
        start,
        keymap,
        appearance: appearance.theme,
        follows_background: appearance.follows_background,
        view_files,
        mouse,
        pictures,
        alert,
    })
}

/// How many entries are unfinished, and what of the journal is damaged.
fn check_journal(
    journal: &Journal,
    opened: &StoreHandle,
) -> Result<(usize, Option<String>), CliError> {
    let (entries, damage) = journal
        .load(opened.reader.origin())
        .map_err(|error| CliError::new(ExitStatus::Failed, error.to_string()))?;
    let is_unfinished = |entry: &&JournalEntry| entry.state == EntryState::Unfinished;
    let unfinished = entries.iter().filter(is_unfinished).count();
    Ok((unfinished, damage.describe()))
}

/// What stores and settings tell of a session.
fn describe_session(
    context: &CommandContext<'_>,
    opened: &StoreHandle,
    second: Option<&dyn ReadStore>,
    appearance: &Appearance,
) -> Session {
    let (reader, settings) = (&opened.reader, &context.settings);
    let read_only_reason = opened.writer.as_ref().err();
    Session {
        store_name: second.map_or_else(
            || reader.name().to_owned(),
            |second| format!("{} + {}", reader.name(), second.name()),
        ),
        workspace: context.workspace(),
        can_write: opened.writer.is_ok(),
        read_only_reason: read_only_reason
            .map(ToString::to_string)
            .unwrap_or_default(),
        user: current_user(&env_var),
        web_url: reader.web_url().map(str::to_owned),
        slot_kinds: reader.slot_kinds(),
        refresh_seconds: settings.refresh_seconds,
        max_runs: settings.max_runs,
        protected_slots: settings.protected_slots.clone(),
        writes_tags: settings.write_tags,
        remembers_views: settings.remember_tables,
        time_zone: jiff::tz::TimeZone::system(),
        theme_names: appearance.names.clone(),
        theme: appearance.name.clone(),
        is_dark: !appearance.theme.is_light(),
        ..Session::read_only(reader.name())
    }
}

/// The view of `--view`.
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
        CliError::new(ExitStatus::NoMatch, format!("unknown view {}", clean(name))).with_hint(next)
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
