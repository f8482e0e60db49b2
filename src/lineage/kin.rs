//! What stands around a version: the models its run read, the runs nested in it, the run's other models and versions, and what
//! was made from this one.

use super::draft::Draft;
use super::graph::Since;
use super::{EdgeKind, Facts, Node, NodeId, NodeKind, upstream, version};
use crate::domain::{LoggedModel, LoggedModelId, ModelVersion, Run};

/// What was read of a version's kin. What could not be read is absent and named in `missing`.
#[derive(Clone, Debug, Default)]
pub struct Kin {
    /// The models that the run read: a fine-tuned model's parents.
    pub bases: Vec<Base>,
    /// The version that this one is a copy of.
    pub copied: Option<ModelVersion>,
    /// The runs nested directly in the run.
    pub children: Vec<Run>,
    /// The other versions of the same run.
    pub siblings: Vec<ModelVersion>,
    /// The runs that read this version's model.
    pub readers: Vec<Run>,
    /// The versions that these runs made.
    pub derived: Vec<ModelVersion>,
    /// The commit that it was made from, as the checkout at hand knows it.
    pub commit: Option<Commit>,
    /// The commits since the champion's.
    pub since: Option<Since>,
    /// What could not be read, or was left out, safe to draw.
    pub missing: Vec<String>,
}

/// A model that a run read.
#[derive(Clone, Debug)]
pub struct Base {
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
pub(super) fn bases(draft: &mut Draft, facts: &Facts, around: &Kin, run: &NodeId) {
    for id in facts.run.iter().flat_map(|run| &run.model_inputs) {
        let base = around.bases.iter().find(|base| base.id == *id);
        let node = match base.and_then(|base| base.model.as_ref()) {
            Some(model) => upstream::logged_model_node(model),
            None => Node::new(
                format!("model:{}", id.raw()),
                NodeKind::LoggedModel,
                id.text().clone(),
            )
            .fact("model_id", Some(id.text().clone())),
        };
        let model = node.id.clone();
        // A version that was made from what it made itself would stand before itself.
        let names = |known: &&ModelVersion| {
            (&known.name, known.version) != (&facts.version.name, facts.version.version)
        };
        for known in base.iter().flat_map(|base| &base.versions).filter(names) {
            draft.cause(Some(version::other(known)), EdgeKind::Names, &model);
        }
        draft.cause(Some(node), EdgeKind::Read, run);
    }
}

/// What else the run made, and the runs that are nested in it.
pub(super) fn beside(draft: &mut Draft, facts: &Facts, around: &Kin, run: &NodeId) {
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
        let node = draft.add(
            node.fact("model_id", Some(id.clone()))
                .fact("step", Some(made.step.to_string())),
        );
        draft.link(run, &node, EdgeKind::Produced);
    }
    let this = format!(
        "models:/{}/{}",
        facts.version.name.raw(),
        facts.version.version
    );
    for sibling in &around.siblings {
        let node = draft.add(version::other(sibling));
        if sibling.source.raw() == this {
            let this = NodeId(
                format!(
                    "version:{}/{}",
                    facts.version.name.raw(),
                    facts.version.version
                )
                .into(),
            );
            draft.link(&this, &node, EdgeKind::Produced);
            continue;
        }
        let maker = sibling
            .logged_model()
            .map(|id| NodeId(format!("model:{}", id.raw()).into()))
            .filter(|id| draft.has(id));
        draft.link(
            &maker.unwrap_or_else(|| run.clone()),
            &node,
            EdgeKind::Produced,
        );
    }
    for child in &around.children {
        let node = draft.add(upstream::run_node(child, NodeKind::ChildRun));
        draft.link(run, &node, EdgeKind::ParentOf);
    }
}

/// The runs that read the version's model, and what they made.
pub(super) fn made_from_it(draft: &mut Draft, around: &Kin, this: &NodeId) {
    for reader in &around.readers {
        let id = draft.add(upstream::run_node(reader, NodeKind::Reader));
        draft.link(this, &id, EdgeKind::Read);
        for made in &reader.model_outputs {
            let mut versions = around
                .derived
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
                let node = draft.add(node.fact("model_id", Some(text.clone())));
                draft.link(&id, &node, EdgeKind::Produced);
            }
        }
        for derived in around
            .derived
            .iter()
            .filter(|known| known.run_id == reader.id)
        {
            let node = draft.add(version::other(derived));
            draft.link(&id, &node, EdgeKind::Produced);
        }
    }
}
