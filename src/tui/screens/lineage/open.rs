//! The screens that a node of a lineage opens.

use crate::domain::{ModelName, RunId, VersionNumber};
use crate::lineage::{Graph, Node, NodeId, NodeKind};
use crate::store::Upstream;
use crate::text::Untrusted;
use crate::text::untrusted::clean;
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{Picker, PickerItem};
use crate::tui::screens::{DownstreamScreen, LineageScreen, RunScreen, VersionsScreen};

/// The most nodes of a collapsed box that are listed.
const MAX_LISTED: usize = 1_000;

/// Opens the screen of a node. Returns whether it has one.
pub(super) fn open_node(node: &Node, model: &ModelName, context: &mut UpdateContext<'_>) -> bool {
    match node.kind {
        NodeKind::Run
        | NodeKind::ParentRun
        | NodeKind::ChildRun
        | NodeKind::DownstreamRun
        | NodeKind::EvaluationRun => {
            open_run(node, "run_id", context);
        }
        NodeKind::LoggedModel => open_run(node, "source_run_id", context),
        NodeKind::Version | NodeKind::Stage | NodeKind::Alias => {
            context.push(VersionsScreen::new(model.clone()));
        }
        NodeKind::OtherVersion => match version_of(node) {
            Some((name, version)) => context.push(LineageScreen::new(name, version)),
            None => context.notify("this version can't be opened"),
        },
        NodeKind::Code | NodeKind::Dataset => open_downstream(node, context),
        NodeKind::Params | NodeKind::Environment | NodeKind::Deployment | NodeKind::Evidence => {
            return false;
        }
    }
    true
}

/// Lists the versions made from a node.
pub(super) fn open_downstream(node: &Node, context: &mut UpdateContext<'_>) {
    match downstream_query(node) {
        Some(of) => context.push(DownstreamScreen::new(of)),
        None => context
            .notify("not recorded for this node: select a dataset, code, a run or a logged model"),
    }
}

fn downstream_query(node: &Node) -> Option<Upstream> {
    let fact = |key: &str| node.attribute(key).cloned();
    match node.kind {
        NodeKind::Dataset => fact("digest").map(Upstream::Digest),
        NodeKind::Code => fact("commit").map(Upstream::Commit),
        NodeKind::Run
        | NodeKind::ParentRun
        | NodeKind::ChildRun
        | NodeKind::DownstreamRun
        | NodeKind::EvaluationRun => fact("run_id").map(|id| Upstream::Run(RunId::new(id))),
        NodeKind::LoggedModel => fact("model_id").map(|id| Upstream::Model {
            id: id.raw().into(),
            created_at: None,
        }),
        _ => None,
    }
}

fn open_run(node: &Node, key: &str, context: &mut UpdateContext<'_>) {
    match node.attribute(key) {
        Some(id) => context.push(RunScreen::new(RunId::new(id.clone()))),
        None => context.notify("the run that created it is unknown"),
    }
}

pub(super) fn version_of(node: &Node) -> Option<(ModelName, VersionNumber)> {
    let name = node
        .attribute("model")
        .map(|name| ModelName::new(name.clone()))?;
    let number = node
        .attribute("version")
        .map(Untrusted::raw)?
        .parse()
        .ok()?;
    Some((name, VersionNumber(number)))
}

/// The nodes of a collapsed box.
pub(super) fn collapsed_nodes(graph: &Graph, nodes: &[usize]) -> Picker<NodeId> {
    let item = |node: &Node| {
        if let Some(finding) = &node.finding {
            return PickerItem::new(node.label.clean(), clean(finding), node.id.clone());
        }
        let facts = ["status", "stage", "aliases", "source", "start"]
            .iter()
            .filter_map(|key| node.attribute(key))
            .take(2)
            .map(|fact| fact.clean().into_owned());
        let detail = facts.collect::<Vec<_>>().join("  ");
        PickerItem::new(node.label.clean(), detail, node.id.clone())
    };
    let listed = nodes.iter().filter_map(|at| graph.nodes.get(*at));
    let mut kinds = nodes.iter().filter_map(|at| graph.nodes.get(*at));
    let first = kinds.next().map_or("", |node| node.kind.plural());
    let word = if kinds.all(|node| node.kind.plural() == first) {
        first
    } else {
        "nodes"
    };
    let title = if nodes.len() > MAX_LISTED {
        format!("the first {MAX_LISTED} of {} folded {word}", nodes.len())
    } else {
        format!("{} folded {word}", nodes.len())
    };
    Picker::new(title, listed.take(MAX_LISTED).map(item))
}
