//! `best EXPERIMENT --goal 'accuracy max'`: the best run, and what was looked at to find it.

use serde_json::json;

use super::context::CommandContext;
use super::goal::GoalArgs;
use crate::analysis::{BestRun, ExclusionReason, find_best};
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{Goal, Run, RunId};
use crate::export::{Sheet, records};
use crate::text::number::format_exact;

/// Finds the best run.
///
/// # Errors
/// When there is no goal, or no run that can be ranked by it.
pub async fn run(arguments: &GoalArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let (goal, runs) = arguments.load_runs(context).await?;
    let ranking =
        find_best(&runs, &goal, arguments.any_status).map_err(|why| no_ranked_run(&goal, &why))?;
    let run = runs
        .iter()
        .find(|run| run.id == ranking.run)
        .ok_or_else(|| no_ranked_run(&goal, &[]))?;
    context.printer.print(&command_output(run, &goal, &ranking))
}

fn no_ranked_run(goal: &Goal, left_out: &[(ExclusionReason, usize)]) -> CliError {
    let failure = CliError::new(
        ExitStatus::NoMatch,
        format!("no run can be ranked by {goal}"),
    );
    if left_out.is_empty() {
        failure.with_cause("there are no runs")
    } else {
        failure.with_cause(describe_left_out(left_out))
    }
}

fn describe_left_out(left_out: &[(ExclusionReason, usize)]) -> String {
    left_out
        .iter()
        .map(|(why, count)| format!("{count} {}", why.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn command_output(run: &Run, goal: &Goal, found: &BestRun) -> CommandOutput {
    let mut sheet = Sheet::new([
        "run_id",
        "run_name",
        "metric",
        "direction",
        "value",
        "considered",
        "ties",
    ]);
    sheet.push_row([
        run.id.raw().to_owned(),
        run.name.raw().to_owned(),
        goal.metric.raw().to_owned(),
        goal.direction.as_str().to_owned(),
        format_exact(found.value.get()),
        found.candidates.to_string(),
        found
            .ties
            .iter()
            .map(RunId::raw)
            .collect::<Vec<_>>()
            .join(" "),
    ]);
    let mut text = vec![
        format!("{}  {}", run.id.raw(), run.label().raw()),
        format!("{goal}: {}", format_exact(found.value.get())),
        format!("the best of {} runs", found.candidates),
    ];
    if !found.excluded.is_empty() {
        text.push(format!("left out: {}", describe_left_out(&found.excluded)));
    }
    for tie in &found.ties {
        text.push(format!("equally good: {}", tie.raw()));
    }
    CommandOutput::text(
        json!(records::BestRecord::new(found, run, goal)),
        sheet,
        text,
    )
}
