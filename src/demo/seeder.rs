//! Writes fixtures: rows into the tables, artifacts into the file system.

use super::artifacts::Flavor;
use super::paths::{self, StorePaths};
use super::spec::{LoggedModelSpec, RunSpec};
use super::tables::MlflowTables;
use super::{DemoError, DemoExperiment};
use crate::domain::{ExperimentId, Lifecycle, Millis, RunId};

pub(super) struct Seeder<'c> {
    pub tables: MlflowTables<'c>,
    pub paths: &'c StorePaths,
    /// All times are relative to this one, ms since the epoch.
    pub now: Millis,
    experiments: Vec<DemoExperiment>,
    next_experiment_id: i64,
}

impl<'c> Seeder<'c> {
    /// Starts with MLflow's `Default` experiment, which has ID 0.
    pub fn new(
        tables: MlflowTables<'c>,
        paths: &'c StorePaths,
        now: Millis,
    ) -> Result<Self, DemoError> {
        let mut seeder = Self {
            tables,
            paths,
            now,
            experiments: Vec::new(),
            next_experiment_id: 0,
        };
        seeder.add_experiment(
            "Default",
            Lifecycle::Active,
            now - 200 * super::spec::DAY,
            &[],
        )?;
        Ok(seeder)
    }

    /// Returns the new experiment's ID.
    pub fn add_experiment(
        &mut self,
        name: &str,
        lifecycle: Lifecycle,
        created_at: Millis,
        tags: &[(&str, &str)],
    ) -> Result<i64, DemoError> {
        let id = self.next_experiment_id;
        self.next_experiment_id += 1;
        self.tables.insert_experiment(
            id,
            name,
            &self.paths.experiment_artifacts(id),
            lifecycle,
            created_at,
        )?;
        for (key, value) in tags {
            self.tables.insert_experiment_tag(id, key, value)?;
        }
        self.experiments.push(DemoExperiment {
            id: ExperimentId::new(id.to_string()),
            name: name.into(),
            lifecycle,
            active_runs: 0,
        });
        Ok(id)
    }

    pub fn add_run(&mut self, run: &RunSpec) -> Result<RunId, DemoError> {
        self.tables
            .insert_run(run, &self.paths.run_artifacts(run.experiment, &run.id))?;
        let experiment = usize::try_from(run.experiment)
            .ok()
            .and_then(|id| self.experiments.get_mut(id));
        if let Some(experiment) = experiment.filter(|_| !run.is_deleted) {
            experiment.active_runs += 1;
        }
        Ok(RunId::new(run.id.clone()))
    }

    /// Writes an artifact of a run.
    pub fn add_file(
        &self,
        run: &RunSpec,
        name: &str,
        text: impl AsRef<[u8]>,
    ) -> Result<(), DemoError> {
        paths::write_file(
            &self.paths.run_artifacts(run.experiment, &run.id),
            name,
            text,
        )
    }

    /// Writes a logged model of MLflow 3 with its files, and returns their location.
    pub fn add_logged_model(
        &self,
        run: &RunSpec,
        id: &str,
        flavor: Flavor,
        registered: Option<(&'static str, u32)>,
    ) -> Result<String, DemoError> {
        let location = self.paths.model_artifacts(run.experiment, id);
        self.tables.insert_logged_model(
            run,
            &LoggedModelSpec {
                id: id.to_owned(),
                name: "model",
                location: location.clone(),
                registered,
            },
        )?;
        for (name, text) in flavor.files(run, id, "3.17.2") {
            paths::write_file(&location, name, &text)?;
        }
        Ok(location)
    }

    pub fn into_experiments(self) -> Vec<DemoExperiment> {
        self.experiments
    }
}
