//! An experiment's runs by a goal: what `best` and `drivers` look at.

use clap::Args;

use super::context::Context;
use super::runs::{self, Wanted, gather};
use crate::cli::output::failure::{Exit, Failure};
use crate::domain::{Goal, Run};

/// What can be said to them.
#[derive(Debug, Args)]
pub struct Arguments {
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

impl Arguments {
    /// The goal, and the runs that pass the filter, of any status.
    ///
    /// # Errors
    /// When there is no goal or no such experiment, when the filter or the goal can't be read, or the store.
    pub async fn read(&self, context: &mut Context<'_>) -> Result<(Goal, Vec<Run>), Failure> {
        let filter = self.filter.as_deref().map(runs::parsed).transpose()?;
        let given = self
            .goal
            .as_deref()
            .map(|text| {
                text.parse::<Goal>()
                    .map_err(|why| Failure::new(Exit::Usage, why))
            })
            .transpose()?;
        let session = context.open_beside().await?;
        let reader = session.reader.as_ref();
        let experiment = runs::experiment(self.experiment.as_deref(), context, reader).await?;
        let goal = given
            .or_else(|| experiment.declared_goal())
            .ok_or_else(|| {
                let what = format!(
                    "no goal was given, and experiment {} declares none",
                    experiment.name.clean()
                );
                Failure::new(Exit::Usage, what)
                    .next("add --goal 'METRIC max' or --goal 'METRIC min'")
            })?;
        let wanted = Wanted {
            experiments: vec![experiment.id],
            filter,
            ..Wanted::default()
        };
        Ok((
            goal,
            gather(reader, &wanted, context.now, context.output)
                .await?
                .runs,
        ))
    }
}
