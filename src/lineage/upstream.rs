//! Nodes of a version's causes: run, parents, logged model, code, environment.

use super::environment::ModelFiles;
use super::{Commit, LineageFacts, Node, NodeKind};
use crate::domain::{Code, Lifecycle, LoggedModel, Millis, Run, RunId};
use crate::text::Untrusted;

/// Characters of a diff in an attribute: MLflow keeps 8,000 in a tag.
const MAX_DIFF_CHARS: usize = 8_000;

/// The code of a version: the run's, or the logged model's if the run does not name a commit. MLflow 3's git versioning
/// writes to the logged model.
pub(super) fn resolve_code(facts: &LineageFacts) -> Code {
    let of_run = facts
        .run
        .as_ref()
        .map(|run| Code::from_tags(&run.tags))
        .unwrap_or_default();
    if of_run.commit.is_some() {
        return of_run;
    }
    let of_model = facts
        .logged_model
        .as_ref()
        .map(|model| Code::from_tags(&model.tags))
        .unwrap_or_default();
    Code {
        source: of_run.source.or(of_model.source),
        source_type: of_run.source_type.or(of_model.source_type),
        entry_point: of_run.entry_point.or(of_model.entry_point),
        branch: of_model.branch.or(of_run.branch),
        repository: of_model.repository.or(of_run.repository),
        ..of_model
    }
}

/// `3f9ac21 (dirty)` or `train.py (no commit)`; absent if no code is recorded.
pub(super) fn code_label(code: &Code) -> Option<String> {
    let dirty = if code.is_dirty == Some(true) {
        " (dirty)"
    } else {
        ""
    };
    match (code.short_commit(), &code.source) {
        (Some(commit), _) => Some(format!("{}{dirty}", commit.raw())),
        (None, Some(source)) => Some(format!("{} (no commit)", source.raw())),
        (None, None) => code
            .repository
            .as_ref()
            .map(|repository| format!("{} (no commit)", repository.raw())),
    }
}

/// The code's node, with the commit as the local checkout knows it.
pub(super) fn code_node(code: &Code, commit: Option<&Commit>) -> Option<Node> {
    let label = code_label(code)?;
    let id = code
        .commit
        .as_ref()
        .or(code.source.as_ref())
        .map_or("?", Untrusted::raw);
    let dirty = code
        .is_dirty
        .map_or("not recorded", |dirty| if dirty { "true" } else { "false" });
    let diff = code.diff.as_ref().map(|diff| {
        format!(
            "{} lines, {} bytes",
            diff.raw().lines().count(),
            diff.raw().len()
        )
    });
    let node = Node::new(format!("code:{id}"), NodeKind::Code, label)
        .with_attribute("commit", code.commit.clone())
        .with_attribute("subject", commit.map(|commit| commit.subject.as_str()))
        .with_attribute("author", commit.map(|commit| commit.author.as_str()))
        .with_attribute("date", commit.map(|commit| commit.date.as_str()))
        .with_attribute("branch", code.branch.clone())
        .with_attribute("repository", code.repository.clone())
        .with_attribute("dirty", code.commit.as_ref().map(|_| dirty))
        .with_attribute("diff", diff)
        .with_attribute(
            "diff_text",
            code.diff
                .as_ref()
                .map(|diff| diff.raw().chars().take(MAX_DIFF_CHARS).collect::<String>()),
        )
        .with_attribute("source", code.source.clone())
        .with_attribute("source_type", code.source_type.clone())
        .with_attribute("entry_point", code.entry_point.clone());
    Some(node)
}

pub(super) fn run_node(run: &Run, kind: NodeKind) -> Node {
    let deleted = if run.lifecycle == Lifecycle::Deleted {
        ", deleted"
    } else {
        ""
    };
    let label = format!("{} ({}{deleted})", run.label().raw(), run.id.short());
    Node::new(format!("run:{}", run.id.raw()), kind, label)
        .with_attribute("run_id", Some(run.id.text().clone()))
        .with_attribute("status", Some(run.status.as_str()))
        .with_attribute("lifecycle", Some(run.lifecycle.as_str()))
        .with_attribute("experiment_id", Some(run.experiment_id.text().clone()))
        .with_attribute("user", Some(run.user.clone()))
        .with_attribute("start", run.start_time.and_then(format_time))
        .with_attribute("end", run.end_time.and_then(format_time))
        .with_attribute("artifacts", Some(run.artifact_uri.clone()))
}

/// The node of a run that could not be read.
pub(super) fn missing_run_node(id: &RunId, kind: NodeKind, missing: &[String]) -> Node {
    let why = missing
        .iter()
        .find(|line| line.contains(&id.short()))
        .cloned();
    Node::new(
        format!("run:{}", id.raw()),
        kind,
        format!("run {}: not found", id.short()),
    )
    .with_attribute("run_id", Some(id.text().clone()))
    .with_attribute("state", Some("not found"))
    .with_attribute("why", why)
}

pub(super) fn logged_model_node(model: &LoggedModel) -> Node {
    let name = if model.name.is_empty() {
        model.id.text()
    } else {
        &model.name
    };
    let deleted = if model.lifecycle == Lifecycle::Deleted {
        " (deleted)"
    } else {
        ""
    };
    Node::new(
        format!("model:{}", model.id.raw()),
        NodeKind::LoggedModel,
        format!("{}{deleted}", name.raw()),
    )
    .with_attribute("model_id", Some(model.id.text().clone()))
    .with_attribute("name", Some(model.name.clone()))
    .with_attribute("model_type", Some(model.model_type.clone()))
    .with_attribute("status", Some(model.status.clone()))
    .with_attribute("source_run_id", Some(model.source_run_id.text().clone()))
    .with_attribute("created", model.creation_time.and_then(format_time))
    .with_attribute("artifacts", Some(model.artifact_uri.clone()))
}

/// The environment's node; absent if no file describes it.
pub(super) fn environment_node(owner: &str, files: &ModelFiles) -> Option<Node> {
    if files.python_version.is_none() && files.packages.is_empty() && !files.has_mlmodel {
        return None;
    }
    let count = files.packages.len();
    let node = Node::new(
        format!("environment:{owner}"),
        NodeKind::Environment,
        environment_label(files),
    )
    .with_attribute("python", files.python_version.clone())
    .with_attribute("package_count", (count > 0).then(|| count.to_string()))
    .with_attribute("packages", Some(files.packages.join(", ")))
    .with_attribute("packages_from", files.packages_file)
    .with_attribute("mlflow_version", files.mlflow_version.clone())
    .with_attribute("flavors", Some(files.flavors.join(", ")))
    .with_attribute("signature_inputs", files.inputs.clone())
    .with_attribute("signature_outputs", files.outputs.clone())
    .with_attribute("signature_params", files.params.clone())
    .with_attribute("model_size_bytes", files.size_bytes.clone());
    Some(node)
}

/// `python 3.11.7, 6 packages`.
pub(super) fn environment_label(files: &ModelFiles) -> String {
    let python = files.python_version.as_ref().map_or_else(
        || "python not recorded".into(),
        |python| format!("python {python}"),
    );
    match files.packages.len() {
        0 => format!("{python}, packages not recorded"),
        1 => format!("{python}, 1 package"),
        count => format!("{python}, {count} packages"),
    }
}

/// RFC 3339 in UTC.
pub(super) fn format_time(ms: Millis) -> Option<String> {
    jiff::Timestamp::from_millisecond(ms)
        .ok()
        .map(|time| time.to_string())
}
