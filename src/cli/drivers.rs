//! `drivers EXPERIMENT --goal 'accuracy max'`: which params go with the goal, and how sure that is.

use serde_json::json;

use super::context::Context;
use super::goal::Arguments;
use crate::analysis::importance::{Importance, Rank, importance};
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::output::{Format, Report};
use crate::domain::{Run, RunStatus};
use crate::export::{Sheet, records};
use crate::text::untrusted::Untrusted;

/// Tells what drives the goal.
///
/// # Errors
/// When there is no goal, or no run has it.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let (goal, runs) = arguments.read(context).await?;
    let judged: Vec<Run> = runs
        .into_iter()
        .filter(|run| arguments.any_status || run.status == RunStatus::Finished)
        .collect();
    let found = importance(&judged, goal.metric.raw());
    if found.runs == 0 {
        return Err(
            Failure::new(Exit::NoMatch, format!("no run has a number for {goal}"))
                .next("choose another --goal, or --any-status"),
        );
    }
    context.output.report(&Report::table(
        json!(records::ImportanceRecord::new(&found, &goal)),
        sheet(&found),
    ))?;
    if context.output.format == Format::Table {
        context.output.flush()?;
        let explained = found.explained.map(|explained| {
            format!("; the forest explains R² {explained:.2} in runs that it has not seen")
        });
        context.output.note(&format!(
            "{} runs looked at, {} left out{}",
            found.runs,
            found.left_out,
            explained.unwrap_or_default()
        ));
        found
            .cautions
            .iter()
            .for_each(|caution| context.output.note(caution));
    }
    Ok(())
}

fn sheet(found: &Importance) -> Sheet {
    let mut sheet = Sheet::new([
        "param", "forest", "sd", "rank", "low", "high", "values", "together",
    ]);
    let number = |value: f64| format!("{value:.3}");
    for param in &found.params {
        let (forest, sd) = param
            .forest
            .map_or_else(Default::default, |(mean, sd)| (number(mean), number(sd)));
        let (rank, low, high) = match param.rank {
            Some(Rank::Spearman { rho, low, high, .. }) => {
                (format!("rho {rho:+.3}"), number(low), number(high))
            }
            Some(Rank::Epsilon { squared, .. }) => {
                (format!("eps2 {squared:.3}"), String::new(), String::new())
            }
            None => Default::default(),
        };
        let together: Vec<&str> = param.together.iter().map(Untrusted::raw).collect();
        sheet.row([
            param.key.raw().to_owned(),
            forest,
            sd,
            rank,
            low,
            high,
            param.values.to_string(),
            together.join(" "),
        ]);
    }
    sheet
}
