use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, KeyValue, LoggedModelId, MetricHistory,
    ModelVersion, Preview,
};
use crate::lineage::ModelFile;
use crate::store::{Features, LifecycleFilter, Page, PageToken, Resolution, RunQuery};

const RUN: &str = "509d999966b1409482122f5d2e84c7a3";

/// A store in memory that records its artifact requests.
#[derive(Default)]
struct InMemoryStore {
    versions: Vec<ModelVersion>,
    runs: HashMap<String, Run>,
    files: HashMap<String, &'static str>,
    requests: Mutex<Vec<String>>,
}

fn not_found<T>() -> Result<T> {
    Err(StoreError::new(
        StoreErrorKind::NotFound,
        "reading",
        "not \u{1b}[2J here",
    ))
}

#[async_trait]
impl ReadStore for InMemoryStore {
    fn name(&self) -> &'static str {
        "memory"
    }
    fn origin(&self) -> &'static str {
        "memory"
    }
    async fn features(&self) -> Result<Features> {
        not_found()
    }
    async fn experiments(&self, _: LifecycleFilter) -> Result<Vec<Experiment>> {
        not_found()
    }
    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Result<Page<Run>> {
        not_found()
    }
    async fn run(&self, id: &RunId) -> Result<Run> {
        self.runs.get(id.raw()).cloned().map_or_else(not_found, Ok)
    }
    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Result<Vec<MetricHistory>> {
        not_found()
    }
    async fn artifacts(&self, home: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        let file = |path: &String| Artifact {
            path: path.as_str().into(),
            is_dir: false,
            size: None,
        };
        self.requests
            .lock()
            .unwrap()
            .push(format!("{home:?} {path}"));
        if self.files.is_empty() {
            not_found()
        } else {
            Ok(self.files.keys().map(file).collect())
        }
    }
    async fn preview(&self, _: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        assert!(limit <= crate::store::limits::ARTIFACT_BYTES);
        self.requests.lock().unwrap().push(path.to_owned());
        self.files.get(path).map_or_else(not_found, |text| {
            Ok(Preview {
                bytes: text.as_bytes().to_vec(),
                is_truncated: false,
            })
        })
    }
    async fn logged_model(&self, _: &LoggedModelId) -> Result<LoggedModel> {
        not_found()
    }
    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Result<Vec<LoggedModel>> {
        not_found()
    }
    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        not_found()
    }
    async fn model(&self, _: &ModelName) -> Result<RegisteredModel> {
        not_found()
    }
    async fn versions(&self, _: &ModelName) -> Result<Vec<ModelVersion>> {
        Ok(self.versions.clone())
    }
    async fn versions_of_run(&self, _: &RunId) -> Result<Vec<ModelVersion>> {
        not_found()
    }
    async fn revision(&self) -> Result<Option<u64>> {
        not_found()
    }
}

fn version(source: &str, run_id: &str) -> ModelVersion {
    ModelVersion {
        source: source.into(),
        run_id: run_id.into(),
        ..ModelVersion::bare("iris".into(), VersionNumber(1))
    }
}

fn run(id: &str, parent: Option<&str>) -> (String, Run) {
    let tags = parent
        .map(|parent| KeyValue::new("mlflow.parentRunId", parent))
        .into_iter()
        .collect();
    (
        id.to_owned(),
        Run {
            tags,
            ..Run::bare(id.into(), "1".into())
        },
    )
}

async fn load_facts(store: &InMemoryStore) -> LineageFacts {
    load_lineage_facts(
        (store as &dyn ReadStore).into(),
        &"iris".into(),
        VersionNumber(1),
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn only_the_version_is_required() {
    let error = load_lineage_facts(
        (&InMemoryStore::default() as &dyn ReadStore).into(),
        &"iris".into(),
        VersionNumber(1),
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::NotFound);
    let facts = load_facts(&InMemoryStore {
        versions: vec![version(&format!("runs:/{RUN}/model"), RUN)],
        ..InMemoryStore::default()
    })
    .await;
    let what: Vec<&str> = facts
        .missing
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(what, ["model iris", "run 509d9999", "model files"]);
    assert!(!facts.missing.concat().contains('\u{1b}'));
}

#[tokio::test]
async fn run_is_found_through_the_source() {
    let store = InMemoryStore {
        versions: vec![version(&format!("s3://b/1/{RUN}/artifacts/model"), "")],
        runs: HashMap::from([run(RUN, None)]),
        ..InMemoryStore::default()
    };
    assert_eq!(
        load_facts(&store).await.run.map(|run| run.id),
        Some(RUN.into())
    );
}

#[tokio::test]
async fn parents_are_followed_and_cycles_end() {
    let store = InMemoryStore {
        versions: vec![version("s3://x", "a")],
        runs: HashMap::from([
            run("a", Some("b")),
            run("b", Some("c")),
            run("c", Some("a")),
        ]),
        ..InMemoryStore::default()
    };
    let facts = load_facts(&store).await;
    assert_eq!(
        facts
            .parents
            .iter()
            .map(|run| run.id.raw())
            .collect::<Vec<_>>(),
        ["b", "c"]
    );
    assert!(
        facts
            .missing
            .contains(&"run a: it is its own ancestor".to_owned()),
        "{:?}",
        facts.missing
    );
    let runs = (0..40)
        .map(|i| run(&i.to_string(), Some(&(i + 1).to_string())))
        .collect();
    let deep = InMemoryStore {
        versions: vec![version("s3://x", "0")],
        runs,
        ..InMemoryStore::default()
    };
    assert_eq!(load_facts(&deep).await.parents.len(), MAX_PARENTS);
}

#[tokio::test]
async fn model_files_are_read_from_run_or_logged_model() {
    let files = HashMap::from([
        ("model/MLmodel".to_owned(), "flavors: {}"),
        ("model/model.pkl".to_owned(), "x"),
    ]);
    let store = InMemoryStore {
        versions: vec![version(&format!("runs:/{RUN}/model"), RUN)],
        files,
        ..InMemoryStore::default()
    };
    let facts = load_facts(&store).await;
    assert_eq!(facts.files, [ModelFile::new("MLmodel", "flavors: {}")]);
    assert_eq!(
        store.requests.lock().unwrap()[1..],
        ["model/MLmodel"],
        "no other file is read, least of all a pickle"
    );
    let files = HashMap::from([("requirements.txt".to_owned(), "a==1")]);
    let store = InMemoryStore {
        versions: vec![version("models:/m-1", "")],
        files,
        ..InMemoryStore::default()
    };
    let facts = load_facts(&store).await;
    assert_eq!(facts.files.len(), 1);
    assert!(
        facts
            .missing
            .contains(&"MLmodel: not among the model's files".to_owned())
    );
    assert!(store.requests.lock().unwrap()[0].starts_with("LoggedModel"));
}

#[tokio::test]
async fn listing_cannot_redirect_reads() {
    let files = HashMap::from([("../../etc/MLmodel".to_owned(), "x")]);
    let store = InMemoryStore {
        versions: vec![version(&format!("runs:/{RUN}/model"), RUN)],
        files,
        ..InMemoryStore::default()
    };
    load_facts(&store).await;
    assert_eq!(store.requests.lock().unwrap()[1..], ["model/MLmodel"]);
    let store = InMemoryStore {
        versions: vec![version(&format!("runs:/{RUN}/../../x"), RUN)],
        ..InMemoryStore::default()
    };
    load_facts(&store).await;
    assert!(store.requests.lock().unwrap().is_empty());
}
