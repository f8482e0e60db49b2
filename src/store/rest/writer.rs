//! Writes: one request each, sent once, on its own connection.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::response;
use super::service::{RetryBudget, ServiceKind};
use super::transport::{RawResponse, Timeouts, Transport};
use super::wire::EntityResponse;
use crate::domain::{
    KeyValue, MetadataOwner, MetadataWrite, ModelName, Stage, StoreError, StoreErrorKind,
    StoreWrite, VersionNumber, logged_model_in_source,
};
use crate::store::interner::Interner;
use crate::store::{Result, WriteResponse, WriteStore, limits};
use crate::text::Untrusted;

/// How long until a racing write is visible: 300 ms were enough in measurements.
const READ_BACK_DELAY_MS: u64 = 1_000;

/// Below this path are MLflow's endpoints.
const MLFLOW_PATH: &str = "api/2.0/mlflow";

/// A server, for writing.
pub struct RestWriter {
    transport: Transport,
    settle_window_ms: u64,
    read_back_delay_ms: u64,
    has_empty_responses: bool,
    /// How often a write that the server's limits refuse is sent again; `None` where such a refusal may be a gateway's.
    repeats: Option<&'static RetryBudget>,
    build: fn(&StoreWrite) -> (Method, String, Value),
    path: &'static str,
}

impl RestWriter {
    pub(super) fn new(
        transport: Transport,
        timeouts: Timeouts,
        kind: &'static ServiceKind,
    ) -> Self {
        // A gateway may hold a request that timed out here for as long again.
        let settle_window_ms = u64::try_from(timeouts.write.as_millis()).unwrap_or(u64::MAX);
        Self {
            transport,
            settle_window_ms,
            read_back_delay_ms: READ_BACK_DELAY_MS,
            has_empty_responses: kind.has_empty_responses,
            // A service that publishes its limits refuses before anything is done.
            repeats: kind.requests_per_second.map(|_| &kind.retries),
            build: build_mlflow_request,
            path: MLFLOW_PATH,
        }
    }

    /// Sends MLflow's requests below another path.
    pub(super) fn below(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// Sends the requests of the open Unity Catalog.
    pub(super) fn of_open_catalog(self) -> Self {
        Self {
            build: build_open_catalog_request,
            path: "api/2.1/unity-catalog",
            ..self
        }
    }
}

impl RestWriter {
    /// Sends a request, and again while the server's limits refuse it.
    async fn send(&self, build: impl Fn() -> RequestBuilder, what: &str) -> Result<RawResponse> {
        let mut times = 0;
        loop {
            let limit = limits::RESPONSE_BYTES;
            let raw = self.transport.send(build(), what, limit).await?;
            let (Some(budget), StatusCode::TOO_MANY_REQUESTS) = (self.repeats, raw.status) else {
                return Ok(raw);
            };
            let wait = raw.retry_after.unwrap_or(1);
            if times >= budget.times || wait > budget.max_wait_seconds {
                return Ok(raw);
            }
            times += 1;
            self.transport.pause(Duration::from_secs(wait));
        }
    }
}

fn build_mlflow_request(write: &StoreWrite) -> (Method, String, Value) {
    let (method, path, body) = build_request(write);
    (method, path.to_owned(), body)
}

/// The open Unity Catalog has names in its paths. Other writes than of aliases are refused before.
fn build_open_catalog_request(write: &StoreWrite) -> (Method, String, Value) {
    match write {
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let path = format!("models/{}/aliases/{}", name.raw(), alias.raw());
            let body =
                json!({"full_name": name.raw(), "alias": alias.raw(), "version_num": version.0});
            (Method::PUT, path, body)
        }
        StoreWrite::DeleteAlias { name, alias } => {
            let path = format!("models/{}/aliases/{}", name.raw(), alias.raw());
            let body = json!({"full_name": name.raw(), "alias": alias.raw()});
            (Method::DELETE, path, body)
        }
        _ => (Method::POST, String::new(), Value::Null),
    }
}

/// The request of a write: method, path below `api/2.0/mlflow/`, body.
fn build_request(write: &StoreWrite) -> (Method, &'static str, Value) {
    match write {
        StoreWrite::CreateModel { name } => {
            let body = json!({"name": name.raw()});
            (Method::POST, "registered-models/create", body)
        }
        StoreWrite::Metadata(write) => build_metadata_request(write),
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let body =
                json!({"name": name.raw(), "alias": alias.raw(), "version": version.to_string()});
            (Method::POST, "registered-models/alias", body)
        }
        StoreWrite::DeleteAlias { name, alias } => {
            let body = json!({"name": name.raw(), "alias": alias.raw()});
            (Method::DELETE, "registered-models/alias", body)
        }
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
        StoreWrite::CreateVersion { .. }
        | StoreWrite::DeleteVersion { .. }
        | StoreWrite::TransitionStage { .. } => build_version_request(write),
    }
}

/// The request of a change of a description, a name or a tag.
fn build_metadata_request(write: &MetadataWrite) -> (Method, &'static str, Value) {
    let (mut body, paths) = match &write.owner {
        MetadataOwner::Version { model, version } => (
            version_body(model, *version, &[]),
            [
                "model-versions/update",
                "model-versions/set-tag",
                "model-versions/delete-tag",
            ],
        ),
        MetadataOwner::Model { model } => (
            json!({"name": model.raw()}),
            [
                "registered-models/update",
                "registered-models/set-tag",
                "registered-models/delete-tag",
            ],
        ),
        MetadataOwner::Run { run } => (
            json!({"run_id": run.raw()}),
            ["", "runs/set-tag", "runs/delete-tag"],
        ),
    };
    let [update, set_tag, delete_tag] = paths;
    match (write.tag_key(), &write.value) {
        (None, _) => {
            body["description"] = write.text().into();
            (Method::PATCH, update, body)
        }
        (Some(key), Some(value)) => {
            body["key"] = key.into();
            body["value"] = value.raw().into();
            (Method::POST, set_tag, body)
        }
        (Some(key), None) => {
            body["key"] = key.into();
            // Only tags of runs are deleted with POST.
            let method = match &write.owner {
                MetadataOwner::Run { .. } => Method::POST,
                _ => Method::DELETE,
            };
            (method, delete_tag, body)
        }
    }
}

fn version_body(name: &ModelName, version: VersionNumber, more: &[(&str, Value)]) -> Value {
    let mut body = json!({"name": name.raw(), "version": version.to_string()});
    for (key, value) in more {
        body[*key] = value.clone();
    }
    body
}

/// The request of a write to a version.
fn build_version_request(write: &StoreWrite) -> (Method, &'static str, Value) {
    match write {
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            let tag = |tag: &KeyValue| json!({"key": tag.key.raw(), "value": tag.value.raw()});
            let tags: Vec<Value> = tags.iter().map(tag).collect();
            let mut body = json!({"name": name.raw(), "source": source.raw(), "run_id": run_id.raw(), "tags": tags});
            if let Some(id) = logged_model_in_source(source.raw()) {
                body["model_id"] = id.raw().into();
            }
            (Method::POST, "model-versions/create", body)
        }
        StoreWrite::DeleteVersion { name, version } => {
            let body = version_body(name, *version, &[]);
            (Method::DELETE, "model-versions/delete", body)
        }
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => {
            let more = [
                ("stage", stage.as_str().into()),
                ("archive_existing_versions", (*archive_existing).into()),
            ];
            let body = version_body(name, *version, &more);
            (Method::POST, "model-versions/transition-stage", body)
        }
        _ => (Method::POST, "", Value::Null),
    }
}

/// The request of a write to Databricks' transition requests. Only a withdrawal has its parameters
/// in the query.
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

/// The query parameters of a withdrawal; empty for other writes, which have a body.
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
        let (method, path, body) = (self.build)(write);
        let what = format!("sending {method} {path}");
        if body.is_null() {
            let why = "this registry has no such write";
            return Err(StoreError {
                not_sent: true,
                ..StoreError::new(StoreErrorKind::Unsupported, what, why)
            });
        }
        let parts: Vec<String> = self
            .path
            .split('/')
            .chain(path.split('/'))
            .map(str::to_owned)
            .collect();
        let query = query_pairs(write, &body);
        let build = || {
            let request = self.transport.request(method.clone(), &parts, &query);
            if query.is_empty() {
                Transport::with_json(request, &body)
            } else {
                request
            }
        };
        let raw = self.send(build, &what).await?;
        if let (Some(_), StatusCode::TOO_MANY_REQUESTS) = (self.repeats, raw.status) {
            return Err(StoreError {
                not_sent: true,
                outcome_unknown: false,
                ..self.transport.response_error(raw, &what)
            });
        }
        let is_version = matches!(write, StoreWrite::CreateVersion { .. });
        if self.has_empty_responses && !is_version && raw.is_empty_success() {
            return Ok(WriteResponse::Done);
        }
        let response = self.transport.json_body(raw, &what)?;
        if !is_version {
            return Ok(WriteResponse::Done);
        }
        let response: EntityResponse = serde_json::from_slice(&response)
            .map_err(|_| response::invalid_response(&what, "the response is not valid JSON"))?;
        let version = response
            .model_version
            .and_then(|version| version.into_version(&mut Interner::default()));
        version
            .map(|version| WriteResponse::CreatedVersion(version.version))
            .ok_or_else(|| response::invalid_response(&what, "the response has no version"))
    }

    fn settle_window(&self) -> u64 {
        self.settle_window_ms
    }

    fn read_back_delay(&self) -> u64 {
        self.read_back_delay_ms
    }

    fn describe(&self, write: &StoreWrite) -> String {
        let (method, path, body) = (self.build)(write);
        let (address, base) = (self.transport.address(), self.path);
        format!("{method} {address}/{base}/{path} {body}")
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

    #[test]
    fn tags_are_sent_to_the_endpoints_of_their_owners() {
        let request = |owner: MetadataOwner, key: &str, value: Option<&str>| {
            let (method, path, body) = build_request(&StoreWrite::Metadata(MetadataWrite {
                field: owner.field_of_tag(&key.into()),
                owner,
                value: value.map(Into::into),
            }));
            format!("{method} {path} {body}")
        };
        let run = || MetadataOwner::Run { run: "r".into() };
        let model = || MetadataOwner::Model { model: "m".into() };
        assert_eq!(
            request(run(), "mlflow.note.content", Some("x")),
            r#"POST runs/set-tag {"run_id":"r","key":"mlflow.note.content","value":"x"}"#
        );
        assert_eq!(
            request(run(), "team", None),
            r#"POST runs/delete-tag {"run_id":"r","key":"team"}"#
        );
        assert_eq!(
            request(model(), "team", Some("x")),
            r#"POST registered-models/set-tag {"name":"m","key":"team","value":"x"}"#
        );
        assert_eq!(
            request(model(), "team", None),
            r#"DELETE registered-models/delete-tag {"name":"m","key":"team"}"#
        );
    }
}
