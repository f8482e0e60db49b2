//! Runs by id, by the beginning of an id, or by a name.

use super::list_candidates;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{Experiment, ExperimentId, Run, RunId, StoreErrorKind};
use crate::ops::list_runs::list_runs;
use crate::store::{LifecycleFilter, ReadStore, RunQuery, limits};
use crate::text::untrusted::clean;

/// The shortest beginning of an id that is taken for one.
const MIN_ID_PREFIX: usize = 6;

/// The length of a whole id.
const ID_LENGTH: usize = 32;

/// The run that a text names, in one experiment or in all of them; deleted ones, too.
///
/// # Errors
/// When there is none, or several: with a list of them.
pub async fn run(
    reader: &dyn ReadStore,
    text: &str,
    within: Option<&Experiment>,
) -> Result<Run, CliError> {
    if is_id_prefix(text) && without_store_sign(text).len() == ID_LENGTH {
        match reader.run(&RunId::from(text.to_ascii_lowercase())).await {
            Err(fault) if fault.kind == StoreErrorKind::NotFound => {}
            answer => return Ok(answer?),
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
    // What listings say of a run may be less than what the run itself says: its outputs are read with it.
    Ok(reader.run(&choose(found, text, within)?.id).await?)
}

/// The runs that several texts name, in their order.
///
/// # Errors
/// As for [`run`], at the first text that names none.
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
        lookup_filters(text).map(|asked| asked.map(Some).into())
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

/// The name and the id, asked of a store in MLflow's grammar; nothing where the text can't be quoted in it.
fn lookup_filters(text: &str) -> Option<[String; 2]> {
    let quotable = !text.contains(['\'', '"', '`', '\\']) && !text.chars().any(char::is_control);
    let id = if is_id_prefix(text) {
        format!(
            "run_id LIKE '{}%'",
            without_store_sign(text).to_ascii_lowercase()
        )
    } else {
        format!("run_id = '{text}'")
    };
    // A name of the second store is named with its sign before it.
    quotable.then(|| {
        [
            format!("run_name = '{}'", without_store_sign(text)),
            format!("attributes.{id}"),
        ]
    })
}

fn is_id_prefix(text: &str) -> bool {
    without_store_sign(text).len() >= MIN_ID_PREFIX
        && without_store_sign(text)
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
}

/// An id without the sign that ids of a second store begin with.
fn without_store_sign(text: &str) -> &str {
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

/// A whole id goes before everything; after that the text must mean one run.
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
        let message = format!("{} could be {} runs{scope}", clean(text), found.len());
        return Err(CliError::new(ExitStatus::NoMatch, message)
            .with_detail(list_candidates(lines))
            .with_hint("name one by its id"));
    }
    let missing = || {
        let short = text.len() < MIN_ID_PREFIX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let next = if short {
            "an id may be cut, but not below 6 characters"
        } else {
            "`frontrunner runs EXPERIMENT` lists runs"
        };
        CliError::new(
            ExitStatus::NoMatch,
            format!("there is no run {}{scope}", clean(text)),
        )
        .with_hint(next)
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
        let failure = choose(
            vec![named_run("a1", "twin"), named_run("b2", "twin")],
            "twin",
            None,
        )
        .unwrap_err();
        assert_eq!(
            (failure.exit, failure.detail.len()),
            (ExitStatus::NoMatch, 2)
        );
        assert!(failure.detail[1].starts_with("b2  twin"));
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
