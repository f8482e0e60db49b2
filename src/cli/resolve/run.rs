//! Runs by id, by the beginning of an id, or by a name.

use super::listed;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::runs::Pages;
use crate::domain::{Experiment, ExperimentId, FaultKind, Run, RunId};
use crate::store::{Read, RunQuery, View, limits};
use crate::text::untrusted::clean;

/// The shortest beginning of an id that is taken for one.
const PREFIX: usize = 6;

/// The length of a whole id.
const WHOLE: usize = 32;

/// The run that a text names, in one experiment or in all of them; deleted ones, too.
///
/// # Errors
/// When there is none, or several: with a list of them.
pub async fn run(
    reader: &dyn Read,
    text: &str,
    within: Option<&Experiment>,
) -> Result<Run, Failure> {
    if looks_like_id(text) && bare(text).len() == WHOLE {
        match reader.run(&RunId::from(text.to_ascii_lowercase())).await {
            Err(fault) if fault.kind == FaultKind::Missing => {}
            answer => return Ok(answer?),
        }
    }
    let experiments: Vec<ExperimentId> = match within {
        Some(experiment) => vec![experiment.id.clone()],
        None => reader
            .experiments(View::All)
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
    reader: &dyn Read,
    texts: &[String],
    within: Option<&Experiment>,
) -> Result<Vec<Run>, Failure> {
    let mut found = Vec::new();
    for text in texts {
        found.push(run(reader, text, within).await?);
    }
    Ok(found)
}

async fn candidates(
    reader: &dyn Read,
    text: &str,
    experiments: Vec<ExperimentId>,
) -> Result<Vec<Run>, Failure> {
    if experiments.is_empty() {
        return Ok(Vec::new());
    }
    let query = |filter| RunQuery {
        experiments: experiments.clone(),
        filter,
        order_by: Vec::new(),
        view: View::All,
        page_size: limits::PAGE_RUNS,
    };
    let queries = if reader.features().await?.filters {
        questions(text).map(|asked| asked.map(Some).into())
    } else {
        None
    };
    let mut found: Vec<Run> = Vec::new();
    for filter in queries.unwrap_or_else(|| vec![None]) {
        let mut pages = Pages::new(reader, query(filter));
        while let Some(page) = pages.next().await? {
            for run in page {
                if is_named(&run, text) && !found.iter().any(|known| known.id == run.id) {
                    found.push(run);
                }
            }
        }
    }
    Ok(found)
}

/// The name and the id, asked of a store in MLflow's grammar; nothing where the text can't be quoted in it.
fn questions(text: &str) -> Option<[String; 2]> {
    let quotable = !text.contains(['\'', '"', '`', '\\']) && !text.chars().any(char::is_control);
    let id = if looks_like_id(text) {
        format!("run_id LIKE '{}%'", bare(text).to_ascii_lowercase())
    } else {
        format!("run_id = '{text}'")
    };
    // A name of the second store is named with its sign before it.
    quotable.then(|| {
        [
            format!("run_name = '{}'", bare(text)),
            format!("attributes.{id}"),
        ]
    })
}

fn looks_like_id(text: &str) -> bool {
    bare(text).len() >= PREFIX && bare(text).bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An id without the sign that ids of a second store begin with.
fn bare(text: &str) -> &str {
    text.strip_prefix('+').unwrap_or(text)
}

fn is_named(run: &Run, text: &str) -> bool {
    let prefix = text.len() >= PREFIX
        && run
            .id
            .raw()
            .get(..text.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(text));
    let is_second = run.id.raw().starts_with('+') && text.strip_prefix('+') == Some(run.name.raw());
    run.id.raw() == text || prefix || run.name.raw() == text || is_second
}

/// A whole id goes before everything; after that the text must mean one run.
fn choose(mut found: Vec<Run>, text: &str, within: Option<&Experiment>) -> Result<Run, Failure> {
    if let Some(at) = found.iter().position(|run| run.id.raw() == text) {
        return Ok(found.swap_remove(at));
    }
    let place = within
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
        let message = format!("{} could be {} runs{place}", clean(text), found.len());
        return Err(Failure::new(Exit::NoMatch, message)
            .with_detail(listed(lines))
            .next("name one by its id"));
    }
    let missing = || {
        let short = text.len() < PREFIX && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let next = if short {
            "an id may be cut, but not below 6 characters"
        } else {
            "`frontrunner runs EXPERIMENT` lists runs"
        };
        Failure::new(
            Exit::NoMatch,
            format!("there is no run {}{place}", clean(text)),
        )
        .next(next)
    };
    found.pop().ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, name: &str) -> Run {
        Run {
            name: name.into(),
            ..Run::bare(id.into(), "1".into())
        }
    }

    #[test]
    fn a_beginning_needs_six_characters() {
        let run = named("abcdef0123456789", "first");
        assert!(is_named(&run, "ABCDEF") && is_named(&run, "first"));
        assert!(!is_named(&run, "abcde"));
    }

    #[test]
    fn several_runs_of_a_name_are_listed_and_none_is_picked() {
        let failure =
            choose(vec![named("a1", "twin"), named("b2", "twin")], "twin", None).unwrap_err();
        assert_eq!((failure.exit, failure.detail.len()), (Exit::NoMatch, 2));
        assert!(failure.detail[1].starts_with("b2  twin"));
    }

    #[test]
    fn a_text_that_can_not_be_quoted_is_not_sent_as_a_filter() {
        assert_eq!(questions("it's"), None);
        assert_eq!(
            questions("abcdef").unwrap()[1],
            "attributes.run_id LIKE 'abcdef%'"
        );
    }
}
