//! Nodes of what made a version: run, parents, logged model, code, environment.

use super::files::ModelFiles;
use super::{Commit, Facts, Node, NodeKind};
use crate::domain::{Code, Lifecycle, LoggedModel, Millis, Run, RunId};
use crate::text::Untrusted;

/// How much of a diff a fact tells, in characters: MLflow keeps 8,000 in a tag.
const DIFF_CHARS: usize = 8_000;

/// The code that a version came from: the run's, or, where that names no commit, what MLflow 3's git versioning left
/// with the logged model.
pub(super) fn code(facts: &Facts) -> Code {
    let of_run = facts
        .run
        .as_ref()
        .map(|run| Code::of(&run.tags))
        .unwrap_or_default();
    if of_run.commit.is_some() {
        return of_run;
    }
    let of_model = facts
        .logged_model
        .as_ref()
        .map(|model| Code::of(&model.tags))
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

/// A few words for code: `3f9ac21 (dirty)`, `train.py (no commit)`; nothing where nothing is recorded.
pub(super) fn code_label(code: &Code) -> Option<String> {
    let dirty = if code.dirty == Some(true) {
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

/// The code's node, with what the checkout at hand says of the commit.
pub(super) fn code_node(code: &Code, commit: Option<&Commit>) -> Option<Node> {
    let label = code_label(code)?;
    let id = code
        .commit
        .as_ref()
        .or(code.source.as_ref())
        .map_or("?", Untrusted::raw);
    let dirty = code
        .dirty
        .map_or("not recorded", |dirty| if dirty { "true" } else { "false" });
    let diff = code.diff.as_ref().map(|diff| {
        format!(
            "{} lines, {} bytes",
            diff.raw().lines().count(),
            diff.raw().len()
        )
    });
    let node = Node::new(format!("code:{id}"), NodeKind::Code, label)
        .fact("commit", code.commit.clone())
        .fact("subject", commit.map(|commit| commit.subject.as_str()))
        .fact("author", commit.map(|commit| commit.author.as_str()))
        .fact("date", commit.map(|commit| commit.date.as_str()))
        .fact("branch", code.branch.clone())
        .fact("repository", code.repository.clone())
        .fact("dirty", code.commit.as_ref().map(|_| dirty))
        .fact("diff", diff)
        .fact(
            "diff_text",
            code.diff
                .as_ref()
                .map(|diff| diff.raw().chars().take(DIFF_CHARS).collect::<String>()),
        )
        .fact("source", code.source.clone())
        .fact("source_type", code.source_type.clone())
        .fact("entry_point", code.entry_point.clone());
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
        .fact("run_id", Some(run.id.text().clone()))
        .fact("status", Some(run.status.as_str()))
        .fact("lifecycle", Some(run.lifecycle.as_str()))
        .fact("experiment_id", Some(run.experiment_id.text().clone()))
        .fact("user", Some(run.user.clone()))
        .fact("start", run.start_time.and_then(time))
        .fact("end", run.end_time.and_then(time))
        .fact("artifacts", Some(run.artifact_uri.clone()))
}

/// A run that is named, and could not be read.
pub(super) fn absent_run(id: &RunId, kind: NodeKind, missing: &[String]) -> Node {
    let why = missing
        .iter()
        .find(|line| line.contains(&id.short()))
        .cloned();
    Node::new(
        format!("run:{}", id.raw()),
        kind,
        format!("run {}: not found", id.short()),
    )
    .fact("run_id", Some(id.text().clone()))
    .fact("state", Some("not found"))
    .fact("why", why)
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
    .fact("model_id", Some(model.id.text().clone()))
    .fact("name", Some(model.name.clone()))
    .fact("model_type", Some(model.model_type.clone()))
    .fact("status", Some(model.status.clone()))
    .fact("source_run_id", Some(model.source_run_id.text().clone()))
    .fact("created", model.creation_time.and_then(time))
    .fact("artifacts", Some(model.artifact_uri.clone()))
}

/// The environment's node; nothing where no file tells of one.
pub(super) fn environment_node(owner: &str, files: &ModelFiles) -> Option<Node> {
    if files.python.is_none() && files.packages.is_empty() && !files.mlmodel {
        return None;
    }
    let count = files.packages.len();
    let node = Node::new(
        format!("environment:{owner}"),
        NodeKind::Environment,
        environment_label(files),
    )
    .fact("python", files.python.clone())
    .fact("package_count", (count > 0).then(|| count.to_string()))
    .fact("packages", Some(files.packages.join(", ")))
    .fact("packages_from", files.packages_from)
    .fact("mlflow_version", files.mlflow_version.clone())
    .fact("flavors", Some(files.flavors.join(", ")))
    .fact("signature_inputs", files.inputs.clone())
    .fact("signature_outputs", files.outputs.clone())
    .fact("signature_params", files.params.clone())
    .fact("model_size_bytes", files.size.clone());
    Some(node)
}

/// `python 3.11.7, 6 packages`.
pub(super) fn environment_label(files: &ModelFiles) -> String {
    let python = files.python.as_ref().map_or_else(
        || "python not recorded".into(),
        |python| format!("python {python}"),
    );
    match files.packages.len() {
        0 => format!("{python}, packages not recorded"),
        1 => format!("{python}, 1 package"),
        count => format!("{python}, {count} packages"),
    }
}

/// A time as text: UTC, to the second or better.
pub(super) fn time(ms: Millis) -> Option<String> {
    jiff::Timestamp::from_millisecond(ms)
        .ok()
        .map(|time| time.to_string())
}
