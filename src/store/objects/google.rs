//! Google Cloud Storage: application default credentials, or none, as in MLflow.

use directories::BaseDirs;
use object_store::gcp::GoogleCloudStorageBuilder;

use super::location::Bucket;
use super::{Client, SetupError, client_options, is_plain_http, retries, variable};

/// The variables of credentials.
const CREDENTIAL_VARIABLES: [&str; 4] = [
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_SERVICE_ACCOUNT",
    "GOOGLE_SERVICE_ACCOUNT_PATH",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
];

pub(super) fn connect(bucket: &Bucket) -> Result<Client, SetupError> {
    let builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(&bucket.name)
        .with_retry(retries());
    // Google's own clients read this variable, too; an emulator checks no credentials.
    if let Some(host) = variable("STORAGE_EMULATOR_HOST") {
        let host = if host.contains("://") {
            host
        } else {
            format!("http://{host}")
        };
        let options = client_options().with_allow_http(is_plain_http(&host));
        let builder = builder.with_client_options(options);
        return Ok(Client::new(
            builder
                .with_base_url(host.trim_end_matches('/'))
                .with_skip_signature(true)
                .build()?,
        ));
    }
    let builder = builder.with_client_options(client_options());
    Ok(Client::new(
        builder.with_skip_signature(!has_credentials()).build()?,
    ))
}

fn has_credentials() -> bool {
    let has_file = BaseDirs::new().is_some_and(|dirs| {
        let file = ".config/gcloud/application_default_credentials.json";
        dirs.home_dir().join(file).exists()
    });
    // A machine of Google's has credentials at a local address.
    let product = std::fs::read_to_string("/sys/class/dmi/id/product_name").unwrap_or_default();
    let has_variable = CREDENTIAL_VARIABLES
        .iter()
        .any(|name| variable(name).is_some());
    has_variable || has_file || product.contains("Google")
}
