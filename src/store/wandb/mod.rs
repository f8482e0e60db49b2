//! The runs that Weights & Biases keeps on this machine, opened directly: a project's `wandb/` folder, or one run's. They are only
//! ever read.
//!
//! A run's log (`run-ID.wandb`) is the truth; what W&B writes beside it stands in where there is none. A project is an experiment,
//! its config are params, its summary and what it logged last are metrics. Of a run that is being written, only what was added is
//! read again. W&B writes through a buffer of 32 KiB or more, so that a young run may be known by its folder's name only.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::thinning::thin;
use super::{
    Answer, Features, Opened, Page, PageToken, Read, Resolution, RunChanges, RunQuery, View,
    limits, local_files,
};
use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, Fault, FaultKind, History, LoggedModel,
    LoggedModelId, ModelName, ModelVersion, Point, Preview, RegisteredModel, Run, RunId,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

mod columns;
mod digest;
mod json;
mod latest;
mod leaves;
mod listing;
mod log;
mod place;
mod pool;
mod records;
mod shelf;
mod side;
mod system;
mod tell;
mod wire;

pub(super) use place::{has_runs, home};

use pool::{blocking, each};
use shelf::Shelf;

/// Opens a folder of runs, or of one run, for reading.
///
/// # Errors
/// When it can't be read.
pub async fn open(path: &Path) -> Answer<Opened> {
    let what = format!("opening {}", clean(&path.to_string_lossy()));
    let path = path.to_owned();
    let told = what.clone();
    let store = blocking(&what, move || {
        let home = std::fs::canonicalize(&path).map_err(|error| {
            let next =
                Some("check the path: W&B keeps runs in a folder wandb/ where they were started");
            Fault::new(FaultKind::Unreachable, &*told, error.to_string()).advised(next)
        })?;
        Shelf::new(home.clone()).places(&told)?;
        Ok(WandbStore::new(&home))
    })
    .await??;
    Ok(Opened {
        reader: Arc::new(store),
        writer: None,
    })
}

/// A folder that is open for reading.
struct WandbStore {
    name: String,
    origin: String,
    shelf: Arc<Shelf>,
}

impl WandbStore {
    fn new(home: &Path) -> Self {
        // `wandb` alone says little: the project's folder is named with it.
        let parts: Vec<_> = home
            .iter()
            .rev()
            .take(2)
            .map(|part| part.to_string_lossy())
            .collect();
        let name = parts
            .into_iter()
            .rev()
            .filter(|part| part != "/")
            .collect::<Vec<_>>()
            .join("/");
        Self {
            name,
            origin: home.to_string_lossy().into_owned(),
            shelf: Arc::new(Shelf::new(home.to_owned())),
        }
    }

    fn no_registry<T>(what: &str) -> Answer<T> {
        let fault = Fault::new(
            FaultKind::Unsupported,
            what,
            "W&B's local runs have no model registry",
        );
        Err(fault.advised(Some(
            "everything else works; models are in an MLflow store: a server or mlflow.db",
        )))
    }
}

#[async_trait]
impl Read for WandbStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    async fn features(&self) -> Answer<Features> {
        Ok(Features {
            product: "W&B local runs".to_owned(),
            filters: false,
            bulk_histories: true,
            whole_histories: true,
            logged_models: false,
            registry: false,
            read_only: Some("W&B's local runs are only read".to_owned()),
        })
    }

    async fn experiments(&self, view: View) -> Answer<Vec<Experiment>> {
        listing::experiments(&self.shelf, view).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Answer<Page<Run>> {
        listing::page(&self.shelf, query, from).await
    }

    async fn changes(&self, changes: &RunChanges) -> Answer<Vec<Run>> {
        listing::changes(&self.shelf, changes).await
    }

    /// W&B groups runs, and nests none.
    async fn nested(&self, _: &[ExperimentId], _: &RunId) -> Answer<Vec<Run>> {
        Ok(Vec::new())
    }

    async fn run(&self, id: &RunId) -> Answer<Run> {
        let (shelf, id, what) = (
            Arc::clone(&self.shelf),
            id.clone(),
            format!("reading run {}", id.clean()),
        );
        let told = what.clone();
        blocking(&what, move || {
            shelf.place(&told, &id).map(|place| shelf.run(&place))
        })
        .await?
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Answer<Vec<History>> {
        let what = format!("reading the histories of {}", clean(metric));
        let (shelf, ids, told) = (Arc::clone(&self.shelf), runs.to_vec(), what.clone());
        let places = blocking(&what, move || {
            let known = ids
                .into_iter()
                .filter_map(|id| shelf.place(&told, &id).ok())
                .collect::<Vec<_>>();
            // Where all metrics of all runs would not be kept anyway, only the one that is asked for is read.
            let keep = shelf.uncharted(&known) <= limits::WANDB_HISTORY_BYTES as u64;
            (known, keep)
        });
        let (places, keep) = places.await?;
        let (shelf, key) = (Arc::clone(&self.shelf), metric.to_owned());
        let found = each(&what, places, move |place| {
            (place.id.clone(), shelf.points(place, &key, keep))
        })
        .await?;
        let shelf = Arc::clone(&self.shelf);
        blocking(&what, move || shelf.trim()).await?;
        let key = Untrusted::from(metric);
        let some = found.into_iter().filter(|(_, points)| !points.is_empty());
        Ok(some
            .map(|(run, points)| history(run, key.clone(), points, resolution))
            .collect())
    }

    async fn artifacts(&self, home: &ArtifactHome, path: &str) -> Answer<Vec<Artifact>> {
        let what = "listing artifacts";
        let (shelf, id, path) = (
            Arc::clone(&self.shelf),
            run_of(what, home)?,
            path.to_owned(),
        );
        blocking(what, move || {
            let root = shelf.place(what, &id)?.files();
            if path.is_empty() && !root.exists() {
                return Ok(Vec::new());
            }
            local_files::list(&root, &path).map_err(|(kind, why)| Fault::new(kind, what, why))
        })
        .await?
    }

    async fn preview(&self, home: &ArtifactHome, path: &str, limit: u64) -> Answer<Preview> {
        let what = "reading an artifact";
        let (shelf, id, path) = (
            Arc::clone(&self.shelf),
            run_of(what, home)?,
            path.to_owned(),
        );
        blocking(what, move || {
            let root = shelf.place(what, &id)?.files();
            local_files::preview(&root, &path, limit.min(limits::PICTURE_BYTES))
                .map_err(|(kind, why)| Fault::new(kind, what, why))
        })
        .await?
    }

    async fn logged_model(&self, _: &LoggedModelId) -> Answer<LoggedModel> {
        Self::no_registry("reading a logged model")
    }

    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Answer<Vec<LoggedModel>> {
        Ok(Vec::new())
    }

    async fn models(&self) -> Answer<Vec<RegisteredModel>> {
        Self::no_registry("reading registered models")
    }

    async fn model(&self, name: &ModelName) -> Answer<RegisteredModel> {
        Self::no_registry(&format!("reading model {}", name.clean()))
    }

    async fn versions(&self, name: &ModelName) -> Answer<Vec<ModelVersion>> {
        Self::no_registry(&format!("reading versions of {}", name.clean()))
    }

    async fn versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>> {
        Self::no_registry(&format!("reading versions of run {}", run.clean()))
    }

    async fn pulse(&self) -> Answer<Option<u64>> {
        let (shelf, what) = (Arc::clone(&self.shelf), "looking for changes");
        blocking(what, move || {
            let (mut hasher, now) = (DefaultHasher::new(), place::now());
            for place in shelf.places(what)? {
                let stamp = place.stamp();
                // A run that falls silent is told otherwise, though nothing was written.
                (
                    place.id.raw(),
                    stamp,
                    stamp.is_some_and(|stamp| stamp.is_young(now)),
                )
                    .hash(&mut hasher);
            }
            Ok(Some(hasher.finish()))
        })
        .await?
    }
}

fn run_of(what: &str, home: &ArtifactHome) -> Answer<RunId> {
    match home {
        ArtifactHome::Run(id) => Ok(id.clone()),
        ArtifactHome::LoggedModel(_) => Err(Fault::new(
            FaultKind::Unsupported,
            what,
            "W&B's local runs have no logged models",
        )),
    }
}

/// The points as they were asked for.
fn history(run: RunId, key: Untrusted, points: Vec<Point>, resolution: Resolution) -> History {
    let (points, sampled) = match resolution {
        Resolution::Exact => (points, false),
        Resolution::Points(wanted) => thin(points, wanted as usize),
        Resolution::Between {
            points: wanted,
            first,
            last,
        } => thin(
            points
                .into_iter()
                .filter(|point| (first..=last).contains(&point.step))
                .collect(),
            wanted as usize,
        ),
    };
    History {
        run,
        key,
        points,
        sampled,
    }
}
