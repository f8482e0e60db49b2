//! `best EXPERIMENT --goal 'accuracy max'`: the best run, and the runs that it was compared with.

use serde_json::json;

use super::context::CommandContext;
use super::goal::{self, GoalArgs};
use crate::analysis::{BestRun, ExclusionReason, find_best};
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::domain::{Goal, Run, RunId};
use crate::export::{Sheet, records};
use crate::text::number::format_exact;

/// Prints the best run.
///
/// # Errors
/// When there is no goal, or no run that can be ranked by it.
pub async fn run(arguments: &GoalArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let (goal, runs) = arguments.load_runs(context).await?;
    let ranking = find_best(&runs, &goal, arguments.any_status)
        .map_err(|excluded| no_ranked_run(&goal, &excluded, &runs))?;
    let run = runs
        .iter()
        .find(|run| run.id == ranking.run)
        .ok_or_else(|| no_ranked_run(&goal, &[], &runs))?;
    context.printer.print(&command_output(run, &goal, &ranking))
}

fn no_ranked_run(goal: &Goal, excluded: &[(ExclusionReason, usize)], runs: &[Run]) -> CliError {
    let error = CliError::new(
        ExitStatus::NoMatch,
        format!("no run can be ranked by {goal}"),
    )
    .with_cause(describe_excluded(excluded));
    match goal::suggest_metric(goal, runs) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

fn describe_excluded(excluded: &[(ExclusionReason, usize)]) -> String {
    if excluded.is_empty() {
        return "the experiment has no runs".to_owned();
    }
    excluded
        .iter()
        .map(|(reason, count)| format!("{count} {}", reason.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn command_output(run: &Run, goal: &Goal, best: &BestRun) -> CommandOutput {
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
        format_exact(best.value.get()),
        best.candidates.to_string(),
        best.ties
            .iter()
            .map(RunId::raw)
            .collect::<Vec<_>>()
            .join(" "),
    ]);
    let mut text = vec![
        format!("{}  {}", run.id.raw(), run.label().raw()),
        format!("{goal}: {}", format_exact(best.value.get())),
        format!("the best of {} runs", best.candidates),
    ];
    if !best.excluded.is_empty() {
        text.push(format!("excluded: {}", describe_excluded(&best.excluded)));
    }
    for tie in &best.ties {
        text.push(format!("tie: {}", tie.raw()));
    }
    CommandOutput::text(
        json!(records::BestRecord::new(best, run, goal)),
        sheet,
        text,
    )
}
