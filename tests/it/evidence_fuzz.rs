//! Arbitrary integrations, and arbitrary documents under the built-in ones: nothing panics, and reports are bounded.

use std::sync::LazyLock;

use frontrunner::domain::{ModelVersion, Run, VersionNumber};
use frontrunner::evidence::{
    BUILT_IN, EvidenceFile, EvidenceSubject, FileOrigin, Integration, extract, load_integrations,
};
use proptest::prelude::*;
use serde_json::{Map, Value};

static INTEGRATIONS: LazyLock<Vec<Integration>> = LazyLock::new(|| load_integrations(&[]).0);

fn version() -> ModelVersion {
    ModelVersion {
        creation_time: Some(0),
        source: "models:/m-1".into(),
        run_id: "abc".into(),
        ..ModelVersion::bare("churn".into(), VersionNumber(3))
    }
}

/// Names that integrations require, so that documents pass the first check.
fn name() -> impl Strategy<Value = String> {
    let words = "success results statistics evaluated_expectations metrics metric_name value share tests status summary total_tests \
                 chunk_period period alert kind metadata name spec predictor predictors graph modelUri storageUri items status conditions \
                 type stages deps outs path md5 report passed failed columns data operation version artifactUri deployedModels id run_id \
                 state config served_entities entity_name entity_version run_results validation_result meta suite metric_results";
    prop::sample::select(
        words
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>(),
    )
}

fn document() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("abc".to_owned()),
        Just("models:/churn/3".to_owned()),
        Just("InferenceService".to_owned()),
        any::<String>()
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A built-in integration with a piece replaced.
fn corrupted() -> impl Strategy<Value = String> {
    (
        0..BUILT_IN.len(),
        any::<prop::sample::Index>(),
        0..40_usize,
        "\\PC{0,12}",
    )
        .prop_map(|(file, at, cut, put)| {
            let text: Vec<char> = BUILT_IN[file].1.chars().collect();
            let at = at.index(text.len());
            text[..at]
                .iter()
                .copied()
                .chain(put.chars())
                .chain(text[(at + cut).min(text.len())..].iter().copied())
                .collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parser_never_panics(text in prop_oneof![corrupted(), any::<String>()]) {
        if let Err(mistakes) = Integration::parse("x.toml", &text) {
            prop_assert!(!mistakes.is_empty());
            for mistake in mistakes {
                let message = mistake.to_string();
                let line = message.split(':').next().and_then(|line| line.parse::<usize>().ok());
                prop_assert!(line.is_some_and(|line| line >= 1 && line <= text.split('\n').count() + 1), "{message}");
            }
        }
    }

    #[test]
    fn extraction_never_panics(documents in prop::collection::vec(document(), 1..4)) {
        let (version, run) = (version(), Run::bare("abc".into(), "1".into()));
        let subject = EvidenceSubject { version: &version, run: Some(&run), logged_model: None };
        let paths = [(FileOrigin::Artifact, "eval/report.json"), (FileOrigin::LocalFile, "whylogs/model-settings.json"), (FileOrigin::Commit, "dvc.lock")];
        let file = |(nth, document): (usize, &Value)| {
            let content = Ok(serde_json::to_vec(document).unwrap());
            paths.map(|(origin, path)| EvidenceFile { origin, path: format!("{nth}/{path}"), source: path.into(), git_tag: None, content: content.clone() })
        };
        let files: Vec<EvidenceFile> = documents.iter().enumerate().flat_map(file).collect();
        let report = extract(&INTEGRATIONS, subject, &files);
        for tool in &report.tools {
            prop_assert!(!tool.is_empty());
            for fact in &tool.facts {
                prop_assert!(fact.value.to_string().chars().count() < 300_000, "{}", fact.name);
            }
        }
    }
}
