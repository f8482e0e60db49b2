use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;

use super::*;
use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, History, LoggedModelId, ModelVersion, Pair,
    Preview, Stage, VersionStatus,
};
use crate::store::{Features, Page, PageToken, Resolution, RunQuery, View};

const RUN: &str = "509d999966b1409482122f5d2e84c7a3";

/// A store in memory, which notes the files it was asked for.
#[derive(Default)]
struct Shelf {
    versions: Vec<ModelVersion>,
    runs: HashMap<String, Run>,
    files: HashMap<String, &'static str>,
    asked: Mutex<Vec<String>>,
}

fn absent<T>() -> Answer<T> {
    Err(Fault::new(
        FaultKind::Missing,
        "reading",
        "not \u{1b}[2J here",
    ))
}

#[async_trait]
impl Read for Shelf {
    fn name(&self) -> &'static str {
        "shelf"
    }
    fn origin(&self) -> &'static str {
        "shelf"
    }
    async fn features(&self) -> Answer<Features> {
        absent()
    }
    async fn experiments(&self, _: View) -> Answer<Vec<Experiment>> {
        absent()
    }
    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Answer<Page<Run>> {
        absent()
    }
    async fn run(&self, id: &RunId) -> Answer<Run> {
        self.runs.get(id.raw()).cloned().map_or_else(absent, Ok)
    }
    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Answer<Vec<History>> {
        absent()
    }
    async fn artifacts(&self, home: &ArtifactHome, path: &str) -> Answer<Vec<Artifact>> {
        let file = |path: &String| Artifact {
            path: path.as_str().into(),
            is_dir: false,
            size: None,
        };
        self.asked.lock().unwrap().push(format!("{home:?} {path}"));
        if self.files.is_empty() {
            absent()
        } else {
            Ok(self.files.keys().map(file).collect())
        }
    }
    async fn preview(&self, _: &ArtifactHome, path: &str, limit: u64) -> Answer<Preview> {
        assert!(limit <= crate::store::limits::DOCUMENT_BYTES);
        self.asked.lock().unwrap().push(path.to_owned());
        self.files.get(path).map_or_else(absent, |text| {
            Ok(Preview {
                bytes: text.as_bytes().to_vec(),
                truncated: false,
            })
        })
    }
    async fn logged_model(&self, _: &LoggedModelId) -> Answer<LoggedModel> {
        absent()
    }
    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Answer<Vec<LoggedModel>> {
        absent()
    }
    async fn models(&self) -> Answer<Vec<RegisteredModel>> {
        absent()
    }
    async fn model(&self, _: &ModelName) -> Answer<RegisteredModel> {
        absent()
    }
    async fn versions(&self, _: &ModelName) -> Answer<Vec<ModelVersion>> {
        Ok(self.versions.clone())
    }
    async fn versions_of_run(&self, _: &RunId) -> Answer<Vec<ModelVersion>> {
        absent()
    }
    async fn pulse(&self) -> Answer<Option<u64>> {
        absent()
    }
}

fn version(source: &str, run_id: &str) -> ModelVersion {
    ModelVersion {
        name: "iris".into(),
        version: VersionNumber(1),
        creation_time: None,
        last_updated_time: None,
        user: Untrusted::default(),
        stage: Stage::None,
        stage_text: Untrusted::default(),
        description: Untrusted::default(),
        source: source.into(),
        run_id: run_id.into(),
        status: VersionStatus::Ready,
        status_message: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
    }
}

fn run(id: &str, parent: Option<&str>) -> (String, Run) {
    let tags = parent
        .map(|parent| Pair::new("mlflow.parentRunId", parent))
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

async fn gather(shelf: &Shelf) -> Facts {
    lineage_facts(
        (shelf as &dyn Read).into(),
        &"iris".into(),
        VersionNumber(1),
    )
    .await
    .unwrap()
}

#[tokio::test]
async fn only_the_version_itself_must_be_there() {
    let fault = lineage_facts(
        (&Shelf::default() as &dyn Read).into(),
        &"iris".into(),
        VersionNumber(1),
    )
    .await
    .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Missing);
    let facts = gather(&Shelf {
        versions: vec![version(&format!("runs:/{RUN}/model"), RUN)],
        ..Shelf::default()
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
async fn the_run_is_found_through_the_source() {
    let shelf = Shelf {
        versions: vec![version(&format!("s3://b/1/{RUN}/artifacts/model"), "")],
        runs: HashMap::from([run(RUN, None)]),
        ..Shelf::default()
    };
    assert_eq!(gather(&shelf).await.run.map(|run| run.id), Some(RUN.into()));
}

#[tokio::test]
async fn parents_are_followed_and_a_cycle_ends() {
    let shelf = Shelf {
        versions: vec![version("s3://x", "a")],
        runs: HashMap::from([
            run("a", Some("b")),
            run("b", Some("c")),
            run("c", Some("a")),
        ]),
        ..Shelf::default()
    };
    let facts = gather(&shelf).await;
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
    let deep = Shelf {
        versions: vec![version("s3://x", "0")],
        runs,
        ..Shelf::default()
    };
    assert_eq!(gather(&deep).await.parents.len(), PARENTS);
}

#[tokio::test]
async fn files_are_read_from_the_run_or_the_logged_model() {
    let files = HashMap::from([
        ("model/MLmodel".to_owned(), "flavors: {}"),
        ("model/model.pkl".to_owned(), "x"),
    ]);
    let shelf = Shelf {
        versions: vec![version(&format!("runs:/{RUN}/model"), RUN)],
        files,
        ..Shelf::default()
    };
    let facts = gather(&shelf).await;
    assert_eq!(facts.files, [("MLmodel".to_owned(), "flavors: {}".into())]);
    assert_eq!(
        shelf.asked.lock().unwrap()[1..],
        ["model/MLmodel"],
        "nothing else is read, least of all a pickle"
    );
    let files = HashMap::from([("requirements.txt".to_owned(), "a==1")]);
    let shelf = Shelf {
        versions: vec![version("models:/m-1", "")],
        files,
        ..Shelf::default()
    };
    let facts = gather(&shelf).await;
    assert_eq!(facts.files.len(), 1);
    assert!(
        facts
            .missing
            .contains(&"MLmodel: not among the model's files".to_owned())
    );
    assert!(shelf.asked.lock().unwrap()[0].starts_with("LoggedModel"));
}

#[tokio::test]
async fn a_listing_cannot_lead_the_reading_elsewhere() {
    let files = HashMap::from([("../../etc/MLmodel".to_owned(), "x")]);
    let shelf = Shelf {
        versions: vec![version(&format!("runs:/{RUN}/model"), RUN)],
        files,
        ..Shelf::default()
    };
    gather(&shelf).await;
    assert_eq!(shelf.asked.lock().unwrap()[1..], ["model/MLmodel"]);
    let shelf = Shelf {
        versions: vec![version(&format!("runs:/{RUN}/../../x"), RUN)],
        ..Shelf::default()
    };
    gather(&shelf).await;
    assert!(shelf.asked.lock().unwrap().is_empty());
}
