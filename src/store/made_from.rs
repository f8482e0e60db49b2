//! Lineage asked backwards: which versions were made from a dataset, a commit, a run or a model.

use std::collections::HashSet;
use std::fmt;

use futures_util::stream::{self, StreamExt};

use super::nested::PARENT_TAG;
use super::{Answer, Page, Read, RunQuery, View, limits};
use crate::domain::{Code, Fault, FaultKind, LoggedModelId, Millis, ModelVersion, Run, RunId};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The fewest characters of a commit that name it: what git itself prints.
const SHORT_COMMIT: usize = 7;

/// How many runs are asked at a time.
const AT_ONCE: usize = 8;

/// The characters of a whole commit.
const WHOLE_COMMIT: usize = 40;

/// What versions may have been made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MadeFrom {
    /// A dataset, by its digest.
    Digest(Untrusted),
    /// A commit, whole or by its beginning.
    Commit(Untrusted),
    /// A run, or a run that is nested directly in it.
    Run(RunId),
    /// A logged model that a run read.
    Model {
        /// Which.
        id: LoggedModelId,
        /// When it was made, ms since the epoch: no run read it before.
        since: Option<Millis>,
    },
}

/// What was made from something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    /// The versions, by model, newest first. Where a server is asked, without their aliases.
    pub versions: Vec<ModelVersion>,
    /// The runs that they came from; where a model was read, all runs that read it.
    pub runs: Vec<Run>,
    /// What was not looked at, safe to draw; nothing when all was.
    pub left_out: Option<String>,
}

impl MadeFrom {
    /// Reads `digest:9f3c11aa`, `commit:3f9ac21`, `run:12ab…` or `model:m-12ab…`.
    ///
    /// # Errors
    /// When it is none of these, with how they are written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{} names nothing to be made from: write digest:…, commit:…, run:… or model:m-…",
                clean(text)
            )
        };
        let (kind, value) = text
            .split_once(':')
            .filter(|(_, value)| !value.is_empty())
            .ok_or_else(wrong)?;
        match kind {
            "digest" => Ok(Self::Digest(value.into())),
            "commit" if value.chars().count() < SHORT_COMMIT => Err(format!(
                "{} is too short for a commit: {SHORT_COMMIT} characters at least",
                clean(value)
            )),
            "commit" => Ok(Self::Commit(value.into())),
            "run" => Ok(Self::Run(value.into())),
            "model" => Ok(Self::Model {
                id: value.into(),
                since: None,
            }),
            _ => Err(wrong()),
        }
    }

    /// Whether a commit is meant by its beginning: only what is hexadecimal has one.
    pub(super) fn is_beginning(commit: &Untrusted) -> bool {
        commit.raw().len() < WHOLE_COMMIT
            && commit.raw().bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// Whether a run is one that this went into.
    #[must_use]
    pub fn fits(&self, run: &Run) -> bool {
        match self {
            Self::Digest(digest) => run.datasets.iter().any(|dataset| dataset.digest == *digest),
            Self::Commit(commit) if Self::is_beginning(commit) => Code::of(&run.tags)
                .commit
                .is_some_and(|known| known.raw().starts_with(commit.raw())),
            Self::Commit(commit) => Code::of(&run.tags)
                .commit
                .is_some_and(|known| known == *commit),
            Self::Run(id) => run.id == *id || run.parent().is_some_and(|parent| parent == *id),
            Self::Model { id, .. } => run.model_inputs.contains(id),
        }
    }

    /// Filters in MLflow's grammar that together find all runs that fit; some find more.
    ///
    /// # Errors
    /// When the grammar can't say it: it has no escape.
    fn filters(&self) -> Answer<Vec<String>> {
        Ok(match self {
            Self::Digest(digest) => vec![format!("dataset.digest = {}", quoted(digest.raw())?)],
            Self::Commit(commit) => {
                let (how, beginning) = if Self::is_beginning(commit) {
                    ("LIKE", "%")
                } else {
                    ("=", "")
                };
                let wanted = quoted(&format!("{}{beginning}", commit.raw()))?;
                [
                    "mlflow.source.git.commit",
                    "mlflow.databricks.gitRepoCommit",
                ]
                .map(|tag| format!("tags.`{tag}` {how} {wanted}"))
                .into()
            }
            Self::Run(id) => {
                let id = quoted(id.raw())?;
                vec![
                    format!("attributes.run_id = {id}"),
                    format!("tags.{PARENT_TAG} = {id}"),
                ]
            }
            // MLflow can't search by what runs read: all that began since are looked at.
            Self::Model { since, .. } => vec![
                since
                    .map(|since| format!("attributes.start_time >= {since}"))
                    .unwrap_or_default(),
            ],
        })
    }
}

impl fmt::Display for MadeFrom {
    /// As it is parsed, safe to draw.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "digest:{}", digest.clean()),
            Self::Commit(commit) => write!(f, "commit:{}", commit.clean()),
            Self::Run(run) => write!(f, "run:{}", run.clean()),
            Self::Model { id, .. } => write!(f, "model:{}", id.clean()),
        }
    }
}

/// A text in MLflow's quotes. Its grammar has no escape: a text with both kinds of quotes can't be asked for.
pub(super) fn quoted(text: &str) -> Answer<String> {
    match (text.contains('\''), text.contains('"')) {
        (false, _) => Ok(format!("'{text}'")),
        (true, false) => Ok(format!("\"{text}\"")),
        (true, true) => {
            let why = "the name has both kinds of quotes, and MLflow's filters can't say it";
            Err(Fault::new(FaultKind::Unsupported, "asking by name", why))
        }
    }
}

/// What was made from something, by looking at runs and then for their versions: for a store that can't join them.
pub(super) async fn by_runs<R: Read + ?Sized>(reader: &R, of: &MadeFrom) -> Answer<Made> {
    let filters = if reader.features().await?.filters {
        of.filters()?
    } else {
        vec![String::new()]
    };
    let most = if matches!(of, MadeFrom::Model { .. }) {
        limits::READERS
    } else {
        limits::MADE_RUNS
    };
    let (mut runs, mut unsure, mut looked, mut whole) = (Vec::<Run>::new(), Vec::new(), 0, true);
    for filter in filters {
        let filter = Some(filter).filter(|filter| !filter.is_empty());
        let query = RunQuery {
            filter,
            view: View::All,
            page_size: limits::PAGE_RUNS,
            ..RunQuery::default()
        };
        let mut from = None;
        loop {
            let Page { items, next, .. } = reader.runs(&query, from.as_ref()).await?;
            looked += items.len();
            for run in items {
                if of.fits(&run) {
                    runs.push(run);
                } else if matches!(of, MadeFrom::Model { .. }) && !run.model_outputs.is_empty() {
                    unsure.push(run.id);
                }
            }
            if next.is_none() || next == from {
                break;
            }
            if looked >= most {
                whole = false;
                break;
            }
            from = next;
        }
    }
    let asked = unsure.len().min(limits::ASKED_READERS);
    let again = stream::iter(unsure.drain(..asked))
        .map(|id| async move { reader.run(&id).await.ok() })
        .buffered(AT_ONCE);
    runs.extend(
        again
            .filter_map(|run| async move { run.filter(|run| of.fits(run)) })
            .collect::<Vec<Run>>()
            .await,
    );
    let mut known = HashSet::new();
    runs.retain(|run| known.insert(run.id.clone()));
    let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
    let mut versions = if ids.is_empty() {
        Vec::new()
    } else {
        reader.versions_of_runs(&ids).await?
    };
    versions.sort_by(|a, b| a.name.cmp(&b.name).then(b.version.cmp(&a.version)));
    if !matches!(of, MadeFrom::Model { .. }) {
        runs.retain(|run| versions.iter().any(|version| version.run_id == run.id));
    }
    let left_out = if !whole {
        Some(format!(
            "only the newest {looked} runs were looked at; older ones may have been made from it, too"
        ))
    } else if !unsure.is_empty() {
        Some(format!(
            "only the newest {asked} of {} runs that made a model since were looked at",
            asked + unsure.len()
        ))
    } else {
        None
    };
    Ok(Made {
        versions,
        runs,
        left_out,
    })
}

/// The versions of some runs, asked one run after another.
pub(super) async fn one_by_one<R: Read + ?Sized>(
    reader: &R,
    runs: &[RunId],
) -> Answer<Vec<ModelVersion>> {
    let mut versions = Vec::new();
    for run in runs {
        versions.extend(reader.versions_of_run(run).await?);
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Pair;

    fn run(tags: &[(&str, &str)]) -> Run {
        Run {
            tags: tags
                .iter()
                .map(|(key, value)| Pair::new(*key, *value))
                .collect(),
            ..Run::bare("r1".into(), "1".into())
        }
    }

    #[test]
    fn what_is_typed_is_read_and_told_alike() {
        for text in [
            "digest:9f3c11aa",
            "commit:3f9ac21",
            "run:12ab",
            "model:m-1",
            "digest:a:b",
        ] {
            assert_eq!(MadeFrom::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "9f3c11aa", "digest:", "commit:3f9", "data:x", ":x"] {
            assert!(MadeFrom::parse(text).is_err(), "{text}");
        }
        assert!(
            !MadeFrom::parse("x\u{1b}[2J")
                .unwrap_err()
                .contains('\u{1b}')
        );
    }

    #[test]
    fn a_commit_is_known_by_its_beginning_and_a_run_by_its_parent() {
        let commit = "a1eb52f2622d2ad076ebd4f45522dc041e0ac448";
        let of = |text: &str| MadeFrom::parse(text).unwrap();
        let trained = run(&[
            ("mlflow.source.git.commit", commit),
            ("mlflow.parentRunId", "p1"),
        ]);
        assert!(
            of("commit:a1eb52f").fits(&trained) && of(&format!("commit:{commit}")).fits(&trained)
        );
        assert!(
            !of("commit:eb52f26").fits(&trained)
                && !of("commit:release").fits(&run(&[("mlflow.source.git.commit", "release-2")]))
        );
        assert!(
            of("run:r1").fits(&trained)
                && of("run:p1").fits(&trained)
                && !of("run:r").fits(&trained)
        );
        assert!(!of("model:m-1").fits(&trained));
    }

    #[test]
    fn no_text_leaves_its_quotes() {
        assert_eq!(
            MadeFrom::parse("digest:a'b").unwrap().filters().unwrap(),
            ["dataset.digest = \"a'b\""]
        );
        assert!(MadeFrom::parse("digest:a'b\"").unwrap().filters().is_err());
        let filters = MadeFrom::parse("commit:a1eb52f")
            .unwrap()
            .filters()
            .unwrap();
        assert_eq!(
            filters[0],
            "tags.`mlflow.source.git.commit` LIKE 'a1eb52f%'"
        );
    }
}
