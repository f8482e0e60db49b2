//! How a version could be made again: the commands that get the same code, data, environment and params, as far as they are known.
//!
//! Values are quoted for a POSIX shell; one that can't be shown as it is never becomes part of a command.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::{Check, Facts, Recorded, build, data, params, upstream};
use crate::domain::{Code, DatasetInput, Pair, Run};
use crate::text::shell::word;
use crate::text::untrusted::clean;

/// How many params are told one by one.
const PARAMS: usize = 40;

/// One part of making a version again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it gets: code, data, environment, params, run, model.
    pub what: &'static str,
    /// How far it is known.
    pub state: Recorded,
    /// Commands of a POSIX shell, to be run in order.
    pub commands: Vec<String>,
    /// What is not known, or is to be looked at, cleaned.
    pub notes: Vec<String>,
}

impl Step {
    /// A step, with what the checklist says of it: where something is missing, it says what would have recorded it.
    fn of(what: &'static str, checks: &[Check]) -> Self {
        let check = checks.iter().find(|check| check.what == what);
        let state = check.map_or(Recorded::NotRecorded, |check| check.state);
        let open = check.filter(|check| check.state != Recorded::Recorded);
        let notes = open
            .map(|check| format!("{}: {}", check.state.as_str(), check.detail))
            .into_iter()
            .collect();
        Self {
            what,
            state,
            commands: Vec::new(),
            notes,
        }
    }

    fn note(&mut self, text: &str) {
        self.notes.push(clean(text).into_owned());
    }

    /// Adds a command, its `{}` being these values; where one of them can't be written in a command, a note says so.
    fn command(&mut self, template: &str, values: &[&str]) {
        let mut parts = template.split("{}");
        let mut command = parts.next().unwrap_or_default().to_owned();
        for (value, rest) in values.iter().zip(parts) {
            let Some(value) = word(value) else {
                return self.note(&format!(
                    "{value} has characters that can't be written in a command"
                ));
            };
            let _ = write!(command, "{value}{rest}");
        }
        self.commands.push(command);
    }
}

/// The steps, in the order in which they are to be done.
#[must_use]
pub fn recipe(facts: &Facts) -> Vec<Step> {
    let checks = build(facts).reproducibility;
    vec![
        code(facts, &checks),
        datasets(facts, &checks),
        environment(facts, &checks),
        given(facts, &checks),
        run(facts, &checks),
        model(facts, &checks),
    ]
}

fn code(facts: &Facts, checks: &[Check]) -> Step {
    let mut step = Step::of("code", checks);
    let code = upstream::code(facts);
    let Some(commit) = &code.commit else {
        return step;
    };
    match &code.repository {
        Some(repository) => step.command("git clone -- {} code", &[repository.raw()]),
        None => step.note(
            "the repository's address is not recorded: be in a checkout of it that is called code",
        ),
    }
    step.command("cd code && git checkout --detach {}", &[commit.raw()]);
    let owner = facts
        .run
        .as_ref()
        .filter(|run| Code::of(&run.tags).diff.is_some());
    match (code.dirty, owner) {
        (Some(true), Some(run)) => step.command("mlflow runs describe --run-id {} | python -c 'import json, sys; sys.stdout.write(json.load(sys.stdin)[\"data\"][\"tags\"][\"mlflow.source.git.diff\"])' | git apply", &[run.id.raw()]),
        (Some(true), None) => step.note("files differed from the commit, and how is not recorded: what is checked out is not what ran"),
        _ => {}
    }
    step
}

fn datasets(facts: &Facts, checks: &[Check]) -> Step {
    let mut step = Step::of("data", checks);
    for tool in &facts.evidence.evidence {
        step.commands.extend(tool.get.clone());
    }
    for dataset in facts.run.iter().flat_map(|run| &run.datasets) {
        dataset_of(&mut step, dataset);
    }
    step
}

/// How one dataset is got, by the kinds of source that MLflow knows.
fn dataset_of(step: &mut Step, dataset: &DatasetInput) {
    let name = data::name(dataset);
    let Some(place) = data::place(dataset) else {
        return step.note(&format!(
            "{name} was made in the code, or where it is was not recorded"
        ));
    };
    let place = place.raw();
    let revision = serde_json::from_str::<Value>(dataset.source.raw()).ok();
    let revision = revision
        .as_ref()
        .and_then(|source| source.get("revision")?.as_str());
    match (dataset.source_type.raw(), revision) {
        ("local", _) => step.note(&format!(
            "{name} was at {place} on the machine that trained"
        )),
        ("http", _) => step.command("curl --fail --location --remote-name -- {}", &[place]),
        ("hugging_face", Some(revision)) => {
            step.command(
                "hf download --repo-type dataset --revision {} -- {}",
                &[revision, place],
            );
        }
        ("hugging_face", None) => {
            step.command("hf download --repo-type dataset -- {}", &[place]);
            step.note(&format!("{name}: which revision it was is not recorded"));
        }
        _ if place.contains("://") => step.command(
            "mlflow artifacts download --artifact-uri {} --dst-path data",
            &[place],
        ),
        (kind, _) => step.note(&format!("{name} is {place} ({kind})")),
    }
    if !dataset.digest.is_empty() {
        step.note(&format!(
            "MLflow's digest of {} must be {}",
            dataset.name.raw(),
            dataset.digest.raw()
        ));
    }
}

fn environment(facts: &Facts, checks: &[Check]) -> Step {
    let mut step = Step::of("environment", checks);
    let files = super::files::ModelFiles::read(&facts.files);
    let python = files.python.as_deref().and_then(minor);
    match (&python, &files.python) {
        (Some(minor), Some(whole)) => {
            step.command(&format!("python{minor} -m venv env"), &[]);
            step.note(&format!("Python was {whole}"));
        }
        _ => step.command("python3 -m venv env", &[]),
    }
    match files.packages_from {
        Some(file @ "requirements.txt") => {
            let uri = format!("{}/{file}", model_uri(facts));
            step.command(
                "mlflow artifacts download --artifact-uri {} --dst-path .",
                &[&uri],
            );
            step.command("env/bin/pip install --requirement requirements.txt", &[]);
        }
        Some(file) => {
            let packages: Option<Vec<String>> =
                files.packages.iter().map(|package| word(package)).collect();
            match packages {
                Some(packages) => step
                    .commands
                    .push(format!("env/bin/pip install -- {}", packages.join(" "))),
                None => step.note(&format!(
                    "the packages of {file} have names that can't be written in a command"
                )),
            }
        }
        None => {}
    }
    step
}

/// `3.11` of `3.11.7`.
fn minor(python: &str) -> Option<String> {
    let mut parts = python.split('.');
    let (major, minor) = (parts.next()?, parts.next()?);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor)).then(|| format!("{major}.{minor}"))
}

fn given(facts: &Facts, checks: &[Check]) -> Step {
    let mut step = Step::of("params", checks);
    let given = params::of(facts);
    for param in given.iter().take(PARAMS) {
        step.note(&params::assignment(param));
    }
    if given.len() > PARAMS {
        step.note(&format!("and {} more", given.len() - PARAMS));
    }
    if let Some(run) = facts.run.as_ref().filter(|run| !run.params.is_empty()) {
        let write = "mlflow runs describe --run-id {} | python -c 'import json, sys; json.dump(json.load(sys.stdin)[\"data\"][\"params\"], sys.stdout, indent=2)' > params.json";
        step.command(write, &[run.id.raw()]);
    }
    let seed = checks
        .iter()
        .find(|check| check.what == "seed")
        .filter(|seed| seed.state != Recorded::Recorded);
    step.notes
        .extend(seed.map(|seed| format!("seed {}: {}", seed.state.as_str(), seed.detail)));
    step
}

fn run(facts: &Facts, checks: &[Check]) -> Step {
    let code = upstream::code(facts);
    let state = if code.source.is_some() {
        Recorded::Partly
    } else {
        Recorded::NotRecorded
    };
    let mut step = Step {
        state,
        ..Step::of("run", checks)
    };
    let Some(source) = &code.source else {
        step.note(
            "what was run is not recorded: mlflow.set_tag(\"mlflow.source.name\", \"train.py\")",
        );
        return step;
    };
    let kind = code.source_type.as_ref().map_or("", |kind| kind.raw());
    match (kind, &facts.run) {
        ("PROJECT", Some(run)) => project(
            &mut step,
            run,
            code.entry_point
                .as_ref()
                .map_or("main", |entry| entry.raw()),
        ),
        ("NOTEBOOK" | "JOB", _) => step.note(&format!(
            "it was run from the {} {}",
            kind.to_lowercase(),
            source.raw()
        )),
        _ if std::path::Path::new(source.raw())
            .extension()
            .is_some_and(|end| end == "py") =>
        {
            step.command("env/bin/python {}", &[source.raw()]);
            step.note("with which arguments it was called is not recorded: the params above are what it logged");
        }
        _ => step.note(&format!("it was run from {}", source.raw())),
    }
    step
}

/// An MLflow project: its params are its arguments.
fn project(step: &mut Step, run: &Run, entry: &str) {
    let arguments = |pair: &Pair| {
        word(&format!("{}={}", pair.key.raw(), pair.value.raw())).map(|word| format!(" -P {word}"))
    };
    let (Some(entry), Some(given)) = (
        word(entry),
        run.params.iter().map(arguments).collect::<Option<String>>(),
    ) else {
        return step.note("its params have characters that can't be written in a command");
    };
    step.state = Recorded::Recorded;
    step.commands.push(format!(
        "mlflow run . --env-manager local --entry-point {entry}{given}"
    ));
}

fn model(facts: &Facts, checks: &[Check]) -> Step {
    let mut step = Step::of("model", checks);
    if facts.version.is_leftover() {
        return step;
    }
    step.command(
        "mlflow artifacts download --artifact-uri {} --dst-path registered",
        &[&model_uri(facts)],
    );
    step.note("what was registered, to compare with what was made");
    step
}

fn model_uri(facts: &Facts) -> String {
    format!(
        "models:/{}/{}",
        facts.version.name.raw(),
        facts.version.version
    )
}

/// The steps as a script of a POSIX shell: what is not known is a comment in its place.
#[must_use]
pub fn script(title: &str, tracking: Option<&str>, steps: &[Step]) -> Vec<String> {
    let mut lines = vec![format!("# {}", clean(title)), "set -eu".to_owned()];
    lines.extend(
        tracking
            .and_then(word)
            .map(|uri| format!("export MLFLOW_TRACKING_URI={uri}")),
    );
    for step in steps {
        lines.extend([
            String::new(),
            format!("# {}: {}", step.what, step.state.as_str()),
        ]);
        lines.extend(step.notes.iter().map(|note| format!("#   {note}")));
        lines.extend(step.commands.iter().cloned());
    }
    lines
}
