//! Experiments, with their tags and the activity of their runs.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::SqlStore;
use super::schema::lifecycle_condition;
use super::tables::{QueryError, Tables};
use super::values::{integer, interned, text};
use crate::domain::run::KeyValue;
use crate::domain::{Experiment, ExperimentId, Lifecycle, Millis};
use crate::store::interner::Interner;
use crate::store::{LifecycleFilter, Result};
use crate::text::Untrusted;

/// Newest first, as MLflow lists them.
pub(super) async fn list(store: &SqlStore, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
    let read = move |tables: Tables<'_>| {
        let mut tags = load_tags(tables)?;
        let activity = run_activity(tables)?;
        let mut experiments = load_rows(tables, lifecycle)?;
        for experiment in &mut experiments {
            let id = experiment.id.text();
            experiment.tags = tags.remove(id).unwrap_or_default();
            let (runs, last) = activity.get(id).copied().unwrap_or_default();
            experiment.run_count = Some(runs);
            experiment.last_run_time = last;
        }
        Ok(experiments)
    };
    store.database.read("reading experiments", read).await
}

fn load_rows(
    tables: Tables<'_>,
    lifecycle: LifecycleFilter,
) -> Result<Vec<Experiment>, QueryError> {
    let columns = [
        "experiment_id",
        "name",
        "artifact_location",
        "lifecycle_stage",
        "creation_time",
        "last_update_time",
    ];
    let columns = tables.schema.select_columns("experiments", "e", &columns);
    let workspace = tables.schema.workspace_condition("experiments", "e");
    let lifecycle = lifecycle_condition(lifecycle, "e.lifecycle_stage");
    let sql = format!("SELECT {columns} FROM experiments AS e WHERE {workspace} AND {lifecycle}");
    let mut experiments = tables.collect(&sql, &[], |row| Experiment {
        id: ExperimentId::new(text(row, 0)),
        name: text(row, 1),
        artifact_location: text(row, 2),
        lifecycle: Lifecycle::parse(text(row, 3).raw()),
        creation_time: integer(row, 4),
        last_update_time: integer(row, 5),
        tags: Vec::new(),
        run_count: None,
        last_run_time: None,
    })?;
    // Databases differ in where they sort NULL and how they compare texts.
    experiments.sort_by_cached_key(|one| {
        let number: Option<i64> = one.id.raw().parse().ok();
        (Reverse(one.creation_time), number, one.id.clone())
    });
    Ok(experiments)
}

fn load_tags(tables: Tables<'_>) -> Result<HashMap<Untrusted, Vec<KeyValue>>, QueryError> {
    let mut tags: HashMap<Untrusted, Vec<KeyValue>> = HashMap::new();
    if tables.schema.has_table("experiment_tags") {
        let mut keys = Interner::default();
        let sql = "SELECT t.experiment_id, t.\"key\", t.value FROM experiment_tags AS t";
        tables.for_each(sql, &[], |row| {
            tags.entry(text(row, 0)).or_default().push(KeyValue {
                key: interned(&mut keys, row, 1),
                value: text(row, 2),
            });
        })?;
    }
    Ok(tags)
}

/// How many active runs each experiment has, and when the newest of them started.
fn run_activity(
    tables: Tables<'_>,
) -> Result<HashMap<Untrusted, (u64, Option<Millis>)>, QueryError> {
    let start = tables.schema.select_columns("runs", "r", &["start_time"]);
    let active = if tables.schema.has_column("runs", "lifecycle_stage") {
        lifecycle_condition(LifecycleFilter::Active, "r.lifecycle_stage")
    } else {
        "TRUE".to_owned()
    };
    let sql = format!(
        "SELECT r.experiment_id, count(*), max({start}) FROM runs AS r WHERE {active} GROUP BY r.experiment_id"
    );
    let mut activity = HashMap::new();
    tables.for_each(&sql, &[], |row| {
        let count = integer(row, 1).and_then(|count| u64::try_from(count).ok());
        activity.insert(text(row, 0), (count.unwrap_or_default(), integer(row, 2)));
    })?;
    Ok(activity)
}
