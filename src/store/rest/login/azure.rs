//! Tokens of Entra ID: service principals, workload identities, managed identities and `az`.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::azure_identity::ManagedIdentity;
use super::command::TokenCommand;
use super::environment::Environment;
use super::token_endpoint::{Token, post_form, request_token, require_encryption};
use super::{CredentialSource, Issued, TokenClient, login_error};
use crate::domain::StoreError;
use crate::files::read_text;
use crate::store::{Result, limits};
use crate::text::untrusted::clean;

/// Azure's management API, for which Azure ML takes tokens.
const ENTRA_MANAGEMENT: &str = "https://management.azure.com";

const PRINCIPAL_HINT: &str = "check the client id, secret and tenant of the service principal, and that the secret has not expired";

const CHAIN_HINT: &str =
    "sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET";

/// Where tokens come from, and what they are for.
#[derive(Clone, Debug)]
pub(super) struct AzureCloud {
    authority: Url,
    pub(super) management: &'static str,
}

/// The names of the clouds, the hosts that issue tokens, and their management APIs.
const CLOUDS: [(&[&str], &str, &str); 3] = [
    (
        &[
            "",
            "public",
            "azurepublic",
            "azurepubliccloud",
            "azurecloud",
        ],
        "https://login.microsoftonline.com",
        ENTRA_MANAGEMENT,
    ),
    (
        &["usgovernment", "azureusgovernment"],
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
    ),
    (
        &["china", "azurechinacloud", "azurechina"],
        "https://login.chinacloudapi.cn",
        "https://management.chinacloudapi.cn",
    ),
];

impl AzureCloud {
    /// The cloud of a name, with another host for tokens if one is given.
    pub(super) fn named(name: Option<&str>, authority: Option<&str>) -> Result<Self> {
        let name = name.unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        let Some((_, host, management)) = CLOUDS
            .iter()
            .find(|(names, ..)| names.contains(&lower.as_str()))
        else {
            return Err(login_error(
                "choosing a cloud of Azure",
                format!("unknown cloud {}", clean(name)),
            )
            .with_hint(Some("use PUBLIC, USGOVERNMENT or CHINA")));
        };
        let authority = Url::parse(authority.unwrap_or(host)).map_err(|_| {
            login_error(
                "reading AZURE_AUTHORITY_HOST",
                "expected an address such as https://login.microsoftonline.com",
            )
        })?;
        Ok(Self {
            authority,
            management,
        })
    }

    fn token_url(&self, tenant: &str, version: &[&str]) -> Result<Url> {
        let mut url = self.authority.clone();
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty()
                    .push(tenant)
                    .push("oauth2")
                    .extend(version);
            }
            Err(()) => return Err(login_error("signing in to Azure", "invalid authority")),
        }
        Ok(url)
    }
}

/// What a token is for: version 1 of the endpoint takes a resource, version 2 a scope.
#[derive(Clone, Copy)]
pub(super) enum Audience<'a> {
    /// Of version 1, which Databricks documents.
    Resource(&'a str),
    /// All that a resource allows, of version 2.
    DefaultScope(&'a str),
}

/// The token of a service principal with a secret.
pub(super) async fn service_principal_token(
    http: &Client,
    cloud: &AzureCloud,
    tenant: &str,
    (client_id, client_secret): (&str, &SecretString),
    audience: Audience<'_>,
) -> Result<Token> {
    let what = format!(
        "getting a token for service principal {} of Azure",
        clean(client_id)
    );
    let (version, key, value) = match audience {
        Audience::Resource(resource) => (&["token"][..], "resource", resource.to_owned()),
        Audience::DefaultScope(resource) => (
            &["v2.0", "token"][..],
            "scope",
            format!("{resource}/.default"),
        ),
    };
    let url = cloud.token_url(tenant, version)?;
    require_encryption(&url, &what)?;
    let form = [
        ("grant_type", "client_credentials"),
        (key, value.as_str()),
        ("client_id", client_id),
        ("client_secret", client_secret.expose_secret()),
    ];
    request_token(post_form(http, &url, &form), &what, PRINCIPAL_HINT).await
}

/// Azure's default chain: the environment, a workload identity, a managed identity, `az`.
pub(in crate::store::rest) struct EntraLogin {
    cloud: AzureCloud,
    environment: Environment,
}

impl EntraLogin {
    pub fn new(environment: &Environment) -> Result<Self> {
        let cloud = AzureCloud::named(
            environment.get("AZUREML_CURRENT_CLOUD"),
            environment.get("AZURE_AUTHORITY_HOST"),
        )?;
        Ok(Self {
            cloud,
            environment: environment.clone(),
        })
    }

    /// The sources that are configured, in order, each with its name.
    fn sources(&self) -> Vec<(&'static str, EntraSource)> {
        let get = |name: &str| self.environment.get(name).map(str::to_owned);
        let mut sources = Vec::new();
        let (tenant, client) = (get("AZURE_TENANT_ID"), get("AZURE_CLIENT_ID"));
        if let (Some(tenant), Some(client), Some(secret)) =
            (&tenant, &client, get("AZURE_CLIENT_SECRET"))
        {
            let principal = EntraSource::Principal(tenant.clone(), client.clone(), secret.into());
            sources.push(("AZURE_CLIENT_SECRET", principal));
        }
        if let (Some(tenant), Some(client), Some(file)) =
            (&tenant, &client, get("AZURE_FEDERATED_TOKEN_FILE"))
        {
            let workload = EntraSource::Workload(tenant.clone(), client.clone(), file.into());
            sources.push(("workload identity", workload));
        }
        // The metadata service of a machine that has none is slow to say so.
        let identity = ManagedIdentity::of(&self.environment);
        let name = identity.name();
        let is_of_machine = matches!(identity, ManagedIdentity::Machine(_));
        let identity = (name, EntraSource::Identity(identity, client));
        let command = ("az", EntraSource::Command);
        sources.extend(if is_of_machine {
            [command, identity]
        } else {
            [identity, command]
        });
        sources
    }

    async fn token(&self, clients: &TokenClient, source: &EntraSource) -> Result<Issued> {
        let http = clients.get()?;
        match source {
            EntraSource::Principal(tenant, client, secret) => {
                let principal = (client.as_str(), secret);
                let scope = Audience::DefaultScope(self.cloud.management);
                let token =
                    service_principal_token(http, &self.cloud, tenant, principal, scope).await?;
                Ok(token.into_issued())
            }
            EntraSource::Workload(tenant, client, file) => {
                self.workload_token(http, tenant, client, file).await
            }
            EntraSource::Identity(identity, client) => {
                let http = clients.direct()?;
                let resource = self.cloud.management;
                identity.token(http, resource, client.as_deref()).await
            }
            EntraSource::Command => self.command().run(false).await,
        }
    }

    /// Exchanges the token that Kubernetes wrote to a file.
    async fn workload_token(
        &self,
        http: &Client,
        tenant: &str,
        client: &str,
        file: &Path,
    ) -> Result<Issued> {
        let what = "getting a token for the workload identity";
        let assertion = read_text(file, limits::CREDENTIALS_BYTES).map_err(|error| {
            login_error(what, format!("can't read {}: {error}", file.display()))
        })?;
        let url = self.cloud.token_url(tenant, &["v2.0", "token"])?;
        require_encryption(&url, what)?;
        let scope = format!("{}/.default", self.cloud.management);
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope.as_str()),
            ("client_id", client),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.trim()),
        ];
        let hint =
            "check AZURE_CLIENT_ID, AZURE_TENANT_ID and the federated credential of the identity";
        let token = request_token(post_form(http, &url, &form), what, hint).await?;
        Ok(token.into_issued())
    }

    fn command(&self) -> TokenCommand {
        let words = ["az", "account", "get-access-token", "--resource"]
            .into_iter()
            .chain([self.cloud.management, "--output", "json"]);
        TokenCommand {
            words: words.map(str::to_owned).collect(),
            renewal_words: &[],
            hint: "sign in with `az login`",
        }
    }
}

enum EntraSource {
    /// Tenant, client and secret.
    Principal(String, String, SecretString),
    /// Tenant, client and the file of the assertion.
    Workload(String, String, PathBuf),
    /// With the client of one of several.
    Identity(ManagedIdentity, Option<String>),
    Command,
}

#[async_trait]
impl CredentialSource for EntraLogin {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.sources().iter().map(|(name, _)| *name).collect();
        format!("Entra ID, from the first of {}", names.join(", "))
    }

    async fn issue(&self, http: &TokenClient, _: bool) -> Result<Issued> {
        let mut failures: Vec<StoreError> = Vec::new();
        for (name, source) in self.sources() {
            match self.token(http, &source).await {
                Ok(mut issued) => {
                    issued.from = Some(name.to_owned());
                    return Ok(issued);
                }
                // A secret that is given and rejected is an error: another identity would be a surprise.
                Err(error) if matches!(source, EntraSource::Principal(..)) => return Err(error),
                Err(error) => failures.push(error),
            }
        }
        let why: Vec<String> = failures.iter().map(ToString::to_string).collect();
        let error = login_error("signing in to Azure", why.join("; "));
        Err(error.with_hint(Some(CHAIN_HINT)))
    }

    fn secrets(&self) -> Vec<SecretString> {
        let secret = |name| {
            self.environment
                .get(name)
                .map(|value| value.to_owned().into())
        };
        ["AZURE_CLIENT_SECRET", "IDENTITY_HEADER", "MSI_SECRET"]
            .into_iter()
            .filter_map(secret)
            .collect()
    }

    fn rejection_hint(&self) -> &'static str {
        "give the identity a role in the workspace, such as AzureML Data Scientist, or sign in as another one"
    }
}
