//! Lineage asked backwards: which versions were made from a dataset, a commit, a run or a model.

use std::collections::HashSet;
use std::fmt;

use futures_util::stream::{self, StreamExt};

use super::nested_runs::PARENT_RUN_TAG;
use super::{LifecycleFilter, Page, ReadStore, Result, RunQuery, limits};
use crate::domain::{
    Code, LoggedModelId, Millis, ModelVersion, Run, RunId, StoreError, StoreErrorKind,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The fewest characters of a commit that name it: what git itself prints.
const MIN_COMMIT_CHARS: usize = 7;

/// How many runs are asked at a time.
const CONCURRENT_READS: usize = 8;

/// The characters of a whole commit.
const FULL_COMMIT_CHARS: usize = 40;

/// What versions may have been made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
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
        created_at: Option<Millis>,
    },
}

/// What was made from something.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Downstream {
    /// The versions, by model, newest first. Where a server is asked, without their aliases.
    pub versions: Vec<ModelVersion>,
    /// The runs that they came from; where a model was read, all runs that read it.
    pub runs: Vec<Run>,
    /// What was not looked at, safe to draw; nothing when all was.
    pub incomplete_reason: Option<String>,
}

impl Upstream {
    /// Reads `digest:9f3c11aa`, `commit:3f9ac21`, `run:12ab…` or `model:m-12ab…`.
    ///
    /// # Errors
    /// When it is none of these, with how they are written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parse_error = || {
            format!(
                "{} names nothing to be made from: write digest:…, commit:…, run:… or model:m-…",
                clean(text)
            )
        };
        let (kind, value) = text
            .split_once(':')
            .filter(|(_, value)| !value.is_empty())
            .ok_or_else(parse_error)?;
        match kind {
            "digest" => Ok(Self::Digest(value.into())),
            "commit" if value.chars().count() < MIN_COMMIT_CHARS => Err(format!(
                "{} is too short for a commit: {MIN_COMMIT_CHARS} characters at least",
                clean(value)
            )),
            "commit" => Ok(Self::Commit(value.into())),
            "run" => Ok(Self::Run(value.into())),
            "model" => Ok(Self::Model {
                id: value.into(),
                created_at: None,
            }),
            _ => Err(parse_error()),
        }
    }

    /// Whether a commit is meant by its beginning: only what is hexadecimal has one.
    pub(super) fn is_commit_prefix(commit: &Untrusted) -> bool {
        commit.raw().len() < FULL_COMMIT_CHARS
            && commit.raw().bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// Whether a run is one that this went into.
    #[must_use]
    pub fn matches(&self, run: &Run) -> bool {
        match self {
            Self::Digest(digest) => run.datasets.iter().any(|dataset| dataset.digest == *digest),
            Self::Commit(commit) if Self::is_commit_prefix(commit) => Code::from_tags(&run.tags)
                .commit
                .is_some_and(|known| known.raw().starts_with(commit.raw())),
            Self::Commit(commit) => Code::from_tags(&run.tags)
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
    fn mlflow_filters(&self) -> Result<Vec<String>> {
        Ok(match self {
            Self::Digest(digest) => vec![format!(
                "dataset.digest = {}",
                quote_filter_value(digest.raw())?
            )],
            Self::Commit(commit) => {
                let (operator, wildcard) = if Self::is_commit_prefix(commit) {
                    ("LIKE", "%")
                } else {
                    ("=", "")
                };
                let pattern = quote_filter_value(&format!("{}{wildcard}", commit.raw()))?;
                [
                    "mlflow.source.git.commit",
                    "mlflow.databricks.gitRepoCommit",
                ]
                .map(|tag| format!("tags.`{tag}` {operator} {pattern}"))
                .into()
            }
            Self::Run(id) => {
                let id = quote_filter_value(id.raw())?;
                vec![
                    format!("attributes.run_id = {id}"),
                    format!("tags.{PARENT_RUN_TAG} = {id}"),
                ]
            }
            // MLflow can't search by what runs read: all that began since are looked at.
            Self::Model {
                created_at: since, ..
            } => vec![
                since
                    .map(|since| format!("attributes.start_time >= {since}"))
                    .unwrap_or_default(),
            ],
        })
    }
}

impl fmt::Display for Upstream {
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
pub(super) fn quote_filter_value(text: &str) -> Result<String> {
    match (text.contains('\''), text.contains('"')) {
        (false, _) => Ok(format!("'{text}'")),
        (true, false) => Ok(format!("\"{text}\"")),
        (true, true) => {
            let why = "the name has both kinds of quotes, and MLflow's filters can't say it";
            Err(StoreError::new(
                StoreErrorKind::Unsupported,
                "asking by name",
                why,
            ))
        }
    }
}

/// What was made from something, by looking at runs and then for their versions: for a store that can't join them.
pub(super) async fn find_by_scanning_runs<R: ReadStore + ?Sized>(
    reader: &R,
    upstream: &Upstream,
) -> Result<Downstream> {
    let filters = if reader.features().await?.can_filter {
        upstream.mlflow_filters()?
    } else {
        vec![String::new()]
    };
    let scan_limit = if matches!(upstream, Upstream::Model { .. }) {
        limits::MODEL_READER_SCAN_RUNS
    } else {
        limits::DOWNSTREAM_SCAN_RUNS
    };
    let (mut runs, mut candidates, mut scanned, mut is_complete) =
        (Vec::<Run>::new(), Vec::new(), 0, true);
    for filter in filters {
        let filter = Some(filter).filter(|filter| !filter.is_empty());
        let query = RunQuery {
            filter,
            lifecycle: LifecycleFilter::All,
            page_size: limits::PAGE_RUNS,
            ..RunQuery::default()
        };
        let mut from = None;
        loop {
            let Page { items, next, .. } = reader.runs(&query, from.as_ref()).await?;
            scanned += items.len();
            for run in items {
                if upstream.matches(&run) {
                    runs.push(run);
                } else if matches!(upstream, Upstream::Model { .. })
                    && !run.model_outputs.is_empty()
                {
                    candidates.push(run.id);
                }
            }
            if next.is_none() || next == from {
                break;
            }
            if scanned >= scan_limit {
                is_complete = false;
                break;
            }
            from = next;
        }
    }
    let lookups = candidates.len().min(limits::MODEL_READER_LOOKUPS);
    let rechecked = stream::iter(candidates.drain(..lookups))
        .map(|id| async move { reader.run(&id).await.ok() })
        .buffered(CONCURRENT_READS);
    runs.extend(
        rechecked
            .filter_map(|run| async move { run.filter(|run| upstream.matches(run)) })
            .collect::<Vec<Run>>()
            .await,
    );
    let mut seen = HashSet::new();
    runs.retain(|run| seen.insert(run.id.clone()));
    let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
    let mut versions = if ids.is_empty() {
        Vec::new()
    } else {
        reader.versions_of_runs(&ids).await?
    };
    versions.sort_by(|a, b| a.name.cmp(&b.name).then(b.version.cmp(&a.version)));
    if !matches!(upstream, Upstream::Model { .. }) {
        runs.retain(|run| versions.iter().any(|version| version.run_id == run.id));
    }
    let incomplete_reason = if !is_complete {
        Some(format!(
            "only the newest {scanned} runs were looked at; older ones may have been made from it, too"
        ))
    } else if !candidates.is_empty() {
        Some(format!(
            "only the newest {lookups} of {} runs that made a model since were looked at",
            lookups + candidates.len()
        ))
    } else {
        None
    };
    Ok(Downstream {
        versions,
        runs,
        incomplete_reason,
    })
}

/// The versions of some runs, asked one run after another.
pub(super) async fn versions_of_each_run<R: ReadStore + ?Sized>(
    reader: &R,
    runs: &[RunId],
) -> Result<Vec<ModelVersion>> {
    let mut versions = Vec::new();
    for run in runs {
        versions.extend(reader.versions_of_run(run).await?);
    }
    Ok(versions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::KeyValue;

    fn run(tags: &[(&str, &str)]) -> Run {
        Run {
            tags: tags
                .iter()
                .map(|(key, value)| KeyValue::new(*key, *value))
                .collect(),
            ..Run::bare("r1".into(), "1".into())
        }
    }

    #[test]
    fn upstream_parses_and_displays_round_trip() {
        for text in [
            "digest:9f3c11aa",
            "commit:3f9ac21",
            "run:12ab",
            "model:m-1",
            "digest:a:b",
        ] {
            assert_eq!(Upstream::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "9f3c11aa", "digest:", "commit:3f9", "data:x", ":x"] {
            assert!(Upstream::parse(text).is_err(), "{text}");
        }
        assert!(
            !Upstream::parse("x\u{1b}[2J")
                .unwrap_err()
                .contains('\u{1b}')
        );
    }

    #[test]
    fn matches_commit_prefixes_and_parent_runs() {
        let commit = "a1eb52f2622d2ad076ebd4f45522dc041e0ac448";
        let of = |text: &str| Upstream::parse(text).unwrap();
        let trained = run(&[
            ("mlflow.source.git.commit", commit),
            ("mlflow.parentRunId", "p1"),
        ]);
        assert!(
            of("commit:a1eb52f").matches(&trained)
                && of(&format!("commit:{commit}")).matches(&trained)
        );
        assert!(
            !of("commit:eb52f26").matches(&trained)
                && !of("commit:release")
                    .matches(&run(&[("mlflow.source.git.commit", "release-2")]))
        );
        assert!(
            of("run:r1").matches(&trained)
                && of("run:p1").matches(&trained)
                && !of("run:r").matches(&trained)
        );
        assert!(!of("model:m-1").matches(&trained));
    }

    #[test]
    fn filter_values_cannot_break_out_of_quotes() {
        assert_eq!(
            Upstream::parse("digest:a'b")
                .unwrap()
                .mlflow_filters()
                .unwrap(),
            ["dataset.digest = \"a'b\""]
        );
        assert!(
            Upstream::parse("digest:a'b\"")
                .unwrap()
                .mlflow_filters()
                .is_err()
        );
        let filters = Upstream::parse("commit:a1eb52f")
            .unwrap()
            .mlflow_filters()
            .unwrap();
        assert_eq!(
            filters[0],
            "tags.`mlflow.source.git.commit` LIKE 'a1eb52f%'"
        );
    }
}
