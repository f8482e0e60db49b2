//! Managed identities of Azure, which a service gives its processes without a secret of theirs.
//!
//! Each service has its own request; the variables that it sets tell which one, as in Azure's own client.

use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::environment::Environment;
use super::token_endpoint::{encode_form, request_token};
use super::{Issued, login_error};
use crate::store::Result;

/// The instance metadata service of virtual machines.
const METADATA_SERVICE: &str = "http://169.254.169.254";

/// A metadata service answers at once, or there is none.
const METADATA_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(2);

const SERVICE_HINT: &str =
    "assign an identity to this service, or set AZURE_CLIENT_ID to one of several";

const MACHINE_HINT: &str =
    "sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET";

/// Where a process asks for the token of its identity.
pub(super) enum ManagedIdentity {
    /// App Service, Functions and Container Apps: address and secret.
    AppService(String, SecretString),
    /// A compute instance or job of Azure ML: address and secret.
    MachineLearning(String, SecretString),
    /// Cloud Shell: address.
    CloudShell(String),
    /// Other machines of Azure: the host of another metadata service, if one is given.
    Machine(Option<String>),
    /// An address without its secret, as Azure Arc and Service Fabric have it.
    Unsupported,
}

impl ManagedIdentity {
    /// The identity that the variables name.
    pub fn of(environment: &Environment) -> Self {
        let get = |name| environment.get(name).map(str::to_owned);
        let secret = |name| get(name).map(SecretString::from);
        match (get("IDENTITY_ENDPOINT"), get("MSI_ENDPOINT")) {
            (Some(address), _) => match secret("IDENTITY_HEADER") {
                Some(secret) => Self::AppService(address, secret),
                None => Self::Unsupported,
            },
            (None, Some(address)) => match secret("MSI_SECRET") {
                Some(secret) => Self::MachineLearning(address, secret),
                None => Self::CloudShell(address),
            },
            (None, None) => Self::Machine(get("AZURE_POD_IDENTITY_AUTHORITY_HOST")),
        }
    }

    /// For users.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AppService(..) => "managed identity of this service",
            Self::MachineLearning(..) => "managed identity of Azure ML",
            Self::CloudShell(_) => "Cloud Shell",
            Self::Machine(_) => "managed identity of this machine",
            Self::Unsupported => "managed identity",
        }
    }

    /// Asks for a token for a resource, as the identity of a client id if there are several.
    pub async fn token(
        &self,
        http: &Client,
        resource: &str,
        client_id: Option<&str>,
    ) -> Result<Issued> {
        let what = format!("getting a token of the {}", self.name());
        let hint = match self {
            Self::Machine(_) => MACHINE_HINT,
            _ => SERVICE_HINT,
        };
        let request = self.request(http, &what, resource, client_id)?;
        Ok(request_token(request, &what, hint).await?.into_issued())
    }

    fn request(
        &self,
        http: &Client,
        what: &str,
        resource: &str,
        client_id: Option<&str>,
    ) -> Result<RequestBuilder> {
        let parse = |variable: &str, address: &str| {
            Url::parse(address)
                .map_err(|_| login_error(what, format!("{variable} is not an address")))
        };
        let get = |url: Url, version: &str, key: &str| {
            let mut query = vec![("api-version", version), ("resource", resource)];
            query.extend(client_id.map(|client| (key, client)));
            http.get(url).query(&query)
        };
        Ok(match self {
            Self::AppService(address, secret) => {
                let url = parse("IDENTITY_ENDPOINT", address)?;
                get(url, "2019-08-01", "client_id")
                    .header("x-identity-header", secret.expose_secret())
            }
            Self::MachineLearning(address, secret) => {
                let url = parse("MSI_ENDPOINT", address)?;
                get(url, "2017-09-01", "clientid").header("secret", secret.expose_secret())
            }
            Self::CloudShell(address) => http
                .post(parse("MSI_ENDPOINT", address)?)
                .header("metadata", "true")
                .header("content-type", "application/x-www-form-urlencoded")
                .body(encode_form(&[("resource", resource)])),
            Self::Machine(host) => {
                let host = host.as_deref().unwrap_or(METADATA_SERVICE);
                let address = format!(
                    "{}/metadata/identity/oauth2/token",
                    host.trim_end_matches('/')
                );
                let url = parse("AZURE_POD_IDENTITY_AUTHORITY_HOST", &address)?;
                get(url, "2018-02-01", "client_id")
                    .header("metadata", "true")
                    .timeout(METADATA_TIMEOUT)
            }
            Self::Unsupported => {
                let why = "IDENTITY_ENDPOINT is set, but no IDENTITY_HEADER: the identities of Azure Arc and Service Fabric are not supported";
                return Err(login_error(what, why));
            }
        })
    }
}
