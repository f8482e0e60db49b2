//! Lists runs: the store filters and sorts as far as it can, and the run table does the rest.

use super::columns::{bare_key_candidates, resolve_bare_key};
use crate::analysis::heartbeat::update_heartbeats;
use crate::analysis::infer_goal;
use crate::cli::output::Printer;
use crate::cli::output::error::CliError;
use crate::domain::{ExperimentId, Millis, Run, RunCondition, RunId};
use crate::ops;
use crate::ops::list_runs::{ListingEnd, RunPages};
use crate::store::{
    Features, LifecycleFilter, ReadStore, RunQuery, WindowQuery, WindowRange, limits,
};
use crate::table::filter::{Filter, Pushdown};
use crate::table::{Arrangement, ColumnKey, DisplayRow, RunTable, SortKey, arrange};

/// The runs to list, and their order.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Runs of any of these.
    pub experiments: Vec<ExperimentId>,
    /// `None` for all runs.
    pub filter: Option<Filter>,
    /// Empty for the newest first.
    pub sort: Vec<SortKey>,
    /// Whether a sort key has no kind: it may be a metric or a param, which only the runs show.
    pub has_bare_sort_key: bool,
    /// Active or deleted runs, or both.
    pub lifecycle: LifecycleFilter,
    /// `None` for no limit.
    pub limit: Option<usize>,
}

/// The runs that pass, in order.
#[derive(Default)]
pub struct RunListing {
    /// At most as many as the limit.
    pub runs: Vec<Run>,
    /// All runs that were read, also those that don't pass the filter.
    pub table: RunTable,
    /// The runs beyond the limit.
    pub remaining: Remaining,
}

/// The number of runs beyond a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remaining {
    /// None.
    #[default]
    None,
    /// This many.
    Known(u64),
    /// Some, but the store does not count them.
    Unknown,
}

/// A listing, split into what the store does and what the table does.
pub struct QueryPlan {
    /// The part of the store.
    pub listing: StoreListing,
    /// The rest of the filter.
    pub local_filter: Option<Filter>,
    /// Whether the store sorts, so that reading can stop at the limit.
    pub is_store_ordered: bool,
}

/// What a store lists.
#[derive(Debug)]
pub enum StoreListing {
    /// By MLflow's grammar, page by page.
    Query(RunQuery),
    /// Filtered and sorted exactly as the table does it.
    Window(WindowQuery),
}

impl QueryPlan {
    /// Starts the listing.
    #[must_use]
    pub fn pages(self, limit: Option<usize>) -> RunPages {
        let limit = limit.map(|limit| limit as u64);
        match self.listing {
            StoreListing::Query(query) => ops::list_runs::list_runs(query, limit),
            StoreListing::Window(query) => ops::list_runs::list_window(query, limit),
        }
    }
}

/// Splits a listing by the features of the store.
#[must_use]
pub fn plan_query(options: &ListOptions, features: &Features) -> QueryPlan {
    if features.has_windows
        && let Some(window) = plan_window(options)
    {
        return QueryPlan {
            listing: StoreListing::Window(window),
            local_filter: None,
            is_store_ordered: true,
        };
    }
    let pushed = match &options.filter {
        // A filter such as `is:best` ranks all runs, not only those that the rest of the filter leaves.
        Some(filter) if features.can_filter && !filter.needs_all_runs() => filter.pushdown(),
        filter => Pushdown {
            remote: None,
            residual: filter.clone(),
        },
    };
    let clauses: Option<Vec<String>> = options.sort.iter().map(SortKey::to_order_by).collect();
    let order_by = clauses
        .filter(|_| features.can_filter && !options.has_bare_sort_key)
        .unwrap_or_default();
    let ordered = order_by.len() == options.sort.len();
    let page_size = match options.limit {
        Some(limit) if ordered && pushed.residual.is_none() => u32::try_from(limit)
            .unwrap_or(limits::PAGE_RUNS)
            .clamp(1, limits::PAGE_RUNS),
        _ => limits::PAGE_RUNS,
    };
    let query = RunQuery {
        experiments: options.experiments.clone(),
        filter: pushed.remote,
        order_by,
        lifecycle: options.lifecycle,
        page_size,
    };
    QueryPlan {
        listing: StoreListing::Query(query),
        local_filter: pushed.residual,
        is_store_ordered: ordered,
    }
}

/// The whole listing as the store's work; `None` if a part of it is not.
fn plan_window(options: &ListOptions) -> Option<WindowQuery> {
    if options.has_bare_sort_key {
        return None;
    }
    let condition = match &options.filter {
        Some(filter) => Some(filter.to_run_condition().ok()?),
        None => None,
    };
    Some(WindowQuery {
        experiments: options.experiments.clone(),
        lifecycle: options.lifecycle,
        condition,
        order: options
            .sort
            .iter()
            .map(SortKey::to_run_order)
            .collect::<Option<_>>()?,
    })
}

/// Finds out which sort keys without a kind are metrics, which params and which tags, where the store can without reading
/// all runs.
///
/// # Errors
/// When the store cannot be read.
pub async fn resolve_bare_sort_keys(
    reader: &dyn ReadStore,
    options: &mut ListOptions,
) -> Result<(), CliError> {
    if !options.has_bare_sort_key || !reader.features().await?.has_windows {
        return Ok(());
    }
    let keys = options.sort.iter().map(|key| &key.column);
    let candidates: Vec<ColumnKey> = keys.flat_map(bare_key_candidates).collect();
    let table = sample_runs(reader, options, &candidates).await?;
    for key in &mut options.sort {
        key.column = resolve_bare_key(key.column.clone(), &table);
    }
    options.has_bare_sort_key = false;
    Ok(())
}

/// The newest runs, and of each column one run that has it, if any: enough to tell whether a column exists and how a similar
/// one is spelled. For a store with windows.
///
/// # Errors
/// When the store cannot be read.
pub async fn sample_runs(
    reader: &dyn ReadStore,
    options: &ListOptions,
    columns: &[ColumnKey],
) -> Result<RunTable, CliError> {
    let all = WindowQuery {
        experiments: options.experiments.clone(),
        lifecycle: options.lifecycle,
        ..WindowQuery::default()
    };
    let newest = WindowRange::First(limits::PAGE_RUNS);
    let mut table = RunTable::default();
    table.upsert(&reader.run_window(&all, newest).await?.runs);
    for column in columns {
        if table.column(column).count() > 0 {
            continue;
        }
        let order = SortKey {
            column: column.clone(),
            descending: false,
        };
        let Some(order) = order.to_run_order() else {
            continue;
        };
        let query = WindowQuery {
            condition: Some(RunCondition::IsPresent(order.field)),
            ..all.clone()
        };
        let one = reader.run_window(&query, WindowRange::First(1)).await?;
        table.upsert(&one.runs);
    }
    Ok(table)
}

/// Reads the runs, with the progress on standard error.
///
/// # Errors
/// When the store cannot be read.
pub async fn list_runs(
    reader: &dyn ReadStore,
    options: &ListOptions,
    now: Millis,
    printer: &mut Printer,
) -> Result<RunListing, CliError> {
    let plan = plan_query(options, &reader.features().await?);
    let local_filter = plan.local_filter.clone();
    let is_window = matches!(plan.listing, StoreListing::Window(_));
    let enough = options
        .limit
        .filter(|_| plan.is_store_ordered && local_filter.is_none());
    let mut pages = plan.pages(enough);
    let mut runs: Vec<Run> = Vec::new();
    let mut remaining = None;
    while !pages.is_done() {
        let page = pages.next(reader).await?;
        runs.extend(page.runs);
        if page.end.is_none() {
            printer.progress(&describe_progress(runs.len(), page.total));
        } else if page.end == Some(ListingEnd::LimitReached) {
            let rest = |total: u64| total.saturating_sub(runs.len() as u64);
            remaining = Some(page.total.map(rest));
        }
    }
    printer.progress("");
    let mut listing = if is_window {
        ordered_runs(runs)
    } else {
        let arrangement = Arrangement {
            filter: local_filter,
            sort: options.sort.clone(),
            ..Arrangement::default()
        };
        arrange_runs(runs, arrangement, now)
    };
    let cut = options
        .limit
        .map_or(0, |limit| listing.runs.len().saturating_sub(limit));
    listing.runs.truncate(options.limit.unwrap_or(usize::MAX));
    listing.remaining = match remaining {
        None if cut == 0 => Remaining::None,
        None => Remaining::Known(cut as u64),
        Some(Some(rest)) => Remaining::Known(rest + cut as u64),
        Some(None) => Remaining::Unknown,
    };
    Ok(listing)
}

fn describe_progress(read: usize, total: Option<u64>) -> String {
    match total {
        Some(total) => format!("{read} of {total} runs read"),
        None => format!("{read} runs read"),
    }
}

/// A listing of runs that the store filtered and sorted.
fn ordered_runs(runs: Vec<Run>) -> RunListing {
    let mut table = RunTable::default();
    table.upsert(&runs);
    update_heartbeats(&mut table, &runs);
    RunListing {
        runs,
        table,
        remaining: Remaining::None,
    }
}

/// Filters and sorts runs.
#[must_use]
pub fn arrange_runs(runs: Vec<Run>, arrangement: Arrangement, now: Millis) -> RunListing {
    let mut table = RunTable::default();
    table.upsert(&runs);
    update_heartbeats(&mut table, &runs);
    let goal = arrangement.goal.clone().or_else(|| infer_goal(&table));
    let sort = arrangement.sort.into_iter().map(|key| SortKey {
        column: resolve_bare_key(key.column, &table),
        ..key
    });
    let arrangement = Arrangement {
        sort: sort.collect(),
        goal,
        ..arrangement
    };
    let mut by_id: std::collections::HashMap<RunId, Run> =
        runs.into_iter().map(|run| (run.id.clone(), run)).collect();
    let lines = arrange(&table, &arrangement, now);
    let rows = lines.iter().filter_map(|line| match line {
        DisplayRow::Run { row, .. } => Some(*row),
        DisplayRow::Group { .. } => None,
    });
    let runs = rows
        .filter_map(|row| by_id.remove(table.run_id(row)))
        .collect();
    RunListing {
        runs,
        table,
        remaining: Remaining::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(filters: bool) -> Features {
        Features {
            product: String::new(),
            can_filter: filters,
            has_windows: false,
            has_bulk_histories: false,
            has_cheap_full_histories: false,
            has_logged_models: false,
            has_registry: true,
            has_transition_requests: false,
        }
    }

    fn sorted_by(column: ColumnKey) -> ListOptions {
        ListOptions {
            sort: vec![SortKey {
                column,
                descending: true,
            }],
            limit: Some(10),
            ..ListOptions::default()
        }
    }

    fn query(plan: &QueryPlan) -> &RunQuery {
        match &plan.listing {
            StoreListing::Query(query) => query,
            StoreListing::Window(_) => panic!("a window"),
        }
    }

    #[test]
    fn windows_are_used_for_what_the_store_can_evaluate() {
        let features = Features {
            has_windows: true,
            ..features(false)
        };
        let is_window = |options: &ListOptions| {
            let plan = plan_query(options, &features);
            matches!(plan.listing, StoreListing::Window(_)) && plan.is_store_ordered
        };
        let mut options = sorted_by(ColumnKey::Param("lr".into()));
        assert!(is_window(&options));
        options.filter = Some(Filter::parse("metrics.acc > 0.5").unwrap());
        assert!(is_window(&options));
        options.filter = Some(Filter::parse("metrics.acc > 0.5 AND resnet").unwrap());
        assert!(!is_window(&options));
    }

    #[test]
    fn metric_order_is_pushed_down_with_limit() {
        let plan = plan_query(
            &sorted_by(ColumnKey::Metric("val/acc".into())),
            &features(true),
        );
        assert_eq!(query(&plan).order_by, ["metrics.`val/acc` DESC"]);
        assert_eq!((plan.is_store_ordered, query(&plan).page_size), (true, 10));
    }

    #[test]
    fn bare_sort_key_is_not_pushed_down() {
        let options = ListOptions {
            has_bare_sort_key: true,
            ..sorted_by(ColumnKey::Metric("lr".into()))
        };
        assert!(!plan_query(&options, &features(true)).is_store_ordered);
    }

    #[test]
    fn param_order_is_sorted_locally() {
        for (column, filters) in [
            (ColumnKey::Param("lr".into()), true),
            (ColumnKey::Metric("acc".into()), false),
        ] {
            let plan = plan_query(&sorted_by(column), &features(filters));
            assert!(!plan.is_store_ordered && query(&plan).order_by.is_empty());
            assert_eq!(query(&plan).page_size, limits::PAGE_RUNS);
        }
    }
}
