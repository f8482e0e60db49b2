//! `runs EXPERIMENT`: the runs of an experiment, filtered, ordered, in chosen columns.

mod columns;
mod gather;
mod pages;

use clap::Args;
use serde_json::Value;
use serde_json::json;

pub use columns::local_time;
pub use gather::{Gathered, Wanted, gather};
pub use pages::Pages;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::output::{Format, Report};
use crate::cli::resolve;
use crate::domain::Experiment;
use crate::export::{Sheet, records};
use crate::store::{Read, View};
use crate::table::ColumnKey;
use crate::table::filter::Filter;
use gather::{Beyond, split};

/// How many runs a table has when no limit is given. Machines get all.
const TABLE_RUNS: usize = 100;

/// What can be said to `runs`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The experiment: its name or its id; else what --experiment says.
    #[arg(value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// Which runs: MLflow's filter language, with `or`, `not`, parentheses and plain words.
    #[arg(long, value_name = "F")]
    filter: Option<String>,
    /// The order: `metrics.acc DESC`; again for a second key. Missing values and NaN come last.
    #[arg(long, value_name = "C")]
    order_by: Vec<String>,
    /// The columns of tables and CSV: `status,metrics.acc,params.lr`.
    #[arg(long, value_name = "C", value_delimiter = ',')]
    columns: Vec<String>,
    /// At most so many runs: 100 for tables; all for --json, --jsonl and --csv.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Deleted runs instead of those in use.
    #[arg(long)]
    deleted: bool,
}

/// Lists the runs.
///
/// # Errors
/// When the experiment is not there, the filter or a column is wrong, or the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let filter = arguments.filter.as_deref().map(parsed).transpose()?;
    let sort = arguments
        .order_by
        .iter()
        .map(|text| columns::sort_key(text))
        .collect::<Result<Vec<_>, _>>()?;
    let chosen = arguments
        .columns
        .iter()
        .map(|text| columns::column_key(text))
        .collect::<Result<Vec<_>, _>>()?;
    let session = context.open_beside().await?;
    let reader = session.reader.as_ref();
    let experiment = experiment(arguments.experiment.as_deref(), context, reader).await?;
    let for_people = matches!(context.output.format, Format::Table | Format::Markdown);
    let wanted = Wanted {
        experiments: vec![experiment.id],
        filter,
        sort,
        bare: arguments.order_by.iter().any(|text| columns::is_bare(text)),
        view: if arguments.deleted {
            View::Deleted
        } else {
            View::Active
        },
        limit: arguments.limit.or(for_people.then_some(TABLE_RUNS)),
    };
    if context.output.format == Format::Jsonl && streamed(reader, &wanted, context).await? {
        return Ok(());
    }
    let gathered = gather(reader, &wanted, context.now, context.output).await?;
    let sheet = sheet(&gathered, chosen, context);
    context.output.report(&Report::table(
        Value::Array(
            gathered
                .runs
                .iter()
                .map(|run| json!(records::RunRecord::from(run)))
                .collect(),
        ),
        sheet,
    ))?;
    tell_beyond(&gathered, context)
}

/// The experiment named as an argument, else by the flag.
pub(super) async fn experiment(
    named: Option<&str>,
    context: &Context<'_>,
    reader: &dyn Read,
) -> Result<Experiment, Failure> {
    let named = named.or(context.flags.experiment.as_deref());
    let text = named.ok_or_else(|| {
        Failure::new(Exit::Usage, "no experiment was named")
            .next("`frontrunner experiments` lists them")
    })?;
    resolve::experiment(reader, text).await
}

/// Reads a filter.
pub(super) fn parsed(text: &str) -> Result<Filter, Failure> {
    Filter::parse(text).map_err(|error| Failure::filter(text, &error))
}

/// Prints runs as their pages arrive, where nothing is left to filter or to sort here. Says whether it did.
async fn streamed(
    reader: &dyn Read,
    wanted: &Wanted,
    context: &mut Context<'_>,
) -> Result<bool, Failure> {
    let split = split(wanted, &reader.features().await?);
    if !split.ordered || split.local.is_some() {
        return Ok(false);
    }
    let mut left = wanted.limit.unwrap_or(usize::MAX);
    let mut pages = Pages::new(reader, split.query);
    while left > 0 && !context.output.is_closed() {
        let Some(page) = pages.next().await? else {
            break;
        };
        for run in page.iter().take(left) {
            context.output.item(&records::RunRecord::from(run))?;
        }
        left = left.saturating_sub(page.len());
    }
    Ok(true)
}

fn sheet(gathered: &Gathered, chosen: Vec<ColumnKey>, context: &Context<'_>) -> Sheet {
    let table = &gathered.table;
    let for_machines = context.output.format == Format::Csv;
    let columns: Vec<ColumnKey> = if chosen.is_empty() {
        columns::usual(table, for_machines)
    } else {
        chosen
            .into_iter()
            .map(|column| columns::settled(column, table))
            .collect()
    };
    let rows = gathered
        .runs
        .iter()
        .filter_map(|run| table.row_of(&run.id))
        .map(|row| {
            let cell = |column: &ColumnKey| {
                let cell = table.cell(row, column, context.now);
                if for_machines {
                    columns::for_machines(cell)
                } else {
                    columns::for_people(cell, column)
                }
            };
            columns.iter().map(cell).collect()
        });
    let head = |column: &ColumnKey| {
        if for_machines {
            column.to_string()
        } else {
            column.title()
        }
    };
    Sheet {
        heads: columns.iter().map(head).collect(),
        rows: rows.collect(),
    }
}

fn tell_beyond(gathered: &Gathered, context: &mut Context<'_>) -> Result<(), Failure> {
    context.output.flush()?;
    let shown = gathered.runs.len();
    match gathered.beyond {
        Beyond::Nothing => {}
        Beyond::Runs(more) => context.output.note(&format!(
            "{shown} of {} runs; --limit N shows more",
            shown as u64 + more
        )),
        Beyond::Some => context
            .output
            .note(&format!("the first {shown} runs; --limit N shows more")),
    }
    if shown == 0 && context.output.format == Format::Table {
        context.output.note("no run matches");
    }
    Ok(())
}
