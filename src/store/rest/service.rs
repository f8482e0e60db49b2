//! A server of MLflow's API: its address, its login, and how it differs from MLflow's own.

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::login::{
    AwsLogin, CredentialSource, DatabricksConnection, EntraLogin, FixedLogin, KubernetesLogin,
    Login, LoginStep, TokenClient, TokenCommand, connect_databricks, share,
};
use super::pace::Pace;
use super::{ConnectOptions, is_loopback};
use crate::domain::{SlotKinds, StoreError, StoreErrorKind};
use crate::store::managed::{ManagedTarget, SageMakerArn};
use crate::store::{Result, limits};

/// Names the workspace of a request; without it, that is the default one.
pub(super) const WORKSPACE_HEADER: &str = "x-mlflow-workspace";

/// How a kind of server differs from MLflow's own.
#[derive(Debug)]
pub(super) struct ServiceKind {
    /// The product; `None` for one that reports its version.
    pub product: Option<&'static str>,
    /// Whether it has MLflow 3's logged models; `None` if its version decides.
    pub has_logged_models: Option<bool>,
    /// Whether the histories of many runs may be read in one request.
    pub has_bulk_histories: bool,
    /// Whether it may have transition requests; `None` if it may unless it reports a version.
    pub has_transition_requests: Option<bool>,
    /// What a version of its registry can hold.
    pub slots: SlotKinds,
    /// How files are read.
    pub files: FileAccess,
    /// The path of its web pages below the address.
    pub web_path: &'static str,
    /// How many requests a second it allows: searches, and others.
    pub requests_per_second: Option<(u32, u32)>,
    /// How long a read waits for a server that limits requests.
    pub retries: RetryBudget,
    /// Whether a write may be answered by nothing or `200 OK` instead of JSON, as MLflow's client accepts.
    pub has_empty_responses: bool,
}

/// How often and how long a read is repeated.
#[derive(Debug)]
pub(super) struct RetryBudget {
    /// How often, while the server limits requests; after other errors, [`limits::READ_RETRIES`] times.
    pub times: usize,
    /// A longer `Retry-After` is reported to the user instead of waited for, in seconds.
    pub max_wait_seconds: u64,
}

/// How the files of runs and logged models are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileAccess {
    /// The server sends them.
    Server,
    /// The server signs addresses of a cloud's storage.
    SignedAddresses,
    /// MLflow's API has no part for it.
    None,
}

/// MLflow's own server, and what is not known to be another.
const MLFLOW: ServiceKind = ServiceKind {
    product: None,
    has_logged_models: None,
    has_bulk_histories: true,
    has_transition_requests: None,
    slots: SlotKinds::BOTH,
    files: FileAccess::Server,
    web_path: "/#",
    requests_per_second: None,
    retries: RetryBudget {
        times: limits::READ_RETRIES,
        max_wait_seconds: 5,
    },
    has_empty_responses: false,
};

static PLAIN: ServiceKind = MLFLOW;

/// A Databricks workspace, with the old registry of the workspace, which has no aliases. The published limits are 7
/// searches a second, and 120 other requests.
static DATABRICKS: ServiceKind = ServiceKind {
    product: Some("Databricks"),
    has_logged_models: Some(true),
    has_bulk_histories: false,
    has_transition_requests: Some(true),
    slots: SlotKinds::STAGES,
    files: FileAccess::SignedAddresses,
    web_path: "/ml",
    requests_per_second: Some((7, 60)),
    retries: RetryBudget {
        times: 7,
        max_wait_seconds: 60,
    },
    has_empty_responses: true,
};

/// MLflow as AWS runs it; `/version` is not known to be among its paths.
static SAGEMAKER: ServiceKind = ServiceKind {
    product: Some("SageMaker"),
    has_logged_models: Some(true),
    has_transition_requests: Some(false),
    ..MLFLOW
};

/// Azure ML, which has no calls of MLflow 3, and a registry with stages and without aliases.
static AZURE_ML: ServiceKind = ServiceKind {
    product: Some("Azure ML"),
    has_logged_models: Some(false),
    has_bulk_histories: false,
    has_transition_requests: Some(false),
    slots: SlotKinds::STAGES,
    files: FileAccess::None,
    ..MLFLOW
};

/// A server to connect to.
#[derive(Clone)]
pub(super) struct Service {
    pub kind: &'static ServiceKind,
    pub url: Url,
    pub login: Arc<Login>,
    /// Shared by all that send requests to it.
    pub pace: Arc<Pace>,
    /// Sent with every request.
    pub headers: HeaderMap,
    /// How the address was found, for `doctor`.
    pub configuration: Vec<LoginStep>,
    /// The identity of a store that is not named by its address.
    pub uri: Option<String>,
}

impl Service {
    /// The server at an address, with the login of the options.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn plain(url: &Url, options: &ConnectOptions) -> Result<Self> {
        let options = &options.for_server(url);
        let mut headers = HeaderMap::new();
        if let Some(workspace) = &options.workspace {
            let value = HeaderValue::from_str(workspace)
                .map_err(|_| invalid("reading MLFLOW_WORKSPACE", "it has invalid characters"))?;
            headers.insert(WORKSPACE_HEADER, value);
        }
        let service = Self::with_login(&PLAIN, url, plain_login(options), options);
        Ok(Self { headers, ..service })
    }

    /// The workspace that each request names.
    #[must_use]
    pub fn workspace(&self) -> Option<&str> {
        self.headers.get(WORKSPACE_HEADER)?.to_str().ok()
    }

    /// A managed service.
    ///
    /// # Errors
    /// When its configuration is missing or contradicts itself.
    pub fn managed(target: &ManagedTarget, options: &ConnectOptions) -> Result<Self> {
        match target {
            ManagedTarget::Databricks { profile } => Self::databricks(profile.as_deref(), options),
            ManagedTarget::SageMaker(arn) => Self::sagemaker(arn, options),
            ManagedTarget::AzureMl(workspace) => {
                let source: Box<dyn CredentialSource> = match token_of_profile(options) {
                    Some(source) => source,
                    None => match &options.token {
                        Some(_) => Box::new(FixedLogin::of_mlflow(options)),
                        None => Box::new(EntraLogin::new(&options.environment)?),
                    },
                };
                let url = &workspace.api;
                let mut service = Self::with_login(&AZURE_ML, url, source, options);
                service.uri = Some(workspace.uri.clone());
                Ok(service)
            }
        }
    }

    /// A workspace; also that of a Unity Catalog.
    pub fn databricks(profile: Option<&str>, options: &ConnectOptions) -> Result<Self> {
        let DatabricksConnection {
            host,
            source,
            workspace_id,
            configuration,
            config,
        } = connect_databricks(&options.environment, profile)?;
        require_https(&host)?;
        let source = token_of_profile(options).unwrap_or(source);
        let new_login = || Login::new(source, &host, TokenClient::new(&host, options));
        let login = share(config, options, new_login);
        let mut service = Self::of_login(&DATABRICKS, &host, login);
        service.configuration.push(configuration);
        if let Some(id) = workspace_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            let name = HeaderName::from_static("x-databricks-org-id");
            service.headers.insert(name, id);
        }
        Ok(service)
    }

    fn sagemaker(arn: &SageMakerArn, options: &ConnectOptions) -> Result<Self> {
        let custom = options.environment.get("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT");
        let address = custom.map_or_else(|| arn.endpoint(), str::to_owned);
        let url = Url::parse(&address).map_err(|_| {
            invalid(
                "reading SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT",
                "expected an address such as https://host",
            )
        })?;
        require_https(&url)?;
        let region = Some(arn.region.clone());
        let login = AwsLogin::new(arn.resource.service(), region, &options.environment);
        let mut service = Self::with_login(&SAGEMAKER, &url, Box::new(login), options);
        let value = HeaderValue::from_str(&arn.text)
            .map_err(|_| invalid("reading the ARN", "it has invalid characters"))?;
        let name = HeaderName::from_static(arn.resource.header());
        service.headers.insert(name, value);
        service.uri = Some(arn.text.clone());
        Ok(service)
    }

    /// The Unity Catalog of another party, which takes a token of MLflow's own variable.
    pub fn open_catalog(url: &Url, options: &ConnectOptions) -> Result<Self> {
        let token = options.environment.get("MLFLOW_UC_OSS_TOKEN");
        let source: Box<dyn CredentialSource> = match token {
            Some(token) => Box::new(FixedLogin::bearer(
                "token of MLFLOW_UC_OSS_TOKEN".to_owned(),
                &token.to_owned().into(),
                "the catalog rejected the token: renew MLFLOW_UC_OSS_TOKEN",
            )),
            None => Box::new(FixedLogin::anonymous("none", "set MLFLOW_UC_OSS_TOKEN")),
        };
        if token.is_some() {
            require_https(url)?;
        }
        Ok(Self::with_login(&PLAIN, url, source, options))
    }

    fn with_login(
        kind: &'static ServiceKind,
        url: &Url,
        source: Box<dyn CredentialSource>,
        options: &ConnectOptions,
    ) -> Self {
        let login = Login::new(source, url, TokenClient::new(url, options));
        Self::of_login(kind, url, Arc::new(login))
    }

    fn of_login(kind: &'static ServiceKind, url: &Url, login: Arc<Login>) -> Self {
        Self {
            kind,
            url: url.clone(),
            login,
            pace: Pace::of_server(url, kind.requests_per_second),
            headers: HeaderMap::new(),
            configuration: Vec::new(),
            uri: None,
        }
    }

    /// The steps of the login in turn, up to the first that fails.
    pub async fn check_login(&self) -> Vec<LoginStep> {
        let mut steps = self.configuration.clone();
        steps.extend(self.login.check().await);
        steps
    }
}

fn invalid(what: &str, why: &str) -> StoreError {
    StoreError::new(StoreErrorKind::InvalidRequest, what, why)
}

/// A managed service is never reached over plain http, except on this machine.
fn require_https(url: &Url) -> Result<()> {
    if url.scheme() == "https" || is_loopback(url) {
        return Ok(());
    }
    let error = invalid(
        &format!("connecting to {url}"),
        "it is not https, so no credential is sent to it",
    );
    Err(error.with_hint(Some("use the https address")))
}

fn token_of_profile(options: &ConnectOptions) -> Option<Box<dyn CredentialSource>> {
    let words = options.token_command.clone()?;
    Some(Box::new(TokenCommand::of_profile(words)))
}

/// The login of a plain server, in MLflow's order: signatures and plug-ins replace what a password or token would send.
fn plain_login(options: &ConnectOptions) -> Box<dyn CredentialSource> {
    if let Some(source) = token_of_profile(options) {
        return source;
    }
    let environment = &options.environment;
    if environment.is_true("MLFLOW_TRACKING_AWS_SIGV4") {
        return Box::new(AwsLogin::new("execute-api", None, environment));
    }
    match environment.get("MLFLOW_TRACKING_AUTH") {
        Some("kubernetes") => Box::new(KubernetesLogin::new(environment, false)),
        Some("kubernetes-namespaced") => Box::new(KubernetesLogin::new(environment, true)),
        Some(_) if !options.has_credentials() => Box::new(FixedLogin::anonymous(
            "none: MLFLOW_TRACKING_AUTH names a plug-in of Python, which can't run here",
            "MLFLOW_TRACKING_AUTH names a plug-in of Python, which can't run here: add a profile with token_command, or set MLFLOW_TRACKING_TOKEN",
        )),
        _ => Box::new(FixedLogin::of_mlflow(options)),
    }
}
