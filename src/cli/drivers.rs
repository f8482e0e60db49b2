//! `drivers EXPERIMENT --goal 'accuracy max'`: ranks params by their effect on the goal, with uncertainty.

use serde_json::json;

use super::context::CommandContext;
use super::goal::{self, GoalArgs};
use crate::analysis::importance::{Importance, RankCorrelation, importance};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::domain::{Run, RunStatus};
use crate::export::{Sheet, records};
use crate::text::untrusted::Untrusted;

/// Prints the ranking.
///
/// # Errors
/// When there is no goal, or no run has it.
pub async fn run(arguments: &GoalArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let (goal, runs) = arguments.load_runs(context).await?;
    let considered: Vec<Run> = runs
        .into_iter()
        .filter(|run| arguments.any_status || run.status == RunStatus::Finished)
        .collect();
    let ranking = importance(&considered, goal.metric.raw());
    if ranking.runs == 0 {
        let hint = goal::suggest_metric(&goal, &considered);
        return Err(CliError::new(
            ExitStatus::NoMatch,
            format!("no run has a finite value for {goal}"),
        )
        .with_hint(hint.unwrap_or_else(|| "choose another --goal, or --any-status".into())));
    }
    context.printer.print(&CommandOutput::table(
        json!(records::ImportanceRecord::new(&ranking, &goal)),
        sheet(&ranking),
    ))?;
    if context.printer.format == OutputFormat::Table {
        context.printer.flush()?;
        let explained = ranking
            .r_squared
            .map(|explained| format!("; R² {explained:.2} on runs held out from the forest"));
        context.printer.note(&format!(
            "{} runs, {} excluded{}",
            ranking.runs,
            ranking.excluded,
            explained.unwrap_or_default()
        ));
        ranking
            .warnings
            .iter()
            .for_each(|warning| context.printer.note(warning));
    }
    Ok(())
}

fn sheet(importance: &Importance) -> Sheet {
    let mut sheet = Sheet::new([
        "param", "forest", "sd", "rank", "low", "high", "values", "together",
    ]);
    let number = |value: f64| format!("{value:.3}");
    for param in &importance.params {
        let (forest, sd) = param.permutation.map_or_else(Default::default, |loss| {
            (number(loss.mean), number(loss.std_dev))
        });
        let (rank, low, high) = match param.rank_correlation {
            Some(RankCorrelation::Spearman { rho, low, high, .. }) => {
                (format!("rho {rho:+.3}"), number(low), number(high))
            }
            Some(RankCorrelation::EpsilonSquared { value: squared, .. }) => {
                (format!("eps2 {squared:.3}"), String::new(), String::new())
            }
            None => Default::default(),
        };
        let together: Vec<&str> = param.collinear_with.iter().map(Untrusted::raw).collect();
        sheet.push_row([
            param.key.raw().to_owned(),
            forest,
            sd,
            rank,
            low,
            high,
            param.distinct_values.to_string(),
            together.join(" "),
        ]);
    }
    sheet
}
