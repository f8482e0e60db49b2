//! Experiments, with their tags and the activity of their runs.

use std::sync::Arc;

use super::index::Index;
use super::layout::{ExperimentDir, META_FILE};
use super::meta::{self, ExperimentMeta, integer, text};
use super::run_data::{mark_unreadable, read_pairs};
use super::runs::activity;
use super::small_file::{Problems, read_text};
use crate::domain::{Experiment, ExperimentId, Lifecycle};
use crate::store::local::map_parallel;
use crate::store::local::run_blocking;
use crate::store::{LifecycleFilter, Result, limits};

/// Newest first, as MLflow lists them.
pub(super) async fn list(
    index: &Arc<Index>,
    lifecycle: LifecycleFilter,
) -> Result<Vec<Experiment>> {
    let what = "reading experiments";
    let shared = Arc::clone(index);
    let dirs = run_blocking(what, move || shared.experiments(what)).await??;
    let mut experiments = map_parallel(what, dirs, |dir| read(dir)).await?;
    experiments.retain(|experiment| match lifecycle {
        LifecycleFilter::All => true,
        LifecycleFilter::Active => experiment.lifecycle == Lifecycle::Active,
        LifecycleFilter::Deleted => experiment.lifecycle == Lifecycle::Deleted,
    });
    experiments.sort_by(|a, b| (b.creation_time.cmp(&a.creation_time)).then(a.id.cmp(&b.id)));
    let activity = activity(index, what).await?;
    for experiment in &mut experiments {
        let (runs, last) = activity
            .get(experiment.id.raw())
            .copied()
            .unwrap_or_default();
        experiment.run_count = Some(runs);
        experiment.last_run_time = last;
    }
    Ok(experiments)
}

fn read(dir: &ExperimentDir) -> Experiment {
    let mut problems = Problems::default();
    let file = read_text(&dir.path.join(META_FILE), limits::FILE_STORE_META_BYTES);
    let meta = file
        .and_then(|text| meta::parse::<ExperimentMeta>(&text))
        .unwrap_or_else(|why| {
            problems.add(META_FILE, &why);
            ExperimentMeta::default()
        });
    if let Some(other) = meta.experiment_id.as_deref().filter(|id| *id != dir.id) {
        problems.add(META_FILE, &format!("is a copy of experiment {other}"));
    }
    let mut tags = read_pairs(&dir.path.join("tags"), &mut problems);
    mark_unreadable(&mut tags, problems);
    Experiment {
        id: ExperimentId::from(dir.id.as_str()),
        name: meta.name.unwrap_or_else(|| dir.id.clone()).into(),
        artifact_location: text(meta.artifact_location),
        // MLflow 1 leaves an experiment in the trash active.
        lifecycle: if dir.is_deleted {
            Lifecycle::Deleted
        } else {
            Lifecycle::parse(meta.lifecycle_stage.as_deref().unwrap_or_default())
        },
        creation_time: integer(meta.creation_time.as_deref()),
        last_update_time: integer(meta.last_update_time.as_deref()),
        tags,
        run_count: None,
        last_run_time: None,
    }
}
