//! S3, as boto3 and MLflow configure it.

use object_store::aws::{AmazonS3Builder, resolve_bucket_region};

use super::aws_profile::{AwsProfile, ProfileCredentials};
use super::location::Bucket;
use super::{Client, SetupError, client_options, is_plain_http, retries, variable};
use crate::domain::StoreErrorKind;

/// The region of stores that have none.
const DEFAULT_REGION: &str = "us-east-1";

/// The variables of credentials that object_store reads itself.
const CREDENTIAL_VARIABLES: [&str; 4] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

pub(super) async fn connect(bucket: &Bucket) -> Result<Client, SetupError> {
    let profile = AwsProfile::read();
    let ignores_tls = variable("MLFLOW_S3_IGNORE_TLS").is_some_and(|text| is_true(&text));
    let options = client_options().with_allow_invalid_certificates(ignores_tls);
    let endpoint = endpoint(bucket).or_else(|| profile.setting("endpoint_url"));
    let configured = variable("AWS_REGION")
        .or_else(|| variable("AWS_DEFAULT_REGION"))
        .or_else(|| profile.setting("region"));
    let region = match (configured, &endpoint) {
        (Some(region), _) => region,
        (None, Some(_)) => DEFAULT_REGION.to_owned(),
        (None, None) => resolve_bucket_region(&bucket.name, &options)
            .await
            .unwrap_or_else(|_| DEFAULT_REGION.to_owned()),
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&bucket.name)
        .with_region(region)
        .with_client_options(options)
        .with_retry(retries())
        .with_virtual_hosted_style_request(is_virtual_hosted(endpoint.is_some(), bucket));
    if let Some(endpoint) = endpoint {
        builder = builder.with_allow_http(is_plain_http(&endpoint));
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if variable("MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION").as_deref() == Some("unsigned") {
        return Ok(Client::new(builder.with_skip_signature(true).build()?));
    }
    // As in boto3, a named profile is read before anything but keys in the environment.
    let has_keys = variable("AWS_ACCESS_KEY_ID").is_some();
    if !has_keys && let Some(credentials) = profile.credentials()? {
        return Ok(Client::new(
            builder
                .with_credentials(ProfileCredentials::provider(credentials))
                .build()?,
        ));
    }
    let has_credentials = CREDENTIAL_VARIABLES
        .iter()
        .any(|name| variable(name).is_some());
    if !has_credentials && !has_instance_credentials() {
        return Err(SetupError {
            kind: StoreErrorKind::PermissionDenied,
            why: "no AWS credentials found".to_owned(),
            hint: Some("set AWS_PROFILE or AWS_ACCESS_KEY_ID, or log in with `aws sso login`"),
        });
    }
    Ok(Client::new(builder.build()?))
}

fn endpoint(bucket: &Bucket) -> Option<String> {
    if let Some(host) = &bucket.host {
        return Some(format!("https://{host}"));
    }
    [
        "MLFLOW_S3_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL",
    ]
    .into_iter()
    .find_map(variable)
}

/// Whether the bucket is a part of the host's name. A name with a dot would not match the certificate.
fn is_virtual_hosted(has_endpoint: bool, bucket: &Bucket) -> bool {
    match variable("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE").as_deref() {
        Some("path") => false,
        Some("virtual") => true,
        _ => !has_endpoint && !bucket.name.contains('.'),
    }
}

/// Whether this machine is one of Amazon's, which asks a local address for credentials: elsewhere, that takes seconds to fail.
fn has_instance_credentials() -> bool {
    let is_disabled = variable("AWS_EC2_METADATA_DISABLED").is_some_and(|text| is_true(&text));
    let vendor = std::fs::read_to_string("/sys/class/dmi/id/sys_vendor").unwrap_or_default();
    let is_named = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").is_some();
    !is_disabled && (is_named || vendor.contains("Amazon"))
}

/// As MLflow reads a boolean.
fn is_true(text: &str) -> bool {
    ["1", "true"].contains(&text.to_ascii_lowercase().as_str())
}
