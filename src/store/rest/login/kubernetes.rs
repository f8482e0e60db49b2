//! The token of a Kubernetes service account or user, for servers that check it.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::header::HeaderName;
use secrecy::SecretString;
use serde::Deserialize;

use super::super::service::WORKSPACE_HEADER;
use super::environment::Environment;
use super::kubernetes_exec::ExecPlugin;
use super::{Credential, CredentialSource, Issued, TokenClient, login_error};
use crate::domain::StoreError;
use crate::files::read_text;
use crate::store::{Result, limits};
use crate::text::untrusted::clean;

const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Kubernetes writes another token into the file long before the old one expires.
pub(super) const REREAD_AFTER: Duration = Duration::from_mins(5);

/// The largest kubeconfig: those of many clusters hold certificates.
const KUBECONFIG_BYTES: u64 = 4 << 20;

const HINT: &str = "run inside a pod with a service account, or choose a context with a token: `kubectl config use-context NAME`";

/// `MLFLOW_TRACKING_AUTH=kubernetes`, or `kubernetes-namespaced`, which also names the namespace as the workspace.
pub(in crate::store::rest) struct KubernetesLogin {
    account: PathBuf,
    config: Option<PathBuf>,
    is_namespaced: bool,
}

impl KubernetesLogin {
    pub fn new(environment: &Environment, is_namespaced: bool) -> Self {
        let named = environment.get("KUBECONFIG").map(|paths| {
            // The first file of several decides the current context.
            PathBuf::from(
                paths
                    .split(':')
                    .find(|path| !path.is_empty())
                    .unwrap_or(paths),
            )
        });
        Self {
            account: SERVICE_ACCOUNT.into(),
            config: named.or_else(|| environment.in_home(".kube/config")),
            is_namespaced,
        }
    }

    /// The token and where it is from.
    fn read(&self) -> Result<(Found, String)> {
        let read = |name: &str| read_text(&self.account.join(name), limits::CREDENTIALS_BYTES);
        if let Ok(token) = read("token") {
            let namespace = read("namespace").ok().map(|text| text.trim().to_owned());
            let from = format!("service account {}", self.account.display());
            let token = Token::Given(token.trim().into());
            return Ok((Found { token, namespace }, from));
        }
        let Some(path) = &self.config else {
            return Err(error("there is no service account and no kubeconfig"));
        };
        let text = read_text(path, KUBECONFIG_BYTES).map_err(|why| {
            error(format!(
                "there is no service account, and {} can't be read: {why}",
                path.display()
            ))
        })?;
        let found = parse_config(&text, path)?;
        Ok((found, format!("kubeconfig {}", path.display())))
    }
}

pub(super) fn error(why: impl Into<String>) -> StoreError {
    login_error("reading the Kubernetes token", why).with_hint(Some(HINT))
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct KubeConfig {
    current_context: String,
    contexts: Vec<NamedContext>,
    users: Vec<NamedUser>,
}

#[derive(Deserialize)]
struct NamedContext {
    name: String,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    user: String,
    namespace: Option<String>,
}

#[derive(Deserialize)]
struct NamedUser {
    name: String,
    user: User,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
    exec: Option<ExecPlugin>,
}

/// The token of a user, or the program that prints it.
enum Token {
    Given(SecretString),
    Printed(ExecPlugin),
}

/// What the current context names.
struct Found {
    token: Token,
    namespace: Option<String>,
}

/// The token and the namespace of the current context.
fn parse_config(text: &str, path: &Path) -> Result<Found> {
    let config: KubeConfig = serde_saphyr::from_str(text)
        .map_err(|_| error(format!("{} is not a kubeconfig", path.display())))?;
    let context = config
        .contexts
        .into_iter()
        .find(|context| context.name == config.current_context)
        .ok_or_else(|| error(format!("{} has no current context", path.display())))?;
    let user = config
        .users
        .into_iter()
        .find(|user| user.name == context.context.user)
        .map(|user| user.user)
        .unwrap_or_default();
    let from_file = || {
        let text = read_text(user.token_file.as_ref()?, limits::CREDENTIALS_BYTES).ok()?;
        Some(text.trim().to_owned())
    };
    let token = user.token.clone().or_else(from_file);
    let token = token.filter(|token| !token.is_empty());
    let token = match (token, user.exec) {
        (Some(token), _) => Token::Given(token.into()),
        (None, Some(plugin)) => Token::Printed(plugin),
        (None, None) => {
            return Err(error(format!(
                "context {} of {} has no token",
                clean(&config.current_context),
                path.display()
            )));
        }
    };
    let namespace = context.context.namespace;
    Ok(Found { token, namespace })
}

#[async_trait]
impl CredentialSource for KubernetesLogin {
    fn describe(&self) -> String {
        let config = self
            .config
            .as_ref()
            .map(|path| format!(", or {}", path.display()));
        format!(
            "Kubernetes token of {}{}",
            self.account.display(),
            config.unwrap_or_default()
        )
    }

    async fn issue(&self, _: &TokenClient, _: bool) -> Result<Issued> {
        let (Found { token, namespace }, from) = self.read()?;
        let (token, expires_at) = match token {
            Token::Given(token) => (token, SystemTime::now() + REREAD_AFTER),
            Token::Printed(plugin) => plugin.run().await?,
        };
        let mut credential = Credential::bearer(&token);
        if let (true, Credential::Headers(lines)) = (self.is_namespaced, &mut credential) {
            let namespace = namespace.unwrap_or_else(|| "default".to_owned());
            lines.push((HeaderName::from_static(WORKSPACE_HEADER), namespace.into()));
        }
        Ok(Issued {
            from: Some(from),
            ..Issued::new(credential, Some(expires_at))
        })
    }

    fn rejection_hint(&self) -> &'static str {
        "the server rejected the Kubernetes token: check its audience and the roles of the service account"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn the_current_context_decides() {
        let text = "apiVersion: v1\ncurrent-context: b\ncontexts:\n- {name: a, context: {user: x, cluster: c}}\n\
            - {name: b, context: {user: y, cluster: c, namespace: team}}\nusers:\n- {name: x, user: {token: wrong}}\n\
            - {name: y, user: {token: right}}\n- {name: z, user: {exec: {command: aws}}}\n";
        let found = parse_config(text, Path::new("config")).unwrap();
        let Token::Given(token) = found.token else {
            panic!("no token");
        };
        assert_eq!(
            (token.expose_secret(), found.namespace.as_deref()),
            ("right", Some("team"))
        );
        let by_program = text.replace("user: y", "user: z");
        let found = parse_config(&by_program, Path::new("config")).unwrap();
        assert!(matches!(found.token, Token::Printed(_)));
        let without = text.replace("user: y", "user: w");
        let Err(error) = parse_config(&without, Path::new("config")) else {
            panic!("a token");
        };
        assert!(
            error
                .to_string()
                .contains("context b of config has no token"),
            "{error}"
        );
    }
}
