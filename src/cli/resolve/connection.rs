//! Connection options: those of MLflow's client from the environment, completed by the profile.

use secrecy::SecretString;
use url::Url;

use super::target::ResolvedTarget;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{Profile, env_var};
use crate::store::{ConnectOptions, StoreTarget};

/// The options for a store. The credentials of the environment and of MLflow's file belong to the first server of the
/// session: a second one, next to `first`, gets them only if it has the same origin.
///
/// # Errors
/// If variables of the environment contradict each other, or a variable that the profile names is not set.
pub fn connection(
    found: &ResolvedTarget,
    first: Option<&StoreTarget>,
) -> Result<ConnectOptions, CliError> {
    let home = directories::BaseDirs::new();
    let mut options =
        ConnectOptions::from_env(env_var, home.as_ref().map(directories::BaseDirs::home_dir))
            .map_err(|error| CliError::new(ExitStatus::Usage, error.to_string()))?;
    if let Some(owner) = first.and_then(first_server) {
        options = options.bound_to(&owner);
    }
    let StoreTarget::Server(url) = &found.target else {
        return Ok(options);
    };
    options = options.for_server(url);
    if let Some(profile) = &found.profile {
        apply_profile(&mut options, profile)?;
    }
    Ok(options.bound_to(url))
}

/// The first store's address, or that of `MLFLOW_TRACKING_URI` if the first store is no server.
fn first_server(first: &StoreTarget) -> Option<Url> {
    let server = |target: &StoreTarget| match target {
        StoreTarget::Server(url) => Some(url.clone()),
        _ => None,
    };
    server(first).or_else(|| server(&StoreTarget::parse(&env_var("MLFLOW_TRACKING_URI")?).ok()?))
}

/// A variable that the profile names overrides MLflow's own; a username and workspace only complete them.
fn apply_profile(options: &mut ConnectOptions, profile: &Profile) -> Result<(), CliError> {
    if let Some(password) = read_secret(profile.password_variable.as_deref())? {
        options.username.clone_from(&profile.username);
        (options.password, options.token) = (Some(password), None);
    }
    if let Some(token) = read_secret(profile.token_variable.as_deref())? {
        (options.username, options.password, options.token) = (None, None, Some(token));
    }
    options.username = options.username.take().or_else(|| profile.username.clone());
    options.workspace = options
        .workspace
        .take()
        .or_else(|| profile.workspace.clone());
    Ok(())
}

fn read_secret(variable: Option<&str>) -> Result<Option<SecretString>, CliError> {
    let Some(name) = variable else {
        return Ok(None);
    };
    env_var(name)
        .map(|value| Some(value.into()))
        .ok_or_else(|| {
            CliError::new(
                ExitStatus::Usage,
                format!("the profile takes a secret from {name}, which is not set"),
            )
        })
}
