//! `config path|show|check`: the path of the settings file, the effective settings, and their validity.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::{Cli, examples};
use super::context::load_settings;
use crate::cli::appearance;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, Printer};
use crate::config::keymap::Keymap;
use crate::config::saved_views::{ViewError, ViewFiles};
use crate::config::theme::Themes;
use crate::config::{Directories, Settings, env_var, read_integration_files};
use crate::evidence;
use crate::export::Sheet;
use crate::store::StoreTarget;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum ConfigCommand {
    /// Print the path of the settings file
    #[command(after_help = examples!["config path"])]
    Path,
    /// Print the effective settings from flags, environment and file
    #[command(after_help = examples!["config show", "config show --json"])]
    Show,
    /// Check the settings, keymap, themes, views and integrations
    #[command(after_help = examples!["config check"])]
    Check,
}

/// # Errors
/// If a setting is invalid or there is no home folder.
pub fn run(arguments: &ConfigArgs, cli: &Cli, printer: &mut Printer) -> Result<(), CliError> {
    let path = Directories::find(&env_var)?.config_file();
    let path_text = path.to_string_lossy().into_owned();
    match arguments.command {
        ConfigCommand::Path => printer.print(&command_output(
            json!({ "path": path_text, "exists": path.exists() }),
            vec![path_text.clone()],
        )),
        ConfigCommand::Show => {
            let (_, settings) = load_settings(cli)?;
            let text = toml::to_string(&settings).map_err(|error| {
                CliError::new(ExitStatus::Failed, "can't print the settings")
                    .with_cause(error.to_string())
            })?;
            let value = serde_json::to_value(&settings).unwrap_or(Value::Null);
            printer.print(&command_output(
                value,
                text.lines().map(str::to_owned).collect(),
            ))
        }
        ConfigCommand::Check => {
            let (directories, settings) = load_settings(cli)?;
            check_profiles(&settings)?;
            Keymap::read(&directories.keymap_file())?;
            let themes = check_themes(&directories, &settings)?;
            let views = check_views(&directories)?;
            let integrations = check_integrations(&directories)?;
            let state = if path.exists() {
                "is valid"
            } else {
                "does not exist; all settings have their defaults"
            };
            let mut lines = vec![format!("{path_text} {state}")];
            let keymap = directories.keymap_file();
            if keymap.exists() {
                lines.push(format!("{} is valid", keymap.display()));
            }
            for (count, one, many) in [
                (themes, "theme", "themes"),
                (views, "saved view", "saved views"),
                (integrations, "integration", "integrations"),
            ] {
                match count {
                    0 => {}
                    1 => lines.push(format!("1 {one} is valid")),
                    count => lines.push(format!("{count} {many} are valid")),
                }
            }
            printer.print(&command_output(
                json!({ "path": path_text, "exists": path.exists(), "ok": true }),
                lines,
            ))
        }
    }
}

/// Checks the user's themes with what they inherit, and the chosen one. Returns their number.
fn check_themes(directories: &Directories, settings: &Settings) -> Result<usize, CliError> {
    let mut themes = Themes::builtin();
    let builtin = themes.names().count();
    if let Some(error) = themes.add_folder(&directories.themes()).into_iter().next() {
        return Err(error.into());
    }
    let names: Vec<String> = themes.names().map(str::to_owned).collect();
    let chosen = (settings.theme != appearance::AUTO).then_some(&settings.theme);
    for name in names.iter().chain(chosen) {
        themes.get(name)?;
    }
    Ok(names.len() - builtin)
}

/// Checks the views of the user and of the current folder. Returns their number.
fn check_views(directories: &Directories) -> Result<usize, CliError> {
    let here = std::env::current_dir().unwrap_or_default();
    let saved = ViewFiles::new(&directories.config, &directories.data, &here).load_all();
    match saved.errors.into_iter().next() {
        Some(ViewError::File(error)) => Err(error.into()),
        Some(error) => Err(CliError::new(ExitStatus::Usage, error.to_string())),
        None => Ok(saved.views.len()),
    }
}

/// Checks the user's integrations. Returns their number.
fn check_integrations(directories: &Directories) -> Result<usize, CliError> {
    let files = read_integration_files(&directories.config);
    let (_, errors) = evidence::load_integrations(&files);
    match errors.split_first() {
        Some((error, others)) => {
            Err(CliError::new(ExitStatus::Usage, error.clone()).with_detail(others.to_vec()))
        }
        None => Ok(files.len()),
    }
}

fn check_profiles(settings: &Settings) -> Result<(), CliError> {
    for (name, profile) in &settings.profiles {
        StoreTarget::parse(profile.target.expose()).map_err(|error| {
            CliError::new(
                ExitStatus::Usage,
                format!("invalid target in profile `{}`", clean(name)),
            )
            .with_cause(error.to_string())
        })?;
    }
    Ok(())
}

fn command_output(value: Value, text: Vec<String>) -> CommandOutput {
    let sheet = Sheet {
        headers: vec!["config".into()],
        rows: text.iter().map(|line| vec![line.clone()]).collect(),
        ..Sheet::default()
    };
    CommandOutput::text(value, sheet, text)
}
