//! Scenarios: TOML files beside this one, each a registry, an intent and what is expected of the plan. Adding one needs no code.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use frontrunner::domain::run::KeyValue;
use frontrunner::domain::{Metric, MetricValue, RunStatus, Slot, Stage, StoreWrite, VersionStatus};
use frontrunner::promotion::{Confirmation, Intent, Plan, PlanError, plan, undo_intent};
use serde::Deserialize;

use super::cases::{apply_to, context, run_paused};
use crate::support::fake_store::{FakeRegistry, FakeStore};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What it shows.
    about: String,
    #[serde(default)]
    registry: Registry,
    intent: Intent,
    /// Places that ask for the name typed; MLflow's Production and `@champion` unless said otherwise.
    protected: Option<Vec<String>>,
    /// Whether records are left as tags.
    #[serde(default)]
    tags: bool,
    expect: Expected,
    /// What others write between the plan and its undo.
    #[serde(default)]
    meanwhile: Vec<StoreWrite>,
    /// What is expected of the undo's plan.
    undo: Option<Expected>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Registry {
    #[serde(default)]
    versions: Vec<Version>,
    #[serde(default)]
    aliases: BTreeMap<String, u64>,
    #[serde(default)]
    runs: Vec<KnownRun>,
    /// Whether it is one of MLflow 3's prompts.
    #[serde(default)]
    prompt: bool,
    /// The name under which the store answers.
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    number: u64,
    #[serde(default = "no_stage")]
    stage: Stage,
    source: Option<String>,
    status: Option<String>,
    /// The run it was made from, where it is not the one of its number.
    run: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownRun {
    id: String,
    status: Option<String>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    metrics: BTreeMap<String, MetricValue>,
    /// Whether it is known to have logged a model.
    logged: Option<bool>,
    #[serde(default)]
    name: String,
    /// The run that it is nested in.
    nested_in: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    lines: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    confirm: String,
    #[serde(default)]
    error: String,
}

fn no_stage() -> Stage {
    Stage::None
}

impl Registry {
    fn registry(&self) -> FakeRegistry {
        let mut world = FakeRegistry::new();
        for version in &self.versions {
            world.add_run(&format!("run{}", version.number));
            let made = world.add_version(version.number, version.stage);
            made.source = version
                .source
                .as_deref()
                .map_or(made.source.clone(), Into::into);
            made.run_id = version
                .run
                .as_deref()
                .map_or(made.run_id.clone(), Into::into);
            made.tags.extend(
                version
                    .tags
                    .iter()
                    .map(|(key, value)| KeyValue::new(key.as_str(), value.as_str())),
            );
            made.description = version.description.as_str().into();
            made.status = version
                .status
                .as_deref()
                .map_or(VersionStatus::Ready, VersionStatus::parse);
        }
        for (alias, version) in &self.aliases {
            world.set_alias(alias, *version);
        }
        for known in &self.runs {
            world.runs.retain(|run| run.id.raw() != known.id);
            world.add_run(&known.id);
            let run = world.runs.last_mut().unwrap();
            run.status = known
                .status
                .as_deref()
                .map_or(RunStatus::Finished, RunStatus::parse);
            if known.deleted {
                run.lifecycle = frontrunner::domain::Lifecycle::Deleted;
            }
            if known.logged == Some(false) {
                run.tags.clear();
            }
            run.name = known.name.as_str().into();
            run.tags.extend(
                known
                    .nested_in
                    .as_ref()
                    .map(|parent| KeyValue::new("mlflow.parentRunId", parent.as_str())),
            );
            run.metrics = known
                .metrics
                .iter()
                .map(|(key, value)| Metric {
                    key: key.as_str().into(),
                    value: *value,
                    timestamp: 0,
                    step: 0,
                })
                .collect();
        }
        if let Some(model) = &mut world.model {
            if self.prompt {
                model
                    .tags
                    .push(KeyValue::new("mlflow.prompt.is_prompt", "true"));
            }
            if let Some(name) = &self.name {
                model.name = name.as_str().into();
            }
        }
        world
    }
}

impl Expected {
    fn check(&self, planned: &Result<Plan, PlanError>, about: &str) {
        let (lines, warnings, confirm, error) = match planned {
            Ok(plan) => {
                let confirm = match &plan.confirmation {
                    Confirmation::Yes => "yes".to_owned(),
                    Confirmation::TypeName(name) => format!("type {}", name.raw()),
                };
                (
                    plan.describe_steps(),
                    plan.warnings.iter().map(ToString::to_string).collect(),
                    confirm,
                    String::new(),
                )
            }
            Err(error) => {
                let kind = match error {
                    PlanError::NothingToDo(_) => "",
                    PlanError::NotFound(_) => "missing: ",
                    PlanError::Refused(_) => "refused: ",
                };
                (
                    Vec::new(),
                    Vec::new(),
                    String::new(),
                    format!("{kind}{error}"),
                )
            }
        };
        assert_eq!(error, self.error, "{about}");
        assert_eq!(lines, self.lines, "{about}");
        assert_eq!(warnings, self.warnings, "{about}");
        assert_eq!(confirm, self.confirm, "{about}");
    }
}

fn check(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let scenario: Scenario =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let about = format!("{}: {}", path.display(), scenario.about);
    let mut world = scenario.registry.registry();
    let context = |id: &str| {
        let mut context = context(id);
        context.writes_tags = scenario.tags;
        if let Some(places) = &scenario.protected {
            context.protected_slots = places
                .iter()
                .map(|place| place.parse::<Slot>().unwrap())
                .collect();
        }
        context
    };
    // The reading is the store's, but a store that answers under another name is one that finds it all the same.
    let reading = |world: &FakeRegistry, intent: &Intent| {
        let mut renamed = world.clone();
        let wanted = intent.model().cloned().unwrap_or_else(|| "iris".into());
        let name = renamed
            .model
            .as_mut()
            .map(|model| std::mem::replace(&mut model.name, wanted.clone()));
        renamed
            .versions
            .iter_mut()
            .for_each(|version| version.name = wanted.clone());
        let mut reading = run_paused(frontrunner::ops::registry::read_snapshot(
            &FakeStore::new(renamed),
            intent,
        ))
        .unwrap();
        if let (Some(model), Some(name)) = (&mut reading.model, name) {
            model.name = if scenario.registry.name.is_some() {
                name
            } else {
                wanted
            };
        }
        reading
    };
    let planned = plan(
        scenario.intent.clone(),
        &reading(&world, &scenario.intent),
        &context("c0ffee0011223344"),
    );
    scenario.expect.check(&planned, &about);
    let Some(expected) = &scenario.undo else {
        return;
    };
    let plan_made = planned.unwrap();
    let created = apply_to(&plan_made, &mut world);
    for write in &scenario.meanwhile {
        world.apply(write).unwrap();
    }
    let back = undo_intent(&plan_made.id, &plan_made, created);
    expected.check(
        &plan(
            back.clone(),
            &reading(&world, &back),
            &context("bacbacba11223344"),
        ),
        &format!("{about} (undo)"),
    );
}

#[test]
fn scenarios_match_their_expectations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/promotion");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    assert!(paths.len() >= 20, "expected at least 20 scenarios");
    for path in &paths {
        check(path);
    }
}
