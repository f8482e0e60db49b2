//! What people recorded on a version: tags, reviews and the last move, as facts of its node.

use crate::domain::ModelVersion;
use crate::lineage::{Graph, NodeKind};
use crate::promotion::{Approval, TAG_PREFIX, TagRecord};

/// Tags of MLflow that are shown as facts of their own.
const PROMPT_TAGS: [&str; 2] = ["mlflow.prompt.", "_mlflow_prompt"];

/// Adds the notes to the node of the version in the middle of the graph.
pub(super) fn add_version_notes(graph: &mut Graph, version: &ModelVersion) {
    let node = graph
        .nodes
        .iter_mut()
        .find(|node| node.kind == NodeKind::Version);
    let Some(node) = node else { return };
    for review in Approval::from_version_tags(version) {
        let text = review.describe_with_comment();
        node.attributes.push(("review".to_owned(), text.into()));
    }
    let records = TagRecord::from_version_tags(version);
    let last = records.iter().max_by_key(|record| record.recorded_at_ms());
    if let Some(record) = last {
        let reason = if record.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", record.reason)
        };
        let text = format!("{} by {}{reason}", record.action, record.user);
        node.attributes
            .push(("last_record".to_owned(), text.into()));
    }
    let own = version.tags.iter().filter(|tag| {
        let key = tag.key.raw();
        !key.starts_with(TAG_PREFIX) && !PROMPT_TAGS.iter().any(|prefix| key.starts_with(prefix))
    });
    for tag in own {
        let key = format!("tag {}", tag.key.raw());
        node.attributes.push((key, tag.value.clone()));
    }
}
