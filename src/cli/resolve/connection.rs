//! Connection options: those of MLflow's client from the environment, completed by the profile.

use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{Profile, env_var};
use crate::store::ConnectOptions;

/// # Errors
/// If variables of the environment contradict each other.
pub fn connection(profile: Option<&Profile>) -> Result<ConnectOptions, CliError> {
    let home = directories::BaseDirs::new();
    let mut connection =
        ConnectOptions::from_env(env_var, home.as_ref().map(directories::BaseDirs::home_dir))
            .map_err(|error| CliError::new(ExitStatus::Usage, error.to_string()))?;
    if let Some(profile) = profile {
        connection.username = connection.username.or_else(|| profile.username.clone());
        connection.workspace = connection.workspace.or_else(|| profile.workspace.clone());
    }
    Ok(connection)
}
