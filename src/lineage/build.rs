//! Building the graph from records.

use super::builder::GraphBuilder;
use super::{
    ArtifactSource, EdgeKind, Graph, LineageFacts, Node, NodeId, NodeKind, Related, dataset,
    evidence_node, params, related, reproducibility, upstream, version, warnings,
};
use crate::domain::{DatasetInput, Run, RunId, registrable_models};
use crate::evidence::Deployment;

/// Other models of the run that an attribute names.
const MAX_OTHER_MODELS: usize = 8;
/// Metrics that the node of an evaluation run names.
const MAX_METRICS: usize = 8;
/// Characters of a prompt in the summary.
const MAX_PROMPT_CHARS: usize = 200;
/// Datasets that the summary names.
const MAX_DATASETS: usize = 2;

/// Builds the lineage of a version without its related records.
#[must_use]
pub fn build(facts: &LineageFacts) -> Graph {
    build_with_related(facts, &Related::default(), None)
}

/// The warnings as the graph shows them.
fn warning_texts(facts: &LineageFacts, champion: Option<&LineageFacts>) -> Vec<String> {
    let warnings = warnings::warnings(facts, champion);
    warnings.into_iter().map(String::from).collect()
}

/// Builds the lineage of a version. With a champion, the warnings name what makes the two incomparable.
#[must_use]
pub fn build_with_related(
    facts: &LineageFacts,
    related: &Related,
    champion: Option<&LineageFacts>,
) -> Graph {
    let files = facts.parse_files();
    let version = version::node(facts);
    let id = version.id.clone();
    let mut builder = GraphBuilder::default();
    // A prompt has its text, and nothing made it.
    let run = (!facts.version.is_prompt()).then(|| add_run(&mut builder, facts, related));
    if let Some(run) = &run {
        let producer = add_logged_model(&mut builder, facts, run);
        builder.add_cause(
            upstream::environment_node(id.0.raw(), &files),
            EdgeKind::Configured,
            &id,
        );
        builder.add_edge(&producer, &id, EdgeKind::Produced);
    }
    add_evidence(&mut builder, facts, &id);
    builder.add_cause(
        related
            .copied_from
            .as_ref()
            .map(version::other_version_node),
        EdgeKind::Produced,
        &id,
    );
    builder.add_node(version);
    if let Some(run) = &run {
        related::add_siblings(&mut builder, facts, related, run);
    }
    add_evaluation_runs(&mut builder, facts, &id);
    for effect in version::stage_and_alias_nodes(facts)
        .into_iter()
        .chain(deployment_nodes(facts))
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
        summary: summary(facts).into(),
        warnings: warning_texts(facts, champion),
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

/// Adds the run after its causes. A run that could not be read, or is not named, has a node too.
fn add_run(builder: &mut GraphBuilder, facts: &LineageFacts, related: &Related) -> NodeId {
    let node = match (&facts.run, source_run_id(facts)) {
        (Some(run), _) => with_other_models(upstream::run_node(run, NodeKind::Run), run, facts),
        (None, Some(id)) => upstream::missing_run_node(&id, NodeKind::Run, &facts.missing),
        (None, None) => Node::new("run:none", NodeKind::Run, "run not recorded")
            .with_attribute("why", Some("the version does not name a run")),
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

/// The run that the version, its logged model or its source names, in this order.
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

/// Adds the chain of parents, outermost first. A parent that could not be read ends it.
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

/// Adds the logged model between the run and the version. Returns the version's producer: the logged model, else the run.
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

fn add_evidence(builder: &mut GraphBuilder, facts: &LineageFacts, version: &NodeId) {
    let tools = facts.evidence.tools.iter();
    for tool in tools.filter(|tool| !tool.facts.is_empty()) {
        builder.add_cause(
            Some(evidence_node::node(tool)),
            EdgeKind::Describes,
            version,
        );
    }
}

/// Adds the runs that judged the logged model of a version without a run.
fn add_evaluation_runs(builder: &mut GraphBuilder, facts: &LineageFacts, version: &NodeId) {
    for run in &facts.evaluation_runs {
        let node = upstream::run_node(run, NodeKind::EvaluationRun);
        let metrics = facts.metrics();
        let metrics = metrics.iter().map(|metric| {
            let value = crate::text::number::format_exact(metric.value.get());
            format!("{}={value}", metric.key.raw())
        });
        let metrics: Vec<String> = metrics.take(MAX_METRICS).collect();
        let node = builder.add_node(node.with_attribute("metrics", Some(metrics.join(", "))));
        builder.add_edge(&node, version, EdgeKind::Describes);
    }
}

/// Adds the names of the run's other models to its node.
fn with_other_models(node: Node, run: &Run, facts: &LineageFacts) -> Node {
    let own = facts.version.logged_model();
    let path = ArtifactSource::parse(facts.version.source.raw(), Some(run.artifact_uri.raw()))
        .artifact_path;
    let is_own = |label: &str| {
        own.as_ref().is_some_and(|own| own.raw() == label) || path.as_deref() == Some(label)
    };
    let sources = registrable_models(run, facts.logged_model.as_slice());
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

/// `iris v3 = code 3f9ac21 (dirty) + data iris-train@9f3c11aa + lr=0.01, depth=4`, raw.
fn summary(facts: &LineageFacts) -> String {
    if let Some(text) = facts.version.prompt_text() {
        let text: String = text.raw().chars().take(MAX_PROMPT_CHARS).collect();
        return format!("{}: {text}", version::version_label(&facts.version));
    }
    let code = upstream::code_label(&upstream::resolve_code(facts)).map_or_else(
        || "code not recorded".into(),
        |label| format!("code {label}"),
    );
    let params = match params::training_params(facts) {
        [] => "params not recorded".into(),
        params => params::summary(params, ", "),
    };
    format!(
        "{} v{} = {code} + {} + {params}",
        facts.version.name.raw(),
        facts.version.version,
        data_summary(facts)
    )
}

/// The training datasets; all datasets if no context names one as such.
fn data_summary(facts: &LineageFacts) -> String {
    let all = || facts.run.iter().flat_map(|run| &run.datasets);
    let training: Vec<&DatasetInput> = all()
        .filter(|dataset| dataset::is_training(dataset))
        .collect();
    let selected = if training.is_empty() {
        all().collect()
    } else {
        training
    };
    let names: Vec<String> = selected
        .iter()
        .take(MAX_DATASETS)
        .map(|dataset| dataset::name_with_digest(dataset))
        .collect();
    let more = match selected.len().saturating_sub(MAX_DATASETS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = format!("{}{more}", names.join(", "));
    // A data tool's version is more readable than MLflow's digest.
    match (facts.evidence.data_version(), selected.is_empty()) {
        (None, true) => "data not recorded".into(),
        (None, false) => format!("data {names}"),
        (Some(version), true) => format!("data {version}"),
        (Some(version), false) => format!("data {version} {names}"),
    }
}

fn deployment_nodes(facts: &LineageFacts) -> impl Iterator<Item = Node> {
    let deployments = facts.evidence.deployments();
    deployments.map(|(tool, deployment)| {
        let id = format!(
            "deployment:{tool}:{}:{}",
            deployment.name, deployment.location
        );
        Node::new(id, NodeKind::Deployment, deployment_label(tool, deployment))
            .with_attribute("tool", Some(tool))
            .with_attribute("place", Some(deployment.location.as_str()))
            .with_attribute(
                "traffic",
                deployment
                    .traffic_percent
                    .map(|percent| format!("{percent} %")),
            )
            .with_attribute(
                "ready",
                deployment
                    .ready
                    .map(|ready| if ready { "yes" } else { "no" }),
            )
            .with_attribute("from", Some(deployment.source.as_str()))
    })
}

fn deployment_label(tool: &str, deployment: &Deployment) -> String {
    let percent = deployment
        .traffic_percent
        .map(|percent| format!(" {percent} %"))
        .unwrap_or_default();
    let ready = if deployment.ready == Some(false) {
        ", not ready"
    } else {
        ""
    };
    format!("{tool} {}{percent}{ready}", deployment.name)
}
