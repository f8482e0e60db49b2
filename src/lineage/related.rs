//! Records around a version: base models, nested runs, the run's other models and versions, downstream runs.

use super::builder::GraphBuilder;
use super::graph::CommitsSince;
use super::{EdgeKind, LineageFacts, Node, NodeId, NodeKind, upstream, version};
use crate::domain::{LoggedModel, LoggedModelId, ModelVersion, Run};

/// The related records of a version. What could not be read is absent and named in `missing`.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// The models that the run loaded: a fine-tuned model's parents.
    pub base_models: Vec<BaseModel>,
    /// The version that this one was copied from.
    pub copied_from: Option<ModelVersion>,
    /// The runs nested directly in the run.
    pub child_runs: Vec<Run>,
    /// Other versions from the same run.
    pub sibling_versions: Vec<ModelVersion>,
    /// Runs that loaded this version's model.
    pub downstream_runs: Vec<Run>,
    /// Versions from these runs.
    pub downstream_versions: Vec<ModelVersion>,
    /// The run's commit, if the local checkout has it.
    pub commit: Option<Commit>,
    /// The commits since the champion's code, if the local checkout has both.
    pub commits_since: Option<CommitsSince>,
    /// What could not be read or was left out, and why, cleaned.
    pub missing: Vec<String>,
}

/// A logged model that a run loaded.
#[derive(Clone, Debug)]
pub struct BaseModel {
    /// Its id.
    pub id: LoggedModelId,
    /// Its record, if it could be read.
    pub model: Option<LoggedModel>,
    /// The versions registered from it.
    pub versions: Vec<ModelVersion>,
}

/// A commit of the local checkout, cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The message's first line.
    pub subject: String,
    /// The author's name.
    pub author: String,
    /// Year, month and day: `2026-11-23`.
    pub date: String,
}

/// Adds the models that the run loaded, after the versions registered from them.
pub(super) fn add_base_models(
    builder: &mut GraphBuilder,
    facts: &LineageFacts,
    related: &Related,
    run: &NodeId,
) {
    for id in facts.run.iter().flat_map(|run| &run.model_inputs) {
        let base = related.base_models.iter().find(|base| base.id == *id);
        let node = match base.and_then(|base| base.model.as_ref()) {
            Some(model) => upstream::logged_model_node(model),
            None => unread_model_node(id),
        };
        let model = node.id.clone();
        // A version registered from a model that its own run loaded would be its own cause.
        let is_other_version = |known: &&ModelVersion| {
            (&known.name, known.version) != (&facts.version.name, facts.version.version)
        };
        for known in base
            .iter()
            .flat_map(|base| &base.versions)
            .filter(is_other_version)
        {
            builder.add_cause(
                Some(version::other_version_node(known)),
                EdgeKind::RefersTo,
                &model,
            );
        }
        builder.add_cause(Some(node), EdgeKind::Read, run);
    }
}

/// Adds the run's other models and versions, and its nested runs.
pub(super) fn add_siblings(
    builder: &mut GraphBuilder,
    facts: &LineageFacts,
    related: &Related,
    run: &NodeId,
) {
    let own = facts
        .logged_model
        .as_ref()
        .map(|model| model.id.clone())
        .or_else(|| facts.version.logged_model());
    for made in facts
        .run
        .iter()
        .flat_map(|run| &run.model_outputs)
        .filter(|made| Some(&made.model_id) != own.as_ref())
    {
        let node = unread_model_node(&made.model_id);
        let node = builder.add_node(node.with_attribute("step", Some(made.step.to_string())));
        builder.add_edge(run, &node, EdgeKind::Produced);
    }
    let (name, number) = (facts.version.name.raw(), facts.version.version);
    for sibling in &related.sibling_versions {
        let node = builder.add_node(version::other_version_node(sibling));
        if sibling.source.raw() == format!("models:/{name}/{number}") {
            let this = NodeId(format!("version:{name}/{number}").into());
            builder.add_edge(&this, &node, EdgeKind::Produced);
            continue;
        }
        let producer = sibling
            .logged_model()
            .map(|id| NodeId(format!("model:{}", id.raw()).into()))
            .filter(|id| builder.contains(id));
        builder.add_edge(
            &producer.unwrap_or_else(|| run.clone()),
            &node,
            EdgeKind::Produced,
        );
    }
    for child in &related.child_runs {
        let node = builder.add_node(upstream::run_node(child, NodeKind::ChildRun));
        builder.add_edge(run, &node, EdgeKind::ParentOf);
    }
}

/// Adds the runs that loaded the version's model, and their models and versions.
pub(super) fn add_downstream(builder: &mut GraphBuilder, related: &Related, this: &NodeId) {
    for reader in &related.downstream_runs {
        let id = builder.add_node(upstream::run_node(reader, NodeKind::DownstreamRun));
        builder.add_edge(this, &id, EdgeKind::Read);
        for made in &reader.model_outputs {
            let mut versions = related
                .downstream_versions
                .iter()
                .filter(|known| known.logged_model().as_ref() == Some(&made.model_id))
                .peekable();
            if versions.peek().is_none() {
                let node = builder.add_node(unread_model_node(&made.model_id));
                builder.add_edge(&id, &node, EdgeKind::Produced);
            }
        }
        for derived in related
            .downstream_versions
            .iter()
            .filter(|known| known.run_id == reader.id)
        {
            let node = builder.add_node(version::other_version_node(derived));
            builder.add_edge(&id, &node, EdgeKind::Produced);
        }
    }
}

/// The node of a logged model of which only the id is known.
fn unread_model_node(id: &LoggedModelId) -> Node {
    let (id, text) = (format!("model:{}", id.raw()), id.text().clone());
    Node::new(id, NodeKind::LoggedModel, text.clone()).with_attribute("model_id", Some(text))
}
