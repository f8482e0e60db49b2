//! Credentials, from where MLflow's own client takes them.

use std::path::Path;

use ini::Ini;
use secrecy::SecretString;

use crate::domain::{Fault, FaultKind};
use crate::store::{Answer, Connection};

impl Connection {
    /// Reads the environment through `lookup`, and `~/.mlflow/credentials` below `home` for what is not set there.
    ///
    /// # Errors
    /// When `MLFLOW_TRACKING_INSECURE_TLS` is no boolean as MLflow reads it, or contradicts a certificate.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Answer<Self> {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let file = home
            .and_then(|home| Ini::load_from_file(home.join(".mlflow").join("credentials")).ok());
        let kept = |key: &str| {
            file.as_ref()?
                .get_from(Some("mlflow"), key)
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let wrong = |why: &str| Fault::new(FaultKind::Invalid, "reading the environment", why);
        let insecure_tls = match set("MLFLOW_TRACKING_INSECURE_TLS")
            .map(|text| text.to_lowercase())
            .as_deref()
        {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(_) => {
                return Err(wrong(
                    "MLFLOW_TRACKING_INSECURE_TLS takes true, false, 1 or 0",
                ));
            }
        };
        let server_cert_path = set("MLFLOW_TRACKING_SERVER_CERT_PATH").map(Into::into);
        if insecure_tls && server_cert_path.is_some() {
            return Err(wrong(
                "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH contradict each other: unset one",
            ));
        }
        Ok(Self {
            username: set("MLFLOW_TRACKING_USERNAME").or_else(|| kept("mlflow_tracking_username")),
            password: set("MLFLOW_TRACKING_PASSWORD")
                .or_else(|| kept("mlflow_tracking_password"))
                .map(SecretString::from),
            token: set("MLFLOW_TRACKING_TOKEN").map(SecretString::from),
            insecure_tls,
            server_cert_path,
            workspace: set("MLFLOW_WORKSPACE"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn the_environment_goes_before_the_file_field_by_field() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".mlflow")).unwrap();
        let text = "[mlflow]\nmlflow_tracking_username = file\nmlflow_tracking_password = secret\n";
        std::fs::write(home.path().join(".mlflow/credentials"), text).unwrap();
        let lookup = |name: &str| (name == "MLFLOW_TRACKING_USERNAME").then(|| "env".to_owned());
        let connection = Connection::from_env(lookup, Some(home.path())).unwrap();
        assert_eq!(connection.username.as_deref(), Some("env"));
        assert_eq!(connection.password.unwrap().expose_secret(), "secret");
    }

    #[test]
    fn a_boolean_is_read_as_mlflow_reads_it() {
        let with = |value: &'static str| {
            Connection::from_env(
                move |name| (name.ends_with("INSECURE_TLS")).then(|| value.to_owned()),
                None,
            )
        };
        assert!(with("True").unwrap().insecure_tls);
        assert!(!with("0").unwrap().insecure_tls);
        assert!(with("yes").is_err());
    }
}
