//! Where enter leads from a node of a lineage, and what can be made from one.

use crate::domain::{ModelName, RunId, VersionNumber};
use crate::lineage::{Graph, Node, NodeKind};
use crate::store::MadeFrom;
use crate::text::Untrusted;
use crate::tui::app::overlays::{Item, Overlay, Picker};
use crate::tui::app::shared::{Choice, Context, Go};
use crate::tui::screens::Screen;

/// The most nodes of a fold that are listed.
const LISTED: usize = 1_000;

/// Goes to what a node stands for.
pub(super) fn open(node: &Node, model: &ModelName, context: &mut Context<'_>) {
    match node.kind {
        NodeKind::Run | NodeKind::ParentRun | NodeKind::ChildRun | NodeKind::Reader => {
            run(node, "run_id", context)
        }
        NodeKind::LoggedModel => run(node, "source_run_id", context),
        NodeKind::Version | NodeKind::Stage | NodeKind::Alias => {
            context.go.push(Go::To(Screen::versions(model.clone())))
        }
        NodeKind::OtherVersion => match version(node) {
            Some((name, version)) => context.go.push(Go::To(Screen::lineage(name, version))),
            None => context.say("this version can't be opened"),
        },
        NodeKind::Code | NodeKind::Dataset => backwards(node, context),
        NodeKind::Params | NodeKind::Environment | NodeKind::Deployment | NodeKind::Evidence => {
            context.say("its facts are all shown")
        }
    }
}

/// Goes to all versions that were made from a node.
pub(super) fn backwards(node: &Node, context: &mut Context<'_>) {
    match made_from(node) {
        Some(of) => context.go.push(Go::To(Screen::made_from(of))),
        None => context.say(
            "what is made from this is not recorded: stand on data, code, a run or a logged model",
        ),
    }
}

/// What a node is, to be asked backwards.
fn made_from(node: &Node) -> Option<MadeFrom> {
    let fact = |key: &str| node.known(key).cloned();
    match node.kind {
        NodeKind::Dataset => fact("digest").map(MadeFrom::Digest),
        NodeKind::Code => fact("commit").map(MadeFrom::Commit),
        NodeKind::Run | NodeKind::ParentRun | NodeKind::ChildRun | NodeKind::Reader => {
            fact("run_id").map(|id| MadeFrom::Run(RunId::new(id)))
        }
        NodeKind::LoggedModel => fact("model_id").map(|id| MadeFrom::Model {
            id: id.raw().into(),
            since: None,
        }),
        _ => None,
    }
}

fn run(node: &Node, key: &str, context: &mut Context<'_>) {
    match node.known(key) {
        Some(id) => context.go.push(Go::To(Screen::run(RunId::new(id.clone())))),
        None => context.say("the run that made it is not known"),
    }
}

fn version(node: &Node) -> Option<(ModelName, VersionNumber)> {
    let name = node
        .known("model")
        .map(|name| ModelName::new(name.clone()))?;
    let number = node.known("version").map(Untrusted::raw)?.parse().ok()?;
    Some((name, VersionNumber(number)))
}

/// Lists what is folded into a box; what is picked stands by itself then.
pub(super) fn unfold(graph: &Graph, nodes: &[usize], context: &mut Context<'_>) {
    let item = |node: &Node| {
        let facts = ["status", "stage", "aliases", "source", "start"]
            .iter()
            .filter_map(|key| node.known(key));
        Item {
            label: node.label.clean().into_owned(),
            detail: facts
                .take(2)
                .map(|fact| fact.clean().into_owned())
                .collect::<Vec<_>>()
                .join("  "),
            choice: Choice::Node(node.id.clone()),
        }
    };
    let all: Vec<Item> = nodes
        .iter()
        .filter_map(|at| graph.nodes.get(*at))
        .take(LISTED)
        .map(item)
        .collect();
    let more = if nodes.len() > LISTED {
        format!("the first {LISTED} of {}", nodes.len())
    } else {
        format!("{} folded", nodes.len())
    };
    context
        .go
        .push(Go::Over(Box::new(Overlay::Picker(Picker::new(&more, all)))));
}
