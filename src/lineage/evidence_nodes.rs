//! What other tools left, as nodes: their facts before the version, the places that serve it after.

use super::{LineageFacts, Node, NodeKind};
use crate::evidence::{Deployment, ToolEvidence};

/// A tool's node.
pub(super) fn node(evidence: &ToolEvidence) -> Node {
    let node = Node::new(
        format!("evidence:{}", evidence.id),
        NodeKind::Evidence,
        evidence.name.as_str(),
    );
    let node = node.with_attribute("kind", Some(evidence.kind.as_str()));
    evidence.facts.iter().fold(node, |node, fact| {
        let mark = if fact.is_unexpected { " (!)" } else { "" };
        let old = if fact.is_stale {
            ", older than the version"
        } else {
            ""
        };
        node.with_attribute(
            &fact.name,
            Some(format!("{}{mark}  [{}{old}]", fact.value, fact.source)),
        )
    })
}

/// Where the version is served.
pub(super) fn deployment_nodes(facts: &LineageFacts) -> impl Iterator<Item = Node> {
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
