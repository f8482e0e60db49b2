//! A view of two stores: the session's own, and a second one that is never written.
//!
//! Ids of the second store have a prefix that no store uses; the registry is the first store's. The
//! tag [`STORE_TAG`] of a run names its store.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use tokio::try_join;

use super::{
    ByteSender, Downstream, Features, LifecycleFilter, LoginStep, Page, PageToken, ReadStore,
    Reader, Resolution, Result, RunQuery, Upstream,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, KeyValue, LoggedModel, LoggedModelId,
    MetricHistory, ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, SlotKinds,
    StoreError, StoreErrorKind, TransitionRequest, VersionNumber,
};

const SECOND_PREFIX: char = '+';

/// The tag with the name of a run's store, in a merged view.
pub const STORE_TAG: &str = "frontrunner.store";

/// Two stores in one.
pub struct MergedStore {
    first: Reader,
    second: Reader,
    name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    First,
    Second,
}

fn split_id(id: &str) -> (Member, &str) {
    id.strip_prefix(SECOND_PREFIX)
        .map_or((Member::First, id), |rest| (Member::Second, rest))
}

fn prefix_id(id: &str) -> String {
    format!("{SECOND_PREFIX}{id}")
}

impl MergedStore {
    /// Merges a second store into a view of the first.
    #[must_use]
    pub fn new(first: Reader, second: Reader) -> Self {
        let name = format!("{} + {}", first.name(), second.name());
        Self {
            first,
            second,
            name,
        }
    }

    fn store(&self, member: Member) -> &Reader {
        match member {
            Member::First => &self.first,
            Member::Second => &self.second,
        }
    }

    fn qualify_run(&self, member: Member, mut run: Run) -> Run {
        if member == Member::Second {
            run.id = prefix_id(run.id.raw()).into();
            run.experiment_id = prefix_id(run.experiment_id.raw()).into();
            // The parent of a nested run is in the same store.
            for tag in run
                .tags
                .iter_mut()
                .filter(|tag| tag.key.raw() == super::run_queries::PARENT_RUN_TAG)
            {
                tag.value = prefix_id(tag.value.raw()).into();
            }
        }
        run.tags.push(KeyValue {
            key: STORE_TAG.into(),
            value: self.store(member).name().into(),
        });
        run
    }

    /// The experiments of one store among these, with its own ids.
    fn experiments_in(member: Member, experiments: &[ExperimentId]) -> Vec<ExperimentId> {
        experiments
            .iter()
            .map(|id| split_id(id.raw()))
            .filter(|(store, _)| *store == member)
            .map(|(_, id)| id.into())
            .collect()
    }

    fn split_owner(owner: &ArtifactOwner) -> (Member, ArtifactOwner) {
        match owner {
            ArtifactOwner::Run(id) => {
                let (store, id) = split_id(id.raw());
                (store, ArtifactOwner::Run(id.into()))
            }
            ArtifactOwner::LoggedModel(id) => {
                let (store, id) = split_id(id.raw());
                (store, ArtifactOwner::LoggedModel(id.into()))
            }
        }
    }

    fn qualify_model(member: Member, mut model: LoggedModel) -> LoggedModel {
        if member == Member::Second {
            model.id = prefix_id(model.id.raw()).into();
            model.experiment_id = prefix_id(model.experiment_id.raw()).into();
            model.source_run_id = prefix_id(model.source_run_id.raw()).into();
            for run in &mut model.metric_runs {
                *run = prefix_id(run.raw()).into();
            }
        }
        model
    }

    fn second_store_error(what: &str) -> StoreError {
        StoreError::new(
            StoreErrorKind::Unsupported,
            what,
            "the second store has no registry here; open it as the first",
        )
    }
}

#[async_trait]
impl ReadStore for MergedStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        self.first.origin()
    }

    fn local_folder(&self) -> Option<&Path> {
        self.first.local_folder()
    }

    fn web_url(&self) -> Option<&str> {
        self.first.web_url()
    }

    fn tracking_uri(&self) -> String {
        self.first.tracking_uri()
    }

    fn slot_kinds(&self) -> SlotKinds {
        self.first.slot_kinds()
    }

    fn rate_limit_wait(&self) -> Option<Duration> {
        self.first
            .rate_limit_wait()
            .max(self.second.rate_limit_wait())
    }

    fn has_version_tags(&self) -> bool {
        self.first.has_version_tags()
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        self.first.login_steps().await
    }

    async fn features(&self) -> Result<Features> {
        let (first, second) = try_join!(self.first.features(), self.second.features())?;
        Ok(Features {
            can_filter: first.can_filter && second.can_filter,
            has_windows: false,
            has_bulk_histories: first.has_bulk_histories && second.has_bulk_histories,
            has_cheap_full_histories: first.has_cheap_full_histories
                && second.has_cheap_full_histories,
            ..first
        })
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        let (mut all, second) = try_join!(
            self.first.experiments(lifecycle),
            self.second.experiments(lifecycle)
        )?;
        all.extend(second.into_iter().map(|mut experiment| {
            experiment.id = prefix_id(experiment.id.raw()).into();
            experiment.name = format!("{SECOND_PREFIX}{}", experiment.name.raw()).into();
            experiment
        }));
        Ok(all)
    }

    /// The first store's runs, then the second's.
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        let query_for = |which| RunQuery {
            experiments: Self::experiments_in(which, &query.experiments),
            ..query.clone()
        };
        let (member, token) = match from {
            Some(token) => match split_id(&token.0) {
                (which, "") => (which, None),
                (which, rest) => (which, Some(PageToken(rest.to_owned()))),
            },
            None => (Member::First, None),
        };
        let second_page_token = || {
            (!Self::experiments_in(Member::Second, &query.experiments).is_empty())
                .then(|| PageToken(SECOND_PREFIX.to_string()))
        };
        if member == Member::First {
            let first_query = query_for(Member::First);
            if first_query.experiments.is_empty() && !query.experiments.is_empty() {
                return Box::pin(self.runs(query, Some(&PageToken(SECOND_PREFIX.to_string()))))
                    .await;
            }
            let page = self.first.runs(&first_query, token.as_ref()).await?;
            let next = page.next.or_else(second_page_token);
            let total = page.total.filter(|_| second_page_token().is_none());
            return Ok(Page {
                items: page
                    .items
                    .into_iter()
                    .map(|run| self.qualify_run(Member::First, run))
                    .collect(),
                next,
                total,
            });
        }
        let page = self
            .second
            .runs(&query_for(Member::Second), token.as_ref())
            .await?;
        let next = page
            .next
            .map(|PageToken(token)| PageToken(prefix_id(&token)));
        let total = page
            .total
            .filter(|_| Self::experiments_in(Member::First, &query.experiments).is_empty());
        Ok(Page {
            items: page
                .items
                .into_iter()
                .map(|run| self.qualify_run(Member::Second, run))
                .collect(),
            next,
            total,
        })
    }

    async fn deleted_runs(
        &self,
        experiments: &[ExperimentId],
        runs: &[RunId],
    ) -> Result<Vec<RunId>> {
        let mut deleted = Vec::new();
        for member in [Member::First, Member::Second] {
            let own = runs.iter().map(|id| (id, split_id(id.raw())));
            let own: Vec<(&RunId, RunId)> = own
                .filter(|(_, (which, _))| *which == member)
                .map(|(id, (_, raw))| (id, raw.into()))
                .collect();
            if own.is_empty() {
                continue;
            }
            let ids: Vec<RunId> = own.iter().map(|(_, raw)| raw.clone()).collect();
            let experiments = Self::experiments_in(member, experiments);
            let found = self.store(member).deleted_runs(&experiments, &ids).await?;
            let found = own.iter().filter(|(_, raw)| found.contains(raw));
            deleted.extend(found.map(|(id, _)| (*id).clone()));
        }
        Ok(deleted)
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        let (store, id) = split_id(id.raw());
        Ok(self.qualify_run(store, self.store(store).run(&id.into()).await?))
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        let mut histories = Vec::new();
        for member in [Member::First, Member::Second] {
            let ids: Vec<RunId> = runs
                .iter()
                .map(|id| split_id(id.raw()))
                .filter(|(w, _)| *w == member)
                .map(|(_, id)| id.into())
                .collect();
            if ids.is_empty() {
                continue;
            }
            for mut history in self
                .store(member)
                .histories(&ids, metric, resolution)
                .await?
            {
                if member == Member::Second {
                    history.run = prefix_id(history.run.raw()).into();
                }
                histories.push(history);
            }
        }
        Ok(histories)
    }

    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        let (store, owner) = Self::split_owner(owner);
        self.store(store).artifacts(&owner, path).await
    }

    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        let (store, owner) = Self::split_owner(owner);
        self.store(store).preview(&owner, path, limit).await
    }

    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        let (store, owner) = Self::split_owner(owner);
        self.store(store).read_artifact(&owner, path, to).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        let (store, id) = split_id(id.raw());
        Ok(Self::qualify_model(
            store,
            self.store(store).logged_model(&id.into()).await?,
        ))
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        let (store, run) = split_id(run.raw());
        let (_, experiment) = split_id(experiment.raw());
        let models = self
            .store(store)
            .logged_models(&experiment.into(), &run.into())
            .await?;
        Ok(models
            .into_iter()
            .map(|model| Self::qualify_model(store, model))
            .collect())
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        self.first.models().await
    }

    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        self.first.prompts().await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.first.model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        self.first.versions(name).await
    }

    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        self.first.model_and_versions(name).await
    }

    async fn version_numbers(&self, model: &RegisteredModel) -> Result<Vec<VersionNumber>> {
        self.first.version_numbers(model).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        match split_id(run.raw()) {
            (Member::First, _) => self.first.versions_of_run(run).await,
            (Member::Second, _) => Err(Self::second_store_error("reading the versions of a run")),
        }
    }

    async fn transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        self.first.transition_requests(name, version).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        self.first.versions_of_runs(runs).await
    }

    async fn downstream(&self, of: &Upstream) -> Result<Downstream> {
        match of {
            Upstream::Run(id) if split_id(id.raw()).0 == Member::Second => {
                Err(Self::second_store_error("finding versions made from a run"))
            }
            of => self.first.downstream(of).await,
        }
    }

    async fn revision(&self) -> Result<Option<u64>> {
        let (first, second) = try_join!(self.first.revision(), self.second.revision())?;
        // The sum changes whenever one of them does, except with a probability of 2^-64.
        Ok(first
            .zip(second)
            .map(|(first, second)| first.wrapping_add(second)))
    }
}
