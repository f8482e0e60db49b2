//! How to reach a server: what MLflow's own client takes from the environment, then what the profile adds.

use crate::cli::output::failure::{Exit, Failure};
use crate::config::{Profile, environment};
use crate::store::Connection;

/// The connection for this session.
///
/// # Errors
/// When what the environment says contradicts itself.
pub fn connection(profile: Option<&Profile>) -> Result<Connection, Failure> {
    let home = directories::BaseDirs::new();
    let mut connection = Connection::from_env(
        environment,
        home.as_ref().map(directories::BaseDirs::home_dir),
    )
    .map_err(|fault| Failure::new(Exit::Usage, fault.to_string()))?;
    if let Some(profile) = profile {
        connection.username = connection.username.or_else(|| profile.username.clone());
        connection.workspace = connection.workspace.or_else(|| profile.workspace.clone());
    }
    Ok(connection)
}
