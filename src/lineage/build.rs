//! From what was read to the graph.

use super::builder::GraphBuilder;
use super::model_files::ModelFiles;
use super::{
    ArtifactSource, EdgeKind, Graph, LineageFacts, Node, NodeId, NodeKind, Related, dataset,
    evidence_nodes, params, related, reproducibility, summary, upstream, version, warnings,
};
use crate::domain::{Run, RunId, registrable_models};

/// How many of the other models that a run made a fact names.
const MAX_OTHER_MODELS: usize = 8;

/// Builds the lineage of a version.
#[must_use]
pub fn build(facts: &LineageFacts) -> Graph {
    build_with_related(facts, &Related::default(), None)
}

/// The same with what stands around it, and with what differs from the version to beat among the warnings.
#[must_use]
pub fn build_with_related(
    facts: &LineageFacts,
    related: &Related,
    champion: Option<&LineageFacts>,
) -> Graph {
    let files = ModelFiles::parse(&facts.files);
    let version = version::node(facts);
    let id = version.id.clone();
    let mut builder = GraphBuilder::default();
    let run = add_run(&mut builder, facts, related);
    let producer = add_logged_model(&mut builder, facts, &run);
    builder.add_cause(
        upstream::environment_node(id.0.raw(), &files),
        EdgeKind::Configured,
        &id,
    );
    builder.add_edge(&producer, &id, EdgeKind::Produced);
    for tool in facts
        .evidence
        .tools
        .iter()
        .filter(|tool| !tool.facts.is_empty())
    {
        builder.add_cause(Some(evidence_nodes::node(tool)), EdgeKind::Describes, &id);
    }
    builder.add_cause(
        related
            .copied_from
            .as_ref()
            .map(version::other_version_node),
        EdgeKind::Produced,
        &id,
    );
    builder.add_node(version);
    related::add_siblings(&mut builder, facts, related, &run);
    for effect in version::stage_and_alias_nodes(facts)
        .into_iter()
        .chain(evidence_nodes::deployment_nodes(facts))
    {
        let effect = builder.add_node(effect);
        builder.add_edge(&id, &effect, EdgeKind::AssignedTo);
    }
    related::add_downstream(&mut builder, related, &id);
    Graph {
        nodes: builder.nodes,
        edges: builder.edges,
        reproducibility: reproducibility::checklist(facts, &files),
        commits_since: related.commits_since.clone(),
        summary: summary::summary(facts).into(),
        warnings: warnings::warnings(facts, champion),
        missing: facts
            .missing
            .iter()
            .chain(&related.missing)
            .chain(&facts.evidence.problems)
            .cloned()
            .chain(files.problems)
            .collect(),
    }
}

/// The run, after everything that it was made from. A run that is named and could not be read, or is not even named, has
/// a node all the same.
fn add_run(builder: &mut GraphBuilder, facts: &LineageFacts, related: &Related) -> NodeId {
    let node = match (&facts.run, source_run_id(facts)) {
        (Some(run), _) => with_other_models(upstream::run_node(run, NodeKind::Run), run, facts),
        (None, Some(id)) => upstream::missing_run_node(&id, NodeKind::Run, &facts.missing),
        (None, None) => Node::new("run:none", NodeKind::Run, "run not recorded")
            .with_attribute("why", Some("the version names no run")),
    };
    let id = node.id.clone();
    if let Some(run) = &facts.run {
        add_parents(builder, run, facts);
    }
    builder.add_cause(
        upstream::code_node(&upstream::resolve_code(facts), related.commit.as_ref()),
        EdgeKind::RanFrom,
        &id,
    );
    for dataset in facts.run.iter().flat_map(|run| &run.datasets) {
        builder.add_cause(Some(dataset::node(dataset)), EdgeKind::Read, &id);
    }
    let params = params::training_params(facts);
    builder.add_cause(
        (!params.is_empty()).then(|| params::node(id.0.raw(), params)),
        EdgeKind::Configured,
        &id,
    );
    related::add_base_models(builder, facts, related, &id);
    builder.add_node(node)
}

/// The run that the version, its logged model or its source names.
pub(super) fn source_run_id(facts: &LineageFacts) -> Option<RunId> {
    let of_model = facts
        .logged_model
        .as_ref()
        .map(|model| model.source_run_id.clone());
    [
        Some(facts.version.run_id.clone()),
        of_model,
        ArtifactSource::parse(facts.version.source.raw(), None).run_id,
    ]
    .into_iter()
    .flatten()
    .find(|id| !id.is_empty())
}

/// The chain of parents, the outermost first; one that is named and could not be read ends it.
fn add_parents(builder: &mut GraphBuilder, run: &Run, facts: &LineageFacts) {
    let mut child = run;
    let mut chain = Vec::new();
    for parent in &facts.parents {
        if child.parent().as_ref() != Some(&parent.id) || parent.id == run.id {
            break;
        }
        chain.push(upstream::run_node(parent, NodeKind::ParentRun));
        child = parent;
    }
    if let Some(id) = child
        .parent()
        .filter(|id| *id != run.id && !facts.parents.iter().any(|parent| parent.id == *id))
    {
        chain.push(upstream::missing_run_node(
            &id,
            NodeKind::ParentRun,
            &facts.missing,
        ));
    }
    let mut effect = upstream::run_node(run, NodeKind::Run).id;
    for parent in &chain {
        builder.add_edge(&parent.id, &effect, EdgeKind::ParentOf);
        effect = parent.id.clone();
    }
    for parent in chain.into_iter().rev() {
        builder.add_node(parent);
    }
}

/// The logged model between the run and the version, where there is one; else the run itself.
fn add_logged_model(builder: &mut GraphBuilder, facts: &LineageFacts, run: &NodeId) -> NodeId {
    let node = match (&facts.logged_model, facts.version.logged_model()) {
        (Some(model), _) => upstream::logged_model_node(model),
        (None, Some(id)) => Node::new(
            format!("model:{}", id.raw()),
            NodeKind::LoggedModel,
            format!("{}: not found", id.raw()),
        )
        .with_attribute("model_id", Some(id.text().clone()))
        .with_attribute("state", Some("not found")),
        (None, None) => return run.clone(),
    };
    let id = builder.add_node(node);
    builder.add_edge(run, &id, EdgeKind::Produced);
    id
}

/// The run's node with the other models that it made, by their labels.
fn with_other_models(node: Node, run: &Run, facts: &LineageFacts) -> Node {
    let own = facts.version.logged_model();
    let path = ArtifactSource::parse(facts.version.source.raw(), Some(run.artifact_uri.raw()))
        .artifact_path;
    let is_own = |label: &str| {
        own.as_ref().is_some_and(|own| own.raw() == label) || path.as_deref() == Some(label)
    };
    let sources = registrable_models(run);
    let others: Vec<&str> = sources
        .iter()
        .map(|source| source.label.raw())
        .filter(|label| !is_own(label))
        .collect();
    let more = if others.len() > MAX_OTHER_MODELS {
        format!(", and {} more", others.len() - MAX_OTHER_MODELS)
    } else {
        String::new()
    };
    let named: Vec<&str> = others.into_iter().take(MAX_OTHER_MODELS).collect();
    node.with_attribute(
        "other_models",
        (!named.is_empty()).then(|| format!("{}{more}", named.join(", "))),
    )
}
