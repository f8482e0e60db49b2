//! Which store is meant: what was named, else `MLFLOW_TRACKING_URI`, else the default profile, else `./mlflow.db`, else `./wandb`.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::arguments::Cli;
use crate::cli::output::failure::{Exit, Failure};
use crate::config::{Directories, Profile, Settings, environment};
use crate::demo::{self, DemoOptions};
use crate::diagnostics::nearest;
use crate::domain::Millis;
use crate::store::Target;
use crate::text::untrusted::clean;

/// The store that is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What to open.
    pub target: Target,
    /// Why this one, in a few words: `MLFLOW_TRACKING_URI`.
    pub because: String,
    /// The profile that it was named by.
    pub profile: Option<Profile>,
    /// Whether the profile is for looking only.
    pub read_only: bool,
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
) -> Result<Found, Failure> {
    let plain = |text: &str, because: &str| {
        Target::parse(text)
            .map(|target| found(target, because, None))
            .map_err(Failure::from)
    };
    if let Some(name) = profile {
        return by_profile(name, "--profile", settings);
    }
    match named {
        Some("demo") => {
            return Ok(found(
                Target::Sqlite(demo_store(directories, now)?),
                "demo",
                None,
            ));
        }
        Some(text) if text.starts_with('@') => {
            return by_profile(text.trim_start_matches('@'), "named", settings);
        }
        Some(text) => {
            not_a_slip(text)?;
            return plain(text, "named");
        }
        None => {}
    }
    if let Some(uri) = environment("MLFLOW_TRACKING_URI") {
        return plain(&uri, "MLFLOW_TRACKING_URI");
    }
    if let Some(name) = &settings.default_profile {
        return by_profile(name, "default_profile", settings);
    }
    let target = Target::find(None, None, Path::new("."))?;
    let because = if matches!(target, Target::Wandb(_)) {
        "W&B runs in this folder"
    } else {
        "mlflow.db in this folder"
    };
    Ok(found(target, because, None))
}

fn found(target: Target, because: &str, profile: Option<&Profile>) -> Found {
    let read_only = profile.is_some_and(|profile| profile.read_only);
    Found {
        target,
        because: because.to_owned(),
        profile: profile.cloned(),
        read_only,
    }
}

fn by_profile(name: &str, because: &str, settings: &Settings) -> Result<Found, Failure> {
    let Some(profile) = settings.profile.get(name) else {
        let names: Vec<&str> = settings.profile.keys().map(String::as_str).collect();
        let failure = Failure::new(Exit::Usage, format!("there is no profile {}", clean(name)));
        return Err(match (nearest(name, names.iter().copied()), names.is_empty()) {
            (Some(meant), _) => failure.next(format!("@{meant} is probably meant")),
            (None, true) => failure.next("add [profile.NAME] with a target to the file that `frontrunner config path` names"),
            (None, false) => failure.next(format!("there are {}", names.join(", "))),
        });
    };
    let target = Target::parse(&profile.target)?;
    Ok(found(
        target,
        &format!("profile {} ({because})", clean(name)),
        Some(profile),
    ))
}

/// A word that is no file but nearly a subcommand was meant as one.
fn not_a_slip(text: &str) -> Result<(), Failure> {
    if text.contains(['/', '.', ':', '\\']) || Path::new(text).exists() {
        return Ok(());
    }
    let command = Cli::command();
    let failure = Failure::new(
        Exit::Usage,
        format!("{} is neither a store nor a subcommand", clean(text)),
    );
    match nearest(text, command.get_subcommands().map(clap::Command::get_name)) {
        Some(meant) => Err(failure.next(format!("`frontrunner {meant}` is probably meant"))),
        None => {
            Err(failure
                .next("name an address, a SQLite file, a wandb folder, @PROFILE or demo; `frontrunner --help` lists the subcommands"))
        }
    }
}

/// The demo store that is kept between sessions.
fn demo_store(directories: &Directories, now: Millis) -> Result<std::path::PathBuf, Failure> {
    let path = directories.demo_store();
    if !path.exists() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::new(Exit::Failed, format!("{} can't be made", folder.display()))
                    .because(error.to_string())
            })?;
        }
        demo::make(&path, &DemoOptions { runs: None, now })?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    fn settings(text: &str) -> Settings {
        Settings::from_layers(&[Layer::parse(text, "config.toml".as_ref()).unwrap()])
    }

    fn directories() -> Directories {
        Directories {
            config: "c".into(),
            data: "d".into(),
            cache: "e".into(),
        }
    }

    #[test]
    fn a_profile_brings_its_target_and_its_restraint() {
        let settings =
            settings("[profile.prod]\ntarget = \"https://mlflow.example.org\"\nread_only = true");
        let found = target(Some("@prod"), None, &settings, &directories(), 0).unwrap();
        assert!(found.read_only && matches!(found.target, Target::Server(_)));
        let wrong = target(Some("@prd"), None, &settings, &directories(), 0).unwrap_err();
        assert_eq!(
            (wrong.exit, wrong.next.as_deref()),
            (Exit::Usage, Some("@prod is probably meant"))
        );
    }

    #[test]
    fn a_slip_in_a_subcommand_is_no_store() {
        let wrong = target(Some("rnus"), None, &settings(""), &directories(), 0).unwrap_err();
        assert_eq!(
            wrong.next.as_deref(),
            Some("`frontrunner runs` is probably meant")
        );
        assert!(target(Some("some.db"), None, &settings(""), &directories(), 0).is_ok());
    }
}
