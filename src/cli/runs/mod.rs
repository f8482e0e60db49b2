//! `runs EXPERIMENT`: lists the runs of an experiment.

mod columns;
mod list;
mod order;

use clap::Args;
use jiff::tz::TimeZone;
use serde_json::Value;
use serde_json::json;

pub use columns::format_local_time;
pub use list::{ListOptions, RunListing, list_runs};

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::domain::{Experiment, Run};
use crate::export::{Sheet, records};
use crate::ops::list_runs::UnreadableRuns;
use crate::store::{LifecycleFilter, ReadStore};
use crate::table::filter::Filter;
use crate::table::{ColumnKey, RowId, RunTable, SheetClock, SheetKind, SortKey};
use list::{Remaining, StoreListing, plan_query};

/// The limit of tables without --limit. Machine formats have none.
const DEFAULT_TABLE_LIMIT: usize = 100;

#[derive(Debug, Args)]
pub struct RunsArgs {
    /// Experiment: name or ID [default: the value of --experiment].
    #[arg(value_name = "EXPERIMENT")]
    experiment: Option<String>,
    /// Filter in MLflow's language, with `or`, `not`, parentheses and plain words.
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// Sort keys, such as 'metrics.acc DESC, start_time'. Missing values and NaN sort last.
    #[arg(long, value_name = "KEYS")]
    order_by: Vec<String>,
    /// Columns of tables and CSV, such as status,metrics.acc,params.lr.
    #[arg(long, value_name = "COLUMNS")]
    columns: Vec<String>,
    /// Maximum number of runs [default: 100 in tables, no limit with --json, --jsonl and --csv].
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// List deleted runs instead of active ones.
    #[arg(long)]
    deleted: bool,
}

/// Prints the runs.
///
/// # Errors
/// When the experiment is missing, the filter or a column is invalid, or the store cannot be read.
pub async fn run(arguments: &RunsArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let filter = arguments.filter.as_deref().map(parse_filter).transpose()?;
    let order = order::parse_order_by(&arguments.order_by)?;
    let requested_columns = order::parse_columns(&arguments.columns)?;
    let store = context.open_merged().await?;
    let reader = store.reader.as_ref();
    let experiment = resolve_experiment(arguments.experiment.as_deref(), context, reader).await?;
    let is_human_format = matches!(
        context.printer.format,
        OutputFormat::Table | OutputFormat::Markdown
    );
    let mut options = ListOptions {
        experiments: vec![experiment.id],
        filter,
        sort: order.keys,
        has_bare_sort_key: order.has_bare_key,
        lifecycle: if arguments.deleted {
            LifecycleFilter::Deleted
        } else {
            LifecycleFilter::Active
        },
        limit: arguments
            .limit
            .or(is_human_format.then_some(DEFAULT_TABLE_LIMIT)),
    };
    list::resolve_bare_sort_keys(reader, &mut options).await?;
    let filter_text = arguments.filter.as_deref().unwrap_or_default();
    if context.printer.format == OutputFormat::Jsonl
        && let Some(count) = try_stream(reader, &options, context).await?
    {
        if count == 0 {
            let read = (filter_text, &RunTable::default());
            warn_of_unknown_key(reader, &options, read, context).await?;
        }
        return Ok(());
    }
    let listing = list_runs(reader, &options, context.now, context.printer).await?;
    warn_of_unknown_key(reader, &options, (filter_text, &listing.table), context).await?;
    require_columns(reader, &options, (&listing, &requested_columns), context).await?;
    let sheet = sheet(&listing, requested_columns, context);
    context.printer.print(&CommandOutput::table(
        Value::Array(
            listing
                .runs
                .iter()
                .map(|run| json!(records::RunRecord::from(run)))
                .collect(),
        ),
        sheet,
    ))?;
    note_remaining(&listing, context)
}

/// Refuses sort keys and columns that no run of the experiments has, whether it is listed or not.
async fn require_columns(
    reader: &dyn ReadStore,
    options: &ListOptions,
    (listing, requested): (&RunListing, &[ColumnKey]),
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let keys = options.sort.iter().map(|key| &key.column).chain(requested);
    let missing: Vec<&ColumnKey> = keys
        .filter(|column| !columns::has_column(column, &listing.table))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let candidates = |column: &&ColumnKey| {
        let exact = std::iter::once((*column).clone());
        exact
            .chain(columns::bare_key_candidates(column))
            .collect::<Vec<_>>()
    };
    let wanted: Vec<ColumnKey> = missing.iter().flat_map(candidates).collect();
    let known = known_runs(reader, options, &wanted, context).await?;
    missing
        .into_iter()
        .try_for_each(|column| columns::require_column(column, &known))
}

/// Runs that have every one of these columns that any run has, whether it is listed or not.
async fn known_runs(
    reader: &dyn ReadStore,
    options: &ListOptions,
    columns: &[ColumnKey],
    context: &mut CommandContext<'_>,
) -> Result<RunTable, CliError> {
    if reader.features().await?.has_windows {
        return list::sample_runs(reader, options, columns).await;
    }
    let all = ListOptions {
        experiments: options.experiments.clone(),
        lifecycle: options.lifecycle,
        ..ListOptions::default()
    };
    let all = list_runs(reader, &all, context.now, context.printer).await?;
    Ok(all.table)
}

/// Warns of a metric, param or tag in the filter that no run has, with the nearest known one. `read` are the runs that were
/// read; the store may have left out those that do not match.
pub(super) async fn warn_of_unknown_key(
    reader: &dyn ReadStore,
    options: &ListOptions,
    (text, read): (&str, &RunTable),
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let filter = options
        .filter
        .as_ref()
        .filter(|filter| !filter.logged_columns().is_empty());
    let Some(filter) = filter else {
        return Ok(());
    };
    if !read.is_empty() && filter.unknown_key(text, read).is_none() {
        return Ok(());
    }
    let known = known_runs(reader, options, &filter.logged_columns(), context).await?;
    if let Some(unknown) = filter.unknown_key(text, &known) {
        context
            .printer
            .note(&format!("warning: {}", unknown.message));
    }
    Ok(())
}

/// The experiment of the argument, else of --experiment.
pub(super) async fn resolve_experiment(
    named: Option<&str>,
    context: &CommandContext<'_>,
    reader: &dyn ReadStore,
) -> Result<Experiment, CliError> {
    let named = named.or(context.global_args.experiment.as_deref());
    let text = named.ok_or_else(|| {
        CliError::new(ExitStatus::Usage, "no experiment given")
            .with_hint("`frontrunner experiments` lists them")
    })?;
    resolve::experiment(reader, text).await
}

pub(super) fn parse_filter(text: &str) -> Result<Filter, CliError> {
    Filter::parse(text).map_err(|error| CliError::invalid_filter(text, &error))
}

/// Prints runs page by page if the store does all filtering and sorting. Returns their number, or `None` if it does not.
async fn try_stream(
    reader: &dyn ReadStore,
    options: &ListOptions,
    context: &mut CommandContext<'_>,
) -> Result<Option<usize>, CliError> {
    let plan = plan_query(options, &reader.features().await?);
    let is_window = matches!(plan.listing, StoreListing::Window(_));
    if !plan.is_store_ordered || plan.local_filter.is_some() {
        return Ok(None);
    }
    let mut remaining = options.limit.unwrap_or(usize::MAX);
    let mut unreadable = UnreadableRuns::default();
    let mut pages = plan.pages(options.limit);
    let (mut is_first, mut printed) = (true, 0);
    while !pages.is_done() && remaining > 0 && !context.printer.is_closed() {
        let page = pages.next(reader).await?.runs;
        if std::mem::take(&mut is_first) && !has_sort_keys(&page, &options.sort) {
            if is_window {
                let nothing = (&RunListing::default(), [].as_slice());
                require_columns(reader, options, nothing, context).await?;
            } else {
                // A key may be unknown, which only the list of all runs shows.
                return Ok(None);
            }
        }
        for run in page.iter().take(remaining) {
            context
                .printer
                .print_json_line(&records::RunRecord::from(run))?;
            printed += 1;
        }
        unreadable.add(page.get(..remaining.min(page.len())).unwrap_or_default());
        remaining = remaining.saturating_sub(page.len());
    }
    note_unreadable(&unreadable, context)?;
    Ok(Some(printed))
}

/// Whether some run has each metric of the order.
fn has_sort_keys(runs: &[Run], sort: &[SortKey]) -> bool {
    sort.iter().all(|key| match &key.column {
        ColumnKey::Metric(metric) => runs.iter().any(|run| run.metric(metric.raw()).is_some()),
        _ => true,
    })
}

fn note_unreadable(
    unreadable: &UnreadableRuns,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    if let Some(note) = unreadable.note() {
        context.printer.flush()?;
        context.printer.note(&note);
    }
    Ok(())
}

fn sheet(
    listing: &RunListing,
    requested_columns: Vec<ColumnKey>,
    context: &CommandContext<'_>,
) -> Sheet {
    let table = &listing.table;
    let is_csv = context.printer.format == OutputFormat::Csv;
    let (columns, expendable) = if requested_columns.is_empty() {
        let columns = columns::default_columns(table, is_csv);
        let expendable = columns::expendable_columns(&columns);
        (columns, expendable)
    } else {
        let requested = requested_columns.into_iter();
        let columns: Vec<ColumnKey> = requested
            .map(|column| columns::resolve_bare_key(column, table))
            .collect();
        (columns, Vec::new())
    };
    let rows = listing.runs.iter().filter_map(|run| table.row_of(&run.id));
    let rows: Vec<RowId> = rows.collect();
    let kind = match context.printer.format {
        OutputFormat::Csv => SheetKind::Csv,
        OutputFormat::Markdown => SheetKind::Markdown,
        _ => SheetKind::Terminal,
    };
    let clock = SheetClock {
        now: context.now,
        zone: &TimeZone::system(),
    };
    let (headers, rows) = table.sheet(&rows, &columns, kind, clock);
    Sheet {
        headers,
        rows,
        expendable,
    }
}

fn note_remaining(listing: &RunListing, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    context.printer.flush()?;
    let shown = listing.runs.len();
    match listing.remaining {
        Remaining::None => {}
        Remaining::Known(more) => context.printer.note(&format!(
            "{shown} of {} runs; --limit N shows more",
            shown as u64 + more
        )),
        Remaining::Unknown => context
            .printer
            .note(&format!("the first {shown} runs; --limit N shows more")),
    }
    let mut unreadable = UnreadableRuns::default();
    unreadable.add(&listing.runs);
    note_unreadable(&unreadable, context)?;
    if shown == 0 && context.printer.format == OutputFormat::Table {
        context.printer.note("no matching runs");
    }
    Ok(())
}
