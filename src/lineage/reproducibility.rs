//! Whether a version can be reproduced: what is recorded, and the calls that would record the rest.

use serde::Serialize;

use super::build::source_run_id;
use super::environment::ModelFiles;
use super::{LineageFacts, dataset, params, upstream};
use crate::domain::{DatasetInput, VersionStatus};
use crate::text::untrusted::clean;

/// How much of an aspect is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// All of it.
    Recorded,
    /// Some of it.
    #[serde(rename = "partly")]
    Partial,
    /// None of it.
    NotRecorded,
}

impl Completeness {
    /// `recorded`, `partly` or `not recorded`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Partial => "partly",
            Self::NotRecorded => "not recorded",
        }
    }
}

/// A line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReproducibilityCheck {
    /// code, data, params, seed, environment, run, model or signature; text for a prompt.
    #[serde(rename = "what")]
    pub aspect: &'static str,
    /// How much of it is recorded.
    pub state: Completeness,
    /// What is recorded, and the MLflow call that records the rest, cleaned.
    pub detail: String,
}

/// Calls that record what is missing.
const LOG_COMMIT: &str = "train from a git checkout with GitPython installed, or mlflow.set_tag(\"mlflow.source.git.commit\", commit)";
const LOG_DIFF: &str =
    "commit before training, or mlflow.set_tag(\"mlflow.source.git.diff\", diff)";
const LOG_INPUT: &str =
    "mlflow.log_input(mlflow.data.from_pandas(df, source=\"…\", name=\"…\"), context=\"training\")";
const LOG_PARAMS: &str = "mlflow.log_params({…}), or mlflow.autolog()";
const LOG_SEED: &str = "mlflow.log_param(\"seed\", seed)";
const LOG_PACKAGES: &str = "log_model(…, pip_requirements=[\"package==version\", …])";
const LOG_SOURCE: &str = "mlflow.set_tag(\"mlflow.source.name\", \"train.py\")";
const LOG_ARGUMENTS: &str = "`mlflow run` records the entry point and its arguments";
const LOG_MODEL: &str = "mlflow.<flavor>.log_model(model, name=\"…\", registered_model_name=\"…\")";
const LOG_SIGNATURE: &str =
    "log_model(…, signature=mlflow.models.infer_signature(X, model.predict(X)))";

/// The checklist of a version.
pub(super) fn checklist(facts: &LineageFacts, files: &ModelFiles) -> Vec<ReproducibilityCheck> {
    if facts.version.is_prompt() {
        return vec![check_prompt(facts)];
    }
    let checks = [
        ("code", check_code(facts)),
        ("data", check_data(facts)),
        ("params", check_params(facts)),
        ("seed", check_seed(facts)),
        ("environment", check_environment(files)),
        ("run", check_run(facts)),
        ("model", check_model(facts, files)),
        ("signature", check_signature(files)),
    ];
    checks
        .into_iter()
        .map(|(aspect, (state, detail))| ReproducibilityCheck {
            aspect,
            state,
            detail: clean(&detail).into_owned(),
        })
        .collect()
}

/// All of a prompt is its text.
fn check_prompt(facts: &LineageFacts) -> ReproducibilityCheck {
    let (state, detail) = match facts.version.prompt_text() {
        Some(text) => (
            Completeness::Recorded,
            format!("{} characters", text.raw().chars().count()),
        ),
        None => (
            Completeness::NotRecorded,
            "the version has no tag with its text".to_owned(),
        ),
    };
    ReproducibilityCheck {
        aspect: "text",
        state,
        detail,
    }
}

/// The entry point of an MLflow project that names none.
pub(super) const DEFAULT_ENTRY_POINT: &str = "main";

type CheckResult = (Completeness, String);

/// An unrecorded aspect. Without a run, the call only helps the next training.
fn not_recorded(facts: &LineageFacts, call: &str) -> CheckResult {
    let detail = match (&facts.run, source_run_id(facts)) {
        (None, Some(id)) => format!("run {} could not be read; next time: {call}", id.short()),
        (None, None) => {
            format!("the version does not name a run; next time, train in a run: {call}")
        }
        (Some(_), _) => call.to_owned(),
    };
    (Completeness::NotRecorded, detail)
}

fn check_code(facts: &LineageFacts) -> CheckResult {
    let code = upstream::resolve_code(facts);
    let Some(label) = upstream::code_label(&code) else {
        return not_recorded(facts, LOG_COMMIT);
    };
    if code.commit.is_none() {
        return (Completeness::Partial, format!("{label}: {LOG_COMMIT}"));
    }
    match (code.is_dirty, &code.diff) {
        (Some(true), None) => (
            Completeness::Partial,
            format!("{label}, uncommitted changes not recorded: {LOG_DIFF}"),
        ),
        (Some(true), Some(_)) => (Completeness::Recorded, format!("{label}, with the diff")),
        (Some(false), _) => (Completeness::Recorded, format!("{label}, clean")),
        (None, _) => (
            Completeness::Recorded,
            format!("{label}, MLflow did not record whether it was dirty"),
        ),
    }
}

fn check_data(facts: &LineageFacts) -> CheckResult {
    let all: Vec<&DatasetInput> = facts.run.iter().flat_map(|run| &run.datasets).collect();
    if all.is_empty() {
        return not_recorded(facts, LOG_INPUT);
    }
    let names = all
        .iter()
        .map(|dataset| dataset::name_with_digest(dataset))
        .collect::<Vec<_>>()
        .join(", ");
    let training: Vec<&&DatasetInput> = all
        .iter()
        .filter(|dataset| dataset::is_training(dataset))
        .collect();
    if training.is_empty() {
        return (
            Completeness::Partial,
            format!("{names}, none with a training context: {LOG_INPUT}"),
        );
    }
    if training
        .iter()
        .any(|dataset| dataset.digest.is_empty() || dataset::location(dataset).is_none())
    {
        return (
            Completeness::Partial,
            format!("{names}, location not recorded: {LOG_INPUT}"),
        );
    }
    (Completeness::Recorded, names)
}

fn check_params(facts: &LineageFacts) -> CheckResult {
    match params::training_params(facts) {
        [] => not_recorded(facts, LOG_PARAMS),
        params => (
            Completeness::Recorded,
            format!("{} ({})", params::summary(params, ", "), params.len()),
        ),
    }
}

fn check_seed(facts: &LineageFacts) -> CheckResult {
    let tags = facts.run.iter().flat_map(|run| &run.tags);
    let found = params::seeds(params::training_params(facts).iter().chain(tags));
    let format_pairs = |pairs: Vec<&&crate::domain::KeyValue>| {
        pairs
            .into_iter()
            .map(|pair| params::assignment(pair))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (unset, set): (Vec<_>, Vec<_>) =
        found.iter().partition(|pair| params::is_unset(&pair.value));
    match (set.is_empty(), unset.is_empty()) {
        (false, _) => (Completeness::Recorded, format_pairs(set)),
        (true, false) => (
            Completeness::NotRecorded,
            format!("{}: set a seed, then {LOG_SEED}", format_pairs(unset)),
        ),
        (true, true) => not_recorded(facts, LOG_SEED),
    }
}

fn check_environment(files: &ModelFiles) -> CheckResult {
    let label = upstream::environment_label(files);
    let unpinned = files.unpinned_count();
    match (files.python_version.is_some(), files.packages.is_empty()) {
        (false, true) => (
            Completeness::NotRecorded,
            format!("no requirements.txt, conda.yaml or python_env.yaml: {LOG_PACKAGES}"),
        ),
        (true, false) if unpinned == 0 => (Completeness::Recorded, format!("{label}, all pinned")),
        (_, false) if unpinned > 0 => (
            Completeness::Partial,
            format!("{label}, {unpinned} not pinned: {LOG_PACKAGES}"),
        ),
        _ => (Completeness::Partial, format!("{label}: {LOG_PACKAGES}")),
    }
}

/// How the training was started: only MLflow projects record their arguments.
fn check_run(facts: &LineageFacts) -> CheckResult {
    let code = upstream::resolve_code(facts);
    let Some(source) = &code.source else {
        return not_recorded(facts, LOG_SOURCE);
    };
    let source = source.raw();
    let kind = code.source_type.as_ref().map_or("", |kind| kind.raw());
    match (kind, &facts.run) {
        ("PROJECT", Some(run)) => {
            let entry = code.entry_point.as_ref();
            let entry = entry.map_or(DEFAULT_ENTRY_POINT, |entry| entry.raw());
            let arguments = match run.params.len() {
                0 => "no arguments".to_owned(),
                1 => "1 argument".to_owned(),
                count => format!("{count} arguments"),
            };
            (
                Completeness::Recorded,
                format!("entry point {entry} of {source}, {arguments}"),
            )
        }
        ("NOTEBOOK" | "JOB", _) => (
            Completeness::Partial,
            format!(
                "{} {source}, its parameters are not recorded: {LOG_ARGUMENTS}",
                kind.to_lowercase()
            ),
        ),
        _ => (
            Completeness::Partial,
            format!("{source}, its arguments are not recorded: {LOG_ARGUMENTS}"),
        ),
    }
}

fn check_model(facts: &LineageFacts, files: &ModelFiles) -> CheckResult {
    let version = &facts.version;
    if version.is_half_deleted() {
        return (
            Completeness::NotRecorded,
            "the version and its source were deleted: register the model again".into(),
        );
    }
    if version.source.is_empty() {
        return (
            Completeness::NotRecorded,
            format!("the version has no source: {LOG_MODEL}"),
        );
    }
    let source = version.source.raw();
    if version.status != VersionStatus::Ready {
        return (
            Completeness::Partial,
            format!("{source} is {}", version.status.as_str()),
        );
    }
    if let Some(model) = facts
        .logged_model
        .as_ref()
        .filter(|model| !matches!(model.status.raw(), "" | "READY" | "LOGGED_MODEL_READY"))
    {
        return (
            Completeness::Partial,
            format!("{source} is {}", model.status.raw()),
        );
    }
    if facts.is_external() == Some(true) {
        return (
            Completeness::NotRecorded,
            format!(
                "{source} is an external model: its files are outside of MLflow, which cannot load it"
            ),
        );
    }
    if files.has_mlmodel {
        (Completeness::Recorded, source.to_owned())
    } else {
        (
            Completeness::Partial,
            format!("{source}, MLmodel could not be read"),
        )
    }
}

fn check_signature(files: &ModelFiles) -> CheckResult {
    match (&files.inputs, &files.outputs) {
        (Some(inputs), Some(outputs)) => (Completeness::Recorded, format!("{inputs} → {outputs}")),
        (Some(inputs), None) => (
            Completeness::Partial,
            format!("inputs {inputs}, no outputs: {LOG_SIGNATURE}"),
        ),
        (None, Some(outputs)) => (
            Completeness::Partial,
            format!("outputs {outputs}, no inputs: {LOG_SIGNATURE}"),
        ),
        (None, None) if files.is_external => (
            Completeness::NotRecorded,
            "an external model has a placeholder for a signature".into(),
        ),
        (None, None) if files.has_mlmodel => (Completeness::NotRecorded, LOG_SIGNATURE.into()),
        (None, None) => (
            Completeness::NotRecorded,
            format!("MLmodel could not be read; next time: {LOG_SIGNATURE}"),
        ),
    }
}
