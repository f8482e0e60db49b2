//! Credentials, read from the same places as by MLflow's own client.

use std::path::{Path, PathBuf};

use ini::Ini;
use secrecy::SecretString;
use url::Url;

use super::login::Environment;
use crate::domain::{StoreError, StoreErrorKind};
use crate::files::read_text;
use crate::store::{DatabaseVariables, Result, limits};

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
    /// `MLFLOW_TRACKING_CLIENT_CERT_PATH`: a PEM file with a certificate and its key, for servers that ask for one.
    pub client_cert_path: Option<PathBuf>,
    /// A profile's command that prints a token, with its arguments.
    pub token_command: Option<Vec<String>>,
    /// The variables that other logins read.
    pub environment: Environment,
    /// `MLFLOW_WORKSPACE`: sent as a header, and chosen in a database.
    pub workspace: Option<String>,
    /// What the clients of databases are configured by.
    pub databases: DatabaseVariables,
    /// The only origin that the credentials and the workspace are sent to; `None` if they are not bound to one.
    pub origin: Option<url::Origin>,
    /// Whether there are credentials, but they belong to another server.
    pub are_withheld: bool,
}

impl ConnectOptions {
    /// Reads the environment, and `.mlflow/credentials` in the home folder for what is not set.
    ///
    /// # Errors
    /// When `MLFLOW_TRACKING_INSECURE_TLS` is not a boolean as MLflow reads it, or set together
    /// with a certificate.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Result<Self> {
        let from_env_var = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let file = home.and_then(|home| {
            let path = home.join(".mlflow").join("credentials");
            Ini::load_from_str(&read_text(&path, limits::CREDENTIALS_BYTES).ok()?).ok()
        });
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
                    "invalid MLFLOW_TRACKING_INSECURE_TLS: expected true, false, 1 or 0",
                ));
            }
        };
        let server_cert_path = from_env_var("MLFLOW_TRACKING_SERVER_CERT_PATH").map(Into::into);
        if insecure_tls && server_cert_path.is_some() {
            return Err(invalid(
                "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH can't both be set",
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
            client_cert_path: from_env_var("MLFLOW_TRACKING_CLIENT_CERT_PATH").map(Into::into),
            token_command: None,
            environment: Environment::capture(&lookup, home),
            workspace: from_env_var("MLFLOW_WORKSPACE"),
            databases: DatabaseVariables::from_env(&lookup, home),
            origin: None,
            are_withheld: false,
        })
    }

    /// Binds the credentials and the workspace to the server of an address.
    #[must_use]
    pub fn bound_to(self, url: &Url) -> Self {
        Self {
            origin: Some(url.origin()),
            ..self
        }
    }

    /// The options for a server: without the credentials and the workspace if they belong to another one.
    #[must_use]
    pub fn for_server(&self, url: &Url) -> Self {
        if self
            .origin
            .as_ref()
            .is_none_or(|origin| *origin == url.origin())
        {
            return self.clone();
        }
        Self {
            insecure_tls: self.insecure_tls,
            server_cert_path: self.server_cert_path.clone(),
            are_withheld: self.are_withheld || self.has_credentials() || self.has_plugin_login(),
            ..Self::default()
        }
    }

    /// Whether requests carry a password or a token.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.token.is_some()
            || self.token_command.is_some()
            || self.username.is_some() && self.password.is_some()
    }

    fn has_plugin_login(&self) -> bool {
        self.environment.get("MLFLOW_TRACKING_AUTH").is_some()
            || self.environment.is_true("MLFLOW_TRACKING_AWS_SIGV4")
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
