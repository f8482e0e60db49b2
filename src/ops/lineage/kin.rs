//! Reads what stands around a version. Only a lineage that is looked at asks for this: gates don't need it.

use futures_util::future::{OptionFuture, join_all};

use super::{copy, git};
use crate::domain::{Code, FaultKind, LoggedModelId, ModelVersion, Run, VersionNumber};
use crate::lineage::{Base, Commit, Facts, Kin, Since};
use crate::store::{Answer, Made, MadeFrom, Read};
use crate::text::untrusted::clean;

/// The most models that a run read of which is asked.
const BASES: usize = 8;
/// The most nested runs, readers and other versions that are kept: the rest is counted.
const KEPT: usize = 1_000;

/// What stands around a version, as far as the store can tell.
pub(super) async fn kin(reader: &dyn Read, facts: &Facts) -> Kin {
    let mut kin = Kin::default();
    let run = facts.run.as_ref();
    let mut inputs: Vec<LoggedModelId> =
        run.map(|run| run.model_inputs.clone()).unwrap_or_default();
    if inputs.len() > BASES {
        kin.missing.push(format!(
            "models that the run read: {} more of them were not asked for",
            inputs.len() - BASES
        ));
        inputs.truncate(BASES);
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
    let read = own.map(|id| MadeFrom::Model { id, since });
    let (bases, children, siblings, made, copied) = futures_util::future::join5(
        join_all(inputs.iter().map(|id| base(reader, id))),
        OptionFuture::from(run.map(|run| children(reader, run))),
        OptionFuture::from(run.map(|run| reader.versions_of_run(&run.id))),
        OptionFuture::from(read.as_ref().map(|of| reader.made_from(of))),
        copy::copied(reader, &facts.version),
    )
    .await;
    kin.bases = bases;
    kin.copied = copied;
    let is_this = |known: &ModelVersion| {
        (&known.name, known.version) == (&facts.version.name, facts.version.version)
    };
    kin.children = told(children, "nested runs", &mut kin.missing);
    kin.siblings = told(siblings, "other versions of the run", &mut kin.missing);
    kin.siblings.retain(|known| !is_this(known));
    // Stores list them in orders of their own.
    let listed = [&mut kin.siblings]
        .into_iter()
        .chain(kin.bases.iter_mut().map(|base| &mut base.versions));
    listed.for_each(|versions| {
        versions.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)))
    });
    let made = made
        .and_then(|answer| kept(answer, "runs that read its model", &mut kin.missing))
        .unwrap_or_else(Made::default);
    kin.missing.extend(
        made.left_out
            .map(|why| format!("runs that read its model: {why}")),
    );
    kin.readers = made.runs;
    kin.readers
        .retain(|reader| run.is_none_or(|run| run.id != reader.id));
    kin.derived = made.versions;
    kin.derived.retain(|known| !is_this(known));
    let counts = [
        ("nested runs", kin.children.len()),
        ("runs that read its model", kin.readers.len()),
        ("other versions", kin.siblings.len()),
    ];
    let more = counts
        .into_iter()
        .filter(|(_, count)| *count > KEPT)
        .map(|(what, count)| format!("{what}: {} more are not shown", count - KEPT));
    kin.missing.extend(more);
    kin.children.truncate(KEPT);
    kin.readers.truncate(KEPT);
    kin.siblings.truncate(KEPT);
    kin
}

/// Adds what the checkout at hand knows of the code: the commit, and those since the champion's.
pub(super) fn in_the_checkout(kin: &mut Kin, facts: &Facts, champion: Option<&Facts>) {
    let of_model = || {
        facts
            .logged_model
            .as_ref()
            .and_then(|model| Code::of(&model.tags).commit)
    };
    let commit = facts
        .run
        .as_ref()
        .and_then(|run| Code::of(&run.tags).commit)
        .or_else(of_model);
    // Most checkouts are of something else: that it does not know the commit is nothing to tell.
    kin.commit = commit.and_then(|commit| described(commit.raw()).ok());
    let between = champion.map(|champion| {
        (
            champion.version.version,
            git::commits(facts, Some(champion)),
        )
    });
    kin.since = between.and_then(|(version, commits): (VersionNumber, _)| {
        Some(Since {
            version,
            commits: commits.ok()?,
        })
    });
    kin.since.take_if(|since| since.commits.is_empty());
}

/// What git says of a commit.
fn described(commit: &str) -> Result<Commit, String> {
    let printed = git::git(
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
async fn base(reader: &dyn Read, id: &LoggedModelId) -> Base {
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
    Base {
        id: id.clone(),
        model,
        versions,
    }
}

async fn children(reader: &dyn Read, run: &Run) -> Answer<Vec<Run>> {
    reader
        .nested(std::slice::from_ref(&run.experiment_id), &run.id)
        .await
}

fn told<T>(answer: Option<Answer<Vec<T>>>, what: &str, missing: &mut Vec<String>) -> Vec<T> {
    answer
        .and_then(|answer| kept(answer, what, missing))
        .unwrap_or_default()
}

/// What was answered; a fault is a line of what is missing, unless the store has no such thing at all.
fn kept<T>(answer: Answer<T>, what: &str, missing: &mut Vec<String>) -> Option<T> {
    match answer {
        Ok(value) => Some(value),
        Err(fault) if fault.kind == FaultKind::Unsupported => None,
        Err(fault) => {
            missing.push(format!("{what}: {}", clean(fault.why.raw())));
            None
        }
    }
}
