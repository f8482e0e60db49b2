//! What stands around a version: the models its run read, the runs nested in it, the run's other models and versions, and what
//! was made from this one.

use super::builder::GraphBuilder;
use super::graph::CommitsSince;
use super::{EdgeKind, LineageFacts, Node, NodeId, NodeKind, upstream, version};
use crate::domain::{LoggedModel, LoggedModelId, ModelVersion, Run};

/// What was read of a version's kin. What could not be read is absent and named in `missing`.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// The models that the run read: a fine-tuned model's parents.
    pub base_models: Vec<BaseModel>,
    /// The version that this one is a copy of.
    pub copied_from: Option<ModelVersion>,
    /// The runs nested directly in the run.
    pub child_runs: Vec<Run>,
    /// The other versions of the same run.
    pub sibling_versions: Vec<ModelVersion>,
    /// The runs that read this version's model.
    pub downstream_runs: Vec<Run>,
    /// The versions that these runs made.
    pub downstream_versions: Vec<ModelVersion>,
    /// The commit that it was made from, as the checkout at hand knows it.
    pub commit: Option<Commit>,
    /// The commits since the champion's.
    pub commits_since: Option<CommitsSince>,
    /// What could not be read, or was left out, safe to draw.
    pub missing: Vec<String>,
}

/// A model that a run read.
#[derive(Clone, Debug)]
pub struct BaseModel {
    /// Which.
    pub id: LoggedModelId,
    /// What is known of it.
    pub model: Option<LoggedModel>,
    /// The versions that were registered from it.
    pub versions: Vec<ModelVersion>,
}

/// A commit of the checkout at hand, cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its first line.
    pub subject: String,
    /// Who wrote it.
    pub author: String,
    /// When: year, month, day.
    pub date: String,
}

/// The models that the run read, after the versions that lead to them.
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
            None => Node::new(
                format!("model:{}", id.raw()),
                NodeKind::LoggedModel,
                id.text().clone(),
            )
            .with_attribute("model_id", Some(id.text().clone())),
        };
        let model = node.id.clone();
        // A version that was made from what it made itself would stand before itself.
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

/// What else the run made, and the runs that are nested in it.
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
        let id = made.model_id.text();
        let node = Node::new(
            format!("model:{}", id.raw()),
            NodeKind::LoggedModel,
            id.clone(),
        );
        let node = builder.add_node(
            node.with_attribute("model_id", Some(id.clone()))
                .with_attribute("step", Some(made.step.to_string())),
        );
        builder.add_edge(run, &node, EdgeKind::Produced);
    }
    let this = format!(
        "models:/{}/{}",
        facts.version.name.raw(),
        facts.version.version
    );
    for sibling in &related.sibling_versions {
        let node = builder.add_node(version::other_version_node(sibling));
        if sibling.source.raw() == this {
            let this = NodeId(
                format!(
                    "version:{}/{}",
                    facts.version.name.raw(),
                    facts.version.version
                )
                .into(),
            );
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

/// The runs that read the version's model, and what they made.
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
                let text = made.model_id.text();
                let node = Node::new(
                    format!("model:{}", text.raw()),
                    NodeKind::LoggedModel,
                    text.clone(),
                );
                let node = builder.add_node(node.with_attribute("model_id", Some(text.clone())));
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
