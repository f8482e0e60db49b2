//! Inserts rows into MLflow's tables as MLflow 3.17.2 does.

use rusqlite::{Connection, Params, Result, params};
use serde_json::json;

use super::spec::{DatasetSpec, LoggedModelSpec, MetricSeries, ModelSpec, RunSpec, VersionSpec};
use crate::domain::{Lifecycle, Millis};

/// MLflow's status number of a ready logged model.
const STATUS_READY: i64 = 2;

/// More than the statements in this file.
const STATEMENT_CACHE_SIZE: usize = 32;

pub(super) struct MlflowTables<'c> {
    db: &'c Connection,
}

impl<'c> MlflowTables<'c> {
    pub fn new(db: &'c Connection) -> Self {
        db.set_prepared_statement_cache_capacity(STATEMENT_CACHE_SIZE);
        Self { db }
    }

    fn execute(&self, sql: &str, values: impl Params) -> Result<()> {
        self.db.prepare_cached(sql)?.execute(values).map(|_| ())
    }

    pub fn insert_experiment(
        &self,
        id: i64,
        name: &str,
        location: &str,
        lifecycle: Lifecycle,
        created_at: Millis,
    ) -> Result<()> {
        self.execute(
            "INSERT INTO experiments VALUES (?1, ?2, ?3, ?4, ?5, ?5, 'default')",
            params![id, name, location, lifecycle.as_str(), created_at],
        )
    }

    pub fn insert_experiment_tag(&self, id: i64, key: &str, value: &str) -> Result<()> {
        self.execute(
            "INSERT INTO experiment_tags (key, value, experiment_id) VALUES (?1, ?2, ?3)",
            params![key, value, id],
        )
    }

    /// Inserts a run with its params, tags, metrics and datasets.
    pub fn insert_run(&self, run: &RunSpec, location: &str) -> Result<()> {
        let lifecycle = if run.is_deleted {
            Lifecycle::Deleted
        } else {
            Lifecycle::Active
        };
        self.execute(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time, end_time, \
             source_version, lifecycle_stage, artifact_uri, experiment_id, deleted_time) \
             VALUES (?1, ?2, 'UNKNOWN', '', '', ?3, ?4, ?5, ?6, '', ?7, ?8, ?9, ?10)",
            params![
                run.id,
                run.name,
                run.user,
                run.status.as_str(),
                run.start_time,
                run.has_ended.then_some(run.last_logged),
                lifecycle.as_str(),
                location,
                run.experiment,
                run.is_deleted.then_some(run.last_logged)
            ],
        )?;
        for (key, value) in &run.params {
            self.execute(
                "INSERT INTO params (key, value, run_uuid) VALUES (?1, ?2, ?3)",
                params![key, value, run.id],
            )?;
        }
        let system_tags = [
            ("mlflow.runName", run.name.as_str()),
            ("mlflow.user", run.user),
            ("mlflow.source.name", run.script),
            ("mlflow.source.type", "LOCAL"),
        ];
        for (key, value) in system_tags.into_iter().chain(
            run.tags
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        ) {
            self.execute(
                "INSERT INTO tags (key, value, run_uuid) VALUES (?1, ?2, ?3)",
                params![key, value, run.id],
            )?;
        }
        run.series
            .iter()
            .try_for_each(|curve| self.insert_series(run, curve))?;
        run.datasets
            .iter()
            .try_for_each(|(dataset, role)| self.insert_dataset_input(run, dataset, role))
    }

    /// Inserts a metric's history, spread evenly over the run's duration, and its latest value.
    fn insert_series(&self, run: &RunSpec, curve: &MetricSeries) -> Result<()> {
        let count = i64::try_from(curve.values.len()).unwrap_or(i64::MAX);
        let mut latest = None;
        for (index, value) in (0_i64..).zip(&curve.values) {
            let (step, time) = (
                curve.first_step + index,
                run.start_time + (run.last_logged - run.start_time) * (index + 1) / count,
            );
            let (value, is_nan) = to_sql_value(*value);
            self.execute(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![curve.key, value, time, run.id, step, is_nan],
            )?;
            latest = Some((value, time, step, is_nan));
        }
        // Steps and times increase, so the last point is the one with the greatest step and time.
        let Some((value, time, step, is_nan)) = latest else {
            return Ok(());
        };
        self.execute(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![curve.key, value, time, step, is_nan, run.id],
        )
    }

    /// Inserts a run's dataset input, and the dataset itself once per experiment.
    fn insert_dataset_input(&self, run: &RunSpec, dataset: &DatasetSpec, role: &str) -> Result<()> {
        let columns: Vec<_> = dataset
            .columns
            .iter()
            .map(|(kind, name)| json!({"type": kind, "name": name, "required": true}))
            .collect();
        let elements = dataset.rows * dataset.columns.len() as u64;
        self.execute(
            "INSERT OR IGNORE INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, \
             dataset_schema, dataset_profile) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                dataset.id,
                run.experiment,
                dataset.name,
                dataset.digest,
                dataset.source_type,
                json!({"uri": dataset.uri}).to_string(),
                json!({"mlflow_colspec": columns}).to_string(),
                json!({"num_rows": dataset.rows, "num_elements": elements}).to_string()
            ],
        )?;
        let input = input_id(&run.id, &dataset.id);
        self.insert_input(&input, ("DATASET", &dataset.id), ("RUN", &run.id))?;
        self.execute("INSERT INTO input_tags (input_uuid, name, value) VALUES (?1, 'mlflow.data.context', ?2)", params![input, role])
    }

    fn insert_input(&self, id: &str, from: (&str, &str), to: (&str, &str)) -> Result<()> {
        self.execute(
            "INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step) \
             VALUES (?1, ?2, ?3, ?4, ?5, 0)",
            params![id, from.0, from.1, to.0, to.1],
        )
    }

    /// Inserts a logged model with the params of its run, and the run's metrics on its last dataset.
    pub fn insert_logged_model(&self, run: &RunSpec, model: &LoggedModelSpec) -> Result<()> {
        self.execute(
            "INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, \
             last_updated_timestamp_ms, status, lifecycle_stage, source_run_id) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, 'active', ?7)",
            params![model.id, run.experiment, model.name, model.location, run.last_logged, STATUS_READY, run.id],
        )?;
        for (key, value) in &run.params {
            self.execute(
                "INSERT INTO logged_model_params VALUES (?1, ?2, ?3, ?4)",
                params![model.id, run.experiment, key, value],
            )?;
        }
        let mut tags = vec![
            ("mlflow.user", run.user.to_owned()),
            ("mlflow.source.name", run.script.to_owned()),
            ("mlflow.source.type", "LOCAL".to_owned()),
        ];
        if let Some((name, version)) = model.registered {
            tags.push((
                "mlflow.modelVersions",
                json!([{"name": name, "version": version}]).to_string(),
            ));
        }
        for (key, value) in tags {
            self.execute(
                "INSERT INTO logged_model_tags VALUES (?1, ?2, ?3, ?4)",
                params![model.id, run.experiment, key, value],
            )?;
        }
        let data = run
            .datasets
            .last()
            .map(|(dataset, _)| (dataset.name, dataset.digest.as_str()))
            .unzip();
        for curve in run.series.iter().filter(|curve| curve.values.len() == 1) {
            self.execute(
                "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms, metric_step, metric_value, \
                 experiment_id, run_id, dataset_name, dataset_digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![model.id, curve.key, run.last_logged, curve.first_step, curve.values.first(), run.experiment, run.id, data.0, data.1],
            )?;
        }
        self.insert_input(
            &input_id(&run.id, &model.id),
            ("RUN_OUTPUT", &run.id),
            ("MODEL_OUTPUT", &model.id),
        )
    }

    /// Inserts a registered model with its tags and aliases. As in MLflow, an alias's version need not
    /// exist yet.
    pub fn insert_model(&self, model: &ModelSpec, updated_at: Millis) -> Result<()> {
        self.execute(
            "INSERT INTO registered_models (name, creation_time, last_updated_time, description) VALUES (?1, ?2, ?3, ?4)",
            params![model.name, model.created_at, updated_at, model.description],
        )?;
        for (key, value) in model.tags {
            self.execute(
                "INSERT INTO registered_model_tags (key, value, name) VALUES (?1, ?2, ?3)",
                params![key, value, model.name],
            )?;
        }
        for (alias, version) in model.aliases {
            self.execute(
                "INSERT INTO registered_model_aliases (alias, version, name) VALUES (?1, ?2, ?3)",
                params![alias, version, model.name],
            )?;
        }
        Ok(())
    }

    pub fn insert_version(&self, version: &VersionSpec) -> Result<()> {
        self.execute(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time, description, current_stage, source, run_id, \
             status, storage_location) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'READY', ?9)",
            params![
                version.model,
                version.version,
                version.created_at,
                version.updated_at,
                version.description,
                version.stage.as_str(),
                version.source,
                version.run,
                version.location
            ],
        )?;
        for (key, value) in &version.tags {
            self.execute(
                "INSERT INTO model_version_tags (key, value, name, version) VALUES (?1, ?2, ?3, ?4)",
                params![key, value, version.model, version.version],
            )?;
        }
        Ok(())
    }
}

/// MLflow's SQL encoding: a flag for NaN, the largest finite number for infinity.
fn to_sql_value(value: f64) -> (f64, bool) {
    if value.is_nan() {
        (0.0, true)
    } else {
        (value.clamp(-f64::MAX, f64::MAX), false)
    }
}

/// A deterministic ID for a link: the first halves of the IDs that it connects.
fn input_id(a: &str, b: &str) -> String {
    let half = |id: &str| {
        id.trim_start_matches("m-")
            .chars()
            .take(16)
            .collect::<String>()
    };
    half(a) + &half(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_finite_values_are_stored_as_in_mlflow() {
        assert_eq!(to_sql_value(f64::NAN), (0.0, true));
        assert_eq!(to_sql_value(f64::NEG_INFINITY), (-f64::MAX, false));
        assert_eq!(to_sql_value(0.5), (0.5, false));
    }
}
