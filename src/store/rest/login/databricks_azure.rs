//! Service principals of Entra ID as users of a Databricks workspace.

use async_trait::async_trait;
use reqwest::Client;
use reqwest::header::HeaderName;
use secrecy::SecretString;

use super::azure::{Audience, AzureCloud, service_principal_token};
use super::databricks::AZURE_RESOURCE;
use super::databricks_config::DatabricksConfig;
use super::environment::Environment;
use super::{Credential, CredentialSource, Issued, TokenClient};
use crate::store::Result;
use crate::text::untrusted::clean;

/// A service principal of Entra ID.
pub(super) struct AzurePrincipal {
    cloud: AzureCloud,
    from: String,
    tenant: String,
    client_id: String,
    client_secret: SecretString,
    /// The workspace as a resource of Azure, for a principal that is not among its users.
    workspace_resource: Option<String>,
}

impl AzurePrincipal {
    pub fn new(config: &DatabricksConfig, environment: &Environment) -> Result<Self> {
        let get = |key| config.get(key).unwrap_or_default().to_owned();
        Ok(Self {
            cloud: AzureCloud::named(
                config.get("azure_environment"),
                environment.get("AZURE_AUTHORITY_HOST"),
            )?,
            from: config.from.clone(),
            tenant: get("azure_tenant_id"),
            client_id: get("azure_client_id"),
            client_secret: get("azure_client_secret").into(),
            workspace_resource: config.get("azure_workspace_resource_id").map(str::to_owned),
        })
    }

    async fn token(&self, http: &Client, resource: &str) -> Result<super::token_endpoint::Token> {
        let principal = (self.client_id.as_str(), &self.client_secret);
        let resource = Audience::Resource(resource);
        service_principal_token(http, &self.cloud, &self.tenant, principal, resource).await
    }
}

#[async_trait]
impl CredentialSource for AzurePrincipal {
    fn describe(&self) -> String {
        format!(
            "service principal {} of Azure, of {}",
            clean(&self.client_id),
            self.from
        )
    }

    async fn issue(&self, http: &TokenClient, _: bool) -> Result<Issued> {
        let http = http.get()?;
        let token = self.token(http, AZURE_RESOURCE).await?;
        let expires_at = token.expires_at;
        let Credential::Headers(mut lines) = Credential::bearer(&token.secret) else {
            return Ok(token.into_issued());
        };
        if let Some(workspace) = &self.workspace_resource {
            let management = self.token(http, self.cloud.management).await?;
            let header = HeaderName::from_static;
            lines.push((
                header("x-databricks-azure-workspace-resource-id"),
                workspace.clone().into(),
            ));
            lines.push((
                header("x-databricks-azure-sp-management-token"),
                management.secret,
            ));
        }
        Ok(Issued::new(Credential::Headers(lines), expires_at))
    }

    fn secrets(&self) -> Vec<SecretString> {
        vec![self.client_secret.clone()]
    }

    fn rejection_hint(&self) -> &'static str {
        "check ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID, and add the service principal to the workspace"
    }
}
