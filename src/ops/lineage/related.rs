//! Reads the records around a version. Only a lineage graph needs them: gates do not.

use futures_util::future::{OptionFuture, join_all};

use super::{git, ok_or_missing};
use crate::domain::{
    Code, LoggedModelId, ModelVersion, Run, StoreErrorKind, VersionNumber, version_in_source,
};
use crate::lineage::{BaseModel, Commit, CommitsSince, LineageFacts, Related};
use crate::store::{Downstream, ReadStore, Result, Upstream};
use crate::text::untrusted::clean;

/// Copies of copies that are followed.
const MAX_COPY_DEPTH: usize = 4;
/// Base models that are read.
const MAX_BASE_MODELS: usize = 8;
/// Nested runs, downstream runs and other versions that are kept, each: the rest is counted.
const MAX_RELATED: usize = 1_000;
/// The name of downstream runs in what is missing.
const DOWNSTREAM_RUNS: &str = "downstream runs";

pub(super) async fn load_related(reader: &dyn ReadStore, facts: &LineageFacts) -> Related {
    let mut related = Related::default();
    let run = facts.run.as_ref();
    let inputs = base_model_ids(run, &mut related.missing);
    let read = upstream_model(facts);
    let (bases, children, siblings, downstream, original) = futures_util::future::join5(
        join_all(inputs.iter().map(|id| load_base_model(reader, id))),
        OptionFuture::from(run.map(|run| load_child_runs(reader, run))),
        OptionFuture::from(run.map(|run| reader.versions_of_run(&run.id))),
        OptionFuture::from(read.as_ref().map(|of| reader.downstream(of))),
        copy_source(reader, &facts.version),
    )
    .await;
    related.base_models = bases;
    related.copied_from = original;
    let is_this = |known: &ModelVersion| {
        (&known.name, known.version) == (&facts.version.name, facts.version.version)
    };
    related.child_runs = list_or_missing(children, "nested runs", &mut related.missing);
    related.sibling_versions =
        list_or_missing(siblings, "other versions of the run", &mut related.missing);
    related.sibling_versions.retain(|known| !is_this(known));
    // Stores differ in their order.
    let listed = [&mut related.sibling_versions].into_iter().chain(
        related
            .base_models
            .iter_mut()
            .map(|base| &mut base.versions),
    );
    listed.for_each(|versions| {
        versions.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
    });
    let downstream: Downstream = list_or_missing(downstream, DOWNSTREAM_RUNS, &mut related.missing);
    let incomplete = downstream.incomplete_reason;
    related
        .missing
        .extend(incomplete.map(|why| format!("{DOWNSTREAM_RUNS}: {why}")));
    related.downstream_runs = downstream.runs;
    related
        .downstream_runs
        .retain(|reader| run.is_none_or(|run| run.id != reader.id));
    let is_evaluation = |run: &Run| facts.evaluation_runs.iter().any(|known| known.id == run.id);
    related.downstream_runs.retain(|run| !is_evaluation(run));
    related.downstream_versions = downstream.versions;
    related.downstream_versions.retain(|known| !is_this(known));
    truncate(&mut related);
    related
}

/// The base models that are read; the others are counted in what is missing.
fn base_model_ids(run: Option<&Run>, missing: &mut Vec<String>) -> Vec<LoggedModelId> {
    let mut inputs = run.map(|run| run.model_inputs.clone()).unwrap_or_default();
    if inputs.len() > MAX_BASE_MODELS {
        let more = inputs.len() - MAX_BASE_MODELS;
        missing.push(format!("base models: {more} more were not read"));
        inputs.truncate(MAX_BASE_MODELS);
    }
    inputs
}

/// The version's own logged model, to find what was made from it.
fn upstream_model(facts: &LineageFacts) -> Option<Upstream> {
    let logged = facts.logged_model.as_ref();
    let id = logged.map(|model| model.id.clone());
    Some(Upstream::Model {
        id: id.or_else(|| facts.version.logged_model())?,
        created_at: logged.and_then(|model| model.creation_time),
    })
}

/// Keeps [`MAX_RELATED`] of each, and counts the others in what is missing.
fn truncate(related: &mut Related) {
    let counts = [
        ("nested runs", related.child_runs.len()),
        (DOWNSTREAM_RUNS, related.downstream_runs.len()),
        ("other versions", related.sibling_versions.len()),
    ];
    let more = counts
        .into_iter()
        .filter(|(_, count)| *count > MAX_RELATED)
        .map(|(what, count)| format!("{what}: {} more not shown", count - MAX_RELATED));
    related.missing.extend(more);
    related.child_runs.truncate(MAX_RELATED);
    related.downstream_runs.truncate(MAX_RELATED);
    related.sibling_versions.truncate(MAX_RELATED);
}

/// Adds the run's commit and those since the champion's, if the local checkout has them.
pub(super) fn add_git_history(
    related: &mut Related,
    facts: &LineageFacts,
    champion: Option<&LineageFacts>,
) {
    let of_model = || {
        facts
            .logged_model
            .as_ref()
            .and_then(|model| Code::from_tags(&model.tags).commit)
    };
    let commit = facts
        .run
        .as_ref()
        .and_then(|run| Code::from_tags(&run.tags).commit)
        .or_else(of_model);
    // Most checkouts are of another repository: an unknown commit is not an error.
    related.commit = commit.and_then(|commit| describe_commit(commit.raw()).ok());
    let between = champion.map(|champion| {
        (
            champion.version.version,
            git::commits_since_champion(facts, Some(champion)),
        )
    });
    related.commits_since = between.and_then(|(version, commits): (VersionNumber, _)| {
        Some(CommitsSince {
            version,
            commits: commits.ok()?,
        })
    });
    related
        .commits_since
        .take_if(|since| since.commits.is_empty());
}

fn describe_commit(commit: &str) -> Result<Commit, String> {
    let printed = git::run_git(
        &[
            "show",
            "--no-patch",
            "--no-color",
            "--no-notes",
            "--format=%an%x00%as%x00%s",
            commit,
            "--",
        ],
        &[commit],
    )?;
    let mut parts = printed
        .trim_end()
        .splitn(3, '\0')
        .map(|part| clean(part).into_owned());
    let mut next = || parts.next().unwrap_or_default();
    let (author, date, subject) = (next(), next(), next());
    Ok(Commit {
        subject,
        author,
        date,
    })
}

/// A model that the run loaded, and the versions registered from it.
async fn load_base_model(reader: &dyn ReadStore, id: &LoggedModelId) -> BaseModel {
    let model = reader.logged_model(id).await.ok();
    let run = model
        .as_ref()
        .map(|model| &model.source_run_id)
        .filter(|run| !run.is_empty());
    let versions = match run {
        Some(run) => reader.versions_of_run(run).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let versions = versions
        .into_iter()
        .filter(|known| known.logged_model().as_ref() == Some(id))
        .collect();
    BaseModel {
        id: id.clone(),
        model,
        versions,
    }
}

async fn load_child_runs(reader: &dyn ReadStore, run: &Run) -> Result<Vec<Run>> {
    reader
        .nested_runs(std::slice::from_ref(&run.experiment_id), &run.id)
        .await
}

/// The list; an error becomes a line of what is missing, unless the store does not support the request.
fn list_or_missing<T: Default>(
    result: Option<Result<T>>,
    what: &str,
    missing: &mut Vec<String>,
) -> T {
    let is_supported = |result: &Result<T>| {
        result
            .as_ref()
            .err()
            .is_none_or(|error| error.kind != StoreErrorKind::Unsupported)
    };
    let result = result.filter(is_supported);
    result
        .and_then(|result| ok_or_missing(result, missing, what))
        .unwrap_or_default()
}

/// The version that a version was copied from. MLflow promotes to another model by a version with the source
/// `models:/NAME/VERSION`.
pub(super) async fn copy_source(
    reader: &dyn ReadStore,
    version: &ModelVersion,
) -> Option<ModelVersion> {
    let (name, number) = version_in_source(version.source.raw())?;
    let versions = reader.versions(&name).await.ok()?;
    versions.into_iter().find(|known| known.version == number)
}

/// The version at the end of a chain of copies; absent if the version is not a copy or the original cannot be read.
pub(super) async fn original_version(
    reader: &dyn ReadStore,
    version: &ModelVersion,
) -> Option<ModelVersion> {
    let mut original = copy_source(reader, version).await?;
    for _ in 1..MAX_COPY_DEPTH {
        match copy_source(reader, &original).await {
            Some(next) => original = next,
            None => break,
        }
    }
    Some(original)
}
