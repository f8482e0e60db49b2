//! Programs that print the token of a user of Kubernetes, as clusters of clouds have them (`ExecCredential`).

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use super::kubernetes::{REREAD_AFTER, error};
use crate::domain::StoreError;
use crate::store::Result;
use crate::text::untrusted::clean;

/// A program that asks its user something never ends: its input is closed, and it is ended after this.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A program that a kubeconfig names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecPlugin {
    command: String,
    #[serde(default)]
    args: Option<Vec<String>>,
    #[serde(default)]
    env: Option<Vec<Variable>>,
    #[serde(default)]
    api_version: String,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExecCredential {
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    expiration_timestamp: Option<String>,
}

impl ExecPlugin {
    fn error(&self, why: impl std::fmt::Display) -> StoreError {
        error(format!("`{}`: {why}", clean(&self.command)))
    }

    /// Runs the program; the token and when to get another one.
    pub async fn run(&self) -> Result<(SecretString, SystemTime)> {
        let info = json!({"apiVersion": self.api_version, "kind": "ExecCredential", "spec": {"interactive": false}});
        let variables = self.env.iter().flatten();
        let output = Command::new(&self.command)
            .args(self.args.iter().flatten())
            .envs(variables.map(|one| (&one.name, &one.value)))
            .env("KUBERNETES_EXEC_INFO", info.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let output = match tokio::time::timeout(TIMEOUT, output).await {
            Err(_) => return Err(self.error("no token within a minute")),
            Ok(Err(error)) => return Err(self.error(error)),
            Ok(Ok(output)) => output,
        };
        if !output.status.success() {
            let message = super::command::failure_message(&String::from_utf8_lossy(&output.stderr));
            return Err(self.error(format!("it failed ({}): {message}", output.status)));
        }
        let printed: ExecCredential = serde_json::from_slice(&output.stdout)
            .map_err(|_| self.error("it printed no ExecCredential"))?;
        let token = printed.status.token.filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| self.error("its ExecCredential has no token"))?;
        let expires_at = printed.status.expiration_timestamp.and_then(|text| {
            let at: Timestamp = text.parse().ok()?;
            let seconds = u64::try_from(at.as_second()).ok()?;
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        });
        let expires_at = expires_at.unwrap_or_else(|| SystemTime::now() + REREAD_AFTER);
        Ok((token.into(), expires_at))
    }
}
