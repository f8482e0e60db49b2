//! Logins of Databricks: personal tokens, OAuth for service principals, its command line, and Azure's service principals.

use std::sync::OnceLock;

use async_trait::async_trait;
use url::Url;

use super::command::TokenCommand;
use super::databricks_azure::AzurePrincipal;
use super::databricks_config::DatabricksConfig;
use super::databricks_oauth::ServicePrincipal;
use super::environment::Environment;
use super::fixed::FixedLogin;
use super::{CredentialSource, Issued, LoginStep, TokenClient, login_error};
use crate::domain::StoreError;
use crate::store::Result;
use crate::text::untrusted::clean;

/// Databricks as a resource of Entra ID.
pub(super) const AZURE_RESOURCE: &str = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d";

const CLI_HINT: &str =
    "sign in with `databricks auth login --host https://WORKSPACE`, or set DATABRICKS_TOKEN";

/// A workspace and how to sign in to it.
pub(in crate::store::rest) struct DatabricksConnection {
    pub host: Url,
    pub source: Box<dyn CredentialSource>,
    /// Sent with every request where it is known: hosts that workspaces share need it.
    pub workspace_id: Option<String>,
    pub configuration: LoginStep,
    /// What the login depends on.
    pub config: DatabricksConfig,
}

/// A kind of login, by the name that `auth_type` has for it.
struct LoginKind {
    name: &'static str,
    /// The keys that it needs; all of them select it.
    keys: &'static [&'static str],
    build: fn(&DatabricksConfig, &Environment) -> Result<Box<dyn CredentialSource>>,
}

/// In the order of the SDK.
static KINDS: [LoginKind; 6] = [
    LoginKind {
        name: "pat",
        keys: &["token"],
        build: |config, _| Ok(Box::new(personal_token(config))),
    },
    LoginKind {
        name: "basic",
        keys: &["username", "password"],
        build: |config, _| Ok(Box::new(user_and_password(config))),
    },
    LoginKind {
        name: "oauth-m2m",
        keys: &["client_id", "client_secret"],
        build: |config, _| Ok(Box::new(ServicePrincipal::new(config))),
    },
    LoginKind {
        name: "azure-client-secret",
        keys: &["azure_client_id", "azure_client_secret", "azure_tenant_id"],
        build: |config, environment| Ok(Box::new(AzurePrincipal::new(config, environment)?)),
    },
    LoginKind {
        name: "azure-cli",
        keys: &[],
        build: |_, _| Ok(Box::new(azure_cli())),
    },
    LoginKind {
        name: "databricks-cli",
        keys: &[],
        build: |config, environment| Ok(Box::new(databricks_cli(config, environment))),
    },
];

/// Resolves the configuration and chooses the login; sends nothing.
///
/// # Errors
/// When a profile is missing, there is no host, or the configured logins contradict each other.
pub(in crate::store::rest) fn connect(
    environment: &Environment,
    profile: Option<&str>,
) -> Result<DatabricksConnection> {
    let config = DatabricksConfig::resolve(environment, profile)?;
    let source = choose_login(&config, environment)?;
    let configuration = LoginStep::ok("configuration", format!("{}: {}", config.from, config.host));
    Ok(DatabricksConnection {
        source,
        workspace_id: config.get("workspace_id").map(str::to_owned),
        configuration,
        host: config.host.clone(),
        config,
    })
}

fn choose_login(
    config: &DatabricksConfig,
    environment: &Environment,
) -> Result<Box<dyn CredentialSource>> {
    if let Some(named) = config.get("auth_type") {
        return (named_login(named, config)?.build)(config, environment);
    }
    let configured: Vec<&LoginKind> = KINDS
        .iter()
        .filter(|kind| !kind.keys.is_empty())
        .filter(|kind| kind.keys.iter().all(|key| config.get(key).is_some()))
        .collect();
    match configured.as_slice() {
        [kind] => (kind.build)(config, environment),
        [] => {
            require_no_half_login(config)?;
            Ok(command_line_login(config, environment))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|kind| kind.name).collect();
            let names = names.join(" and ");
            Err(choice_error(
                config,
                format!("{} has more than one login: {names}", config.from),
                "set auth_type or DATABRICKS_AUTH_TYPE to the one to use, or remove the other",
            ))
        }
    }
}

fn choice_error(config: &DatabricksConfig, why: String, hint: &'static str) -> StoreError {
    login_error(format!("signing in to {}", config.host), why).with_hint(Some(hint))
}

/// The kind that `auth_type` names, if all of its keys are set.
fn named_login(named: &str, config: &DatabricksConfig) -> Result<&'static LoginKind> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == named) else {
        let known = KINDS.each_ref().map(|kind| kind.name).join(", ");
        let named = clean(named);
        return Err(choice_error(
            config,
            format!("unsupported auth_type {named}; supported are {known}"),
            "use one of them, or set DATABRICKS_TOKEN",
        ));
    };
    let missing: Vec<&str> = kind
        .keys
        .iter()
        .filter(|key| config.get(key).is_none())
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(kind);
    }
    let missing = missing.join(", ");
    Err(choice_error(
        config,
        format!("{} has auth_type {named}, but no {missing}", config.from),
        "add the missing keys to the profile, or set their variables",
    ))
}

/// Keys that belong together, and what to set.
const GROUPS: [(&[&str], &str); 3] = [
    (
        &["client_id", "client_secret"],
        "set both DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, or DATABRICKS_TOKEN",
    ),
    (
        &["username", "password"],
        "set both DATABRICKS_USERNAME and DATABRICKS_PASSWORD, or DATABRICKS_TOKEN",
    ),
    (
        &["azure_client_secret", "azure_client_id", "azure_tenant_id"],
        "set all of ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID, or DATABRICKS_TOKEN",
    ),
];

/// A part of a login is a mistake, not the absence of a login.
fn require_no_half_login(config: &DatabricksConfig) -> Result<()> {
    for (keys, hint) in GROUPS {
        let (present, absent): (Vec<&str>, Vec<&str>) =
            keys.iter().partition(|key| config.get(key).is_some());
        // Of Azure's keys, only the secret shows that this login is meant.
        let is_meant = present
            .first()
            .is_some_and(|first| keys.len() == 2 || *first == keys[0]);
        if is_meant && !absent.is_empty() {
            let (present, absent) = (present.join(", "), absent.join(", "));
            let why = format!("{} has {present}, but no {absent}", config.from);
            return Err(choice_error(config, why, hint));
        }
    }
    Ok(())
}

fn personal_token(config: &DatabricksConfig) -> FixedLogin {
    let token = config.get("token").unwrap_or_default().to_owned().into();
    FixedLogin::bearer(
        format!("personal access token of {}", config.from),
        &token,
        "the workspace rejected the token: create another one in its settings, or run `databricks auth login`",
    )
}

fn user_and_password(config: &DatabricksConfig) -> FixedLogin {
    let password = config.get("password").unwrap_or_default().to_owned().into();
    FixedLogin::basic(
        format!("username and password of {}", config.from),
        config.get("username").unwrap_or_default(),
        &password,
        "Databricks no longer accepts passwords: use a token or `databricks auth login`",
    )
}

fn databricks_cli(config: &DatabricksConfig, environment: &Environment) -> TokenCommand {
    let program = environment
        .get("DATABRICKS_CLI_PATH")
        .unwrap_or("databricks");
    let subject = match &config.profile {
        Some(profile) => ["--profile", profile],
        None => ["--host", config.host.as_str()],
    };
    let words = [program, "auth", "token"].into_iter().chain(subject);
    TokenCommand {
        words: words.map(str::to_owned).collect(),
        renewal_words: &["--force-refresh"],
        hint: CLI_HINT,
    }
}

fn azure_cli() -> TokenCommand {
    let words = [
        "az",
        "account",
        "get-access-token",
        "--resource",
        AZURE_RESOURCE,
    ];
    TokenCommand {
        words: words
            .into_iter()
            .chain(["--output", "json"])
            .map(str::to_owned)
            .collect(),
        renewal_words: &[],
        hint: "sign in with `az login`",
    }
}

/// The login of a user, which a command line keeps: on Azure that of `az`, if there is one.
fn command_line_login(
    config: &DatabricksConfig,
    environment: &Environment,
) -> Box<dyn CredentialSource> {
    let host = config.host.host_str().unwrap_or_default();
    let is_azure = host.contains(".azuredatabricks.") || host.contains(".databricks.azure.");
    let mut commands = vec![databricks_cli(config, environment)];
    if is_azure {
        commands.insert(0, azure_cli());
    }
    Box::new(CommandLineLogin {
        commands,
        chosen: OnceLock::new(),
    })
}

/// The first command line that prints a token.
struct CommandLineLogin {
    commands: Vec<TokenCommand>,
    chosen: OnceLock<usize>,
}

#[async_trait]
impl CredentialSource for CommandLineLogin {
    fn describe(&self) -> String {
        let names: Vec<String> = self
            .commands
            .iter()
            .map(CredentialSource::describe)
            .collect();
        format!("no token or secret is configured: {}", names.join(", or "))
    }

    async fn issue(&self, _: &TokenClient, is_rejected: bool) -> Result<Issued> {
        if let Some(command) = self.chosen.get().and_then(|at| self.commands.get(*at)) {
            return command.run(is_rejected).await;
        }
        let mut failures: Vec<StoreError> = Vec::new();
        for (at, command) in self.commands.iter().enumerate() {
            match command.run(is_rejected).await {
                Ok(mut issued) => {
                    let _ = self.chosen.set(at);
                    issued.from = Some(command.describe());
                    return Ok(issued);
                }
                Err(error) => failures.push(error),
            }
        }
        let why: Vec<String> = failures.iter().map(ToString::to_string).collect();
        Err(login_error(
            "signing in to Databricks",
            format!("no token or secret is configured, and {}", why.join("; ")),
        )
        .with_hint(Some(CLI_HINT)))
    }

    fn rejection_hint(&self) -> &'static str {
        CLI_HINT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(variables: &[(&str, &str)]) -> std::result::Result<String, String> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let environment = Environment::capture(lookup, None);
        match connect(&environment, None) {
            Ok(connection) => Ok(connection.source.describe()),
            Err(error) => Err(format!("{error}; {}", error.hint())),
        }
    }

    #[test]
    fn the_configured_login_is_chosen() {
        let host = ("DATABRICKS_HOST", "adb-1.2.azuredatabricks.net");
        let token = ("DATABRICKS_TOKEN", "t");
        let id = ("DATABRICKS_CLIENT_ID", "id");
        let secret = ("DATABRICKS_CLIENT_SECRET", "hunter2");
        assert!(
            describe(&[host, token])
                .unwrap()
                .contains("personal access token")
        );
        assert!(
            describe(&[host, id, secret])
                .unwrap()
                .contains("OAuth of service principal id")
        );
        let cli = describe(&[host]).unwrap();
        assert!(
            cli.contains("`az`, or token printed by `databricks`"),
            "{cli}"
        );
        let two = describe(&[host, token, id, secret]).unwrap_err();
        assert!(
            two.contains("more than one login: pat and oauth-m2m"),
            "{two}"
        );
        assert!(two.contains("DATABRICKS_AUTH_TYPE"), "{two}");
        let chosen = describe(&[host, token, id, secret, ("DATABRICKS_AUTH_TYPE", "pat")]);
        assert!(chosen.unwrap().contains("personal access token"));
        let half = describe(&[host, id]).unwrap_err();
        assert!(half.contains("client_id, but no client_secret"), "{half}");
        let arm = [("ARM_CLIENT_ID", "id"), ("ARM_CLIENT_SECRET", "hunter2")];
        let half = describe(&[host, arm[0], arm[1]]).unwrap_err();
        assert!(
            half.contains("azure_client_secret, azure_client_id, but no azure_tenant_id")
                && half.contains("ARM_TENANT_ID"),
            "{half}"
        );
        assert!(describe(&[host, arm[0]]).is_ok());
        let half = describe(&[host, ("DATABRICKS_USERNAME", "u")]).unwrap_err();
        assert!(half.contains("DATABRICKS_PASSWORD"), "{half}");
        let unknown = describe(&[host, ("DATABRICKS_AUTH_TYPE", "google-id")]).unwrap_err();
        assert!(
            unknown.contains("unsupported auth_type google-id"),
            "{unknown}"
        );
        let missing = describe(&[host, token, ("DATABRICKS_AUTH_TYPE", "oauth-m2m")]).unwrap_err();
        assert!(missing.contains("no client_id, client_secret"), "{missing}");
        assert!(!two.contains("hunter2"));
    }
}
