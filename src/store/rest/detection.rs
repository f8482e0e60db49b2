//! What a server is and has, and who it takes the user for.

use super::wire::CurrentUser;
use super::{Endpoint, LoginStep, RestStore};
use crate::domain::StoreErrorKind;
use crate::store::{Features, ReadStore, Result, limits};
use crate::text::untrusted::clean;

/// The product of MLflow's own servers, which report their version.
const MLFLOW_PRODUCT_PREFIX: &str = "MLflow ";

impl RestStore {
    /// The registry of a server is asked for only if it is used: a store whose models are elsewhere may have disabled its own.
    pub(super) async fn detect_features(&self, with_registry: bool) -> Result<Features> {
        let kind = self.service.kind;
        let version = if kind.product.is_none() {
            let fetch = || self.fetch_version();
            self.version.get_or_try_init(fetch).await?.clone()
        } else {
            None
        };
        let major: Option<u32> = version
            .as_deref()
            .and_then(|version| version.split('.').next()?.parse().ok());
        Ok(Features {
            // Managed services have one, which a request for its models shows as well.
            has_registry: !with_registry || kind.product.is_some() || self.has_registry().await?,
            has_transition_requests: kind.has_transition_requests.unwrap_or(version.is_none()),
            product: version.map_or_else(
                || {
                    kind.product
                        .unwrap_or("MLflow-compatible server")
                        .to_owned()
                },
                |version| format!("{MLFLOW_PRODUCT_PREFIX}{version}"),
            ),
            can_filter: true,
            has_windows: false,
            has_bulk_histories: !self.lacks_bulk_histories(),
            has_cheap_full_histories: false,
            has_logged_models: kind
                .has_logged_models
                .unwrap_or(major.is_none_or(|major| major >= 3)),
        })
    }

    /// Who the server takes the user for, on a server with MLflow's own users; others are not asked twice.
    pub(super) async fn check_user(&self) -> Option<LoginStep> {
        if !self.options.has_credentials() {
            return None;
        }
        let what = "reading the current user";
        let found: Result<CurrentUser> = self.get(Endpoint::CurrentUser, "", &[], what).await;
        match found {
            Ok(found) if !found.user.username.is_empty() => {
                let may = if found.user.is_admin {
                    "an administrator, who may change everything"
                } else {
                    "no administrator: reads and writes need a permission for each experiment and model"
                };
                let name = clean(&found.user.username);
                Some(LoginStep::ok("user", format!("{name}, {may}")))
            }
            Err(error) if error.kind == StoreErrorKind::Unauthenticated => {
                Some(LoginStep::failed("user", &error))
            }
            // Only MLflow 3 has this endpoint, and only with its own users.
            _ => None,
        }
    }

    /// Whether the server may have transition requests. MLflow's own, which report a version, have none.
    pub(super) async fn may_have_transition_requests(&self) -> Result<bool> {
        Ok(match self.service.kind.has_transition_requests {
            Some(has) => has,
            None => self.features_of_runs().await?.has_transition_requests,
        })
    }

    /// The version, which gateways and other products don't report.
    async fn fetch_version(&self) -> Result<Option<String>> {
        let what = "detecting the server's version";
        let limit = limits::RESPONSE_BYTES;
        let raw = self
            .retry(|| self.send(Endpoint::Version, "", &[], None, what, limit))
            .await?;
        let status = raw.status.as_u16();
        if matches!(status, 401 | 403 | 500..) || raw.status.is_redirection() {
            return Err(self.transport.response_error(raw, what));
        }
        let text = String::from_utf8_lossy(&raw.body).trim().to_owned();
        let is_version = text.len() < 40 && text.starts_with(|c: char| c.is_ascii_digit());
        Ok(is_version.then_some(text))
    }
}
