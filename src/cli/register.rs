//! `register RUN --model NAME`: a run's model as a new version.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::{ModelName, RegistrableModel, Run, registrable_models};
use crate::promotion::Intent;

#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// Run: ID, ID prefix of at least 6 characters, or name.
    #[arg(value_name = "RUN")]
    run: String,
    /// Registered model; created if it does not exist.
    #[arg(long, value_name = "NAME")]
    model: String,
    /// Model of the run to register: a logged model ID or an artifact path.
    #[arg(long, value_name = "PATH")]
    artifact: Option<String>,
    /// Register even if this run and model are already registered.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    road: WriteArgs,
}

/// Registers the model.
///
/// # Errors
/// When the run is not there, it is not clear which of its models is meant, or the write fails.
pub async fn run(
    arguments: &RegisterArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let within =
        resolve::experiment_scope(reader, context.global_args.experiment.as_deref()).await?;
    let run = resolve::run(reader, &arguments.run, within.as_ref()).await?;
    let source = choose_model_source(&run, arguments.artifact.as_deref())?.source;
    let model = ModelName::from(arguments.model.as_str());
    let intent = Intent::Register {
        run: run.id,
        source,
        model,
        allow_duplicate: arguments.again,
        replaces: None,
    };
    execute(intent, &arguments.road, &store, context).await
}

/// The model that is meant: the one that was named, else the only one.
fn choose_model_source(run: &Run, artifact: Option<&str>) -> Result<RegistrableModel, CliError> {
    let mut models = registrable_models(run);
    if let Some(text) = artifact {
        let known = models.into_iter().find(|model| {
            model.label.raw() == text.trim_matches('/') || model.source.raw() == text
        });
        return Ok(known.unwrap_or_else(|| RegistrableModel::from_artifact(run, text)));
    }
    let label = run.label();
    match models.len() {
        0 => Err(CliError::new(
            ExitStatus::NoMatch,
            format!("run {} recorded no model", label.clean()),
        )
        .with_hint("name the folder of the model among the run's artifacts: --artifact PATH")),
        1 => Ok(models.remove(0)),
        count => Err(CliError::new(
            ExitStatus::NoMatch,
            format!("run {} has {count} models", label.clean()),
        )
        .with_detail(
            models
                .iter()
                .map(|model| format!("--artifact {}", model.label.clean()))
                .collect(),
        )
        .with_hint("choose one of these")),
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
    fn single_model_is_chosen_and_several_are_ambiguous() {
        assert_eq!(
            choose_model_source(&run(&["m-1"]), None)
                .unwrap()
                .source
                .raw(),
            "models:/m-1"
        );
        let failure = choose_model_source(&run(&["m-1", "m-2"]), None).unwrap_err();
        assert_eq!(failure.detail, ["--artifact m-1", "--artifact m-2"]);
        assert_eq!(
            choose_model_source(&run(&["m-1", "m-2"]), Some("m-2"))
                .unwrap()
                .source
                .raw(),
            "models:/m-2"
        );
    }

    #[test]
    fn artifact_path_is_accepted_without_recorded_models() {
        assert_eq!(
            choose_model_source(&run(&[]), None).unwrap_err().exit,
            ExitStatus::NoMatch
        );
        assert_eq!(
            choose_model_source(&run(&[]), Some("/model/"))
                .unwrap()
                .source
                .raw(),
            "runs:/0123456789abcdef/model"
        );
    }
}
