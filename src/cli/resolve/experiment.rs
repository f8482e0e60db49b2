//! Resolves experiments by ID or name.

use super::list_candidates;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::Experiment;
use crate::store::{LifecycleFilter, ReadStore};
use crate::text::untrusted::clean;

/// The experiment with an ID or a name; active or deleted.
///
/// # Errors
/// If there is none, or one with this name and another with this ID; candidates are in the error's detail.
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

/// By ID or name. `id:2` and `name:2` decide which where both exist.
fn choose(experiments: &[Experiment], text: &str) -> Result<Experiment, CliError> {
    let by_name = |name: &str| experiments.iter().find(|e| e.name.raw() == name);
    let by_id = |id: &str| experiments.iter().find(|e| e.id.raw() == id);
    let found = match (by_name(text), by_id(text)) {
        (Some(named), Some(numbered)) if named.id != numbered.id => {
            return Err(ambiguous(text, named, numbered));
        }
        (named, numbered) => named
            .or(numbered)
            .or_else(|| by_id(text.strip_prefix("id:")?))
            .or_else(|| by_name(text.strip_prefix("name:")?)),
    };
    match found {
        Some(experiment) => Ok(experiment.clone()),
        None => Err(not_found(experiments, text)),
    }
}

fn ambiguous(text: &str, named: &Experiment, numbered: &Experiment) -> CliError {
    let text = clean(text);
    let message = format!("`{text}` is the name of one experiment and the ID of another");
    let line = |e: &Experiment| format!("{}  {}", e.id.clean(), e.name.clean());
    CliError::new(ExitStatus::Usage, message)
        .with_detail(vec![line(named), line(numbered)])
        .with_hint(format!("write `name:{text}` or `id:{text}`"))
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
    fn name_that_is_another_id_is_ambiguous() {
        let choose = |text| choose(&experiments(), text).map(|e| e.id.raw().to_owned());
        assert_eq!(choose("1").unwrap_err().exit, ExitStatus::Usage);
        assert_eq!(choose("id:1").as_deref(), Ok("1"));
        assert_eq!(choose("name:1").as_deref(), Ok("2"));
        assert_eq!(choose("churn").as_deref(), Ok("1"));
        assert_eq!(choose("3").as_deref(), Ok("3"));
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
