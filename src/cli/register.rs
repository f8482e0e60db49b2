//! `register RUN --model NAME`: register a run's model as a new version.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::{ModelName, RegistrableModel, Run, select_model};
use crate::ops::register::{check_source, models_of_run};
use crate::promotion::{Intent, SourceCheck};
use crate::store::ReadStore;
use crate::text::Untrusted;

#[derive(Debug, Args)]
pub struct RegisterArgs {
    /// Run: ID, ID prefix of at least 6 characters, or name.
    #[arg(value_name = "RUN")]
    run: String,
    /// Registered model; created if it does not exist.
    #[arg(long, value_name = "NAME")]
    model: String,
    /// Model of the run to register: its name, logged model ID or artifact path.
    #[arg(long, value_name = "PATH")]
    artifact: Option<String>,
    /// Register even if this run and model are already registered.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `register`.
///
/// # Errors
/// When the run does not exist, its model is ambiguous, or the write fails.
pub async fn run(
    arguments: &RegisterArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let within =
        resolve::experiment_scope(reader, context.global_args.experiment.as_deref()).await?;
    let run = resolve::run(reader, &arguments.run, within.as_ref()).await?;
    let models = models_of_run(reader, &run).await;
    let source = choose_model_source(&run, &models, arguments.artifact.as_deref())?.source;
    require_model(reader, &run, &models, &source).await?;
    let model = ModelName::from(arguments.model.as_str());
    let intent = Intent::Register {
        run: run.id,
        source,
        model,
        allow_duplicate: arguments.again,
        replaces: None,
    };
    execute(intent, &arguments.write_args, &store, context).await
}

/// The model named by `--artifact`, else the only one. A path that is not in the run's records may
/// still be a model.
fn choose_model_source(
    run: &Run,
    models: &[RegistrableModel],
    artifact: Option<&str>,
) -> Result<RegistrableModel, CliError> {
    if let Some(text) = artifact {
        let prefix = format!("runs:/{}/", run.id.raw());
        let text = text.strip_prefix(&prefix).unwrap_or(text);
        let known = select_model(models, text).cloned();
        return Ok(known.unwrap_or_else(|| RegistrableModel::from_artifact(run, text)));
    }
    let label = run.label();
    match models {
        [] => Err(CliError::new(
            ExitStatus::NoMatch,
            format!("run {} logged no model", label.clean()),
        )
        .with_hint("pass the model's artifact folder: --artifact PATH")),
        [only] => Ok(only.clone()),
        several => Err(CliError::new(
            ExitStatus::NoMatch,
            format!("run {} has {} models", label.clean(), several.len()),
        )
        .with_detail(model_choices(several))
        .with_hint("choose one of these")),
    }
}

/// Reports a path without a model, with the models that the run has.
async fn require_model(
    reader: &dyn ReadStore,
    run: &Run,
    models: &[RegistrableModel],
    source: &Untrusted,
) -> Result<(), CliError> {
    let is_known = models.iter().any(|model| model.source == *source);
    let check = check_source(reader, run, source.raw()).await;
    let SourceCheck::NoModel(why) = check else {
        return Ok(());
    };
    if is_known || models.is_empty() {
        // The plan refuses it, with the reason.
        return Ok(());
    }
    Err(CliError::new(
        ExitStatus::NoMatch,
        format!("no model at {}", source.clean()),
    )
    .with_cause(why)
    .with_detail(model_choices(models))
    .with_hint("choose one of these"))
}

fn model_choices(models: &[RegistrableModel]) -> Vec<String> {
    let choice = |model: &RegistrableModel| {
        let selector = model.selector(models);
        if *selector == model.source {
            format!("--artifact {}  ({})", selector.clean(), model.label.clean())
        } else {
            format!(
                "--artifact {}  ({})",
                selector.clean(),
                model.source.clean()
            )
        }
    };
    models.iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        Run::bare("0123456789abcdef".into(), "1".into())
    }

    fn model(label: &str, source: &str) -> RegistrableModel {
        RegistrableModel {
            label: label.into(),
            source: source.into(),
        }
    }

    #[test]
    fn single_model_is_chosen_and_several_are_listed_by_name() {
        let best = model("best", "models:/m-1");
        let chosen = choose_model_source(&run(), std::slice::from_ref(&best), None).unwrap();
        assert_eq!(chosen.source.raw(), "models:/m-1");
        let several = [
            best,
            model("model", "models:/m-2"),
            model("model", "models:/m-3"),
        ];
        let failure = choose_model_source(&run(), &several, None).unwrap_err();
        assert_eq!(
            failure.detail,
            [
                "--artifact best  (models:/m-1)",
                "--artifact models:/m-2  (model)",
                "--artifact models:/m-3  (model)"
            ]
        );
        for (text, source) in [
            ("best", "models:/m-1"),
            ("m-3", "models:/m-3"),
            ("model", "models:/m-2"),
            ("runs:/0123456789abcdef/best", "models:/m-1"),
        ] {
            let chosen = choose_model_source(&run(), &several, Some(text)).unwrap();
            assert_eq!(chosen.source.raw(), source, "{text}");
        }
    }

    #[test]
    fn artifact_path_is_accepted_without_recorded_models() {
        let failure = choose_model_source(&run(), &[], None).unwrap_err();
        assert_eq!(failure.exit, ExitStatus::NoMatch);
        let chosen = choose_model_source(&run(), &[], Some("/model/")).unwrap();
        assert_eq!(chosen.source.raw(), "runs:/0123456789abcdef/model");
    }
}
