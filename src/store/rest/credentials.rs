//! Credentials, from where MLflow's own client takes them.

use std::path::{Path, PathBuf};

use ini::Ini;
use secrecy::SecretString;

use crate::domain::{StoreError, StoreErrorKind};
use crate::store::Result;

/// How to connect to a server: what MLflow's own client takes from the environment.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// `MLFLOW_TRACKING_USERNAME`, or from `~/.mlflow/credentials`.
    pub username: Option<String>,
    /// `MLFLOW_TRACKING_PASSWORD`, or from `~/.mlflow/credentials`.
    pub password: Option<SecretString>,
    /// `MLFLOW_TRACKING_TOKEN`; a username and password take precedence, as in MLflow's client.
    pub token: Option<SecretString>,
    /// `MLFLOW_TRACKING_INSECURE_TLS`: certificates are not verified.
    pub insecure_tls: bool,
    /// `MLFLOW_TRACKING_SERVER_CERT_PATH`: a PEM file of the authorities to trust.
    pub server_cert_path: Option<PathBuf>,
    /// `MLFLOW_WORKSPACE`: sent as a header.
    pub workspace: Option<String>,
}

impl ConnectOptions {
    /// Reads the environment through `lookup`, and `~/.mlflow/credentials` below `home` for what is not set there.
    ///
    /// # Errors
    /// When `MLFLOW_TRACKING_INSECURE_TLS` is no boolean as MLflow reads it, or contradicts a certificate.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Result<Self> {
        let from_env_var = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let file = home
            .and_then(|home| Ini::load_from_file(home.join(".mlflow").join("credentials")).ok());
        let from_file = |key: &str| {
            file.as_ref()?
                .get_from(Some("mlflow"), key)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let invalid = |why: &str| {
            StoreError::new(
                StoreErrorKind::InvalidRequest,
                "reading the environment",
                why,
            )
        };
        let insecure_tls = match from_env_var("MLFLOW_TRACKING_INSECURE_TLS")
            .map(|text| text.to_lowercase())
            .as_deref()
        {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(_) => {
                return Err(invalid(
                    "MLFLOW_TRACKING_INSECURE_TLS takes true, false, 1 or 0",
                ));
            }
        };
        let server_cert_path = from_env_var("MLFLOW_TRACKING_SERVER_CERT_PATH").map(Into::into);
        if insecure_tls && server_cert_path.is_some() {
            return Err(invalid(
                "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH contradict each other: unset one",
            ));
        }
        Ok(Self {
            username: from_env_var("MLFLOW_TRACKING_USERNAME")
                .or_else(|| from_file("mlflow_tracking_username")),
            password: from_env_var("MLFLOW_TRACKING_PASSWORD")
                .or_else(|| from_file("mlflow_tracking_password"))
                .map(SecretString::from),
            token: from_env_var("MLFLOW_TRACKING_TOKEN").map(SecretString::from),
            insecure_tls,
            server_cert_path,
            workspace: from_env_var("MLFLOW_WORKSPACE"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn environment_overrides_the_file_per_field() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".mlflow")).unwrap();
        let text = "[mlflow]\nmlflow_tracking_username = file\nmlflow_tracking_password = secret\n";
        std::fs::write(home.path().join(".mlflow/credentials"), text).unwrap();
        let lookup = |name: &str| (name == "MLFLOW_TRACKING_USERNAME").then(|| "env".to_owned());
        let connection = ConnectOptions::from_env(lookup, Some(home.path())).unwrap();
        assert_eq!(connection.username.as_deref(), Some("env"));
        assert_eq!(connection.password.unwrap().expose_secret(), "secret");
    }

    #[test]
    fn parses_booleans_like_mlflow() {
        let with = |value: &'static str| {
            ConnectOptions::from_env(
                move |name| (name.ends_with("INSECURE_TLS")).then(|| value.to_owned()),
                None,
            )
        };
        assert!(with("True").unwrap().insecure_tls);
        assert!(!with("0").unwrap().insecure_tls);
        assert!(with("yes").is_err());
    }
}
