//! Connection options: those of MLflow's client from the environment, completed by the profile.

use std::path::Path;

use secrecy::SecretString;
use url::{Host, Url};

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
    let profile = found.profile.as_ref();
    match &found.target {
        StoreTarget::Server(url) => {
            options = options.for_server(url);
            if let Some(profile) = profile {
                apply_profile(&mut options, profile)?;
            }
            Ok(options.bound_to(url))
        }
        // Their own variables and files name the server that a credential is for.
        StoreTarget::Managed(_) => {
            options.token_command = profile.and_then(|profile| profile.token_command.clone());
            Ok(options)
        }
        _ => {
            let of_profile = || profile?.workspace.clone();
            // The workspace of the environment is one of the first store.
            options.workspace = options.workspace.filter(|_| first.is_none());
            options.workspace = options.workspace.or_else(of_profile);
            Ok(options)
        }
    }
}

/// What is unsafe about a connection, for users.
#[must_use]
pub fn warnings(target: &StoreTarget, options: &ConnectOptions) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(exposed_credentials(target, options));
    let is_https = matches!(target, StoreTarget::Server(url) if url.scheme() == "https");
    if is_https && options.insecure_tls {
        found.push("MLFLOW_TRACKING_INSECURE_TLS: certificates are not verified".to_owned());
    }
    let home = directories::BaseDirs::new();
    let file = home.map(|home| home.home_dir().join(".mlflow").join("credentials"));
    found.extend(file.and_then(|path| readable_by_others(&path)));
    found
}

/// The warning about a password or a token that is sent to another machine in plain text.
#[must_use]
pub fn exposed_credentials(target: &StoreTarget, options: &ConnectOptions) -> Option<String> {
    let StoreTarget::Server(url) = target else {
        return None;
    };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => true,
    };
    let is_exposed = url.scheme() == "http" && !is_local && options.has_credentials();
    is_exposed.then(|| "credentials are sent unencrypted, over http".to_owned())
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = path.metadata().ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        format!(
            "{path} can be read by other users: chmod 600 {path}",
            path = path.display()
        )
    })
}

#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> Option<String> {
    None
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
    if let Some(command) = &profile.token_command {
        if profile.token_variable.is_some() || profile.password_variable.is_some() {
            return Err(CliError::new(
                ExitStatus::Usage,
                "the profile has a token_command and a variable with a secret",
            )
            .with_hint("keep one of token_command, token_variable and password_variable"));
        }
        (options.password, options.token) = (None, None);
        options.token_command = Some(command.clone());
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
