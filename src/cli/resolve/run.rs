//! Resolves runs by ID, ID prefix or name.

use super::list_candidates;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{Experiment, ExperimentId, Run, RunId, StoreErrorKind};
use crate::ops::list_runs::list_runs;
use crate::store::{LifecycleFilter, ReadStore, RunQuery, limits};
use crate::text::untrusted::clean;

/// Shorter texts are names only.
const MIN_ID_PREFIX: usize = 6;

/// Length of a complete ID in hex digits.
const ID_LENGTH: usize = 32;

/// The run that a text selects, in one experiment or in all; active or deleted.
///
/// # Errors
/// If no run or several runs match; the error lists them.
pub async fn run(
    reader: &dyn ReadStore,
    text: &str,
    within: Option<&Experiment>,
) -> Result<Run, CliError> {
    if is_id_prefix(text) && without_store_prefix(text).len() == ID_LENGTH {
        match reader.run(&RunId::from(text.to_ascii_lowercase())).await {
            Err(error) if error.kind == StoreErrorKind::NotFound => {}
            result => return Ok(result?),
        }
    }
    let experiments: Vec<ExperimentId> = match within {
        Some(experiment) => vec![experiment.id.clone()],
        None => reader
            .experiments(LifecycleFilter::All)
            .await?
            .into_iter()
            .map(|experiment| experiment.id)
            .collect(),
    };
    let found = candidates(reader, text, experiments).await?;
    // Listings leave out logged models; reading the run itself has them.
    Ok(reader.run(&choose(found, text, within)?.id).await?)
}

/// The runs that several texts select, in order.
///
/// # Errors
/// As for [`run`], at the first failure.
pub async fn runs(
    reader: &dyn ReadStore,
    texts: &[String],
    within: Option<&Experiment>,
) -> Result<Vec<Run>, CliError> {
    let mut found = Vec::new();
    for text in texts {
        found.push(run(reader, text, within).await?);
    }
    Ok(found)
}

async fn candidates(
    reader: &dyn ReadStore,
    text: &str,
    experiments: Vec<ExperimentId>,
) -> Result<Vec<Run>, CliError> {
    if experiments.is_empty() {
        return Ok(Vec::new());
    }
    let query = |filter| RunQuery {
        experiments: experiments.clone(),
        filter,
        order_by: Vec::new(),
        lifecycle: LifecycleFilter::All,
        page_size: limits::PAGE_RUNS,
    };
    let queries = if reader.features().await?.can_filter {
        lookup_filters(text).map(|filters| filters.map(Some).into())
    } else {
        None
    };
    let mut found: Vec<Run> = Vec::new();
    for filter in queries.unwrap_or_else(|| vec![None]) {
        let mut pages = list_runs(query(filter), None);
        while !pages.is_done() {
            for run in pages.next(reader).await?.runs {
                if matches_name(&run, text) && !found.iter().any(|known| known.id == run.id) {
                    found.push(run);
                }
            }
        }
    }
    Ok(found)
}

/// Filters by name and by ID in MLflow's grammar; `None` if the grammar can't quote the text.
fn lookup_filters(text: &str) -> Option<[String; 2]> {
    let quotable = !text.contains(['\'', '"', '`', '\\']) && !text.chars().any(char::is_control);
    let id = if is_id_prefix(text) {
        format!(
            "run_id LIKE '{}%'",
            without_store_prefix(text).to_ascii_lowercase()
        )
    } else {
        format!("run_id = '{text}'")
    };
    // Names of the second store are written with its prefix, too.
    quotable.then(|| {
        [
            format!("run_name = '{}'", without_store_prefix(text)),
            format!("attributes.{id}"),
        ]
    })
}

fn is_id_prefix(text: &str) -> bool {
    without_store_prefix(text).len() >= MIN_ID_PREFIX
        && without_store_prefix(text)
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
}

/// The text without the `+` that marks IDs of the second store.
fn without_store_prefix(text: &str) -> &str {
    text.strip_prefix('+').unwrap_or(text)
}

fn matches_name(run: &Run, text: &str) -> bool {
    let prefix = text.len() >= MIN_ID_PREFIX
        && run
            .id
            .raw()
            .get(..text.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(text));
    let is_second = run.id.raw().starts_with('+') && text.strip_prefix('+') == Some(run.name.raw());
    run.id.raw() == text || prefix || run.name.raw() == text || is_second
}

/// A complete ID takes precedence; otherwise the text must match one run.
fn choose(mut found: Vec<Run>, text: &str, within: Option<&Experiment>) -> Result<Run, CliError> {
    if let Some(at) = found.iter().position(|run| run.id.raw() == text) {
        return Ok(found.swap_remove(at));
    }
    let scope = within
        .map(|experiment| format!(" in experiment {}", experiment.name.clean()))
        .unwrap_or_default();
    if found.len() > 1 {
        let lines = found.iter().map(|run| {
            format!(
                "{}  {}  {}  experiment {}",
                run.id.clean(),
                run.name.clean(),
                run.status.as_str(),
                run.experiment_id.clean()
            )
        });
        let message = format!("`{}` matches {} runs{scope}", clean(text), found.len());
        return Err(CliError::new(ExitStatus::NoMatch, message)
            .with_detail(list_candidates(lines))
            .with_hint("select one by its ID"));
    }
    let missing = || {
        let short = text.len() < MIN_ID_PREFIX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hint = if short {
            "ID prefixes have at least 6 characters"
        } else {
            "`frontrunner runs EXPERIMENT` lists runs"
        };
        CliError::new(
            ExitStatus::NoMatch,
            format!("no run `{}`{scope}", clean(text)),
        )
        .with_hint(hint)
    };
    found.pop().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_run(id: &str, name: &str) -> Run {
        Run {
            name: name.into(),
            ..Run::bare(id.into(), "1".into())
        }
    }

    #[test]
    fn id_prefix_needs_six_characters() {
        let run = named_run("abcdef0123456789", "first");
        assert!(matches_name(&run, "ABCDEF") && matches_name(&run, "first"));
        assert!(!matches_name(&run, "abcde"));
    }

    #[test]
    fn ambiguous_name_lists_candidates() {
        let error = choose(
            vec![named_run("a1", "twin"), named_run("b2", "twin")],
            "twin",
            None,
        )
        .unwrap_err();
        assert_eq!((error.exit, error.detail.len()), (ExitStatus::NoMatch, 2));
        assert!(error.detail[1].starts_with("b2  twin"));
    }

    #[test]
    fn unquotable_text_is_not_sent_as_filter() {
        assert_eq!(lookup_filters("it's"), None);
        assert_eq!(
            lookup_filters("abcdef").unwrap()[1],
            "attributes.run_id LIKE 'abcdef%'"
        );
    }
}
