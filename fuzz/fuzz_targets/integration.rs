//! An integration and a document that it reads, with a NUL between them. A text without one is a document for the built-in
//! integrations.
#![no_main]

use std::sync::LazyLock;

use frontrunner::domain::{ModelVersion, Run, VersionNumber};
use frontrunner::evidence::{
    EvidenceFile, EvidenceSubject, FileOrigin, Integration, extract, load_integrations,
};
use libfuzzer_sys::fuzz_target;

static BUILT_IN: LazyLock<Vec<Integration>> = LazyLock::new(|| load_integrations(&[]).0);

/// Names that the built-in integrations look for.
const PATHS: [(FileOrigin, &str); 8] = [
    (FileOrigin::Artifact, "eval/report.json"),
    (FileOrigin::Artifact, "deployment.yaml"),
    (FileOrigin::Artifact, "model/MLmodel"),
    (FileOrigin::LocalFile, "whylogs/model-settings.json"),
    (FileOrigin::LocalFile, "data/train.csv.dvc"),
    (
        FileOrigin::LocalFile,
        "_delta_log/00000000000000000000.json",
    ),
    (FileOrigin::Commit, "dvc.lock"),
    (FileOrigin::Commit, "deployments/churn.yaml"),
];

fn version() -> ModelVersion {
    ModelVersion {
        creation_time: Some(0),
        source: "models:/m-1".into(),
        run_id: "abc".into(),
        ..ModelVersion::bare("churn".into(), VersionNumber(3))
    }
}

fuzz_target!(|data: &[u8]| {
    let separator = data.iter().position(|byte| *byte == 0);
    let (text, document) = match separator {
        Some(at) => (std::str::from_utf8(&data[..at]).ok(), &data[at + 1..]),
        None => (None, data),
    };
    let own: Vec<Integration> = match text.map(|text| Integration::parse("x.toml", text)) {
        Some(Ok(integration)) => vec![integration],
        Some(Err(diagnostics)) => {
            assert!(!diagnostics.is_empty());
            for diagnostic in diagnostics {
                let _ = (diagnostic.to_string(), diagnostic.excerpt());
            }
            return;
        }
        None => Vec::new(),
    };
    let integrations = if own.is_empty() { &*BUILT_IN } else { &own };
    let (version, run) = (version(), Run::bare("abc".into(), "1".into()));
    let subject = EvidenceSubject {
        version: &version,
        run: Some(&run),
        logged_model: None,
    };
    let files = PATHS.map(|(origin, path)| EvidenceFile {
        origin,
        path: path.into(),
        source: path.into(),
        git_tag: None,
        content: Ok(document.to_vec()),
    });
    let report = extract(integrations, subject, &files);
    for fact in report.tools.iter().flat_map(|tool| &tool.facts) {
        assert!(fact.value.to_string().len() < 2_000_000, "{}", fact.name);
    }
});
