//! Experiments by id or by name.

use super::listed;
use crate::cli::output::failure::{Exit, Failure};
use crate::domain::Experiment;
use crate::store::{Read, View};
use crate::text::untrusted::clean;

/// The experiment of an id, else of a name; deleted ones, too.
///
/// # Errors
/// When there is none: with those that are nearly called so.
pub async fn experiment(reader: &dyn Read, text: &str) -> Result<Experiment, Failure> {
    choose(&reader.experiments(View::All).await?, text)
}

/// The experiment in which names of runs are looked up, where one was named.
///
/// # Errors
/// When it is not there, or the store can't answer.
pub async fn within(reader: &dyn Read, named: Option<&str>) -> Result<Option<Experiment>, Failure> {
    match named {
        Some(name) => experiment(reader, name).await.map(Some),
        None => Ok(None),
    }
}

/// An id goes before a name: an experiment that another's id is the name of can still be named by its own id.
fn choose(experiments: &[Experiment], text: &str) -> Result<Experiment, Failure> {
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
        None => Err(missing(experiments, text)),
    }
}

fn missing(experiments: &[Experiment], text: &str) -> Failure {
    let near: Vec<&Experiment> = experiments
        .iter()
        .filter(|experiment| near(experiment.name.raw(), text))
        .collect();
    let failure = Failure::new(
        Exit::NoMatch,
        format!("there is no experiment {}", clean(text)),
    );
    if near.is_empty() {
        return failure.next("`frontrunner experiments` lists them");
    }
    let lines = listed(
        near.iter()
            .map(|experiment| format!("{}  {}", experiment.id.clean(), experiment.name.clean())),
    );
    failure
        .with_detail(lines)
        .next("name one of these, or its id")
}

/// Whether a name is nearly what was typed: it holds it, whatever the case, or reads much like it.
#[must_use]
pub fn near(name: &str, text: &str) -> bool {
    name.to_lowercase().contains(&text.to_lowercase())
        || crate::diagnostics::nearest(text, [name]).is_some()
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
            runs: None,
            last_run: None,
        };
        [("1", "churn"), ("2", "1"), ("3", "Churn-old")]
            .map(of)
            .into()
    }

    #[test]
    fn an_id_goes_before_a_name() {
        assert_eq!(choose(&experiments(), "1").unwrap().name.raw(), "churn");
        assert_eq!(choose(&experiments(), "churn").unwrap().id.raw(), "1");
    }

    #[test]
    fn a_name_that_is_not_there_lists_those_like_it() {
        let failure = choose(&experiments(), "churn-").unwrap_err();
        assert_eq!(failure.exit, Exit::NoMatch);
        assert!(
            failure.detail.contains(&"3  Churn-old".to_owned()),
            "{:?}",
            failure.detail
        );
    }
}
