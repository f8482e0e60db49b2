//! What other tools left, as nodes: their facts before the version, the places that serve it after.

use super::{Facts, Node, NodeKind};
use crate::evidence::{Deployment, Evidence};

/// A tool's node.
pub(super) fn node(evidence: &Evidence) -> Node {
    let node = Node::new(
        format!("evidence:{}", evidence.id),
        NodeKind::Evidence,
        evidence.name.as_str(),
    );
    let node = node.fact("kind", Some(evidence.kind.as_str()));
    evidence.facts.iter().fold(node, |node, fact| {
        let mark = if fact.bad { " (!)" } else { "" };
        let old = if fact.older {
            ", older than the version"
        } else {
            ""
        };
        node.fact(
            &fact.name,
            Some(format!("{}{mark}  [{}{old}]", fact.value, fact.from)),
        )
    })
}

/// Where the version is served.
pub(super) fn deployments(facts: &Facts) -> impl Iterator<Item = Node> {
    let deployments = facts.evidence.deployments();
    deployments.map(|(tool, deployment)| {
        let id = format!("deployment:{tool}:{}:{}", deployment.name, deployment.place);
        Node::new(id, NodeKind::Deployment, label(tool, deployment))
            .fact("tool", Some(tool))
            .fact("place", Some(deployment.place.as_str()))
            .fact(
                "traffic",
                deployment.percent.map(|percent| format!("{percent} %")),
            )
            .fact(
                "ready",
                deployment
                    .ready
                    .map(|ready| if ready { "yes" } else { "no" }),
            )
            .fact("from", Some(deployment.from.as_str()))
    })
}

fn label(tool: &str, deployment: &Deployment) -> String {
    let percent = deployment
        .percent
        .map(|percent| format!(" {percent} %"))
        .unwrap_or_default();
    let ready = if deployment.ready == Some(false) {
        ", not ready"
    } else {
        ""
    };
    format!("{tool} {}{percent}{ready}", deployment.name)
}
