//! Reads what stands around a version. Only a lineage that is looked at asks for this: gates don't need it.

use futures_util::future::{OptionFuture, join_all};

use super::{copy, git};
use crate::domain::{Code, LoggedModelId, ModelVersion, Run, StoreErrorKind, VersionNumber};
use crate::lineage::{BaseModel, Commit, CommitsSince, LineageFacts, Related};
use crate::store::{Downstream, ReadStore, Result, Upstream};
use crate::text::untrusted::clean;

/// The most models that a run read of which is asked.
const MAX_BASE_MODELS: usize = 8;
/// The most nested runs, readers and other versions that are kept: the rest is counted.
const MAX_RELATED: usize = 1_000;

/// What stands around a version, as far as the store can tell.
pub(super) async fn load_related(reader: &dyn ReadStore, facts: &LineageFacts) -> Related {
    let mut related = Related::default();
    let run = facts.run.as_ref();
    let mut inputs: Vec<LoggedModelId> =
        run.map(|run| run.model_inputs.clone()).unwrap_or_default();
    if inputs.len() > MAX_BASE_MODELS {
        related.missing.push(format!(
            "models that the run read: {} more of them were not asked for",
            inputs.len() - MAX_BASE_MODELS
        ));
        inputs.truncate(MAX_BASE_MODELS);
    }
    let own = facts
        .logged_model
        .as_ref()
        .map(|model| model.id.clone())
        .or_else(|| facts.version.logged_model());
    let since = facts
        .logged_model
        .as_ref()
        .and_then(|model| model.creation_time);
    let read = own.map(|id| Upstream::Model {
        id,
        created_at: since,
    });
    let (bases, children, siblings, made, copied) = futures_util::future::join5(
        join_all(inputs.iter().map(|id| load_base_model(reader, id))),
        OptionFuture::from(run.map(|run| load_child_runs(reader, run))),
        OptionFuture::from(run.map(|run| reader.versions_of_run(&run.id))),
        OptionFuture::from(read.as_ref().map(|of| reader.downstream(of))),
        copy::copy_source(reader, &facts.version),
    )
    .await;
    related.base_models = bases;
    related.copied_from = copied;
    let is_this = |known: &ModelVersion| {
        (&known.name, known.version) == (&facts.version.name, facts.version.version)
    };
    related.child_runs = list_or_missing(children, "nested runs", &mut related.missing);
    related.sibling_versions =
        list_or_missing(siblings, "other versions of the run", &mut related.missing);
    related.sibling_versions.retain(|known| !is_this(known));
    // Stores list them in orders of their own.
    let listed = [&mut related.sibling_versions].into_iter().chain(
        related
            .base_models
            .iter_mut()
            .map(|base| &mut base.versions),
    );
    listed.for_each(|versions| {
        versions.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
    });
    let made = made
        .and_then(|answer| ok_or_missing(answer, "runs that read its model", &mut related.missing))
        .unwrap_or_else(Downstream::default);
    related.missing.extend(
        made.incomplete_reason
            .map(|why| format!("runs that read its model: {why}")),
    );
    related.downstream_runs = made.runs;
    related
        .downstream_runs
        .retain(|reader| run.is_none_or(|run| run.id != reader.id));
    related.downstream_versions = made.versions;
    related.downstream_versions.retain(|known| !is_this(known));
    let counts = [
        ("nested runs", related.child_runs.len()),
        ("runs that read its model", related.downstream_runs.len()),
        ("other versions", related.sibling_versions.len()),
    ];
    let more = counts
        .into_iter()
        .filter(|(_, count)| *count > MAX_RELATED)
        .map(|(what, count)| format!("{what}: {} more are not shown", count - MAX_RELATED));
    related.missing.extend(more);
    related.child_runs.truncate(MAX_RELATED);
    related.downstream_runs.truncate(MAX_RELATED);
    related.sibling_versions.truncate(MAX_RELATED);
    related
}

/// Adds what the checkout at hand knows of the code: the commit, and those since the champion's.
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
    // Most checkouts are of something else: that it does not know the commit is nothing to tell.
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

/// What git says of a commit.
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

/// A model that the run read, and the versions that were registered from it.
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

fn list_or_missing<T>(
    answer: Option<Result<Vec<T>>>,
    what: &str,
    missing: &mut Vec<String>,
) -> Vec<T> {
    answer
        .and_then(|answer| ok_or_missing(answer, what, missing))
        .unwrap_or_default()
}

/// What was answered; a fault is a line of what is missing, unless the store has no such thing at all.
fn ok_or_missing<T>(answer: Result<T>, what: &str, missing: &mut Vec<String>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(fault) if fault.kind == StoreErrorKind::Unsupported => None,
        Err(fault) => {
            missing.push(format!("{what}: {}", clean(fault.why.raw())));
            None
        }
    }
}
