//! Could this version be made again? What is recorded, partly or not, and what would record it.

use serde::Serialize;

use super::build::named_run;
use super::files::ModelFiles;
use super::{Facts, data, params, upstream};
use crate::domain::{DatasetInput, VersionStatus};
use crate::text::untrusted::clean;

/// How far something is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recorded {
    /// It is.
    Recorded,
    /// In part.
    Partly,
    /// It is not.
    NotRecorded,
}

impl Recorded {
    /// In words: `recorded`, `partly`, `not recorded`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Partly => "partly",
            Self::NotRecorded => "not recorded",
        }
    }
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What: code, data, params, seed, environment, model, signature.
    pub what: &'static str,
    /// How far it is recorded.
    pub state: Recorded,
    /// What is known, or what would record it (the exact MLflow call); safe to draw.
    pub detail: String,
}

/// The calls that would record what is missing.
const LOG_COMMIT: &str = "train from a git checkout with GitPython installed, or mlflow.set_tag(\"mlflow.source.git.commit\", commit)";
const LOG_DIFF: &str =
    "commit before training, or mlflow.set_tag(\"mlflow.source.git.diff\", diff)";
const LOG_INPUT: &str =
    "mlflow.log_input(mlflow.data.from_pandas(df, source=\"…\", name=\"…\"), context=\"training\")";
const LOG_PARAMS: &str = "mlflow.log_params({…}), or mlflow.autolog()";
const LOG_SEED: &str = "mlflow.log_param(\"seed\", seed)";
const LOG_PACKAGES: &str = "log_model(…, pip_requirements=[\"package==version\", …])";
const LOG_MODEL: &str = "mlflow.<flavor>.log_model(model, name=\"…\", registered_model_name=\"…\")";
const LOG_SIGNATURE: &str =
    "log_model(…, signature=mlflow.models.infer_signature(X, model.predict(X)))";

/// The checklist of a version.
pub(super) fn check(facts: &Facts, files: &ModelFiles) -> Vec<Check> {
    let lines = [
        ("code", code(facts)),
        ("data", datasets(facts)),
        ("params", given(facts)),
        ("seed", seed(facts)),
        ("environment", environment(files)),
        ("model", model(facts, files)),
        ("signature", signature(files)),
    ];
    lines
        .into_iter()
        .map(|(what, (state, detail))| Check {
            what,
            state,
            detail: clean(&detail).into_owned(),
        })
        .collect()
}

type Line = (Recorded, String);

/// What is not recorded, and why: the run may be gone, and no call brings it back.
fn absent(facts: &Facts, call: &str) -> Line {
    let detail = match (&facts.run, named_run(facts)) {
        (None, Some(id)) => format!("run {} could not be read; next time: {call}", id.short()),
        (None, None) => format!("the version names no run; next time, train in a run: {call}"),
        (Some(_), _) => call.to_owned(),
    };
    (Recorded::NotRecorded, detail)
}

fn code(facts: &Facts) -> Line {
    let code = upstream::code(facts);
    let Some(label) = upstream::code_label(&code) else {
        return absent(facts, LOG_COMMIT);
    };
    if code.commit.is_none() {
        return (Recorded::Partly, format!("{label}: {LOG_COMMIT}"));
    }
    match (code.dirty, &code.diff) {
        (Some(true), None) => (
            Recorded::Partly,
            format!("{label}, and how its files differed is not recorded: {LOG_DIFF}"),
        ),
        (Some(true), Some(_)) => (Recorded::Recorded, format!("{label}, with the diff")),
        (Some(false), _) => (Recorded::Recorded, format!("{label}, clean")),
        (None, _) => (
            Recorded::Recorded,
            format!("{label}; MLflow did not note whether files differed from it"),
        ),
    }
}

fn datasets(facts: &Facts) -> Line {
    let all: Vec<&DatasetInput> = facts.run.iter().flat_map(|run| &run.datasets).collect();
    if all.is_empty() {
        return absent(facts, LOG_INPUT);
    }
    let names = all
        .iter()
        .map(|dataset| data::name(dataset))
        .collect::<Vec<_>>()
        .join(", ");
    let learned: Vec<&&DatasetInput> = all
        .iter()
        .filter(|dataset| data::is_training(dataset))
        .collect();
    if learned.is_empty() {
        return (
            Recorded::Partly,
            format!("{names}, none said to be for training: {LOG_INPUT}"),
        );
    }
    if learned
        .iter()
        .any(|dataset| dataset.digest.is_empty() || data::place(dataset).is_none())
    {
        return (
            Recorded::Partly,
            format!("{names}, but not where it is: {LOG_INPUT}"),
        );
    }
    (Recorded::Recorded, names)
}

fn given(facts: &Facts) -> Line {
    match params::of(facts) {
        [] => absent(facts, LOG_PARAMS),
        given => (
            Recorded::Recorded,
            format!("{} ({})", params::short(given, ", "), given.len()),
        ),
    }
}

fn seed(facts: &Facts) -> Line {
    let tags = facts.run.iter().flat_map(|run| &run.tags);
    let found = params::seeds(params::of(facts).iter().chain(tags));
    let told = |pairs: Vec<&&crate::domain::Pair>| {
        pairs
            .into_iter()
            .map(|pair| params::assignment(pair))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (unset, set): (Vec<_>, Vec<_>) =
        found.iter().partition(|pair| params::is_unset(&pair.value));
    match (set.is_empty(), unset.is_empty()) {
        (false, _) => (Recorded::Recorded, told(set)),
        (true, false) => (
            Recorded::NotRecorded,
            format!("{}: none was set; set one, and {LOG_SEED}", told(unset)),
        ),
        (true, true) => absent(facts, LOG_SEED),
    }
}

fn environment(files: &ModelFiles) -> Line {
    let label = upstream::environment_label(files);
    let loose = files.unpinned();
    match (files.python.is_some(), files.packages.is_empty()) {
        (false, true) => (
            Recorded::NotRecorded,
            format!("no requirements.txt, conda.yaml or python_env.yaml was read: {LOG_PACKAGES}"),
        ),
        (true, false) if loose == 0 => (Recorded::Recorded, format!("{label}, all pinned")),
        (_, false) if loose > 0 => (
            Recorded::Partly,
            format!("{label}, {loose} of them not pinned: {LOG_PACKAGES}"),
        ),
        _ => (Recorded::Partly, format!("{label}: {LOG_PACKAGES}")),
    }
}

fn model(facts: &Facts, files: &ModelFiles) -> Line {
    let version = &facts.version;
    if version.is_leftover() {
        return (
            Recorded::NotRecorded,
            "the version was deleted, and its source with it: register the model again".into(),
        );
    }
    if version.source.is_empty() {
        return (
            Recorded::NotRecorded,
            format!("the version has no source: {LOG_MODEL}"),
        );
    }
    let source = version.source.raw();
    if version.status != VersionStatus::Ready {
        return (
            Recorded::Partly,
            format!("{source} is {}", version.status.as_str()),
        );
    }
    if let Some(model) = facts
        .logged_model
        .as_ref()
        .filter(|model| !matches!(model.status.raw(), "" | "READY" | "LOGGED_MODEL_READY"))
    {
        return (
            Recorded::Partly,
            format!("{source} is {}", model.status.raw()),
        );
    }
    if files.mlmodel {
        (Recorded::Recorded, source.to_owned())
    } else {
        (
            Recorded::Partly,
            format!("{source}, whose MLmodel could not be read"),
        )
    }
}

fn signature(files: &ModelFiles) -> Line {
    match (&files.inputs, &files.outputs) {
        (Some(inputs), Some(outputs)) => (Recorded::Recorded, format!("{inputs} → {outputs}")),
        (Some(inputs), None) => (
            Recorded::Partly,
            format!("inputs {inputs}, no outputs: {LOG_SIGNATURE}"),
        ),
        (None, Some(outputs)) => (
            Recorded::Partly,
            format!("outputs {outputs}, no inputs: {LOG_SIGNATURE}"),
        ),
        (None, None) if files.mlmodel => (Recorded::NotRecorded, LOG_SIGNATURE.into()),
        (None, None) => (
            Recorded::NotRecorded,
            format!("MLmodel could not be read; next time: {LOG_SIGNATURE}"),
        ),
    }
}
