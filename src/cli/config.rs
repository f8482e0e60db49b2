//! `config path|show|check`: the path of the settings file, the effective settings, and their validity.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::args::{Cli, examples};
use super::context::load_settings;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, Printer};
use crate::config::{Directories, Settings, env_var};
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
    /// Check the settings file and every profile in it
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
            let (_, settings) = load_settings(cli)?;
            check_profiles(&settings)?;
            let state = if path.exists() {
                "is valid"
            } else {
                "does not exist; all settings have their defaults"
            };
            printer.print(&command_output(
                json!({ "path": path_text, "exists": path.exists(), "ok": true }),
                vec![format!("{path_text} {state}")],
            ))
        }
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
