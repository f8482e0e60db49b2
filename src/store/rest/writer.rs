//! Writing: one request, once, on a connection of its own.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use super::response;
use super::transport::{Timeouts, Transport};
use super::wire::{EntityResponse, Interner};
use crate::domain::KeyValue;
use crate::domain::{ModelName, Stage, StoreWrite, VersionNumber};
use crate::store::{Result, WriteResponse, WriteStore, limits};
use crate::text::Untrusted;

/// How long to wait before a read-back shows a race, in ms: 300 were enough where it was measured.
const READ_BACK_DELAY_MS: u64 = 1_000;

/// A server, for writing.
pub struct RestWriter {
    transport: Transport,
    settle_window_ms: u64,
    read_back_delay_ms: u64,
}

impl RestWriter {
    pub(super) fn new(transport: Transport, timeouts: Timeouts) -> Self {
        // A request that was given up may be carried out for as long as a gateway holds it: as long as we waited.
        let settle_window_ms = u64::try_from(timeouts.write.as_millis()).unwrap_or(u64::MAX);
        Self {
            transport,
            settle_window_ms,
            read_back_delay_ms: READ_BACK_DELAY_MS,
        }
    }
}

/// A write as MLflow's API takes it: method, path below `api/2.0/mlflow/`, body.
fn build_request(write: &StoreWrite) -> (Method, &'static str, Value) {
    let tag = |tag: &KeyValue| json!({"key": tag.key.raw(), "value": tag.value.raw()});
    match write {
        StoreWrite::CreateModel { name } => (
            Method::POST,
            "registered-models/create",
            json!({"name": name.raw()}),
        ),
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            let tags: Vec<Value> = tags.iter().map(tag).collect();
            let mut body = json!({"name": name.raw(), "source": source.raw(), "run_id": run_id.raw(), "tags": tags});
            if let Some(id) = source
                .raw()
                .strip_prefix("models:/")
                .filter(|id| id.starts_with("m-") && !id.contains('/'))
            {
                body["model_id"] = id.into();
            }
            (Method::POST, "model-versions/create", body)
        }
        StoreWrite::DeleteVersion { name, version } => (
            Method::DELETE,
            "model-versions/delete",
            json!({"name": name.raw(), "version": version.to_string()}),
        ),
        StoreWrite::SetVersionTag { name, version, tag } => {
            let body = json!({"name": name.raw(), "version": version.to_string(), "key": tag.key.raw(), "value": tag.value.raw()});
            (Method::POST, "model-versions/set-tag", body)
        }
        StoreWrite::DeleteVersionTag { name, version, key } => {
            let body =
                json!({"name": name.raw(), "version": version.to_string(), "key": key.raw()});
            (Method::DELETE, "model-versions/delete-tag", body)
        }
        StoreWrite::SetDescription {
            name,
            version: Some(version),
            text,
        } => {
            let body = json!({"name": name.raw(), "version": version.to_string(), "description": text.raw()});
            (Method::PATCH, "model-versions/update", body)
        }
        StoreWrite::SetDescription {
            name,
            version: None,
            text,
        } => (
            Method::PATCH,
            "registered-models/update",
            json!({"name": name.raw(), "description": text.raw()}),
        ),
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => {
            let (version, stage) = (version.to_string(), stage.as_str());
            let body = json!({"name": name.raw(), "version": version, "stage": stage, "archive_existing_versions": archive_existing});
            (Method::POST, "model-versions/transition-stage", body)
        }
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let body =
                json!({"name": name.raw(), "alias": alias.raw(), "version": version.to_string()});
            (Method::POST, "registered-models/alias", body)
        }
        StoreWrite::DeleteAlias { name, alias } => (
            Method::DELETE,
            "registered-models/alias",
            json!({"name": name.raw(), "alias": alias.raw()}),
        ),
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => build_transition_request(write),
        StoreWrite::DeleteRun { run } => {
            (Method::POST, "runs/delete", json!({"run_id": run.raw()}))
        }
        StoreWrite::RestoreRun { run } => {
            (Method::POST, "runs/restore", json!({"run_id": run.raw()}))
        }
    }
}

/// A write about a request to move a version, as Databricks' API takes it. Only taking one back carries its parts in the query.
fn build_transition_request(write: &StoreWrite) -> (Method, &'static str, Value) {
    let body = |name: &ModelName, version: &VersionNumber, stage: &Stage, comment: &Untrusted| json!({"name": name.raw(), "version": version.to_string(), "stage": stage.as_str(), "comment": comment.raw()});
    match write {
        StoreWrite::RequestTransition {
            name,
            version,
            stage,
            comment,
        } => (
            Method::POST,
            "transition-requests/create",
            body(name, version, stage, comment),
        ),
        StoreWrite::ApproveTransition {
            name,
            version,
            stage,
            archive_existing,
            comment,
        } => {
            let mut body = body(name, version, stage, comment);
            body["archive_existing_versions"] = (*archive_existing).into();
            (Method::POST, "transition-requests/approve", body)
        }
        StoreWrite::RejectTransition {
            name,
            version,
            stage,
            comment,
        } => (
            Method::POST,
            "transition-requests/reject",
            body(name, version, stage, comment),
        ),
        StoreWrite::WithdrawTransition {
            name,
            version,
            stage,
            creator,
        } => {
            let mut body = body(name, version, stage, &Untrusted::default());
            body["creator"] = creator.raw().into();
            (Method::DELETE, "transition-requests/delete", body)
        }
        _ => (Method::POST, "", Value::Null),
    }
}

/// The parts of a body as a query, for the one write that takes none.
fn query_pairs(write: &StoreWrite, body: &Value) -> Vec<(&'static str, String)> {
    let part = |key: &'static str| Some((key, body.get(key)?.as_str()?.to_owned()));
    let is_query = matches!(write, StoreWrite::WithdrawTransition { .. });
    ["name", "version", "stage", "creator"]
        .into_iter()
        .filter(|_| is_query)
        .filter_map(part)
        .collect()
}

#[async_trait]
impl WriteStore for RestWriter {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        let (method, path, body) = build_request(write);
        let what = format!("sending {method} {path}");
        let parts: Vec<String> = ["api", "2.0", "mlflow"]
            .into_iter()
            .chain(path.split('/'))
            .map(str::to_owned)
            .collect();
        let query = query_pairs(write, &body);
        let request = self.transport.request(method, &parts, &query);
        let request = if query.is_empty() {
            Transport::with_json(request, &body)
        } else {
            request
        };
        let raw = self
            .transport
            .send(request, &what, limits::RESPONSE_BYTES)
            .await?;
        let response = self.transport.json_body(raw, &what)?;
        if !matches!(write, StoreWrite::CreateVersion { .. }) {
            return Ok(WriteResponse::Done);
        }
        let response: EntityResponse = serde_json::from_slice(&response)
            .map_err(|_| response::malformed_response(&what, "the answer is cut or no JSON"))?;
        let version = response
            .model_version
            .and_then(|version| version.into_version(&mut Interner::default()));
        version
            .map(|version| WriteResponse::CreatedVersion(version.version))
            .ok_or_else(|| response::malformed_response(&what, "the answer names no version"))
    }

    fn settle_window(&self) -> u64 {
        self.settle_window_ms
    }

    fn read_back_delay(&self) -> u64 {
        self.read_back_delay_ms
    }

    fn describe(&self, write: &StoreWrite) -> String {
        let (method, path, body) = build_request(write);
        format!(
            "{method} {}/api/2.0/mlflow/{path} {body}",
            self.transport.address()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_version_sends_the_logged_model_id() {
        let write = StoreWrite::CreateVersion {
            name: "m".into(),
            source: "models:/m-1f".into(),
            run_id: "r".into(),
            tags: vec![KeyValue::new("frontrunner.intent", "x")],
        };
        let (method, path, body) = build_request(&write);
        assert_eq!((method, path), (Method::POST, "model-versions/create"));
        assert_eq!(body["model_id"], "m-1f");
        assert_eq!(body["tags"][0]["value"], "x");
    }
}
