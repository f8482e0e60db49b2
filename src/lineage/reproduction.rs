//! Reproducing a version: the commands that restore its code, data, environment and params.
//!
//! Values are quoted for a POSIX shell. A value that cannot be printed safely never becomes part of a command.

use std::fmt::Write as _;

use serde::Serialize;

use super::reproducibility::DEFAULT_ENTRY_POINT;
use super::{Completeness, LineageFacts, ReproducibilityCheck, build, data_step, params, upstream};
use crate::domain::{Code, KeyValue, Run};
use crate::text::shell::quote_word;
use crate::text::untrusted::clean;

/// Params that are listed.
const MAX_PARAMS: usize = 40;

/// A step of the reproduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReproductionStep {
    /// code, data, environment, params, run or model.
    #[serde(rename = "what")]
    pub aspect: &'static str,
    /// How much of it is recorded.
    pub state: Completeness,
    /// Commands of a POSIX shell, in order.
    pub commands: Vec<String>,
    /// What is not recorded or needs attention, cleaned.
    pub notes: Vec<String>,
}

impl ReproductionStep {
    /// A step without commands. It notes what the checklist found missing.
    fn from_check(aspect: &'static str, checks: &[ReproducibilityCheck]) -> Self {
        let check = checks.iter().find(|check| check.aspect == aspect);
        let state = check.map_or(Completeness::NotRecorded, |check| check.state);
        let open = check.filter(|check| check.state != Completeness::Recorded);
        let notes = open
            .map(|check| format!("{}: {}", check.state.as_str(), check.detail))
            .into_iter()
            .collect();
        Self {
            aspect,
            state,
            commands: Vec::new(),
            notes,
        }
    }

    pub(super) fn add_note(&mut self, text: &str) {
        self.notes.push(clean(text).into_owned());
    }

    /// Adds a command with the values in place of `{}`; a note if a value cannot be quoted.
    pub(super) fn add_command(&mut self, template: &str, values: &[&str]) {
        let mut parts = template.split("{}");
        let mut command = parts.next().unwrap_or_default().to_owned();
        for (value, rest) in values.iter().zip(parts) {
            if value.starts_with('-') && !command.ends_with("-- ") {
                return self.add_note(&format!(
                    "{value} begins with a dash and would be taken for an option"
                ));
            }
            let Some(value) = quote_word(value) else {
                return self.add_note(&format!(
                    "{value} contains characters that cannot be quoted for a shell"
                ));
            };
            let _ = write!(command, "{value}{rest}");
        }
        self.commands.push(command);
    }
}

/// The steps in order.
#[must_use]
pub fn reproduction_steps(facts: &LineageFacts) -> Vec<ReproductionStep> {
    let checks = build(facts).reproducibility;
    vec![
        code_step(facts, &checks),
        data_step(facts, &checks),
        environment_step(facts, &checks),
        params_step(facts, &checks),
        run_step(facts, &checks),
        model_step(facts, &checks),
    ]
}

fn code_step(facts: &LineageFacts, checks: &[ReproducibilityCheck]) -> ReproductionStep {
    let mut step = ReproductionStep::from_check("code", checks);
    let code = upstream::resolve_code(facts);
    let Some(commit) = &code.commit else {
        return step;
    };
    match &code.repository {
        Some(repository) => step.add_command("git clone -- {} code", &[repository.raw()]),
        None => step.add_note("repository URL not recorded: clone it to a folder named code"),
    }
    step.add_command("cd code && git checkout --detach {}", &[commit.raw()]);
    let owner = facts
        .run
        .as_ref()
        .filter(|run| Code::from_tags(&run.tags).diff.is_some());
    match (code.is_dirty, owner) {
        (Some(true), Some(run)) => step.add_command("mlflow runs describe --run-id {} | python -c 'import json, sys; sys.stdout.write(json.load(sys.stdin)[\"data\"][\"tags\"][\"mlflow.source.git.diff\"])' | git apply", &[run.id.raw()]),
        (Some(true), None) => step.add_note("dirty commit: uncommitted changes were not recorded, the checkout differs from the code that ran"),
        _ => {}
    }
    step
}

fn data_step(facts: &LineageFacts, checks: &[ReproducibilityCheck]) -> ReproductionStep {
    let mut step = ReproductionStep::from_check("data", checks);
    for tool in &facts.evidence.tools {
        step.commands.extend(tool.fetch_command.clone());
    }
    for dataset in facts.run.iter().flat_map(|run| &run.datasets) {
        data_step::add_dataset_commands(&mut step, dataset);
    }
    data_step::note_unchecked_digests(&mut step, &facts.evidence);
    step
}

fn environment_step(facts: &LineageFacts, checks: &[ReproducibilityCheck]) -> ReproductionStep {
    let mut step = ReproductionStep::from_check("environment", checks);
    let files = facts.parse_files();
    let python = files.python_version.as_deref().and_then(minor_version);
    match (&python, &files.python_version) {
        (Some(minor), Some(whole)) => {
            step.add_command(&format!("python{minor} -m venv env"), &[]);
            step.add_note(&format!("Python was {whole}"));
        }
        _ => step.add_command("python3 -m venv env", &[]),
    }
    match files.packages_file {
        Some(file @ "requirements.txt") => {
            let uri = format!("{}/{file}", model_uri(facts));
            step.add_command(
                "mlflow artifacts download --artifact-uri {} --dst-path .",
                &[&uri],
            );
            step.add_command("env/bin/pip install --requirement requirements.txt", &[]);
        }
        Some(file) => {
            let packages: Option<Vec<String>> = files
                .packages
                .iter()
                .map(|package| quote_word(package))
                .collect();
            match packages {
                Some(packages) => step
                    .commands
                    .push(format!("env/bin/pip install -- {}", packages.join(" "))),
                None => step.add_note(&format!(
                    "{file} has packages that cannot be quoted for a shell"
                )),
            }
        }
        None => {}
    }
    step
}

/// `3.11` of `3.11.7`.
fn minor_version(python: &str) -> Option<String> {
    let mut parts = python.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("{major}.{minor}"))
}

fn params_step(facts: &LineageFacts, checks: &[ReproducibilityCheck]) -> ReproductionStep {
    let mut step = ReproductionStep::from_check("params", checks);
    let params = params::training_params(facts);
    for param in params.iter().take(MAX_PARAMS) {
        step.add_note(&params::assignment(param));
    }
    if params.len() > MAX_PARAMS {
        step.add_note(&format!("and {} more", params.len() - MAX_PARAMS));
    }
    if let Some(run) = facts.run.as_ref().filter(|run| !run.params.is_empty()) {
        let write = "mlflow runs describe --run-id {} | python -c 'import json, sys; json.dump(json.load(sys.stdin)[\"data\"][\"params\"], sys.stdout, indent=2)' > params.json";
        step.add_command(write, &[run.id.raw()]);
    }
    let seed = checks
        .iter()
        .find(|check| check.aspect == "seed")
        .filter(|seed| seed.state != Completeness::Recorded);
    step.notes
        .extend(seed.map(|seed| format!("seed {}: {}", seed.state.as_str(), seed.detail)));
    step
}

fn run_step(facts: &LineageFacts, checks: &[ReproducibilityCheck]) -> ReproductionStep {
    let mut step = ReproductionStep::from_check("run", checks);
    let code = upstream::resolve_code(facts);
    let Some(source) = &code.source else {
        return step;
    };
    let kind = code.source_type.as_ref().map_or("", |kind| kind.raw());
    match (kind, &facts.run) {
        ("PROJECT", Some(run)) => add_project_command(
            &mut step,
            run,
            code.entry_point
                .as_ref()
                .map_or(DEFAULT_ENTRY_POINT, |entry| entry.raw()),
        ),
        ("NOTEBOOK" | "JOB", _) => step.add_note(&format!(
            "run from the {} {}",
            kind.to_lowercase(),
            source.raw()
        )),
        _ if std::path::Path::new(source.raw())
            .extension()
            .is_some_and(|end| end == "py") =>
        {
            let script = match source.raw() {
                name if name.starts_with('-') => format!("./{name}"),
                name => name.to_owned(),
            };
            step.add_command("env/bin/python {}", &[&script]);
        }
        _ => step.add_note(&format!("run from {}", source.raw())),
    }
    step
}

/// Adds the command of an MLflow project: its params are its arguments.
fn add_project_command(step: &mut ReproductionStep, run: &Run, entry: &str) {
    let arguments = |pair: &KeyValue| {
        quote_word(&format!("{}={}", pair.key.raw(), pair.value.raw()))
            .map(|word| format!(" -P {word}"))
    };
    let (Some(entry), Some(arguments_text)) = (
        quote_word(entry),
        run.params.iter().map(arguments).collect::<Option<String>>(),
    ) else {
        step.state = Completeness::Partial;
        return step.add_note("params contain characters that cannot be quoted for a shell");
    };
    step.commands.push(format!(
        "mlflow run . --env-manager local --entry-point={entry}{arguments_text}"
    ));
}

fn model_step(facts: &LineageFacts, checks: &[ReproducibilityCheck]) -> ReproductionStep {
    let mut step = ReproductionStep::from_check("model", checks);
    if facts.version.is_half_deleted() {
        return step;
    }
    step.add_command(
        "mlflow artifacts download --artifact-uri {} --dst-path registered",
        &[&model_uri(facts)],
    );
    step.add_note("the registered model, to compare with the reproduced one");
    step
}

fn model_uri(facts: &LineageFacts) -> String {
    format!(
        "models:/{}/{}",
        facts.version.name.raw(),
        facts.version.version
    )
}

/// The steps as a script for a POSIX shell, notes as comments.
#[must_use]
pub fn shell_script(
    title: &str,
    tracking: Option<&str>,
    steps: &[ReproductionStep],
) -> Vec<String> {
    let mut lines = vec![format!("# {}", clean(title)), "set -eu".to_owned()];
    lines.extend(
        tracking
            .and_then(quote_word)
            .map(|uri| format!("export MLFLOW_TRACKING_URI={uri}")),
    );
    for step in steps {
        lines.extend([
            String::new(),
            format!("# {}: {}", step.aspect, step.state.as_str()),
        ]);
        lines.extend(step.notes.iter().map(|note| format!("#   {note}")));
        lines.extend(step.commands.iter().cloned());
    }
    lines
}
