//! Requests to move a version to a stage: Databricks' own, beside MLflow's registry.

use std::sync::atomic::Ordering;

use serde::Deserialize;

use super::wire::{int, text};
use super::{Endpoint, RestStore};
use crate::domain::{FaultKind, ModelName, Stage, TransitionRequest, VersionNumber};
use crate::store::Answer;

/// The open requests of a version.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Page {
    requests: Vec<Activity>,
}

/// What Databricks calls an activity.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Activity {
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
    pub(super) async fn read_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Answer<Option<Vec<TransitionRequest>>> {
        if self.no_requests.load(Ordering::Relaxed) || self.is_mlflow().await? {
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
        let page: Page = match self
            .get(Endpoint::TransitionRequests, "", &query, &what)
            .await
        {
            Ok(page) => page,
            Err(fault) if fault.kind == FaultKind::Unsupported => {
                self.no_requests.store(true, Ordering::Relaxed);
                return Ok(None);
            }
            // Who may not see them sees none; the version itself is read apart.
            Err(fault) if matches!(fault.kind, FaultKind::Missing | FaultKind::Denied) => {
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        let read = |asked: Activity| {
            let (to, by, comment) = (
                Stage::parse(&asked.to_stage)?,
                asked.user_id.into(),
                asked.comment.into(),
            );
            Some(TransitionRequest {
                version,
                to,
                by,
                at: asked.creation_timestamp,
                comment,
            })
        };
        Ok(Some(page.requests.into_iter().filter_map(read).collect()))
    }
}
