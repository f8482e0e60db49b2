//! `config path|show|check`: where the settings are, what applies, and whether they are right.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::Cli;
use super::context::settings;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::output::{Output, Report};
use crate::config::{Directories, Settings, environment};
use crate::export::Sheet;
use crate::store::Target;
use crate::text::untrusted::clean;

/// What can be said to `config`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum What {
    /// Say where the settings file is, whether it is there or not.
    Path,
    /// Print the settings that apply, from flags, variables and the file.
    Show,
    /// Check the settings file and every profile in it.
    Check,
}

/// Does it.
///
/// # Errors
/// When the settings are wrong, or there is no home folder.
pub fn run(arguments: &Arguments, cli: &Cli, output: &mut Output) -> Result<(), Failure> {
    let path = Directories::find(&environment)?.config_file();
    let shown = path.to_string_lossy().into_owned();
    match arguments.what {
        What::Path => output.report(&lines(
            json!({ "path": shown, "exists": path.exists() }),
            vec![shown.clone()],
        )),
        What::Show => {
            let (_, settings) = settings(cli)?;
            let text = toml::to_string(&settings).map_err(|error| {
                Failure::new(Exit::Failed, "the settings can't be printed")
                    .because(error.to_string())
            })?;
            let value = serde_json::to_value(&settings).unwrap_or(Value::Null);
            output.report(&lines(value, text.lines().map(str::to_owned).collect()))
        }
        What::Check => {
            let (_, settings) = settings(cli)?;
            check_profiles(&settings)?;
            let state = if path.exists() {
                "is right"
            } else {
                "is not there; everything has its default"
            };
            output.report(&lines(
                json!({ "path": shown, "exists": path.exists(), "ok": true }),
                vec![format!("{shown} {state}")],
            ))
        }
    }
}

fn check_profiles(settings: &Settings) -> Result<(), Failure> {
    for (name, profile) in &settings.profile {
        Target::parse(&profile.target).map_err(|error| {
            Failure::new(
                Exit::Usage,
                format!("profile {} names no store", clean(name)),
            )
            .because(error.to_string())
        })?;
    }
    Ok(())
}

fn lines(value: Value, text: Vec<String>) -> Report {
    let sheet = Sheet {
        heads: vec!["config".into()],
        rows: text.iter().map(|line| vec![line.clone()]).collect(),
    };
    Report::text(value, sheet, text)
}
