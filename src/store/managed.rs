//! Managed services that speak MLflow's API: how their addresses are written.

use std::fmt;

use url::Url;

use super::StoreTargetError;
use crate::text::untrusted::clean;

/// A managed service, as MLflow's tracking URI names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedTarget {
    /// `databricks` or `databricks://PROFILE`.
    Databricks {
        /// The profile of `~/.databrickscfg`, if one is named.
        profile: Option<String>,
    },
    /// The ARN of a tracking server or an app of SageMaker.
    SageMaker(SageMakerArn),
    /// A workspace or registry of Azure ML.
    AzureMl(AzureMlWorkspace),
}

impl ManagedTarget {
    /// Parses an address; `None` for one of another kind.
    pub(super) fn parse(text: &str) -> Option<Result<Self, StoreTargetError>> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        let unsupported = |why| {
            Some(Err(StoreTargetError::Unsupported {
                target: text.into(),
                why,
            }))
        };
        match scheme.to_ascii_lowercase().as_str() {
            "databricks" => match parse_profile(text, rest) {
                Ok(profile) => Some(Ok(Self::Databricks { profile })),
                Err(why) => unsupported(why),
            },
            "databricks-uc" | "uc" => unsupported(
                "it is a model registry: name it with --registry or MLFLOW_REGISTRY_URI, and a tracking store as the target",
            ),
            "arn" => match SageMakerArn::parse(text) {
                Some(arn) => Some(Ok(Self::SageMaker(arn))),
                None => unsupported(
                    "expected arn:aws:sagemaker:REGION:ACCOUNT:mlflow-tracking-server/NAME or …:mlflow-app/ID",
                ),
            },
            "azureml" => match AzureMlWorkspace::parse(rest) {
                Some(workspace) => Some(Ok(Self::AzureMl(workspace))),
                None => unsupported(
                    "expected azureml://HOST/mlflow/v1.0/subscriptions/ID/resourceGroups/NAME/providers/Microsoft.MachineLearningServices/workspaces/NAME",
                ),
            },
            _ => None,
        }
    }
}

impl fmt::Display for ManagedTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Databricks { profile: None } => f.write_str("databricks"),
            Self::Databricks {
                profile: Some(profile),
            } => write!(f, "databricks://{}", clean(profile)),
            Self::SageMaker(arn) => write!(f, "{}", clean(&arn.text)),
            Self::AzureMl(workspace) => write!(f, "{}", clean(&workspace.uri)),
        }
    }
}

/// The profile of `databricks` or `databricks-uc`; `rest` follows the colon of `text`.
pub(super) fn parse_profile(text: &str, rest: &str) -> Result<Option<String>, &'static str> {
    if !text.contains(':') {
        return Ok(None);
    }
    let profile = rest
        .strip_prefix("//")
        .map(|rest| rest.trim_end_matches('/'));
    match profile {
        Some(profile) if profile.contains(':') => Err(
            "secret scopes can be read only inside of Databricks: name a profile, databricks://PROFILE",
        ),
        Some(profile) if !profile.is_empty() && !profile.contains('/') => {
            Ok(Some(profile.to_owned()))
        }
        _ => Err("expected databricks or databricks://PROFILE"),
    }
}

/// The name of a tracking server or app of SageMaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SageMakerArn {
    /// As written.
    pub text: String,
    /// The region, which also decides the address.
    pub region: String,
    /// The kind of resource.
    pub resource: SageMakerResource,
}

/// What an ARN of SageMaker names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SageMakerResource {
    /// `mlflow-tracking-server`.
    TrackingServer,
    /// `mlflow-app`.
    App,
}

impl SageMakerResource {
    /// The service in signatures.
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::TrackingServer => "sagemaker-mlflow",
            Self::App => "sagemaker",
        }
    }

    /// The header with the ARN.
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::TrackingServer => "x-mlflow-sm-tracking-server-arn",
            Self::App => "x-sm-mlflow-app-arn",
        }
    }
}

impl SageMakerArn {
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [_, partition, "sagemaker", region, account, resource] = parts.as_slice() else {
            return None;
        };
        let is_name = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let (kind, name) = resource.split_once('/')?;
        let resource = match kind {
            "mlflow-tracking-server" => SageMakerResource::TrackingServer,
            "mlflow-app" => SageMakerResource::App,
            _ => return None,
        };
        let is_valid = ["aws", "aws-us-gov"].contains(partition)
            && is_name(region)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && is_name(name);
        is_valid.then(|| Self {
            text: text.to_owned(),
            region: (*region).to_owned(),
            resource,
        })
    }

    /// The address of the API.
    pub(super) fn endpoint(&self) -> String {
        match self.resource {
            SageMakerResource::TrackingServer => {
                format!("https://{}.experiments.sagemaker.aws", self.region)
            }
            SageMakerResource::App => {
                format!("https://mlflow.sagemaker.{}.app.aws", self.region)
            }
        }
    }
}

/// A workspace or registry of Azure ML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AzureMlWorkspace {
    /// As written.
    pub uri: String,
    /// The address below which MLflow's API is.
    pub api: Url,
}

impl AzureMlWorkspace {
    /// What precedes the subscription in the path is free, as in Azure's own plugin; a query is ignored.
    fn parse(rest: &str) -> Option<Self> {
        let rest = rest.strip_prefix("//")?.split(['?', '#']).next()?;
        let (host, path) = rest.split_once('/')?;
        let resource = &path[path.find("subscriptions/")?..];
        let parts: Vec<&str> = resource.trim_end_matches('/').split('/').collect();
        let [
            "subscriptions",
            subscription,
            "resourceGroups",
            group,
            "providers",
            "Microsoft.MachineLearningServices",
            "workspaces" | "registries",
            name,
        ] = parts.as_slice()
        else {
            return None;
        };
        if host.contains('@')
            || [subscription, group, name]
                .iter()
                .any(|part| part.is_empty())
        {
            return None;
        }
        let api = Url::parse(&format!("https://{host}/mlflow/v2.0/{}", parts.join("/"))).ok()?;
        Some(Self {
            uri: format!("azureml://{rest}"),
            api,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ManagedTarget, String> {
        ManagedTarget::parse(text)
            .unwrap()
            .map_err(|error| error.to_string())
    }

    #[test]
    fn databricks_and_its_profiles() {
        let profile = |text| match parse(text)? {
            ManagedTarget::Databricks { profile } => Ok(profile),
            other => Err(other.to_string()),
        };
        assert_eq!(profile("databricks"), Ok(None));
        assert_eq!(profile("databricks://prod"), Ok(Some("prod".into())));
        assert_eq!(profile("databricks://prod/"), Ok(Some("prod".into())));
        for (text, why) in [
            ("databricks://scope:prefix", "secret scopes"),
            ("databricks:/x", "databricks://PROFILE"),
            ("databricks://", "databricks://PROFILE"),
            ("databricks-uc", "--registry"),
            ("uc:http://h", "--registry"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert!(ManagedTarget::parse("mlflow.db").is_none());
    }

    #[test]
    fn arns_decide_address_and_service() {
        let arn = |text: &str| match parse(text)? {
            ManagedTarget::SageMaker(arn) => Ok(arn),
            other => Err(other.to_string()),
        };
        let server =
            arn("arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/team").unwrap();
        assert_eq!(
            (server.endpoint().as_str(), server.resource.service()),
            (
                "https://eu-central-1.experiments.sagemaker.aws",
                "sagemaker-mlflow"
            )
        );
        let app =
            arn("arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-app/a-1").unwrap();
        assert_eq!(
            (app.endpoint().as_str(), app.resource.header()),
            (
                "https://mlflow.sagemaker.us-gov-west-1.app.aws",
                "x-sm-mlflow-app-arn"
            )
        );
        for text in [
            "arn:aws:s3:::bucket",
            "arn:aws:sagemaker:eu-central-1:1:mlflow-app/x",
            "arn:aws:sagemaker:evil.example.org/:123456789012:mlflow-app/x",
            "arn:aws-cn:sagemaker:cn-north-1:123456789012:mlflow-app/x",
        ] {
            assert!(arn(text).is_err(), "{text}");
        }
    }

    #[test]
    fn azure_workspaces_become_addresses() {
        let resource = "subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
        let uri = format!("azureml://eastus.api.azureml.ms/mlflow/v1.0/{resource}?");
        let ManagedTarget::AzureMl(workspace) = parse(&uri).unwrap() else {
            panic!("another kind");
        };
        assert_eq!(
            workspace.api.as_str(),
            format!("https://eastus.api.azureml.ms/mlflow/v2.0/{resource}")
        );
        assert!(parse("azureml://eastus.api.azureml.ms/").is_err());
        assert!(parse("azureml://u:p@h/subscriptions/s").is_err());
    }
}
