//! Experiments by id or by name.

use super::list_candidates;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::Experiment;
use crate::store::{LifecycleFilter, ReadStore};
use crate::text::untrusted::clean;

/// The experiment of an id, else of a name; deleted ones, too.
///
/// # Errors
/// When there is none: with those that are nearly called so.
pub async fn experiment(reader: &dyn ReadStore, text: &str) -> Result<Experiment, CliError> {
    choose(&reader.experiments(LifecycleFilter::All).await?, text)
}

/// The experiment in which names of runs are looked up, where one was named.
///
/// # Errors
/// When it is not there, or the store can't answer.
pub async fn experiment_scope(
    reader: &dyn ReadStore,
    named: Option<&str>,
) -> Result<Option<Experiment>, CliError> {
    match named {
        Some(name) => experiment(reader, name).await.map(Some),
        None => Ok(None),
    }
}

/// An id goes before a name: an experiment that another's id is the name of can still be named by its own id.
fn choose(experiments: &[Experiment], text: &str) -> Result<Experiment, CliError> {
    let at = experiments
        .iter()
        .position(|experiment| experiment.id.raw() == text)
        .or_else(|| {
            experiments
                .iter()
                .position(|experiment| experiment.name.raw() == text)
        });
    match at.and_then(|at| experiments.get(at)) {
        Some(experiment) => Ok(experiment.clone()),
        None => Err(not_found(experiments, text)),
    }
}

fn not_found(experiments: &[Experiment], text: &str) -> CliError {
    let similar: Vec<&Experiment> = experiments
        .iter()
        .filter(|experiment| is_similar(experiment.name.raw(), text))
        .collect();
    let failure = CliError::new(
        ExitStatus::NoMatch,
        format!("there is no experiment {}", clean(text)),
    );
    if similar.is_empty() {
        return failure.with_hint("`frontrunner experiments` lists them");
    }
    let lines = list_candidates(
        similar
            .iter()
            .map(|experiment| format!("{}  {}", experiment.id.clean(), experiment.name.clean())),
    );
    failure
        .with_detail(lines)
        .with_hint("name one of these, or its id")
}

/// Whether a name is nearly what was typed: it holds it, whatever the case, or reads much like it.
#[must_use]
pub fn is_similar(name: &str, text: &str) -> bool {
    name.to_lowercase().contains(&text.to_lowercase())
        || crate::diagnostics::closest_match(text, [name]).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lifecycle;

    fn experiments() -> Vec<Experiment> {
        let of = |(id, name): (&str, &str)| Experiment {
            id: id.into(),
            name: name.into(),
            artifact_location: "".into(),
            lifecycle: Lifecycle::Active,
            creation_time: None,
            last_update_time: None,
            tags: Vec::new(),
            run_count: None,
            last_run_time: None,
        };
        [("1", "churn"), ("2", "1"), ("3", "Churn-old")]
            .map(of)
            .into()
    }

    #[test]
    fn id_takes_precedence_over_name() {
        assert_eq!(choose(&experiments(), "1").unwrap().name.raw(), "churn");
        assert_eq!(choose(&experiments(), "churn").unwrap().id.raw(), "1");
    }

    #[test]
    fn unknown_name_lists_similar_ones() {
        let failure = choose(&experiments(), "churn-").unwrap_err();
        assert_eq!(failure.exit, ExitStatus::NoMatch);
        assert!(
            failure.detail.contains(&"3  Churn-old".to_owned()),
            "{:?}",
            failure.detail
        );
    }
}
