//! Profiles of `~/.aws/config` and `~/.aws/credentials`: keys, a command that prints keys, and, through the AWS CLI, single
//! sign-on and roles.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use directories::BaseDirs;
use ini::Ini;
use jiff::Timestamp;
use object_store::CredentialProvider;
use object_store::aws::{AwsCredential, AwsCredentialProvider};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::{SetupError, variable};
use crate::domain::StoreErrorKind;
use crate::files::read_text;
use crate::store::limits;
use crate::text::shell::split_words;

/// How long a command may take, in seconds: it may ask the sign-on service.
const COMMAND_SECONDS: u64 = 30;

/// Keys are fetched again this long before they expire, in seconds.
const EXPIRY_MARGIN_SECONDS: i64 = 120;

/// The profile of the session.
pub(super) struct AwsProfile {
    name: String,
    config: Option<Ini>,
    credentials: Option<Ini>,
}

/// Where the credentials of a profile come from.
#[derive(Clone)]
pub(super) enum CredentialSource {
    Keys(Keys),
    /// A program and its arguments.
    Command(Vec<String>),
}

#[derive(Clone)]
pub(super) struct Keys {
    id: String,
    secret: SecretString,
    token: Option<SecretString>,
    expires: Option<Timestamp>,
}

/// The output of a command, as AWS specifies it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrintedKeys {
    access_key_id: String,
    secret_access_key: String,
    #[serde(default)]
    session_token: Option<String>,
    #[serde(default)]
    expiration: Option<Timestamp>,
}

impl AwsProfile {
    pub(super) fn read() -> Self {
        let name = variable("AWS_PROFILE").or_else(|| variable("AWS_DEFAULT_PROFILE"));
        let file = |name: &str, file: &str| {
            let home = || BaseDirs::new().map(|dirs| dirs.home_dir().join(".aws").join(file));
            let path = variable(name).map(PathBuf::from).or_else(home)?;
            Ini::load_from_str(&read_text(&path, limits::CREDENTIALS_BYTES).ok()?).ok()
        };
        Self {
            name: name.unwrap_or_else(|| "default".to_owned()),
            config: file("AWS_CONFIG_FILE", "config"),
            credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials"),
        }
    }

    /// A setting of the profile, such as its region.
    pub(super) fn setting(&self, key: &str) -> Option<String> {
        let in_config = match self.name.as_str() {
            "default" => "default".to_owned(),
            name => format!("profile {name}"),
        };
        let get = |file: &Option<Ini>, section: &str| {
            let value = file.as_ref()?.get_from(Some(section), key)?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        get(&self.credentials, &self.name).or_else(|| get(&self.config, &in_config))
    }

    /// Where the credentials come from; `None` if the profile has none.
    pub(super) fn credentials(&self) -> Result<Option<CredentialSource>, SetupError> {
        let id = self.setting("aws_access_key_id");
        if let Some((id, secret)) = id.zip(self.setting("aws_secret_access_key")) {
            return Ok(Some(CredentialSource::Keys(Keys {
                id,
                secret: secret.into(),
                token: self.setting("aws_session_token").map(Into::into),
                expires: None,
            })));
        }
        if let Some(command) = self.setting("credential_process") {
            let words = split_words(&command).ok_or_else(|| SetupError {
                kind: StoreErrorKind::InvalidRequest,
                why: format!(
                    "credential_process of AWS profile {} has an open quote",
                    self.name
                ),
                hint: Some("check ~/.aws/config"),
            })?;
            return Ok(Some(CredentialSource::Command(words)));
        }
        let needs_cli = ["sso_session", "sso_start_url", "role_arn", "login_session"];
        if needs_cli.iter().any(|key| self.setting(key).is_some()) {
            let words = ["aws", "configure", "export-credentials", "--profile"];
            let words = words.map(str::to_owned).into_iter();
            let rest = [self.name.as_str(), "--format", "process"].map(str::to_owned);
            return Ok(Some(CredentialSource::Command(words.chain(rest).collect())));
        }
        let is_named = variable("AWS_PROFILE").is_some() && self.setting("region").is_none();
        if is_named && !self.exists() {
            return Err(SetupError {
                kind: StoreErrorKind::PermissionDenied,
                why: format!("AWS profile {} does not exist", self.name),
                hint: Some("`aws configure list-profiles` prints their names"),
            });
        }
        Ok(None)
    }

    fn exists(&self) -> bool {
        let has = |file: &Option<Ini>, section: &str| {
            file.as_ref()
                .is_some_and(|file| file.section(Some(section)).is_some())
        };
        has(&self.credentials, &self.name) || has(&self.config, &format!("profile {}", self.name))
    }
}

/// Credentials that are fetched again before they expire.
pub(super) struct ProfileCredentials {
    source: CredentialSource,
    current: Mutex<Option<Keys>>,
}

impl fmt::Debug for ProfileCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProfileCredentials")
    }
}

impl ProfileCredentials {
    pub(super) fn provider(source: CredentialSource) -> AwsCredentialProvider {
        Arc::new(Self {
            source,
            current: Mutex::new(None),
        })
    }
}

#[async_trait]
impl CredentialProvider for ProfileCredentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let mut current = self.current.lock().await;
        let soon = Timestamp::now().as_second() + EXPIRY_MARGIN_SECONDS;
        let is_valid = |keys: &Keys| keys.expires.is_none_or(|at| at.as_second() > soon);
        let keys = match (current.take().filter(is_valid), &self.source) {
            (Some(keys), _) => keys,
            (None, CredentialSource::Keys(keys)) => keys.clone(),
            (None, CredentialSource::Command(words)) => {
                let words = words.clone();
                let run = tokio::task::spawn_blocking(move || run_command(&words));
                run.await.map_err(generic)?.map_err(generic)?
            }
        };
        let credential = AwsCredential {
            key_id: keys.id.clone(),
            secret_key: keys.secret.expose_secret().to_owned(),
            token: keys
                .token
                .as_ref()
                .map(|token| token.expose_secret().to_owned()),
        };
        *current = Some(keys);
        Ok(Arc::new(credential))
    }
}

fn generic(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> object_store::Error {
    object_store::Error::Generic {
        store: "AWS credentials",
        source: error.into(),
    }
}

/// Runs a command that prints keys as JSON. Its output is never shown.
fn run_command(words: &[String]) -> Result<Keys, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("credential_process is empty".to_owned());
    };
    let failed = |why: &str| format!("no credentials from `{program}`: {why}");
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&error.to_string()))?;
    let end = Instant::now() + Duration::from_secs(COMMAND_SECONDS);
    while child
        .try_wait()
        .map_err(|error| failed(&error.to_string()))?
        .is_none()
    {
        if Instant::now() > end {
            let _ = child.kill();
            return Err(failed(&format!("it took longer than {COMMAND_SECONDS} s")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child
        .wait_with_output()
        .map_err(|error| failed(&error.to_string()))?;
    if !output.status.success() {
        return Err(failed("it failed; run it yourself, or log in again"));
    }
    let keys: PrintedKeys =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("it printed no keys"))?;
    Ok(Keys {
        id: keys.access_key_id,
        secret: keys.secret_access_key.into(),
        token: keys.session_token.map(Into::into),
        expires: keys.expiration,
    })
}
