//! Tokens that a command prints: a profile's own, `databricks auth token` and `az account get-access-token`.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::process::Command;

use super::{Credential, CredentialSource, Issued, TokenClient, login_error};
use crate::domain::StoreError;
use crate::store::Result;
use crate::text::untrusted::clean;

/// A command that asks its user something never ends: its input is closed, and it is ended after this.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The longest token; more output is not a token.
const MAX_OUTPUT: usize = 64 << 10;

/// A program with its arguments that prints a token: as text, or as JSON with `access_token` or `accessToken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCommand {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Arguments that ask for another token than the rejected one. Older versions of a program may not know them.
    pub(super) renewal_words: &'static [&'static str],
    pub(super) hint: &'static str,
}

impl TokenCommand {
    /// The command of a profile.
    #[must_use]
    pub fn of_profile(words: Vec<String>) -> Self {
        Self {
            words,
            renewal_words: &[],
            hint: "run the profile's token_command yourself: its token is rejected or missing",
        }
    }

    /// The program, without its arguments, which may be secrets.
    fn program(&self) -> String {
        let program = self.words.first().map_or("", String::as_str);
        clean(program).into_owned()
    }

    fn error(&self, why: impl Into<String>) -> StoreError {
        login_error(format!("getting a token from `{}`", self.program()), why)
            .with_hint(Some(self.hint))
    }

    /// Runs the command; after a rejection with its arguments for that, and if these fail without.
    pub(super) async fn run(&self, is_rejected: bool) -> Result<Issued> {
        if is_rejected
            && !self.renewal_words.is_empty()
            && let Ok(issued) = self.run_with(self.renewal_words).await
        {
            return Ok(issued);
        }
        self.run_with(&[]).await
    }

    async fn run_with(&self, more: &[&str]) -> Result<Issued> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err(self.error("the command is empty"));
        };
        let output = Command::new(program)
            .args(arguments)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let output = match tokio::time::timeout(TIMEOUT, output).await {
            Err(_) => {
                return Err(self.error(format!("no token within {} s", TIMEOUT.as_secs())));
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(self.error("there is no such program"));
            }
            Ok(Err(error)) => return Err(self.error(error.to_string())),
            Ok(Ok(output)) => output,
        };
        if !output.status.success() {
            let message = failure_message(&String::from_utf8_lossy(&output.stderr));
            return Err(self.error(format!("it failed ({}): {message}", output.status)));
        }
        if output.stdout.len() > MAX_OUTPUT {
            return Err(self.error("it printed more than a token"));
        }
        self.parse(&String::from_utf8_lossy(&output.stdout))
    }

    fn parse(&self, text: &str) -> Result<Issued> {
        let text = text.trim();
        if text.starts_with('{') {
            let printed: PrintedToken =
                serde_json::from_str(text).map_err(|_| self.error("it printed invalid JSON"))?;
            let expires_at = printed.expires_at();
            let token = printed
                .access_token
                .filter(|token| !token.is_empty())
                .ok_or_else(|| self.error("its JSON has no access_token"))?;
            return Ok(Issued::new(Credential::bearer(&token.into()), expires_at));
        }
        let token = text.lines().next().unwrap_or_default().trim();
        if token.is_empty() || text.lines().count() > 1 || token.contains(char::is_whitespace) {
            return Err(self.error("expected one token on one line, or JSON with access_token"));
        }
        let token = SecretString::from(token);
        Ok(Issued::new(Credential::bearer(&token), None))
    }
}

/// What a failed command said: from the line that begins with its error, else the last line.
pub(super) fn failure_message(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let is_error = |line: &&str| line.to_ascii_lowercase().starts_with("error");
    let from = lines
        .iter()
        .position(is_error)
        .unwrap_or(lines.len().saturating_sub(1));
    let message = lines.get(from..).unwrap_or_default().join(" ");
    if message.is_empty() {
        return "no message".to_owned();
    }
    message.chars().take(300).collect()
}

/// What `databricks auth token`, `az account get-access-token` and others print.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PrintedToken {
    #[serde(alias = "accessToken", alias = "token")]
    access_token: Option<String>,
    /// RFC 3339, of Databricks.
    #[serde(alias = "expiration")]
    expiry: Option<String>,
    /// Seconds since the epoch, of newer versions of `az`; its `expiresOn` is in local time.
    expires_on: Option<i64>,
    expires_in: Option<u64>,
}

impl PrintedToken {
    fn expires_at(&self) -> Option<SystemTime> {
        let from_expiry = || {
            let at: Timestamp = self.expiry.as_deref()?.parse().ok()?;
            let seconds = u64::try_from(at.as_second()).ok()?;
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        };
        let from_epoch = || {
            let seconds = u64::try_from(self.expires_on?).ok()?;
            Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
        };
        let from_life = || Some(SystemTime::now() + Duration::from_secs(self.expires_in?));
        from_expiry().or_else(from_epoch).or_else(from_life)
    }
}

#[async_trait]
impl CredentialSource for TokenCommand {
    fn describe(&self) -> String {
        format!("token printed by `{}`", self.program())
    }

    async fn issue(&self, _: &TokenClient, is_rejected: bool) -> Result<Issued> {
        self.run(is_rejected).await
    }

    fn rejection_hint(&self) -> &'static str {
        self.hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Issued> {
        TokenCommand::of_profile(vec!["vault".into()]).parse(text)
    }

    #[test]
    fn tokens_are_read_from_text_and_from_json() {
        assert!(parse("s3cr3t\n").unwrap().expires_at.is_none());
        let of_databricks =
            r#"{"access_token":"t","token_type":"Bearer","expiry":"2026-11-29T01:02:03.5+02:00"}"#;
        assert!(parse(of_databricks).unwrap().expires_at.is_some());
        let of_az = r#"{"accessToken":"t","expiresOn":"2026-11-29 01:00:00.000000","expires_on":1795000000}"#;
        assert!(parse(of_az).unwrap().expires_at.is_some());
        for text in ["", "one\ntwo", "not a token", "{}", "{"] {
            let error = parse(text).unwrap_err();
            assert!(error.what.contains("`vault`"), "{error}");
        }
    }

    #[test]
    fn the_cause_of_a_failure_is_kept() {
        let of_databricks = "Error: the refresh token is invalid. To reauthenticate, run:\n  $ databricks auth login -p x\n";
        assert_eq!(
            failure_message(of_databricks),
            "Error: the refresh token is invalid. To reauthenticate, run: $ databricks auth login -p x"
        );
        assert_eq!(
            failure_message("Traceback:\n  File x\nValueError: no\n"),
            "ValueError: no"
        );
        assert_eq!(failure_message(" \n"), "no message");
    }
}
