//! Resolves experiments by ID or name.

use super::list_candidates;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::Experiment;
use crate::store::{LifecycleFilter, ReadStore};
use crate::text::untrusted::clean;

/// The experiment with an ID, else with a name; active or deleted.
///
/// # Errors
/// If there is none; similar names are in the error's detail.
pub async fn experiment(reader: &dyn ReadStore, text: &str) -> Result<Experiment, CliError> {
    choose(&reader.experiments(LifecycleFilter::All).await?, text)
}

/// The experiment that `--experiment` names, to search for run names in.
///
/// # Errors
/// If the experiment does not exist, or the store fails.
pub async fn experiment_scope(
    reader: &dyn ReadStore,
    named: Option<&str>,
) -> Result<Option<Experiment>, CliError> {
    match named {
        Some(name) => experiment(reader, name).await.map(Some),
        None => Ok(None),
    }
}

/// IDs take precedence, so that every experiment can be selected by ID.
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
    let error = CliError::new(
        ExitStatus::NoMatch,
        format!("no experiment `{}`", clean(text)),
    );
    if similar.is_empty() {
        return error.with_hint("`frontrunner experiments` lists experiments");
    }
    let lines = list_candidates(
        similar
            .iter()
            .map(|experiment| format!("{}  {}", experiment.id.clean(), experiment.name.clean())),
    );
    error
        .with_detail(lines)
        .with_hint("did you mean one of these?")
}

/// Whether a name contains `text`, ignoring case, or `text` may be a typo of it.
#[must_use]
pub fn is_similar(name: &str, text: &str) -> bool {
    name.to_lowercase().contains(&text.to_lowercase())
        || crate::diagnostics::closest(text, [name]).is_some()
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
        let error = choose(&experiments(), "churn-").unwrap_err();
        assert_eq!(error.exit, ExitStatus::NoMatch);
        assert!(
            error.detail.contains(&"3  Churn-old".to_owned()),
            "{:?}",
            error.detail
        );
    }
}
