//! Downstream lineage: the versions made from a dataset, a commit, a run or a model.

use std::collections::HashSet;
use std::fmt;

use futures_util::stream::{self, StreamExt};

use super::run_queries::PARENT_RUN_TAG;
use super::{LifecycleFilter, Page, ReadStore, Result, RunQuery, limits};
use crate::domain::{
    Code, LoggedModelId, Millis, ModelVersion, Run, RunId, StoreError, StoreErrorKind,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The length of git's own abbreviated commits.
const MIN_COMMIT_CHARS: usize = 7;

const CONCURRENT_READS: usize = 8;

const FULL_COMMIT_CHARS: usize = 40;

/// What versions are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A dataset, by its digest.
    Digest(Untrusted),
    /// A full or abbreviated commit.
    Commit(Untrusted),
    /// A run, or its direct children.
    Run(RunId),
    /// A logged model that runs read.
    Model {
        /// The model.
        id: LoggedModelId,
        /// No run read it before this time, ms since the epoch.
        created_at: Option<Millis>,
    },
}

/// The versions made from an [`Upstream`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Downstream {
    /// By model, newest first. Servers return them without their aliases.
    pub versions: Vec<ModelVersion>,
    /// The runs that they came from; of a model, all runs that read it.
    pub runs: Vec<Run>,
    /// What was not searched, safe to draw.
    pub incomplete_reason: Option<String>,
}

impl Upstream {
    /// Parses `digest:9f3c11aa`, `commit:3f9ac21`, `run:12ab…` or `model:m-12ab…`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parse_error = || {
            format!(
                "invalid source {}: expected digest:…, commit:…, run:… or model:m-…",
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
                "commit {} is too short: expected at least {MIN_COMMIT_CHARS} characters",
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

    /// Whether a commit is abbreviated; one that is not hexadecimal never is.
    pub(super) fn is_commit_prefix(commit: &Untrusted) -> bool {
        commit.raw().len() < FULL_COMMIT_CHARS
            && commit.raw().bytes().all(|byte| byte.is_ascii_hexdigit())
    }

    /// Whether a run was made from this.
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

    /// MLflow filters that together find all matching runs, and perhaps others.
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
            // MLflow can't search by input models, so this finds all runs since the model was
            // created.
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
    /// In the syntax of [`Upstream::parse`], safe to draw.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "digest:{}", digest.clean()),
            Self::Commit(commit) => write!(f, "commit:{}", commit.clean()),
            Self::Run(run) => write!(f, "run:{}", run.clean()),
            Self::Model { id, .. } => write!(f, "model:{}", id.clean()),
        }
    }
}

/// Quotes a value for MLflow's filters, which have no escapes: a value with both kinds of quotes is
/// an error.
pub(super) fn quote_filter_value(text: &str) -> Result<String> {
    match (text.contains('\''), text.contains('"')) {
        (false, _) => Ok(format!("'{text}'")),
        (true, false) => Ok(format!("\"{text}\"")),
        (true, true) => {
            let why = "MLflow's filters can't contain a name with both kinds of quotes";
            Err(StoreError::new(
                StoreErrorKind::Unsupported,
                "searching by name",
                why,
            ))
        }
    }
}

/// The result of [`scan_runs`].
#[derive(Default)]
struct Scan {
    matches: Vec<Run>,
    /// Runs that may have read a model, newest first: a search leaves out their input models.
    candidates: Vec<RunId>,
    scanned: usize,
    is_incomplete: bool,
}

/// Finds matching runs, then their versions: for a store that can't join them.
pub(super) async fn find_by_scanning_runs<R: ReadStore + ?Sized>(
    reader: &R,
    upstream: &Upstream,
) -> Result<Downstream> {
    let mut scan = scan_runs(reader, upstream).await?;
    let candidate_count = scan.candidates.len();
    scan.candidates.truncate(limits::MODEL_READER_LOOKUPS);
    let lookups = scan.candidates.len();
    let mut runs = scan.matches;
    let rechecked = stream::iter(scan.candidates)
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
    let incomplete_reason = if scan.is_incomplete {
        Some(format!(
            "only the newest {} runs were searched; older ones may match, too",
            scan.scanned
        ))
    } else {
        (lookups < candidate_count).then(|| {
            format!(
                "only the newest {lookups} of {candidate_count} runs that made a model since were searched"
            )
        })
    };
    Ok(Downstream {
        versions,
        runs,
        incomplete_reason,
    })
}

async fn scan_runs<R: ReadStore + ?Sized>(reader: &R, upstream: &Upstream) -> Result<Scan> {
    let filters = if reader.features().await?.can_filter {
        upstream.mlflow_filters()?
    } else {
        vec![String::new()]
    };
    let is_model = matches!(upstream, Upstream::Model { .. });
    let limit = if is_model {
        limits::MODEL_READER_SCAN_RUNS
    } else {
        limits::DOWNSTREAM_SCAN_RUNS
    };
    let mut scan = Scan::default();
    for filter in filters {
        let query = RunQuery {
            filter: Some(filter).filter(|filter| !filter.is_empty()),
            lifecycle: LifecycleFilter::All,
            page_size: limits::PAGE_RUNS,
            ..RunQuery::default()
        };
        let mut from = None;
        loop {
            let Page { items, next, .. } = reader.runs(&query, from.as_ref()).await?;
            scan.scanned += items.len();
            for run in items {
                if upstream.matches(&run) {
                    scan.matches.push(run);
                } else if is_model && !run.model_outputs.is_empty() {
                    scan.candidates.push(run.id);
                }
            }
            if next.is_none() || next == from {
                break;
            }
            if scan.scanned >= limit {
                scan.is_incomplete = true;
                break;
            }
            from = next;
        }
    }
    Ok(scan)
}

/// The versions of some runs, read run by run.
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
