//! OAuth for service principals of Databricks: the grant by client credentials.

use async_trait::async_trait;
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::databricks_config::DatabricksConfig;
use super::token_endpoint::{get_document, post_form, request_token, require_encryption};
use super::{CredentialSource, Issued, TokenClient, login_error};
use crate::store::Result;
use crate::text::untrusted::clean;

/// Below the root of a server of tokens, the document that describes it (RFC 8414).
const SERVER_METADATA: &str = ".well-known/oauth-authorization-server";

/// What a host of Databricks says of itself.
const HOST_METADATA: &str = ".well-known/databricks-config";

/// Domains of Databricks, which may issue tokens for a workspace below them.
const DATABRICKS_DOMAINS: [&str; 5] = [
    ".databricks.com",
    ".azuredatabricks.net",
    ".databricks.us",
    ".databricks.azure.us",
    ".databricks.azure.cn",
];

/// OAuth for a service principal of Databricks.
pub(super) struct ServicePrincipal {
    host: Url,
    from: String,
    client_id: String,
    client_secret: SecretString,
    /// `DATABRICKS_DISCOVERY_URL`: the document that names the token endpoint.
    discovery_url: Option<String>,
    token_endpoint: OnceCell<Url>,
}

const PRINCIPAL_HINT: &str =
    "check DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET, and that the secret has not expired";

impl ServicePrincipal {
    pub fn new(config: &DatabricksConfig) -> Self {
        Self {
            host: config.host.clone(),
            from: config.from.clone(),
            client_id: config.get("client_id").unwrap_or_default().to_owned(),
            client_secret: config
                .get("client_secret")
                .unwrap_or_default()
                .to_owned()
                .into(),
            discovery_url: config.get("discovery_url").map(str::to_owned),
            token_endpoint: OnceCell::new(),
        }
    }

    /// The endpoint that the workspace names, else the one that every workspace has. It is looked up once: the official
    /// client does so before every call.
    async fn find_token_endpoint(&self, http: &Client) -> Result<Url> {
        let what = format!("finding the token endpoint of {}", self.host);
        let of_host = |path: &str| {
            let joined = self.host.join(path);
            joined.map_err(|error| login_error(&what, error.to_string()))
        };
        let named = match &self.discovery_url {
            Some(address) => {
                let address = Url::parse(address).map_err(|_| {
                    login_error(&what, "DATABRICKS_DISCOVERY_URL is not an address")
                })?;
                get_document(http, address, &what).await?
            }
            None => match get_document(
                http,
                of_host("oidc/")?
                    .join(SERVER_METADATA)
                    .map_err(|error| login_error(&what, error.to_string()))?,
                &what,
            )
            .await?
            {
                Some(found) => Some(found),
                None => self.follow_host_metadata(http, &what).await?,
            },
        };
        let named = named
            .as_ref()
            .and_then(|found| found["token_endpoint"].as_str());
        let Some(text) = named else {
            return of_host("oidc/v1/token");
        };
        let endpoint = Url::parse(text).map_err(|_| login_error(&what, "it is not an address"))?;
        self.require_trusted(&endpoint, &what)?;
        Ok(endpoint)
    }

    /// The document of a host whose tokens are issued elsewhere: below the address of an account.
    async fn follow_host_metadata(&self, http: &Client, what: &str) -> Result<Option<Value>> {
        let invalid = |error: url::ParseError| login_error(what, error.to_string());
        let address = self.host.join(HOST_METADATA).map_err(invalid)?;
        let Some(host) = get_document(http, address, what).await? else {
            return Ok(None);
        };
        let Some(root) = host["oidc_endpoint"].as_str() else {
            return Ok(None);
        };
        let account = host["account_id"].as_str().unwrap_or_default();
        let root = root.replace("{account_id}", account);
        let address = format!("{}/{SERVER_METADATA}", root.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(invalid)?;
        self.require_trusted(&address, what)?;
        get_document(http, address, what).await
    }

    /// Refuses an address of another party than the workspace: the secret would be sent there.
    fn require_trusted(&self, endpoint: &Url, what: &str) -> Result<()> {
        let host = endpoint.host_str().unwrap_or_default();
        let is_of_databricks = |host: &str| {
            DATABRICKS_DOMAINS
                .iter()
                .any(|domain| host.ends_with(domain))
        };
        let is_chosen = self.discovery_url.as_ref().is_some_and(|address| {
            Url::parse(address).is_ok_and(|address| address.origin() == endpoint.origin())
        });
        let is_trusted = is_chosen
            || endpoint.origin() == self.host.origin()
            || is_of_databricks(host) && is_of_databricks(self.host.host_str().unwrap_or_default());
        if is_trusted {
            return Ok(());
        }
        let why = format!("the workspace names {}, which is another host", clean(host));
        Err(login_error(what, why).with_hint(Some("check that the host is your workspace")))
    }
}

#[async_trait]
impl CredentialSource for ServicePrincipal {
    fn describe(&self) -> String {
        format!(
            "OAuth of service principal {} of {}",
            clean(&self.client_id),
            self.from
        )
    }

    async fn issue(&self, http: &TokenClient, _: bool) -> Result<Issued> {
        let http = http.get()?;
        let find = || self.find_token_endpoint(http);
        let endpoint = self.token_endpoint.get_or_try_init(find).await?;
        let what = format!(
            "getting a token for service principal {}",
            clean(&self.client_id)
        );
        require_encryption(endpoint, &what)?;
        let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
        let request = post_form(http, endpoint, &form)
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()));
        let token = request_token(request, &what, PRINCIPAL_HINT).await?;
        Ok(token.into_issued())
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.client_secret.clone()]
    }

    fn rejection_hint(&self) -> &'static str {
        PRINCIPAL_HINT
    }
}
