//! How to reach a server: what MLflow's own client takes from the environment, then what the profile adds.

use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{Profile, env_var};
use crate::store::ConnectOptions;

/// The connection for this session.
///
/// # Errors
/// When what the environment says contradicts itself.
pub fn connection(profile: Option<&Profile>) -> Result<ConnectOptions, CliError> {
    let home = directories::BaseDirs::new();
    let mut connection =
        ConnectOptions::from_env(env_var, home.as_ref().map(directories::BaseDirs::home_dir))
            .map_err(|fault| CliError::new(ExitStatus::Usage, fault.to_string()))?;
    if let Some(profile) = profile {
        connection.username = connection.username.or_else(|| profile.username.clone());
        connection.workspace = connection.workspace.or_else(|| profile.workspace.clone());
    }
    Ok(connection)
}
