//! Two stores read as one, so that their runs stand side by side: the session's own, and a second one that is only looked at.
//!
//! Ids of the second store begin with a sign that no store gives out, and lead to it; everything of the registry is the first
//! store's. Runs say which store they are from by the tag [`STORE_TAG`].

use async_trait::async_trait;
use tokio::try_join;

use super::{
    Answer, Features, Made, MadeFrom, Page, PageToken, Read, Reader, Resolution, RunQuery, View,
};
use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, Fault, FaultKind, History, LoggedModel,
    LoggedModelId, ModelName, ModelVersion, Pair, Preview, RegisteredModel, Run, RunId,
    TransitionRequest, VersionNumber,
};

/// What ids of the second store begin with.
const SECOND: char = '+';

/// The tag by which runs say which store they are from, where there are two.
pub const STORE_TAG: &str = "frontrunner.store";

/// Two stores.
pub struct Beside {
    first: Reader,
    second: Reader,
    name: String,
}

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    First,
    Second,
}

fn which(id: &str) -> (Which, &str) {
    id.strip_prefix(SECOND)
        .map_or((Which::First, id), |rest| (Which::Second, rest))
}

fn marked(id: &str) -> String {
    format!("{SECOND}{id}")
}

impl Beside {
    /// The second store beside the first.
    #[must_use]
    pub fn new(first: Reader, second: Reader) -> Self {
        let name = format!("{} + {}", first.name(), second.name());
        Self {
            first,
            second,
            name,
        }
    }

    fn store(&self, which: Which) -> &Reader {
        match which {
            Which::First => &self.first,
            Which::Second => &self.second,
        }
    }

    /// A run as it is seen here.
    fn seen(&self, which: Which, mut run: Run) -> Run {
        if which == Which::Second {
            run.id = marked(run.id.raw()).into();
            run.experiment_id = marked(run.experiment_id.raw()).into();
            // Nested runs are found by this.
            for tag in run
                .tags
                .iter_mut()
                .filter(|tag| tag.key.raw() == super::nested::PARENT_TAG)
            {
                tag.value = marked(tag.value.raw()).into();
            }
        }
        run.tags.push(Pair {
            key: STORE_TAG.into(),
            value: self.store(which).name().into(),
        });
        run
    }

    /// The experiments of one of the two among these.
    fn of(which_one: Which, experiments: &[ExperimentId]) -> Vec<ExperimentId> {
        experiments
            .iter()
            .map(|id| which(id.raw()))
            .filter(|(store, _)| *store == which_one)
            .map(|(_, id)| id.into())
            .collect()
    }

    fn home(home: &ArtifactHome) -> (Which, ArtifactHome) {
        match home {
            ArtifactHome::Run(id) => {
                let (store, id) = which(id.raw());
                (store, ArtifactHome::Run(id.into()))
            }
            ArtifactHome::LoggedModel(id) => {
                let (store, id) = which(id.raw());
                (store, ArtifactHome::LoggedModel(id.into()))
            }
        }
    }

    fn model_seen(which: Which, mut model: LoggedModel) -> LoggedModel {
        if which == Which::Second {
            model.id = marked(model.id.raw()).into();
            model.experiment_id = marked(model.experiment_id.raw()).into();
            model.source_run_id = marked(model.source_run_id.raw()).into();
        }
        model
    }

    fn only_looked_at(what: &str) -> Fault {
        Fault::new(
            FaultKind::Unsupported,
            what,
            "the second store is only looked at",
        )
    }
}

#[async_trait]
impl Read for Beside {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        self.first.origin()
    }

    async fn features(&self) -> Answer<Features> {
        let (first, second) = try_join!(self.first.features(), self.second.features())?;
        Ok(Features {
            filters: first.filters && second.filters,
            bulk_histories: first.bulk_histories && second.bulk_histories,
            whole_histories: first.whole_histories && second.whole_histories,
            ..first
        })
    }

    async fn experiments(&self, view: View) -> Answer<Vec<Experiment>> {
        let (mut all, second) =
            try_join!(self.first.experiments(view), self.second.experiments(view))?;
        all.extend(second.into_iter().map(|mut experiment| {
            experiment.id = marked(experiment.id.raw()).into();
            experiment.name = format!("{SECOND}{}", experiment.name.raw()).into();
            experiment
        }));
        Ok(all)
    }

    /// The first store's runs, then the second's.
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Answer<Page<Run>> {
        let asked = |which| RunQuery {
            experiments: Self::of(which, &query.experiments),
            ..query.clone()
        };
        let (at, token) = match from {
            Some(token) => match which(&token.0) {
                (which, "") => (which, None),
                (which, rest) => (which, Some(PageToken(rest.to_owned()))),
            },
            None => (Which::First, None),
        };
        let begin_second = || {
            (!Self::of(Which::Second, &query.experiments).is_empty())
                .then(|| PageToken(SECOND.to_string()))
        };
        if at == Which::First {
            let own = asked(Which::First);
            if own.experiments.is_empty() && !query.experiments.is_empty() {
                return Box::pin(self.runs(query, Some(&PageToken(SECOND.to_string())))).await;
            }
            let page = self.first.runs(&own, token.as_ref()).await?;
            let next = page.next.or_else(begin_second);
            let total = page.total.filter(|_| begin_second().is_none());
            return Ok(Page {
                items: page
                    .items
                    .into_iter()
                    .map(|run| self.seen(Which::First, run))
                    .collect(),
                next,
                total,
            });
        }
        let page = self
            .second
            .runs(&asked(Which::Second), token.as_ref())
            .await?;
        let next = page.next.map(|PageToken(token)| PageToken(marked(&token)));
        let total = page
            .total
            .filter(|_| Self::of(Which::First, &query.experiments).is_empty());
        Ok(Page {
            items: page
                .items
                .into_iter()
                .map(|run| self.seen(Which::Second, run))
                .collect(),
            next,
            total,
        })
    }

    async fn run(&self, id: &RunId) -> Answer<Run> {
        let (store, id) = which(id.raw());
        Ok(self.seen(store, self.store(store).run(&id.into()).await?))
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Answer<Vec<History>> {
        let mut histories = Vec::new();
        for one in [Which::First, Which::Second] {
            let ids: Vec<RunId> = runs
                .iter()
                .map(|id| which(id.raw()))
                .filter(|(w, _)| *w == one)
                .map(|(_, id)| id.into())
                .collect();
            if ids.is_empty() {
                continue;
            }
            for mut history in self.store(one).histories(&ids, metric, resolution).await? {
                if one == Which::Second {
                    history.run = marked(history.run.raw()).into();
                }
                histories.push(history);
            }
        }
        Ok(histories)
    }

    async fn artifacts(&self, home: &ArtifactHome, path: &str) -> Answer<Vec<Artifact>> {
        let (store, home) = Self::home(home);
        self.store(store).artifacts(&home, path).await
    }

    async fn preview(&self, home: &ArtifactHome, path: &str, limit: u64) -> Answer<Preview> {
        let (store, home) = Self::home(home);
        self.store(store).preview(&home, path, limit).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Answer<LoggedModel> {
        let (store, id) = which(id.raw());
        Ok(Self::model_seen(
            store,
            self.store(store).logged_model(&id.into()).await?,
        ))
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Answer<Vec<LoggedModel>> {
        let (store, run) = which(run.raw());
        let (_, experiment) = which(experiment.raw());
        let models = self
            .store(store)
            .logged_models(&experiment.into(), &run.into())
            .await?;
        Ok(models
            .into_iter()
            .map(|model| Self::model_seen(store, model))
            .collect())
    }

    async fn models(&self) -> Answer<Vec<RegisteredModel>> {
        self.first.models().await
    }

    async fn model(&self, name: &ModelName) -> Answer<RegisteredModel> {
        self.first.model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Answer<Vec<ModelVersion>> {
        self.first.versions(name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>> {
        match which(run.raw()) {
            (Which::First, _) => self.first.versions_of_run(run).await,
            (Which::Second, _) => Err(Self::only_looked_at("reading the versions of a run")),
        }
    }

    async fn transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Answer<Option<Vec<TransitionRequest>>> {
        self.first.transition_requests(name, version).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Answer<Vec<ModelVersion>> {
        self.first.versions_of_runs(runs).await
    }

    /// Versions are the first store's, and so is what they were made from.
    async fn made_from(&self, of: &MadeFrom) -> Answer<Made> {
        match of {
            MadeFrom::Run(id) if which(id.raw()).0 == Which::Second => {
                Err(Self::only_looked_at("looking for what was made from a run"))
            }
            of => self.first.made_from(of).await,
        }
    }

    async fn pulse(&self) -> Answer<Option<u64>> {
        let (first, second) = try_join!(self.first.pulse(), self.second.pulse())?;
        // Once either changes, so does their sum, but for a chance of 1 in 2^64.
        Ok(first
            .zip(second)
            .map(|(first, second)| first.wrapping_add(second)))
    }
}
