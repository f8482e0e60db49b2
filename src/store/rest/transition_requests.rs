//! Requests to move a version to a stage: Databricks' own, beside MLflow's registry.

use std::sync::atomic::Ordering;

use serde::Deserialize;

use super::wire::{int, text};
use super::{Endpoint, RestStore};
use crate::domain::{ModelName, Stage, StoreErrorKind, TransitionRequest, VersionNumber};
use crate::store::Result;

/// The open requests of a version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TransitionRequestPage {
    requests: Vec<WireTransitionRequest>,
}

/// What Databricks calls an activity.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireTransitionRequest {
    #[serde(deserialize_with = "text")]
    to_stage: String,
    #[serde(deserialize_with = "text")]
    user_id: String,
    #[serde(deserialize_with = "text")]
    comment: String,
    #[serde(deserialize_with = "int")]
    creation_timestamp: Option<i64>,
}

impl RestStore {
    /// The open requests of a version. Servers that have no such endpoint are asked once; MLflow's own, which tell their version,
    /// have none and are not asked.
    pub(super) async fn read_transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        if self.lacks_transition_requests.load(Ordering::Relaxed) || self.is_mlflow_server().await?
        {
            return Ok(None);
        }
        let what = format!(
            "reading the requests for version {version} of {}",
            name.clean()
        );
        let query = [
            ("name", name.raw().to_owned()),
            ("version", version.to_string()),
        ];
        let page: TransitionRequestPage = match self
            .get(Endpoint::TransitionRequests, "", &query, &what)
            .await
        {
            Ok(page) => page,
            Err(fault) if fault.kind == StoreErrorKind::Unsupported => {
                self.lacks_transition_requests
                    .store(true, Ordering::Relaxed);
                return Ok(None);
            }
            // Who may not see them sees none; the version itself is read apart.
            Err(fault)
                if matches!(
                    fault.kind,
                    StoreErrorKind::NotFound | StoreErrorKind::PermissionDenied
                ) =>
            {
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        let to_request = |activity: WireTransitionRequest| {
            let (to, by, comment) = (
                Stage::parse(&activity.to_stage)?,
                activity.user_id.into(),
                activity.comment.into(),
            );
            Some(TransitionRequest {
                version,
                to_stage: to,
                requested_by: by,
                requested_at: activity.creation_timestamp,
                comment,
            })
        };
        Ok(Some(
            page.requests.into_iter().filter_map(to_request).collect(),
        ))
    }
}
