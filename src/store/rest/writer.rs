//! Writing: one request, once, on a connection of its own.

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};

use super::answers;
use super::transport::{Patience, Transport};
use super::wire::{Keys, One};
use crate::domain::write::Tag;
use crate::domain::{ModelName, RegistryWrite, Stage, VersionNumber};
use crate::store::{Answer, Write, Written, limits};
use crate::text::Untrusted;

/// How long to wait before a read-back shows a race, in ms: 300 were enough where it was measured.
const SETTLE_MS: u64 = 1_000;

/// A server, for writing.
pub struct RestWriter {
    transport: Transport,
    quiet_ms: u64,
    settle_ms: u64,
}

impl RestWriter {
    pub(super) fn new(transport: Transport, patience: Patience) -> Self {
        // A request that was given up may be carried out for as long as a gateway holds it: as long as we waited.
        let quiet_ms = u64::try_from(patience.write.as_millis()).unwrap_or(u64::MAX);
        Self {
            transport,
            quiet_ms,
            settle_ms: SETTLE_MS,
        }
    }
}

/// A write as MLflow's API takes it: method, path below `api/2.0/mlflow/`, body.
fn request(write: &RegistryWrite) -> (Method, &'static str, Value) {
    let tag = |tag: &Tag| json!({"key": tag.key.raw(), "value": tag.value.raw()});
    match write {
        RegistryWrite::CreateModel { name } => (
            Method::POST,
            "registered-models/create",
            json!({"name": name.raw()}),
        ),
        RegistryWrite::CreateVersion {
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
        RegistryWrite::DeleteVersion { name, version } => (
            Method::DELETE,
            "model-versions/delete",
            json!({"name": name.raw(), "version": version.to_string()}),
        ),
        RegistryWrite::SetVersionTag { name, version, tag } => {
            let body = json!({"name": name.raw(), "version": version.to_string(), "key": tag.key.raw(), "value": tag.value.raw()});
            (Method::POST, "model-versions/set-tag", body)
        }
        RegistryWrite::DeleteVersionTag { name, version, key } => {
            let body =
                json!({"name": name.raw(), "version": version.to_string(), "key": key.raw()});
            (Method::DELETE, "model-versions/delete-tag", body)
        }
        RegistryWrite::Describe {
            name,
            version: Some(version),
            text,
        } => {
            let body = json!({"name": name.raw(), "version": version.to_string(), "description": text.raw()});
            (Method::PATCH, "model-versions/update", body)
        }
        RegistryWrite::Describe {
            name,
            version: None,
            text,
        } => (
            Method::PATCH,
            "registered-models/update",
            json!({"name": name.raw(), "description": text.raw()}),
        ),
        RegistryWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => {
            let (version, stage) = (version.to_string(), stage.as_str());
            let body = json!({"name": name.raw(), "version": version, "stage": stage, "archive_existing_versions": archive_existing});
            (Method::POST, "model-versions/transition-stage", body)
        }
        RegistryWrite::SetAlias {
            name,
            alias,
            version,
        } => {
            let body =
                json!({"name": name.raw(), "alias": alias.raw(), "version": version.to_string()});
            (Method::POST, "registered-models/alias", body)
        }
        RegistryWrite::DeleteAlias { name, alias } => (
            Method::DELETE,
            "registered-models/alias",
            json!({"name": name.raw(), "alias": alias.raw()}),
        ),
        RegistryWrite::RequestTransition { .. }
        | RegistryWrite::ApproveTransition { .. }
        | RegistryWrite::RejectTransition { .. }
        | RegistryWrite::WithdrawTransition { .. } => of_request(write),
        RegistryWrite::DeleteRun { run } => {
            (Method::POST, "runs/delete", json!({"run_id": run.raw()}))
        }
        RegistryWrite::RestoreRun { run } => {
            (Method::POST, "runs/restore", json!({"run_id": run.raw()}))
        }
    }
}

/// A write about a request to move a version, as Databricks' API takes it. Only taking one back carries its parts in the query.
fn of_request(write: &RegistryWrite) -> (Method, &'static str, Value) {
    let body = |name: &ModelName, version: &VersionNumber, stage: &Stage, comment: &Untrusted| json!({"name": name.raw(), "version": version.to_string(), "stage": stage.as_str(), "comment": comment.raw()});
    match write {
        RegistryWrite::RequestTransition {
            name,
            version,
            stage,
            comment,
        } => (
            Method::POST,
            "transition-requests/create",
            body(name, version, stage, comment),
        ),
        RegistryWrite::ApproveTransition {
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
        RegistryWrite::RejectTransition {
            name,
            version,
            stage,
            comment,
        } => (
            Method::POST,
            "transition-requests/reject",
            body(name, version, stage, comment),
        ),
        RegistryWrite::WithdrawTransition {
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
fn query(write: &RegistryWrite, body: &Value) -> Vec<(&'static str, String)> {
    let part = |key: &'static str| Some((key, body.get(key)?.as_str()?.to_owned()));
    let is_query = matches!(write, RegistryWrite::WithdrawTransition { .. });
    ["name", "version", "stage", "creator"]
        .into_iter()
        .filter(|_| is_query)
        .filter_map(part)
        .collect()
}

#[async_trait]
impl Write for RestWriter {
    async fn write(&self, write: &RegistryWrite) -> Answer<Written> {
        let (method, path, body) = request(write);
        let what = format!("sending {method} {path}");
        let parts: Vec<String> = ["api", "2.0", "mlflow"]
            .into_iter()
            .chain(path.split('/'))
            .map(str::to_owned)
            .collect();
        let query = query(write, &body);
        let request = self.transport.request(method, &parts, &query);
        let request = if query.is_empty() {
            Transport::with_json(request, &body)
        } else {
            request
        };
        let raw = self
            .transport
            .send(request, &what, limits::ANSWER_BYTES)
            .await?;
        let answer = self.transport.json(raw, &what)?;
        if !matches!(write, RegistryWrite::CreateVersion { .. }) {
            return Ok(Written::Done);
        }
        let one: One = serde_json::from_slice(&answer)
            .map_err(|_| answers::malformed(&what, "the answer is cut or no JSON"))?;
        let version = one
            .model_version
            .and_then(|version| version.read(&mut Keys::default()));
        version
            .map(|version| Written::Version(version.version))
            .ok_or_else(|| answers::malformed(&what, "the answer names no version"))
    }

    fn quiet_period(&self) -> u64 {
        self.quiet_ms
    }

    fn settle_period(&self) -> u64 {
        self.settle_ms
    }

    fn describe(&self, write: &RegistryWrite) -> String {
        let (method, path, body) = request(write);
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
    fn a_logged_model_is_named_by_its_id() {
        let write = RegistryWrite::CreateVersion {
            name: "m".into(),
            source: "models:/m-1f".into(),
            run_id: "r".into(),
            tags: vec![Tag::new("frontrunner.intent", "x")],
        };
        let (method, path, body) = request(&write);
        assert_eq!((method, path), (Method::POST, "model-versions/create"));
        assert_eq!(body["model_id"], "m-1f");
        assert_eq!(body["tags"][0]["value"], "x");
    }
}
