//! What tells the stories: the tables and the files, the time that they are told at, and what was told.

use super::artifacts::Flavor;
use super::draft::{LoggedModelDraft, RunDraft};
use super::place::{self, Place};
use super::rows::Rows;
use super::{DemoError, ExperimentFacts};
use crate::domain::{ExperimentId, Lifecycle, Millis, RunId};

/// Writes stories into one store.
pub(super) struct Teller<'c> {
    /// The store's tables.
    pub rows: Rows<'c>,
    /// The store's files.
    pub place: &'c Place,
    /// The time that everything is told relative to.
    pub now: Millis,
    experiments: Vec<ExperimentFacts>,
    next: i64,
}

impl<'c> Teller<'c> {
    /// Begins with MLflow's own `Default` experiment, which has the id 0.
    pub fn new(rows: Rows<'c>, place: &'c Place, now: Millis) -> Result<Self, DemoError> {
        let mut teller = Self {
            rows,
            place,
            now,
            experiments: Vec::new(),
            next: 0,
        };
        teller.experiment(
            "Default",
            Lifecycle::Active,
            now - 200 * super::draft::DAY,
            &[],
        )?;
        Ok(teller)
    }

    /// Writes an experiment and returns its id.
    pub fn experiment(
        &mut self,
        name: &str,
        lifecycle: Lifecycle,
        made: Millis,
        tags: &[(&str, &str)],
    ) -> Result<i64, DemoError> {
        let id = self.next;
        self.next += 1;
        self.rows
            .experiment(id, name, &self.place.of_experiment(id), lifecycle, made)?;
        for (key, value) in tags {
            self.rows.experiment_tag(id, key, value)?;
        }
        self.experiments.push(ExperimentFacts {
            id: ExperimentId::new(id.to_string()),
            name: name.into(),
            lifecycle,
            runs: 0,
        });
        Ok(id)
    }

    /// Writes a run and returns its id.
    pub fn run(&mut self, run: &RunDraft) -> Result<RunId, DemoError> {
        self.rows
            .run(run, &self.place.of_run(run.experiment, &run.id))?;
        let experiment = usize::try_from(run.experiment)
            .ok()
            .and_then(|id| self.experiments.get_mut(id));
        if let Some(experiment) = experiment.filter(|_| !run.deleted) {
            experiment.runs += 1;
        }
        Ok(RunId::new(run.id.clone()))
    }

    /// Writes a file of a run.
    pub fn file(
        &self,
        run: &RunDraft,
        name: &str,
        text: impl AsRef<[u8]>,
    ) -> Result<(), DemoError> {
        place::write(&self.place.of_run(run.experiment, &run.id), name, text)
    }

    /// Writes a logged model of MLflow 3 with its files, and returns where they are.
    pub fn logged_model(
        &self,
        run: &RunDraft,
        id: &str,
        flavor: Flavor,
        registered: Option<(&'static str, u32)>,
    ) -> Result<String, DemoError> {
        let location = self.place.of_model(run.experiment, id);
        self.rows.logged_model(
            run,
            &LoggedModelDraft {
                id: id.to_owned(),
                name: "model",
                location: location.clone(),
                registered,
            },
        )?;
        for (name, text) in flavor.files(run, id, "3.17.2") {
            place::write(&location, name, &text)?;
        }
        Ok(location)
    }

    /// What was told of experiments.
    pub fn into_experiments(self) -> Vec<ExperimentFacts> {
        self.experiments
    }
}
