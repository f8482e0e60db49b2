//! From what was read to the graph.

use super::draft::Draft;
use super::files::ModelFiles;
use super::{
    EdgeKind, Facts, Graph, Kin, ModelSource, Node, NodeId, NodeKind, data, evidence, kin, params,
    reproducibility, summary, upstream, version, warnings,
};
use crate::domain::{Run, RunId, model_sources};

/// How many of the other models that a run made a fact names.
const OTHER_MODELS: usize = 8;

/// Builds the lineage of a version.
#[must_use]
pub fn build(facts: &Facts) -> Graph {
    build_whole(facts, &Kin::default(), None)
}

/// The same with what stands around it, and with what differs from the version to beat among the warnings.
#[must_use]
pub fn build_whole(facts: &Facts, around: &Kin, champion: Option<&Facts>) -> Graph {
    let files = ModelFiles::read(&facts.files);
    let version = version::node(facts);
    let id = version.id.clone();
    let mut draft = Draft::default();
    let run = upstream_of_run(&mut draft, facts, around);
    let maker = logged_model(&mut draft, facts, &run);
    draft.cause(
        upstream::environment_node(id.0.raw(), &files),
        EdgeKind::Configured,
        &id,
    );
    draft.link(&maker, &id, EdgeKind::Produced);
    for tool in facts
        .evidence
        .evidence
        .iter()
        .filter(|tool| !tool.facts.is_empty())
    {
        draft.cause(Some(evidence::node(tool)), EdgeKind::Tells, &id);
    }
    draft.cause(
        around.copied.as_ref().map(version::other),
        EdgeKind::Produced,
        &id,
    );
    draft.add(version);
    kin::beside(&mut draft, facts, around, &run);
    for effect in version::downstream(facts)
        .into_iter()
        .chain(evidence::deployments(facts))
    {
        let effect = draft.add(effect);
        draft.link(&id, &effect, EdgeKind::Became);
    }
    kin::made_from_it(&mut draft, around, &id);
    Graph {
        nodes: draft.nodes,
        edges: draft.edges,
        reproducibility: reproducibility::check(facts, &files),
        since: around.since.clone(),
        summary: summary::summary(facts).into(),
        warnings: warnings::warnings(facts, champion),
        missing: facts
            .missing
            .iter()
            .chain(&around.missing)
            .chain(&facts.evidence.problems)
            .cloned()
            .chain(files.problems)
            .collect(),
    }
}

/// The run, after everything that it was made from. A run that is named and could not be read, or is not even named, has
/// a node all the same.
fn upstream_of_run(draft: &mut Draft, facts: &Facts, around: &Kin) -> NodeId {
    let node = match (&facts.run, named_run(facts)) {
        (Some(run), _) => with_models(upstream::run_node(run, NodeKind::Run), run, facts),
        (None, Some(id)) => upstream::absent_run(&id, NodeKind::Run, &facts.missing),
        (None, None) => Node::new("run:none", NodeKind::Run, "run not recorded")
            .fact("why", Some("the version names no run")),
    };
    let id = node.id.clone();
    if let Some(run) = &facts.run {
        parents(draft, run, facts);
    }
    draft.cause(
        upstream::code_node(&upstream::code(facts), around.commit.as_ref()),
        EdgeKind::RanFrom,
        &id,
    );
    for dataset in facts.run.iter().flat_map(|run| &run.datasets) {
        draft.cause(Some(data::node(dataset)), EdgeKind::Read, &id);
    }
    let given = params::of(facts);
    draft.cause(
        (!given.is_empty()).then(|| params::node(id.0.raw(), given)),
        EdgeKind::Configured,
        &id,
    );
    kin::bases(draft, facts, around, &id);
    draft.add(node)
}

/// The run that the version, its logged model or its source names.
pub(super) fn named_run(facts: &Facts) -> Option<RunId> {
    let of_model = facts
        .logged_model
        .as_ref()
        .map(|model| model.source_run_id.clone());
    [
        Some(facts.version.run_id.clone()),
        of_model,
        ModelSource::read(facts.version.source.raw(), None).run,
    ]
    .into_iter()
    .flatten()
    .find(|id| !id.is_empty())
}

/// The chain of parents, the outermost first; one that is named and could not be read ends it.
fn parents(draft: &mut Draft, run: &Run, facts: &Facts) {
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
        chain.push(upstream::absent_run(
            &id,
            NodeKind::ParentRun,
            &facts.missing,
        ));
    }
    let mut effect = upstream::run_node(run, NodeKind::Run).id;
    for parent in &chain {
        draft.link(&parent.id, &effect, EdgeKind::ParentOf);
        effect = parent.id.clone();
    }
    for parent in chain.into_iter().rev() {
        draft.add(parent);
    }
}

/// The logged model between the run and the version, where there is one; else the run itself.
fn logged_model(draft: &mut Draft, facts: &Facts, run: &NodeId) -> NodeId {
    let node = match (&facts.logged_model, facts.version.logged_model()) {
        (Some(model), _) => upstream::logged_model_node(model),
        (None, Some(id)) => Node::new(
            format!("model:{}", id.raw()),
            NodeKind::LoggedModel,
            format!("{}: not found", id.raw()),
        )
        .fact("model_id", Some(id.text().clone()))
        .fact("state", Some("not found")),
        (None, None) => return run.clone(),
    };
    let id = draft.add(node);
    draft.link(run, &id, EdgeKind::Produced);
    id
}

/// The run's node with the other models that it made, by their labels.
fn with_models(node: Node, run: &Run, facts: &Facts) -> Node {
    let own = facts.version.logged_model();
    let path = ModelSource::read(facts.version.source.raw(), Some(run.artifact_uri.raw())).path;
    let is_own = |label: &str| {
        own.as_ref().is_some_and(|own| own.raw() == label) || path.as_deref() == Some(label)
    };
    let sources = model_sources(run);
    let others: Vec<&str> = sources
        .iter()
        .map(|source| source.label.raw())
        .filter(|label| !is_own(label))
        .collect();
    let more = if others.len() > OTHER_MODELS {
        format!(", and {} more", others.len() - OTHER_MODELS)
    } else {
        String::new()
    };
    let named: Vec<&str> = others.into_iter().take(OTHER_MODELS).collect();
    node.fact(
        "other_models",
        (!named.is_empty()).then(|| format!("{}{more}", named.join(", "))),
    )
}
