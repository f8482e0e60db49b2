//! The version in the middle, and what it became.

use serde_json::Value;

use super::upstream::time;
use super::{Facts, ModelSource, Node, NodeKind};
use crate::domain::{ModelVersion, Stage};
use crate::text::Untrusted;

/// The version's node. What MLflow 2 noted on the run when the model was logged is told with it.
pub(super) fn node(facts: &Facts) -> Node {
    let version = &facts.version;
    let noted = logged(facts);
    let stage = if version.stage_text.is_empty() {
        version.stage.as_str().into()
    } else {
        version.stage_text.clone()
    };
    Node::new(
        format!("version:{}/{}", version.name.raw(), version.version),
        NodeKind::Version,
        format!("{} v{}", version.name.raw(), version.version),
    )
    .fact("model", Some(version.name.text().clone()))
    .fact("version", Some(version.version.to_string()))
    .fact("stage", Some(stage))
    .fact("status", Some(version.status.as_str()))
    .fact("status_message", Some(version.status_message.clone()))
    .fact(
        "state",
        version
            .is_leftover()
            .then_some("deleted: its source was removed"),
    )
    .fact("source", Some(version.source.clone()))
    .fact("run_id", Some(version.run_id.text().clone()))
    .fact("created", version.creation_time.and_then(time))
    .fact("user", Some(version.user.clone()))
    .fact("description", Some(version.description.clone()))
    .fact(
        "artifact_path",
        noted.as_ref().map(|noted| noted.path.clone()),
    )
    .fact("flavors", noted.as_ref().map(|noted| noted.flavors.clone()))
    .fact("model_uuid", noted.and_then(|noted| noted.uuid))
}

/// The node of another version: `iris v2`.
pub(super) fn other(version: &ModelVersion) -> Node {
    let aliases: Vec<String> = version
        .aliases
        .iter()
        .map(|alias| format!("@{}", alias.raw()))
        .collect();
    Node::new(
        format!("version:{}/{}", version.name.raw(), version.version),
        NodeKind::OtherVersion,
        format!("{} v{}", version.name.raw(), version.version),
    )
    .fact("model", Some(version.name.text().clone()))
    .fact("version", Some(version.version.to_string()))
    .fact(
        "stage",
        (version.stage != Stage::None).then(|| version.stage.as_str()),
    )
    .fact("aliases", Some(aliases.join(" ")))
    .fact("status", Some(version.status.as_str()))
    .fact("source", Some(version.source.clone()))
    .fact("run_id", Some(version.run_id.text().clone()))
    .fact("created", version.creation_time.and_then(time))
    .fact("description", Some(version.description.clone()))
}

/// The stage and the aliases that lead to the version.
pub(super) fn downstream(facts: &Facts) -> Vec<Node> {
    let version = &facts.version;
    let in_stage = version.stage != Stage::None;
    let stage = in_stage.then(|| {
        Node::new(
            format!("stage:{}", version.stage),
            NodeKind::Stage,
            version.stage.as_str(),
        )
    });
    let of_model = facts
        .model
        .aliases
        .iter()
        .filter(|(_, to)| *to == version.version)
        .map(|(alias, _)| alias);
    // The same alias may be told by the version and by its model: the draft keeps one.
    let aliases = version.aliases.iter().chain(of_model);
    stage
        .into_iter()
        .chain(aliases.map(|alias| {
            Node::new(
                format!("alias:{}", alias.raw()),
                NodeKind::Alias,
                format!("@{}", alias.raw()),
            )
        }))
        .collect()
}

/// What `mlflow.log-model.history` says of the version's model.
struct Logged {
    path: String,
    flavors: String,
    uuid: Option<String>,
}

fn logged(facts: &Facts) -> Option<Logged> {
    let run = facts.run.as_ref()?;
    let path = ModelSource::read(facts.version.source.raw(), Some(run.artifact_uri.raw())).path?;
    let history: Vec<Value> =
        serde_json::from_str(run.tag("mlflow.log-model.history").map(Untrusted::raw)?).ok()?;
    // The same path may have been logged to again: the last time counts.
    let entry = history
        .iter()
        .rev()
        .find(|entry| entry.get("artifact_path").and_then(Value::as_str) == Some(&path))?;
    let flavors = entry
        .get("flavors")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str());
    Some(Logged {
        flavors: flavors
            .filter(|name| *name != "python_function")
            .collect::<Vec<_>>()
            .join(", "),
        uuid: entry
            .get("model_uuid")
            .and_then(Value::as_str)
            .map(str::to_owned),
        path,
    })
}
