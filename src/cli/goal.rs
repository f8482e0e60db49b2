//! An experiment's runs by a goal: what `best` and `drivers` look at.

use clap::Args;

use super::context::CommandContext;
use super::runs::{self, ListOptions, list_runs};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{Goal, Run};

/// What can be said to them.
#[derive(Debug, Args)]
pub struct GoalArgs {
    /// The experiment: its name or its id; else what --experiment says.
    #[arg(value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// The metric and the direction: `accuracy max`, `loss min`; else the goal that the experiment's tags declare.
    #[arg(long, value_name = "GOAL")]
    goal: Option<String>,
    /// Runs that still go on or failed, too.
    #[arg(long)]
    pub any_status: bool,
    /// Which runs.
    #[arg(long, value_name = "F")]
    filter: Option<String>,
}

impl GoalArgs {
    /// The goal, and the runs that pass the filter, of any status.
    ///
    /// # Errors
    /// When there is no goal or no such experiment, when the filter or the goal can't be read, or the store.
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
                    .map_err(|why| CliError::new(ExitStatus::Usage, why))
            })
            .transpose()?;
        let store = context.open_merged().await?;
        let reader = store.reader.as_ref();
        let experiment =
            runs::resolve_experiment(self.experiment.as_deref(), context, reader).await?;
        let goal = explicit_goal
            .or_else(|| experiment.declared_goal())
            .ok_or_else(|| {
                let what = format!(
                    "no goal was given, and experiment {} declares none",
                    experiment.name.clean()
                );
                CliError::new(ExitStatus::Usage, what)
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
