//! Model registries apart from the tracking store: how they are named, and how to open them.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::backend::{StoreTarget, StoreTargetError, open};
use super::managed::{ManagedTarget, parse_profile};
use super::rest::{CatalogReader, OpenCatalog, UnityCatalog};
use super::{AccessMode, ConnectOptions, Reader, Result, StoreHandle, Writer};
use crate::domain::Address;
use crate::text::untrusted::clean;

/// A model registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryTarget {
    /// That of a store.
    Store(StoreTarget),
    /// `databricks-uc` or `databricks-uc://PROFILE`.
    UnityCatalog {
        /// The profile of `~/.databrickscfg`, if one is named.
        profile: Option<String>,
    },
    /// `uc:http://HOST`.
    OpenCatalog(Url),
}

impl RegistryTarget {
    /// Parses what `MLFLOW_REGISTRY_URI` names.
    ///
    /// # Errors
    /// When no registry is meant.
    pub fn parse(text: &str) -> Result<Self, StoreTargetError> {
        let address = Address::from(text);
        let text = address.expose();
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        let unsupported = |why| StoreTargetError::Unsupported {
            target: address.clone(),
            why,
        };
        match scheme.to_ascii_lowercase().as_str() {
            "databricks-uc" => parse_profile(text, rest)
                .map(|profile| Self::UnityCatalog { profile })
                .map_err(|_| unsupported("expected databricks-uc or databricks-uc://PROFILE")),
            "uc" => match StoreTarget::parse(rest) {
                Ok(StoreTarget::Server(url)) => Ok(Self::OpenCatalog(url)),
                Err(error @ StoreTargetError::CredentialsInUrl) => Err(error),
                _ => Err(unsupported(
                    "expected the address of a catalog: uc:http://HOST",
                )),
            },
            _ => StoreTarget::parse(text).map(Self::Store),
        }
    }

    /// The registry of a tracking store that MLflow 3 takes if none is named, where it is not the store's own.
    #[must_use]
    pub fn default_of(target: &StoreTarget) -> Option<Self> {
        match target {
            StoreTarget::Managed(ManagedTarget::Databricks { profile }) => {
                Some(Self::UnityCatalog {
                    profile: profile.clone(),
                })
            }
            _ => None,
        }
    }
}

impl fmt::Display for RegistryTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(target) => target.fmt(f),
            Self::UnityCatalog { profile: None } => f.write_str("databricks-uc"),
            Self::UnityCatalog {
                profile: Some(profile),
            } => write!(f, "databricks-uc://{}", clean(profile)),
            Self::OpenCatalog(url) => write!(f, "uc:{url}"),
        }
    }
}

/// Opens a registry. A server is not contacted.
///
/// # Errors
/// As for [`open`].
pub async fn open_registry(
    target: &RegistryTarget,
    mode: AccessMode,
    options: &ConnectOptions,
) -> Result<StoreHandle> {
    let (reader, writer): (Reader, Writer) = match target {
        RegistryTarget::Store(target) => return open(target, mode, options).await,
        RegistryTarget::UnityCatalog { profile } => {
            let store = UnityCatalog::connect(profile.as_deref(), options)?;
            let writer = Arc::new(store.writer()?);
            (Arc::new(CatalogReader(store)), writer)
        }
        RegistryTarget::OpenCatalog(url) => {
            let store = OpenCatalog::connect(url, options)?;
            let writer = Arc::new(store.writer()?);
            (Arc::new(CatalogReader(store)), writer)
        }
    };
    let writer = match mode {
        AccessMode::ReadWrite => Ok(writer),
        AccessMode::ReadOnly(reason) => Err(reason),
    };
    Ok(StoreHandle { reader, writer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_named_as_for_mlflow() {
        let parse = |text| RegistryTarget::parse(text).map(|target| target.to_string());
        for text in [
            "databricks-uc",
            "databricks-uc://prod",
            "uc:http://127.0.0.1:8080/",
            "databricks",
            "https://mlflow.example.org/",
        ] {
            assert_eq!(parse(text), Ok(text.to_owned()));
        }
        for (text, why) in [
            ("databricks-uc:prod", "databricks-uc://PROFILE"),
            ("uc:main", "uc:http://HOST"),
            ("uc:http://u:hunter2@h", "contains credentials"),
        ] {
            let error = RegistryTarget::parse(text).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
        let databricks = StoreTarget::parse("databricks://p").unwrap();
        let default = RegistryTarget::default_of(&databricks).map(|target| target.to_string());
        assert_eq!(default.as_deref(), Some("databricks-uc://p"));
    }
}
