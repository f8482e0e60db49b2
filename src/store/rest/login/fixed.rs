//! Credentials that are given as such: a token, or a user and a password.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};

use super::{Credential, CredentialSource, Issued, TokenClient};
use crate::store::{ConnectOptions, Result};

/// A credential that never changes.
pub(in crate::store::rest) struct FixedLogin {
    from: String,
    credential: Credential,
    secrets: Vec<SecretString>,
    hint: &'static str,
}

impl FixedLogin {
    /// The credentials of MLflow's own variables, of its file, or of a profile. A username and password take precedence over
    /// a token, as in MLflow's client.
    pub fn of_mlflow(options: &ConnectOptions) -> Self {
        match (&options.username, &options.password, &options.token) {
            (Some(user), Some(password), _) => Self::basic(
                "username and password".to_owned(),
                user,
                password,
                "the server rejected the username or password: correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or ~/.mlflow/credentials",
            ),
            (_, _, Some(token)) => Self::bearer(
                "token of MLFLOW_TRACKING_TOKEN or of the profile".to_owned(),
                token,
                "the server rejected the token: renew MLFLOW_TRACKING_TOKEN",
            ),
            _ if options.are_withheld => Self::anonymous(
                "none: MLflow's credentials belong to the first store",
                "MLflow's credentials are sent to the first store only: add a profile with username and password_variable, or token_variable",
            ),
            _ => Self::anonymous(
                "none",
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
            ),
        }
    }

    pub fn anonymous(from: &str, hint: &'static str) -> Self {
        Self {
            from: from.to_owned(),
            credential: Credential::Anonymous,
            secrets: Vec::new(),
            hint,
        }
    }

    pub fn bearer(from: String, token: &SecretString, hint: &'static str) -> Self {
        Self {
            from,
            credential: Credential::bearer(token),
            secrets: vec![token.clone()],
            hint,
        }
    }

    pub fn basic(from: String, user: &str, password: &SecretString, hint: &'static str) -> Self {
        let pair = format!("{user}:{}", password.expose_secret());
        let value = format!("Basic {}", STANDARD.encode(pair));
        Self {
            from,
            credential: Credential::Headers(vec![(AUTHORIZATION, value.into())]),
            secrets: vec![password.clone()],
            hint,
        }
    }
}

#[async_trait]
impl CredentialSource for FixedLogin {
    fn describe(&self) -> String {
        self.from.clone()
    }

    async fn issue(&self, _: &TokenClient, _: bool) -> Result<Issued> {
        Ok(Issued::new(self.credential.clone(), None))
    }

    fn is_renewable(&self) -> bool {
        false
    }

    fn secrets(&self) -> Vec<SecretString> {
        self.secrets.clone()
    }

    fn rejection_hint(&self) -> &'static str {
        self.hint
    }
}
