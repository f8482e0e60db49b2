//! Azure Blob Storage: a connection string, an access key, a shared access signature, or the identity of the session.

use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use url::form_urlencoded;

use super::location::Bucket;
use super::{Client, SetupError, client_options, is_plain_http, retries, variable};
use crate::domain::StoreErrorKind;

/// The variables of an identity, which object_store reads itself.
const IDENTITY_VARIABLES: [&str; 4] = [
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
];

pub(super) fn connect(bucket: &Bucket) -> Result<Client, SetupError> {
    let host = bucket.host.as_deref().unwrap_or_default();
    let Some((account, domain)) = host.split_once('.') else {
        return Err(invalid("the location names no account"));
    };
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_account(account)
        .with_container_name(&bucket.name)
        .with_retry(retries());
    // The blob API reads what the Data Lake API wrote.
    let domain = match domain.strip_prefix("dfs.") {
        Some(rest) => format!("blob.{rest}"),
        None => domain.to_owned(),
    };
    let mut endpoint = format!("https://{account}.{domain}");
    if let Some(text) = variable("AZURE_STORAGE_CONNECTION_STRING") {
        let connection = ConnectionString::parse(&text);
        endpoint = connection.get("BlobEndpoint").unwrap_or(endpoint);
        if let Some(key) = connection.get("AccountKey") {
            builder = builder.with_access_key(key);
        } else if let Some(signature) = connection.get("SharedAccessSignature") {
            builder = builder.with_sas_authorization(signature_pairs(&signature));
        } else {
            return Err(invalid("AZURE_STORAGE_CONNECTION_STRING has no key"));
        }
    } else if let Some(key) = variable("AZURE_STORAGE_ACCESS_KEY") {
        builder = builder.with_access_key(key);
    } else if let Some(signature) = variable("AZURE_STORAGE_SAS_TOKEN") {
        builder = builder.with_sas_authorization(signature_pairs(&signature));
    } else if !IDENTITY_VARIABLES
        .iter()
        .any(|name| variable(name).is_some())
    {
        builder = builder.with_config(AzureConfigKey::UseAzureCli, "true");
    }
    let options = client_options().with_allow_http(is_plain_http(&endpoint));
    let endpoint = endpoint.trim_end_matches('/').to_owned();
    let builder = builder.with_client_options(options).with_endpoint(endpoint);
    Ok(Client::new(builder.build()?))
}

fn invalid(why: &str) -> SetupError {
    SetupError {
        kind: StoreErrorKind::InvalidRequest,
        why: why.to_owned(),
        hint: Some("copy the connection string from the storage account's access keys"),
    }
}

fn signature_pairs(signature: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(signature.trim_start_matches('?').as_bytes())
        .into_owned()
        .collect()
}

/// `AccountName=…;AccountKey=…;BlobEndpoint=…`
struct ConnectionString<'a>(Vec<(&'a str, &'a str)>);

impl<'a> ConnectionString<'a> {
    fn parse(text: &'a str) -> Self {
        let pairs = text.split(';').filter_map(|part| part.split_once('='));
        Self(
            pairs
                .map(|(key, value)| (key.trim(), value.trim()))
                .collect(),
        )
    }

    fn get(&self, key: &str) -> Option<String> {
        let (_, value) = self
            .0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(key))?;
        (!value.is_empty()).then(|| (*value).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_are_read() {
        let text = "DefaultEndpointsProtocol=http;AccountName=dev;AccountKey=a2V5==;BlobEndpoint=http://h:1/dev;";
        let connection = ConnectionString::parse(text);
        assert_eq!(connection.get("accountkey").as_deref(), Some("a2V5=="));
        assert_eq!(
            connection.get("BlobEndpoint").as_deref(),
            Some("http://h:1/dev")
        );
        assert_eq!(connection.get("SharedAccessSignature"), None);
    }

    #[test]
    fn signatures_are_split_into_pairs() {
        let pairs = signature_pairs("?sv=2024&sig=a%2Bb");
        assert_eq!(
            pairs,
            [("sv", "2024"), ("sig", "a+b")].map(|(k, v)| (k.into(), v.into()))
        );
    }
}
