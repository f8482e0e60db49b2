//! AWS Signature Version 4, with the credentials of AWS's own chain: environment, profile, SSO cache, process, web identity,
//! container, instance, assumed roles.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::OnceCell;
use url::Url;

use super::environment::Environment;
use super::{Credential, CredentialSource, Issued, TokenClient, login_error};
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::Result;
use crate::text::untrusted::clean;

/// The name of sessions in an assumed role: that of SageMaker's plugin, by which policies may allow them.
const ROLE_SESSION: &str = "AuthBotoSagemakerMlFlow";

/// How long an assumed role lasts, in seconds: SageMaker's plugin allows 300 to 3,600.
const ROLE_SECONDS: u64 = 3_300;

const HINT: &str = "sign in with `aws sso login`, choose a profile with AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// The credentials of a request, and what they are good for.
#[derive(Clone)]
pub(in crate::store::rest) struct SigningIdentity {
    credentials: Credentials,
    region: String,
    service: &'static str,
}

impl std::fmt::Debug for SigningIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningIdentity({}, {})", self.region, self.service)
    }
}

fn signing_error(why: impl std::fmt::Display) -> StoreError {
    StoreError::new(
        StoreErrorKind::InvalidRequest,
        "signing the request",
        why.to_string(),
    )
}

impl SigningIdentity {
    /// Whether both sign with the same keys in the same session.
    pub(super) fn has_keys_of(&self, other: &Self) -> bool {
        let keys = |identity: &Self| {
            let credentials = &identity.credentials;
            [
                Some(credentials.access_key_id()),
                Some(credentials.secret_access_key()),
                credentials.session_token(),
            ]
            .map(|key| key.map(str::to_owned))
        };
        keys(self) == keys(other)
    }

    /// Signs a request: its method, path, query, body, and the headers that are for AWS. Others may be changed by a proxy.
    pub fn sign(&self, request: &mut Request, now: SystemTime) -> Result<()> {
        // In the form that is signed, so that a server need not decode it: AWS reads a plus sign as itself.
        if request.url().query().is_some() {
            let query = canonical_query(request.url());
            request.url_mut().set_query(Some(&query));
        }
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let identity = self.credentials.clone().into();
        let params: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(now)
            .settings(settings)
            .build()
            .map_err(signing_error)?
            .into();
        let body = match request.body() {
            None => SignableBody::empty(),
            Some(body) => SignableBody::Bytes(
                body.as_bytes()
                    .ok_or_else(|| signing_error("the body is not in memory"))?,
            ),
        };
        let is_signed = |name: &HeaderName| {
            let name = name.as_str();
            name.starts_with("x-amz-")
                || name.starts_with("x-sm-")
                || name.starts_with("x-mlflow-sm-")
        };
        let headers = request
            .headers()
            .iter()
            .filter(|(name, _)| is_signed(name))
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.url().as_str(),
            headers,
            body,
        )
        .map_err(signing_error)?;
        let (instructions, _) = sign(signable, &params).map_err(signing_error)?.into_parts();
        let (lines, _) = instructions.into_parts();
        for line in lines {
            let mut value = HeaderValue::from_str(line.value()).map_err(signing_error)?;
            value.set_sensitive(true);
            request
                .headers_mut()
                .insert(HeaderName::from_static(line.name()), value);
        }
        Ok(())
    }
}

/// The query with all but unreserved characters escaped, as AWS signs it.
fn canonical_query(url: &Url) -> String {
    let escape = |text: &str| -> String {
        let escape_byte = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(escape_byte).collect()
    };
    let pairs = url
        .query_pairs()
        .map(|(key, value)| format!("{}={}", escape(&key), escape(&value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A login by AWS's chain of credentials.
pub(in crate::store::rest) struct AwsLogin {
    service: &'static str,
    /// The region of the ARN; else that of AWS's own chain.
    region: Option<String>,
    role: Option<String>,
    role_seconds: u64,
    profile: Option<String>,
    /// The variable of a key that is set without the other one.
    lone_key: Option<&'static str>,
    config: OnceCell<SdkConfig>,
}

impl AwsLogin {
    pub fn new(service: &'static str, region: Option<String>, environment: &Environment) -> Self {
        let seconds = environment
            .get("SAGEMAKER_MLFLOW_ASSUME_ROLE_TTL_SECONDS")
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(ROLE_SECONDS);
        let is_sagemaker = region.is_some();
        Self {
            service,
            region,
            role: environment
                .get("SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN")
                .filter(|_| is_sagemaker)
                .map(str::to_owned),
            role_seconds: seconds.clamp(300, 3_600),
            profile: environment.get("AWS_PROFILE").map(str::to_owned),
            lone_key: lone_key(environment),
            config: OnceCell::new(),
        }
    }

    async fn load_config(&self) -> SdkConfig {
        let http = Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        loader.load().await
    }

    async fn credentials(&self, config: &SdkConfig) -> Result<Credentials> {
        let what = "getting credentials from AWS's chain";
        if let Some(name) = self.lone_key {
            let why = format!("{name} is set without the other key of its pair");
            return Err(login_error(what, why).with_hint(Some(
                "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither",
            )));
        }
        if let Some(role) = &self.role {
            let provider = AssumeRoleProvider::builder(role.as_str())
                .session_name(ROLE_SESSION)
                .session_length(Duration::from_secs(self.role_seconds))
                .configure(config)
                .build()
                .await;
            let what = format!("assuming role {}", clean(role));
            return provider
                .provide_credentials()
                .await
                .map_err(|error| chain_error(&what, &error));
        }
        let provider = config
            .credentials_provider()
            .ok_or_else(|| login_error(what, "there are none").with_hint(Some(HINT)))?;
        provider
            .provide_credentials()
            .await
            .map_err(|error| chain_error(what, &error))
    }
}

/// AWS's library passes over half of a pair and takes another identity; its command line refuses it, as is done here.
fn lone_key(environment: &Environment) -> Option<&'static str> {
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    match names.map(|name| environment.get(name).is_some()) {
        [true, false] => Some(names[0]),
        [false, true] => Some(names[1]),
        _ => None,
    }
}

/// All causes, outermost first: the innermost one rarely names the profile or the file.
fn chain_error(what: &str, error: &dyn std::error::Error) -> StoreError {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        let text = cause.to_string();
        let text = text.lines().next().unwrap_or_default();
        if !causes.iter().any(|known| known.contains(text)) {
            causes.push(text.to_owned());
        }
        next = cause.source();
    }
    let why = causes.join(": ");
    let why = if why.contains("no providers in chain") {
        "there are none: not in the environment, in a profile of ~/.aws, in a container or on this machine".to_owned()
    } else {
        why
    };
    login_error(what, why).with_hint(Some(HINT))
}

#[async_trait]
impl CredentialSource for AwsLogin {
    fn describe(&self) -> String {
        let profile = self.profile.as_deref().map_or_else(
            || "AWS's chain of credentials".to_owned(),
            |profile| format!("AWS's chain of credentials, profile {}", clean(profile)),
        );
        let role = self
            .role
            .as_deref()
            .map(|role| format!(", in role {}", clean(role)));
        format!(
            "signatures for {} with {profile}{}",
            self.service,
            role.unwrap_or_default()
        )
    }

    async fn issue(&self, _: &TokenClient, _: bool) -> Result<Issued> {
        let config = self.config.get_or_init(|| self.load_config()).await;
        let region = self
            .region
            .clone()
            .or_else(|| config.region().map(ToString::to_string))
            .ok_or_else(|| {
                login_error("choosing a region of AWS", "none is configured")
                    .with_hint(Some("set AWS_REGION, or `region` in the profile"))
            })?;
        let credentials = self.credentials(config).await?;
        let expires_at = credentials.expiry();
        let identity = SigningIdentity {
            credentials,
            region: region.clone(),
            service: self.service,
        };
        Ok(Issued {
            from: Some(format!("AWS, for region {}", clean(&region))),
            ..Issued::new(Credential::Aws(Box::new(identity)), expires_at)
        })
    }

    fn rejection_hint(&self) -> &'static str {
        "AWS rejected the signature or the identity: check the region, the clock, AWS_PROFILE and the permissions of the role"
    }
}

#[cfg(test)]
mod tests;
