//! `best EXPERIMENT --goal 'accuracy max'`: the best run, and what was looked at to find it.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::print::Report;
use super::runs::{self, Wanted, gather};
use crate::analysis::number::full;
use crate::analysis::{Best, LeftOut, best};
use crate::domain::{Experiment, Goal, Run, RunId};
use crate::export::{Sheet, records};

/// What can be said to `best`.
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
    any_status: bool,
    /// Which runs.
    #[arg(long, value_name = "F")]
    filter: Option<String>,
}

/// Finds the best run.
///
/// # Errors
/// When there is no goal, or no run that can be ranked by it.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let filter = arguments.filter.as_deref().map(runs::parsed).transpose()?;
    let given = arguments.goal.as_deref().map(|text| text.parse::<Goal>().map_err(|why| Failure::new(Exit::Usage, why))).transpose()?;
    let session = context.open_beside().await?;
    let reader = session.reader.as_ref();
    let experiment = runs::experiment(arguments.experiment.as_deref(), context, reader).await?;
    let goal = given.or_else(|| experiment.declared_goal()).ok_or_else(|| no_goal(&experiment))?;
    let wanted = Wanted { experiments: vec![experiment.id.clone()], filter, ..Wanted::default() };
    let gathered = gather(reader, &wanted, context.now, context.output).await?;
    let found = best(&gathered.runs, &goal, arguments.any_status).map_err(|why| none(&goal, &why))?;
    let run = gathered.runs.iter().find(|run| run.id == found.run).ok_or_else(|| none(&goal, &[]))?;
    context.output.report(&report(run, &goal, &found))
}

pub(super) fn no_goal(experiment: &Experiment) -> Failure {
    let what = format!("no goal was given, and experiment {} declares none", experiment.name.clean());
    Failure::new(Exit::Usage, what).next("add --goal 'METRIC max' or --goal 'METRIC min'")
}

fn none(goal: &Goal, left_out: &[(LeftOut, usize)]) -> Failure {
    let failure = Failure::new(Exit::NoMatch, format!("no run can be ranked by {goal}"));
    if left_out.is_empty() { failure.because("there are no runs") } else { failure.because(words(left_out)) }
}

fn words(left_out: &[(LeftOut, usize)]) -> String {
    left_out.iter().map(|(why, count)| format!("{count} {}", why.as_str())).collect::<Vec<_>>().join(", ")
}

fn report(run: &Run, goal: &Goal, found: &Best) -> Report {
    let mut sheet = Sheet::new(["run_id", "run_name", "metric", "direction", "value", "considered", "ties"]);
    sheet.row([
        run.id.raw().to_owned(),
        run.name.raw().to_owned(),
        goal.metric.raw().to_owned(),
        goal.direction.as_str().to_owned(),
        full(found.value.get()),
        found.considered.to_string(),
        found.ties.iter().map(RunId::raw).collect::<Vec<_>>().join(" "),
    ]);
    let mut text = vec![
        format!("{}  {}", run.id.raw(), run.label().raw()),
        format!("{goal}: {}", full(found.value.get())),
        format!("the best of {} runs", found.considered),
    ];
    if !found.left_out.is_empty() {
        text.push(format!("left out: {}", words(&found.left_out)));
    }
    for tie in &found.ties {
        text.push(format!("equally good: {}", tie.raw()));
    }
    Report::text(json!(records::BestRecord::new(found, run, goal)), sheet, text)
}
