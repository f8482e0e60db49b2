//! How to reach a server: what MLflow's own client takes from the environment, then what the profile adds.

use secrecy::SecretString;

use crate::cli::failure::{Exit, Failure};
use crate::config::{Profile, environment};
use crate::store::Connection;

/// The connection for this session.
///
/// # Errors
/// When certificates are to be checked and not to be checked, as MLflow's own client refuses it.
pub fn connection(profile: Option<&Profile>) -> Result<Connection, Failure> {
    let mut connection = Connection {
        username: environment("MLFLOW_TRACKING_USERNAME"),
        password: environment("MLFLOW_TRACKING_PASSWORD").map(SecretString::from),
        token: environment("MLFLOW_TRACKING_TOKEN").map(SecretString::from),
        insecure_tls: environment("MLFLOW_TRACKING_INSECURE_TLS").is_some_and(|word| word == "1" || word.eq_ignore_ascii_case("true")),
        server_cert_path: environment("MLFLOW_TRACKING_SERVER_CERT_PATH").map(Into::into),
        workspace: environment("MLFLOW_WORKSPACE"),
    };
    if connection.insecure_tls && connection.server_cert_path.is_some() {
        return Err(Failure::new(Exit::Usage, "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set")
            .next("unset one of them"));
    }
    if let Some(profile) = profile {
        connection.username = connection.username.or_else(|| profile.username.clone());
        connection.workspace = connection.workspace.or_else(|| profile.workspace.clone());
    }
    Ok(connection)
}
