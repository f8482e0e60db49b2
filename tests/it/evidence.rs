//! Integrations on files that the tools wrote: `evidence/expected.toml` has the facts of each sample.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use frontrunner::domain::run::KeyValue;
use frontrunner::domain::{
    DatasetInput, Metric, MetricValue, ModelVersion, RegisteredModel, Run, RunId, VersionNumber,
};
use frontrunner::evidence::{
    EvidenceFile, EvidenceReport, EvidenceSubject, FactValue, FileOrigin, Integration, extract,
    load_integrations,
};
use frontrunner::lineage::LineageFacts;
use frontrunner::text::Untrusted;
use serde::Deserialize;
use serde_json::{Value, json};

/// The run and the logged model that the samples refer to.
const RUN: &str = "40ada4796d574a3ba915f3f9044adc6c";
const LOGGED_MODEL: &str = "m-dd43a201ad774adfada0c97b783142b9";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    case: Vec<Case>,
}

/// A version with samples, and the expected facts.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    tool: String,
    /// Samples by path: in the store, local, and in the repository.
    #[serde(default)]
    artifact: BTreeMap<String, String>,
    #[serde(default)]
    file: BTreeMap<String, String>,
    #[serde(default)]
    commit: BTreeMap<String, String>,
    /// A run and a version as REST returns them.
    run: Option<String>,
    model_version: Option<String>,
    #[serde(default)]
    run_name: String,
    /// The registered version, `churn/3` by default.
    version: Option<String>,
    run_id: Option<String>,
    source: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    facts: BTreeMap<String, Value>,
    #[serde(default)]
    absent: Vec<String>,
    #[serde(default)]
    unreadable: Vec<String>,
    #[serde(default)]
    deployments: Vec<Value>,
    /// Other tools that the samples also match.
    #[serde(default)]
    also: Vec<String>,
}

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/evidence/samples")
}

fn sample(path: &str) -> Vec<u8> {
    std::fs::read(samples().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn pairs(list: &Value) -> Vec<KeyValue> {
    let text = |value: &Value| Untrusted::from(value.as_str().unwrap_or_default());
    list.as_array()
        .into_iter()
        .flatten()
        .map(|pair| KeyValue {
            key: text(&pair["key"]),
            value: text(&pair["value"]),
        })
        .collect()
}

fn run(case: &Case) -> Run {
    let mut run = Run::bare(
        RunId::from(case.run_id.as_deref().unwrap_or(RUN)),
        "1".into(),
    );
    run.name = case.run_name.as_str().into();
    let Some(path) = &case.run else { return run };
    let body: Value = serde_json::from_slice(&sample(path)).unwrap();
    run.tags = pairs(&body["run"]["data"]["tags"]);
    run.params = pairs(&body["run"]["data"]["params"]);
    for metric in body["run"]["data"]["metrics"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let value = MetricValue::new(metric["value"].as_f64().unwrap_or(f64::NAN));
        run.metrics.push(Metric {
            key: metric["key"].as_str().unwrap_or_default().into(),
            value,
            timestamp: 0,
            step: 0,
        });
    }
    for input in body["run"]["inputs"]["dataset_inputs"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let text = |key: &str| Untrusted::from(input["dataset"][key].as_str().unwrap_or_default());
        run.datasets.push(DatasetInput {
            name: text("name"),
            digest: text("digest"),
            source_type: text("source_type"),
            source: text("source"),
            schema: None,
            profile: None,
            context: None,
        });
    }
    run
}

fn facts(case: &Case) -> LineageFacts {
    let named = case.version.as_deref().unwrap_or("churn/3");
    let (name, number) = named.rsplit_once('/').unwrap();
    let tags = case.model_version.as_ref().map(|path| {
        let body: Value = serde_json::from_slice(&sample(path)).unwrap();
        pairs(&body["model_version"]["tags"])
    });
    let run = run(case);
    let version = ModelVersion {
        creation_time: Some(1_795_600_000_000),
        stage_text: "None".into(),
        source: case
            .source
            .clone()
            .unwrap_or_else(|| format!("models:/{LOGGED_MODEL}"))
            .into(),
        run_id: run.id.clone(),
        tags: tags.unwrap_or_default(),
        aliases: case
            .aliases
            .iter()
            .map(|alias| alias.as_str().into())
            .collect(),
        ..ModelVersion::bare(name.into(), VersionNumber(number.parse().unwrap()))
    };
    let model = RegisteredModel::bare(name.into());
    LineageFacts {
        run: Some(run),
        ..LineageFacts::bare(version, model)
    }
}

fn extract_evidence(case: &Case) -> EvidenceReport {
    static ALL: LazyLock<(Vec<Integration>, Vec<String>)> =
        LazyLock::new(|| load_integrations(&[]));
    let (integrations, errors) = &*ALL;
    assert!(errors.is_empty(), "{errors:?}");
    let homes = [
        (FileOrigin::Artifact, &case.artifact),
        (FileOrigin::LocalFile, &case.file),
        (FileOrigin::Commit, &case.commit),
    ];
    let of_home = |(home, files): (FileOrigin, &BTreeMap<String, String>)| {
        let found = files.iter().map(|(path, from)| EvidenceFile {
            origin: home,
            path: path.clone(),
            source: path.clone(),
            git_tag: None,
            content: Ok(sample(from)),
        });
        found.collect::<Vec<_>>()
    };
    let files: Vec<EvidenceFile> = homes.into_iter().flat_map(of_home).collect();
    let facts = facts(case);
    let subject = EvidenceSubject {
        version: &facts.version,
        run: facts.run.as_ref(),
        logged_model: None,
    };
    extract(integrations, subject, &files)
}

/// The differences from the expected facts, one per line.
fn differences(case: &Case) -> Vec<String> {
    let report = extract_evidence(case);
    let found = report.tools.iter().find(|tool| tool.id == case.tool);
    let value = |name: &str| {
        found
            .and_then(|tool| tool.facts.iter().find(|fact| fact.name == name))
            .map(|fact| &fact.value)
    };
    let mut wrong = Vec::new();
    for (name, expected) in &case.facts {
        match value(name) {
            Some(FactValue::Value(is)) if is_equal_json(is, expected) => {}
            other => wrong.push(format!("{name}: expected {expected}, found {other:?}")),
        }
    }
    wrong.extend(
        case.absent
            .iter()
            .filter(|name| value(name).is_some())
            .map(|name| format!("{name} is there: {:?}", value(name))),
    );
    let readable = case
        .unreadable
        .iter()
        .filter(|name| !matches!(value(name), Some(FactValue::Unreadable(_))));
    wrong.extend(readable.map(|name| format!("{name} should be unreadable: {:?}", value(name))));
    let deployments: Vec<Value> = found
        .into_iter()
        .flat_map(|tool| &tool.deployments)
        .map(|one| json!(one))
        .collect();
    for (at, expected) in case.deployments.iter().enumerate() {
        for (key, expected) in expected.as_object().unwrap() {
            let is = deployments.get(at).map_or(&Value::Null, |one| &one[key]);
            // An empty string means absent.
            if !(is_equal_json(is, expected) || (is.is_null() && expected == "")) {
                wrong.push(format!(
                    "deployment {at}: {key} is {is}, expected {expected}"
                ));
            }
        }
    }
    if deployments.len() != case.deployments.len() {
        wrong.push(format!(
            "{} deployments: {deployments:?}",
            deployments.len()
        ));
    }
    let others: Vec<&str> = report
        .tools
        .iter()
        .filter(|tool| tool.id != case.tool && !case.also.contains(&tool.id))
        .map(|tool| tool.id.as_str())
        .collect();
    if !others.is_empty() {
        wrong.push(format!("also matched by {}", others.join(", ")));
    }
    wrong
}

fn is_equal_json(a: &Value, b: &Value) -> bool {
    a == b
        || a.as_f64()
            .zip(b.as_f64())
            .is_some_and(|(a, b)| (a - b).abs() < 1e-9)
}

#[test]
fn extracted_facts_match_every_sample() {
    let read = |name: &str| -> Vec<Case> {
        let text = std::fs::read_to_string(samples().with_file_name(name)).unwrap();
        toml::from_str::<Expected>(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .case
    };
    let cases = [read("expected.toml"), read("other_versions.toml")].concat();
    let mismatches: Vec<String> = cases
        .iter()
        .flat_map(|case| {
            differences(case)
                .into_iter()
                .map(|line| format!("{} ({}): {line}", case.name, case.tool))
        })
        .collect();
    assert!(mismatches.is_empty(), "\n{}", mismatches.join("\n"));
    let (all, _) = load_integrations(&[]);
    let untested = all
        .iter()
        .filter(|tool| !cases.iter().any(|case| case.tool == tool.id));
    assert_eq!(
        untested.map(|tool| tool.id.as_str()).collect::<Vec<_>>(),
        Vec::<&str>::new(),
        "without a sample"
    );
}
