//! The goal and the runs that `best` and `drivers` work on.

use clap::Args;

use super::context::CommandContext;
use super::runs::{self, ListOptions, list_runs};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{Goal, Run};

#[derive(Debug, Args)]
pub struct GoalArgs {
    /// Experiment: name or ID [default: the value of --experiment].
    #[arg(value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// Metric and direction, such as 'accuracy max' [default: the goal in the experiment's tags].
    #[arg(long, value_name = "GOAL")]
    goal: Option<String>,
    /// Include running and failed runs.
    #[arg(long)]
    pub any_status: bool,
    /// Filter in MLflow's language, with `or`, `not`, parentheses and plain words.
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
}

impl GoalArgs {
    /// The goal, and the runs that pass the filter, whatever their status.
    ///
    /// # Errors
    /// When the goal or the experiment is missing, the filter or the goal is invalid, or the store cannot be read.
    pub async fn load_runs(
        &self,
        context: &mut CommandContext<'_>,
    ) -> Result<(Goal, Vec<Run>), CliError> {
        let filter = self.filter.as_deref().map(runs::parse_filter).transpose()?;
        let explicit_goal = self
            .goal
            .as_deref()
            .map(|text| {
                text.parse::<Goal>()
                    .map_err(|error| CliError::new(ExitStatus::Usage, error))
            })
            .transpose()?;
        let store = context.open_merged().await?;
        let reader = store.reader.as_ref();
        let experiment =
            runs::resolve_experiment(self.experiment.as_deref(), context, reader).await?;
        let goal = explicit_goal
            .or_else(|| experiment.declared_goal())
            .ok_or_else(|| {
                let message = format!(
                    "no goal: experiment {} declares none",
                    experiment.name.clean()
                );
                CliError::new(ExitStatus::Usage, message)
                    .with_hint("add --goal 'METRIC max' or --goal 'METRIC min'")
            })?;
        let options = ListOptions {
            experiments: vec![experiment.id],
            filter,
            ..ListOptions::default()
        };
        Ok((
            goal,
            list_runs(reader, &options, context.now, context.printer)
                .await?
                .runs,
        ))
    }
}
