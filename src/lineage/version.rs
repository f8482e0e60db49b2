//! Nodes of versions, stages and aliases.

use serde_json::Value;

use super::upstream::format_time;
use super::{ArtifactSource, LineageFacts, Node, NodeKind};
use crate::domain::{ModelVersion, Stage};
use crate::text::Untrusted;

/// The version's node, with the entry that MLflow 2 wrote to the run when it logged the model.
pub(super) fn node(facts: &LineageFacts) -> Node {
    let version = &facts.version;
    let entry = logged_model_entry(facts);
    let stage = if version.stage_text.is_empty() {
        version.stage.as_str().into()
    } else {
        version.stage_text.clone()
    };
    let is_external = facts.is_external() == Some(true);
    Node::new(
        format!("version:{}/{}", version.name.raw(), version.version),
        NodeKind::Version,
        version_label(version),
    )
    .with_attribute("type", version.is_prompt().then_some("prompt"))
    .with_attribute("type", is_external.then_some("external model"))
    .with_attribute("model", Some(version.name.text().clone()))
    .with_attribute("version", Some(version.version.to_string()))
    .with_attribute("stage", Some(stage))
    .with_attribute("status", Some(version.status.as_str()))
    .with_attribute("status_message", Some(version.status_message.clone()))
    .with_attribute(
        "state",
        version
            .is_half_deleted()
            .then_some("deleted: its source was removed"),
    )
    .with_attribute("source", Some(version.source.clone()))
    .with_attribute("run_id", Some(version.run_id.text().clone()))
    .with_attribute("created", version.creation_time.and_then(format_time))
    .with_attribute("user", Some(version.user.clone()))
    .with_attribute("description", Some(version.description.clone()))
    .with_attribute("prompt", version.prompt_text())
    .with_attribute(
        "artifact_path",
        entry.as_ref().map(|entry| entry.path.clone()),
    )
    .with_attribute("flavors", entry.as_ref().map(|entry| entry.flavors.clone()))
    .with_attribute("model_uuid", entry.and_then(|entry| entry.uuid))
}

/// `iris v2`, `prompt qa v2`.
pub(super) fn version_label(version: &ModelVersion) -> String {
    let kind = if version.is_prompt() { "prompt " } else { "" };
    format!("{kind}{} v{}", version.name.raw(), version.version)
}

/// The node of another version: `iris v2`.
pub(super) fn other_version_node(version: &ModelVersion) -> Node {
    let aliases: Vec<String> = version
        .aliases
        .iter()
        .map(|alias| format!("@{}", alias.raw()))
        .collect();
    Node::new(
        format!("version:{}/{}", version.name.raw(), version.version),
        NodeKind::OtherVersion,
        version_label(version),
    )
    .with_attribute("model", Some(version.name.text().clone()))
    .with_attribute("version", Some(version.version.to_string()))
    .with_attribute(
        "stage",
        (version.stage != Stage::None).then(|| version.stage.as_str()),
    )
    .with_attribute("aliases", Some(aliases.join(" ")))
    .with_attribute("status", Some(version.status.as_str()))
    .with_attribute("source", Some(version.source.clone()))
    .with_attribute("run_id", Some(version.run_id.text().clone()))
    .with_attribute("created", version.creation_time.and_then(format_time))
    .with_attribute("description", Some(version.description.clone()))
}

/// The stage and the aliases that the version holds.
pub(super) fn stage_and_alias_nodes(facts: &LineageFacts) -> Vec<Node> {
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
    // An alias can occur on the version and on its model: the builder keeps one.
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

/// The version's model in the tag `mlflow.log-model.history`.
struct LoggedModelEntry {
    path: String,
    flavors: String,
    uuid: Option<String>,
}

fn logged_model_entry(facts: &LineageFacts) -> Option<LoggedModelEntry> {
    let run = facts.run.as_ref()?;
    let path = ArtifactSource::parse(facts.version.source.raw(), Some(run.artifact_uri.raw()))
        .artifact_path?;
    let history: Vec<Value> =
        serde_json::from_str(run.tag("mlflow.log-model.history").map(Untrusted::raw)?).ok()?;
    // A run can log to the same path again: the last entry counts.
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
    Some(LoggedModelEntry {
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
