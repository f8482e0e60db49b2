//! Which store is meant: what was named, else `MLFLOW_TRACKING_URI`, else the default profile, else `./mlflow.db`, else `./wandb`.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::args::Cli;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{Directories, Profile, Settings, env_var};
use crate::demo::{self, DemoOptions};
use crate::diagnostics::closest_match;
use crate::domain::Millis;
use crate::store::{self, ReadOnlyReason, StoreTarget};
use crate::text::untrusted::clean;

/// The store that is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedTarget {
    /// What to open.
    pub target: StoreTarget,
    /// Why this one, in a few words: `MLFLOW_TRACKING_URI`.
    pub reason: String,
    /// The profile that it was named by.
    pub profile: Option<Profile>,
    /// Whether its profile forbids writes.
    pub read_only: Option<ReadOnlyReason>,
}

/// Finds the store that is meant; `demo` makes its file when it is not there.
///
/// # Errors
/// When a profile is not there, a text names no store, or nothing is named and nothing is found.
pub fn target(
    named: Option<&str>,
    profile: Option<&str>,
    settings: &Settings,
    directories: &Directories,
    now: Millis,
) -> Result<ResolvedTarget, CliError> {
    let parse_named = |text: &str, because: &str| {
        StoreTarget::parse(text)
            .map(|target| resolved(target, because, None))
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
            return from_profile(text.trim_start_matches('@'), "named", settings);
        }
        Some(text) => {
            reject_mistyped_subcommand(text)?;
            return parse_named(text, "named");
        }
        None => {}
    }
    if let Some(uri) = env_var("MLFLOW_TRACKING_URI") {
        return parse_named(&uri, "MLFLOW_TRACKING_URI");
    }
    if let Some(name) = &settings.default_profile {
        return from_profile(name, "default_profile", settings);
    }
    let target = StoreTarget::discover(Path::new("."))?;
    let because = format!("{} in this folder", target.backend().label);
    Ok(resolved(target, &because, None))
}

fn resolved(
    target: StoreTarget,
    because: &str,
    profile: Option<(&str, &Profile)>,
) -> ResolvedTarget {
    ResolvedTarget {
        target,
        reason: because.to_owned(),
        profile: profile.map(|(_, profile)| profile.clone()),
        read_only: profile
            .filter(|(_, profile)| profile.read_only)
            .map(|(name, _)| ReadOnlyReason::Profile(name.to_owned())),
    }
}

fn from_profile(
    name: &str,
    because: &str,
    settings: &Settings,
) -> Result<ResolvedTarget, CliError> {
    let Some(profile) = settings.profiles.get(name) else {
        let names: Vec<&str> = settings.profiles.keys().map(String::as_str).collect();
        let failure = CliError::new(
            ExitStatus::Usage,
            format!("there is no profile {}", clean(name)),
        );
        return Err(match (closest_match(name, names.iter().copied()), names.is_empty()) {
            (Some(meant), _) => failure.with_hint(format!("@{meant} is probably meant")),
            (None, true) => failure.with_hint("add [profile.NAME] with a target to the file that `frontrunner config path` names"),
            (None, false) => failure.with_hint(format!("there are {}", names.join(", "))),
        });
    };
    let target = StoreTarget::parse(&profile.target)?;
    Ok(resolved(
        target,
        &format!("profile {} ({because})", clean(name)),
        Some((name, profile)),
    ))
}

/// A word that is no file but nearly a subcommand was meant as one.
fn reject_mistyped_subcommand(text: &str) -> Result<(), CliError> {
    if text.contains(['/', '.', ':', '\\']) || Path::new(text).exists() {
        return Ok(());
    }
    let command = Cli::command();
    let failure = CliError::new(
        ExitStatus::Usage,
        format!("{} is neither a store nor a subcommand", clean(text)),
    );
    match closest_match(text, command.get_subcommands().map(clap::Command::get_name)) {
        Some(meant) => Err(failure.with_hint(format!("`frontrunner {meant}` is probably meant"))),
        None => Err(failure.with_hint(format!(
            "name a store ({}, @PROFILE or demo); `frontrunner --help` lists the subcommands",
            store::target_forms()
        ))),
    }
}

/// The demo store that is kept between sessions.
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
                    format!("{} can't be made", folder.display()),
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
            (ExitStatus::Usage, Some("@prod is probably meant"))
        );
    }

    #[test]
    fn mistyped_subcommand_is_not_a_store() {
        let wrong = target(Some("rnus"), None, &settings(""), &directories(), 0).unwrap_err();
        assert_eq!(
            wrong.hint.as_deref(),
            Some("`frontrunner runs` is probably meant")
        );
        assert!(target(Some("some.db"), None, &settings(""), &directories(), 0).is_ok());
    }
}
