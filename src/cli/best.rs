//! `best EXPERIMENT --goal 'accuracy max'`: the best run, and what was looked at to find it.

use serde_json::json;

use super::context::Context;
use super::goal::Arguments;
use crate::analysis::{Best, LeftOut, best};
use crate::cli::output::Report;
use crate::cli::output::failure::{Exit, Failure};
use crate::domain::{Goal, Run, RunId};
use crate::export::{Sheet, records};
use crate::text::number::full;

/// Finds the best run.
///
/// # Errors
/// When there is no goal, or no run that can be ranked by it.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let (goal, runs) = arguments.read(context).await?;
    let found = best(&runs, &goal, arguments.any_status).map_err(|why| none(&goal, &why))?;
    let run = runs
        .iter()
        .find(|run| run.id == found.run)
        .ok_or_else(|| none(&goal, &[]))?;
    context.output.report(&report(run, &goal, &found))
}

fn none(goal: &Goal, left_out: &[(LeftOut, usize)]) -> Failure {
    let failure = Failure::new(Exit::NoMatch, format!("no run can be ranked by {goal}"));
    if left_out.is_empty() {
        failure.because("there are no runs")
    } else {
        failure.because(words(left_out))
    }
}

fn words(left_out: &[(LeftOut, usize)]) -> String {
    left_out
        .iter()
        .map(|(why, count)| format!("{count} {}", why.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn report(run: &Run, goal: &Goal, found: &Best) -> Report {
    let mut sheet = Sheet::new([
        "run_id",
        "run_name",
        "metric",
        "direction",
        "value",
        "considered",
        "ties",
    ]);
    sheet.row([
        run.id.raw().to_owned(),
        run.name.raw().to_owned(),
        goal.metric.raw().to_owned(),
        goal.direction.as_str().to_owned(),
        full(found.value.get()),
        found.considered.to_string(),
        found
            .ties
            .iter()
            .map(RunId::raw)
            .collect::<Vec<_>>()
            .join(" "),
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
    Report::text(
        json!(records::BestRecord::new(found, run, goal)),
        sheet,
        text,
    )
}
