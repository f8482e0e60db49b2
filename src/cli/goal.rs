//! The runs of an experiment and a goal to rank them by, for `best` and `drivers`.

use std::collections::BTreeSet;

use clap::Args;

use super::context::CommandContext;
use super::runs::{self, ListOptions, list_runs};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve::is_similar;
use crate::diagnostics::closest;
use crate::domain::{Goal, Run};
use crate::text::untrusted::clean;

/// How many metrics an error suggests.
const SUGGESTED_METRICS: usize = 3;

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
    /// The goal, and the runs that pass the filter in any status.
    ///
    /// # Errors
    /// If there is no goal, the experiment is unknown, the filter or goal is invalid, or the store fails.
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
                    "no goal given, and experiment {} declares none",
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
        let listing = list_runs(reader, &options, context.now, context.printer).await?;
        let read = (self.filter.as_deref().unwrap_or_default(), &listing.table);
        runs::warn_of_unknown_key(reader, &options, read, context).await?;
        Ok((goal, listing.runs))
    }
}

/// The metrics that a goal's unknown metric may stand for: `logloss` for `loss`.
pub fn suggest_metric(goal: &Goal, runs: &[Run]) -> Option<String> {
    let wanted = goal.metric.raw();
    let metrics = runs.iter().flat_map(|run| &run.metrics);
    let known: BTreeSet<&str> = metrics.map(|metric| metric.key.raw()).collect();
    if known.contains(wanted) {
        return None;
    }
    let nearest = closest(wanted, known.iter().copied());
    let mut similar: Vec<&str> = known
        .iter()
        .copied()
        .filter(|key| Some(*key) != nearest && is_similar(key, wanted))
        .collect();
    similar.sort_by_key(|key| key.len());
    let names: Vec<String> = nearest
        .into_iter()
        .chain(similar)
        .take(SUGGESTED_METRICS)
        .map(|key| format!("`{} {}`", clean(key), goal.direction.as_str()))
        .collect();
    (!names.is_empty()).then(|| format!("did you mean --goal {}?", names.join(" or ")))
}
