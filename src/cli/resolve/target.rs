//! Resolves the store: the target on the command line, else `MLFLOW_TRACKING_URI`, `MLFLOW_TRACKING_DIR`,
//! the default profile, `./mlflow.db`, `./mlruns` or `./wandb`.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{Directories, Profile, Settings, env_var};
use crate::demo::{self, DemoOptions};
use crate::diagnostics::{closest, suggest};
use crate::domain::{Address, Millis};
use crate::store::{self, ReadOnlyReason, StoreTarget};
use crate::text::untrusted::clean;

#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedTarget {
    pub target: StoreTarget,
    /// Where the target comes from, such as `MLFLOW_TRACKING_URI`.
    pub reason: String,
    /// The profile that names it, if any.
    pub profile: Option<Profile>,
    /// Whether its profile forbids writes.
    pub read_only: Option<ReadOnlyReason>,
    /// Whether it was found in the working folder.
    pub is_discovered: bool,
}

/// Resolves the store; `demo` creates the demo store if it does not exist.
///
/// # Errors
/// If a profile is unknown, a target is invalid, or no store is found.
pub fn target(
    named: Option<&str>,
    profile: Option<&str>,
    settings: &Settings,
    directories: &Directories,
    now: Millis,
) -> Result<ResolvedTarget, CliError> {
    let parse_named = |text: &str, reason: &str| {
        StoreTarget::parse(text)
            .map(|target| resolved(target, reason, None))
            .map_err(CliError::from)
    };
    if let Some(name) = profile {
        return from_profile(name, "--profile", settings);
    }
    match named {
        Some("demo") => {
            return Ok(resolved(
                StoreTarget::Sqlite(ensure_demo_store(directories, now)?),
                "demo",
                None,
            ));
        }
        Some(text) if text.starts_with('@') => {
            return from_profile(text.trim_start_matches('@'), "command line", settings);
        }
        Some(text) => {
            reject_mistyped_subcommand(text)?;
            return parse_named(text, "command line");
        }
        None => {}
    }
    // The second one is where MLflow's file store is without a URI.
    for name in ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_DIR"] {
        if let Some(uri) = env_var(name) {
            return parse_named(&uri, name);
        }
    }
    if let Some(name) = &settings.default_profile {
        return from_profile(name, "default_profile", settings);
    }
    let target = StoreTarget::discover(Path::new("."))?;
    let reason = format!("{} in this folder", target.backend().label);
    Ok(ResolvedTarget {
        is_discovered: true,
        ..resolved(target, &reason, None)
    })
}

fn resolved(
    target: StoreTarget,
    reason: &str,
    profile: Option<(&str, &Profile)>,
) -> ResolvedTarget {
    ResolvedTarget {
        target,
        reason: reason.to_owned(),
        profile: profile.map(|(_, profile)| profile.clone()),
        read_only: profile
            .filter(|(_, profile)| profile.read_only)
            .map(|(name, _)| ReadOnlyReason::Profile(name.to_owned())),
        is_discovered: false,
    }
}

fn from_profile(name: &str, reason: &str, settings: &Settings) -> Result<ResolvedTarget, CliError> {
    let Some(profile) = settings.profiles.get(name) else {
        let names = settings.profiles.keys().map(String::as_str);
        let hint = if settings.profiles.is_empty() {
            "add [profile.NAME] with a target to the file that `frontrunner config path` prints"
                .to_owned()
        } else {
            suggest(name, names)
        };
        let message = format!("unknown profile `{}`", clean(name));
        return Err(CliError::new(ExitStatus::Usage, message).with_hint(hint));
    };
    let target = StoreTarget::parse(profile.target.expose())?;
    Ok(resolved(
        target,
        &format!("profile {} ({reason})", clean(name)),
        Some((name, profile)),
    ))
}

/// A bare word that names no file is a mistyped subcommand, not a target.
fn reject_mistyped_subcommand(text: &str) -> Result<(), CliError> {
    // What is no path has an explanation of its own: `databricks`, `databricks-uc`.
    let is_path = || matches!(StoreTarget::parse(text), Ok(StoreTarget::Sqlite(_)));
    if text.contains(['/', '.', ':', '\\']) || Path::new(text).exists() || !is_path() {
        return Ok(());
    }
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name);
    let hint = match closest(text, names) {
        Some(name) => format!("did you mean `frontrunner {name}`?"),
        None => format!(
            "name a store ({}, @PROFILE or demo); `frontrunner --help` lists the subcommands",
            store::target_forms()
        ),
    };
    let message = format!(
        "`{}` is neither a store nor a subcommand",
        Address::from(text)
    );
    Err(CliError::new(ExitStatus::Usage, message).with_hint(hint))
}

/// Path of the demo store, created if needed.
fn ensure_demo_store(
    directories: &Directories,
    now: Millis,
) -> Result<std::path::PathBuf, CliError> {
    let path = directories.demo_store();
    if !path.exists() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                CliError::new(
                    ExitStatus::Failed,
                    format!("can't create {}", folder.display()),
                )
                .with_cause(error.to_string())
            })?;
        }
        demo::create(
            &path,
            &DemoOptions {
                load_test_runs: None,
                now,
            },
        )?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SettingsLayer;

    fn settings(text: &str) -> Settings {
        Settings::from_layers(&[SettingsLayer::parse(text, "config.toml".as_ref()).unwrap()])
    }

    fn directories() -> Directories {
        Directories {
            config: "c".into(),
            data: "d".into(),
            cache: "e".into(),
        }
    }

    #[test]
    fn profile_sets_target_and_read_only() {
        let settings =
            settings("[profile.prod]\ntarget = \"https://mlflow.example.org\"\nread_only = true");
        let found = target(Some("@prod"), None, &settings, &directories(), 0).unwrap();
        assert_eq!(
            found.read_only,
            Some(ReadOnlyReason::Profile("prod".into()))
        );
        assert_eq!(found.target.backend().label, "MLflow server");
        let wrong = target(Some("@prd"), None, &settings, &directories(), 0).unwrap_err();
        assert_eq!(
            (wrong.exit, wrong.hint.as_deref()),
            (ExitStatus::Usage, Some("did you mean `prod`?"))
        );
    }

    #[test]
    fn mistyped_subcommand_is_not_a_store() {
        let wrong = target(Some("rnus"), None, &settings(""), &directories(), 0).unwrap_err();
        assert_eq!(
            wrong.hint.as_deref(),
            Some("did you mean `frontrunner runs`?")
        );
        assert!(target(Some("some.db"), None, &settings(""), &directories(), 0).is_ok());
    }
}
