//! The variables and the home folder that logins read, taken once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Variables that a login reads. AWS's own are read by AWS's library.
const VARIABLES: [&str; 50] = [
    "MLFLOW_TRACKING_AUTH",
    "MLFLOW_TRACKING_AWS_SIGV4",
    "MLFLOW_UC_OSS_TOKEN",
    "DATABRICKS_HOST",
    "DATABRICKS_TOKEN",
    "DATABRICKS_USERNAME",
    "DATABRICKS_PASSWORD",
    "DATABRICKS_CLIENT_ID",
    "DATABRICKS_CLIENT_SECRET",
    "DATABRICKS_CONFIG_PROFILE",
    "DATABRICKS_CONFIG_FILE",
    "DATABRICKS_AUTH_TYPE",
    "DATABRICKS_WORKSPACE_ID",
    "DATABRICKS_DISCOVERY_URL",
    "DATABRICKS_AZURE_RESOURCE_ID",
    "DATABRICKS_CLI_PATH",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_TENANT_ID",
    "ARM_ENVIRONMENT",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZUREML_CURRENT_CLOUD",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT",
    "SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN",
    "SAGEMAKER_MLFLOW_ASSUME_ROLE_TTL_SECONDS",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_EC2_METADATA_DISABLED",
    "KUBECONFIG",
    "KUBERNETES_SERVICE_HOST",
    "MLFLOW_TRACKING_TOKEN",
    "AZURE_CONFIG_DIR",
];

/// The variables that are set, and the home folder. `Debug` shows names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    variables: BTreeMap<&'static str, String>,
    home: Option<PathBuf>,
}

impl Environment {
    /// Takes the variables that are set and not empty.
    #[must_use]
    pub fn capture(lookup: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Self {
        let set = |name: &'static str| {
            let value = lookup(name).filter(|value| !value.trim().is_empty())?;
            Some((name, value))
        };
        Self {
            variables: VARIABLES.into_iter().filter_map(set).collect(),
            home: home.map(Path::to_owned),
        }
    }

    pub(in crate::store::rest) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// A path below the home folder.
    pub(super) fn in_home(&self, path: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// Whether a variable is set to true, as MLflow reads it.
    pub(in crate::store::rest) fn is_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| ["true", "1"].contains(&value.to_ascii_lowercase().as_str()))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}
