//! `register RUN --model NAME`: a run's model as a new version.

use clap::Args;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::cli::write::{Road, travel};
use crate::domain::{ModelName, ModelSource, Run, model_sources};
use crate::promotion::Intent;

/// What can be said to `register`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run: its id, the first 6 or more characters of it, or its name.
    #[arg(value_name = "RUN")]
    run: String,
    /// The registered model; made when it is not there yet.
    #[arg(long, value_name = "NAME")]
    model: String,
    /// Which of the run's models: a logged model's id, or the path among the run's artifacts.
    #[arg(long, value_name = "PATH")]
    artifact: Option<String>,
    /// Also when this run and model are registered already.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    road: Road,
}

/// Registers the model.
///
/// # Errors
/// When the run is not there, it is not clear which of its models is meant, or the write fails.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let within = resolve::within(reader, context.flags.experiment.as_deref()).await?;
    let run = resolve::run(reader, &arguments.run, within.as_ref()).await?;
    let source = chosen(&run, arguments.artifact.as_deref())?.source;
    let model = ModelName::from(arguments.model.as_str());
    let intent = Intent::Register {
        run: run.id,
        source,
        model,
        again: arguments.again,
        instead_of: None,
    };
    travel(intent, &arguments.road, &session, context).await
}

/// The model that is meant: the one that was named, else the only one.
fn chosen(run: &Run, artifact: Option<&str>) -> Result<ModelSource, Failure> {
    let mut models = model_sources(run);
    if let Some(text) = artifact {
        let known = models.into_iter().find(|model| {
            model.label.raw() == text.trim_matches('/') || model.source.raw() == text
        });
        return Ok(known.unwrap_or_else(|| ModelSource::of_artifact(run, text)));
    }
    let label = run.label();
    match models.len() {
        0 => Err(Failure::new(
            Exit::NoMatch,
            format!("run {} recorded no model", label.clean()),
        )
        .next("name the folder of the model among the run's artifacts: --artifact PATH")),
        1 => Ok(models.remove(0)),
        count => Err(Failure::new(
            Exit::NoMatch,
            format!("run {} has {count} models", label.clean()),
        )
        .with_detail(
            models
                .iter()
                .map(|model| format!("--artifact {}", model.label.clean()))
                .collect(),
        )
        .next("choose one of these")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ModelOutput;

    fn run(outputs: &[&str]) -> Run {
        let mut run = Run::bare("0123456789abcdef".into(), "1".into());
        run.model_outputs = outputs
            .iter()
            .map(|id| ModelOutput {
                model_id: (*id).into(),
                step: 0,
            })
            .collect();
        run
    }

    #[test]
    fn one_model_needs_no_choice_and_two_do() {
        assert_eq!(
            chosen(&run(&["m-1"]), None).unwrap().source.raw(),
            "models:/m-1"
        );
        let failure = chosen(&run(&["m-1", "m-2"]), None).unwrap_err();
        assert_eq!(failure.detail, ["--artifact m-1", "--artifact m-2"]);
        assert_eq!(
            chosen(&run(&["m-1", "m-2"]), Some("m-2"))
                .unwrap()
                .source
                .raw(),
            "models:/m-2"
        );
    }

    #[test]
    fn a_run_that_recorded_none_takes_a_path() {
        assert_eq!(chosen(&run(&[]), None).unwrap_err().exit, Exit::NoMatch);
        assert_eq!(
            chosen(&run(&[]), Some("/model/")).unwrap().source.raw(),
            "runs:/0123456789abcdef/model"
        );
    }
}
