//! Where enter leads from a node of a lineage, and what can be made from one.

use crate::domain::{ModelName, RunId, VersionNumber};
use crate::lineage::{Graph, Node, NodeKind};
use crate::store::Upstream;
use crate::text::Untrusted;
use crate::tui::app::dialogs::{Dialog, Picker, PickerItem};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};
use crate::tui::screens::Screen;

/// The most nodes of a fold that are listed.
const MAX_LISTED: usize = 1_000;

/// Goes to what a node stands for.
pub(super) fn open_node(node: &Node, model: &ModelName, context: &mut UpdateContext<'_>) {
    match node.kind {
        NodeKind::Run | NodeKind::ParentRun | NodeKind::ChildRun | NodeKind::DownstreamRun => {
            open_run(node, "run_id", context);
        }
        NodeKind::LoggedModel => open_run(node, "source_run_id", context),
        NodeKind::Version | NodeKind::Stage | NodeKind::Alias => context
            .navigation
            .push(Navigate::Push(Screen::versions(model.clone()))),
        NodeKind::OtherVersion => match version_of(node) {
            Some((name, version)) => context
                .navigation
                .push(Navigate::Push(Screen::lineage(name, version))),
            None => context.notify("this version can't be opened"),
        },
        NodeKind::Code | NodeKind::Dataset => open_downstream(node, context),
        NodeKind::Params | NodeKind::Environment | NodeKind::Deployment | NodeKind::Evidence => {
            context.notify("its facts are all shown");
        }
    }
}

/// Goes to all versions that were made from a node.
pub(super) fn open_downstream(node: &Node, context: &mut UpdateContext<'_>) {
    match downstream_query(node) {
        Some(of) => context
            .navigation
            .push(Navigate::Push(Screen::downstream(of))),
        None => context.notify(
            "what is made from this is not recorded: stand on data, code, a run or a logged model",
        ),
    }
}

/// What a node is, to be asked backwards.
fn downstream_query(node: &Node) -> Option<Upstream> {
    let fact = |key: &str| node.attribute(key).cloned();
    match node.kind {
        NodeKind::Dataset => fact("digest").map(Upstream::Digest),
        NodeKind::Code => fact("commit").map(Upstream::Commit),
        NodeKind::Run | NodeKind::ParentRun | NodeKind::ChildRun | NodeKind::DownstreamRun => {
            fact("run_id").map(|id| Upstream::Run(RunId::new(id)))
        }
        NodeKind::LoggedModel => fact("model_id").map(|id| Upstream::Model {
            id: id.raw().into(),
            created_at: None,
        }),
        _ => None,
    }
}

fn open_run(node: &Node, key: &str, context: &mut UpdateContext<'_>) {
    match node.attribute(key) {
        Some(id) => context
            .navigation
            .push(Navigate::Push(Screen::run(RunId::new(id.clone())))),
        None => context.notify("the run that made it is not known"),
    }
}

fn version_of(node: &Node) -> Option<(ModelName, VersionNumber)> {
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

/// Lists what is folded into a box; what is picked stands by itself then.
pub(super) fn list_folded(graph: &Graph, nodes: &[usize], context: &mut UpdateContext<'_>) {
    let item = |node: &Node| {
        let facts = ["status", "stage", "aliases", "source", "start"]
            .iter()
            .filter_map(|key| node.attribute(key));
        PickerItem {
            label: node.label.clean().into_owned(),
            detail: facts
                .take(2)
                .map(|fact| fact.clean().into_owned())
                .collect::<Vec<_>>()
                .join("  "),
            choice: Choice::Node(node.id.clone()),
        }
    };
    let all: Vec<PickerItem> = nodes
        .iter()
        .filter_map(|at| graph.nodes.get(*at))
        .take(MAX_LISTED)
        .map(item)
        .collect();
    let more = if nodes.len() > MAX_LISTED {
        format!("the first {MAX_LISTED} of {}", nodes.len())
    } else {
        format!("{} folded", nodes.len())
    };
    context
        .navigation
        .push(Navigate::OpenDialog(Box::new(Dialog::Picker(Picker::new(
            &more, all,
        )))));
}
