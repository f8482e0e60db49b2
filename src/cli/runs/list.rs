//! Lists runs: the store filters and sorts as far as it can, and the run table does the rest.

use super::columns::resolve_bare_key;
use crate::analysis::heartbeat::update_heartbeats;
use crate::analysis::infer_goal;
use crate::cli::output::Printer;
use crate::cli::output::error::CliError;
use crate::domain::{ExperimentId, Millis, Run, RunId};
use crate::ops;
use crate::ops::list_runs::ListingEnd;
use crate::store::{Features, LifecycleFilter, ReadStore, RunQuery, limits};
use crate::table::filter::{Filter, Pushdown};
use crate::table::{Arrangement, DisplayRow, RunTable, SortKey, arrange};

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
    pub query: RunQuery,
    /// The rest of the filter.
    pub local_filter: Option<Filter>,
    /// Whether the store sorts, so that reading can stop at the limit.
    pub is_store_ordered: bool,
}

/// Splits a listing by the features of the store.
#[must_use]
pub fn plan_query(options: &ListOptions, features: &Features) -> QueryPlan {
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
        query,
        local_filter: pushed.residual,
        is_store_ordered: ordered,
    }
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
    let QueryPlan {
        query,
        local_filter,
        is_store_ordered,
    } = plan_query(options, &reader.features().await?);
    let enough = options
        .limit
        .filter(|_| is_store_ordered && local_filter.is_none());
    let mut pages = ops::list_runs::list_runs(query, enough.map(|limit| limit as u64));
    let mut runs: Vec<Run> = Vec::new();
    let mut remaining = None;
    while !pages.is_done() {
        let page = pages.next(reader).await?;
        runs.extend(page.runs);
        if page.end.is_none() {
            printer.progress(&format!("{} runs read", runs.len()));
        } else if page.end == Some(ListingEnd::LimitReached) {
            let rest = |total: u64| total.saturating_sub(runs.len() as u64);
            remaining = Some(page.total.map(rest));
        }
    }
    printer.progress("");
    let mut listing = arrange_runs(
        runs,
        Arrangement {
            filter: local_filter,
            sort: options.sort.clone(),
            ..Arrangement::default()
        },
        now,
    );
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
    use crate::table::ColumnKey;

    fn features(filters: bool) -> Features {
        Features {
            product: String::new(),
            can_filter: filters,
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

    #[test]
    fn metric_order_is_pushed_down_with_limit() {
        let plan = plan_query(
            &sorted_by(ColumnKey::Metric("val/acc".into())),
            &features(true),
        );
        assert_eq!(plan.query.order_by, ["metrics.`val/acc` DESC"]);
        assert_eq!((plan.is_store_ordered, plan.query.page_size), (true, 10));
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
            assert!(!plan.is_store_ordered && plan.query.order_by.is_empty());
            assert_eq!(plan.query.page_size, limits::PAGE_RUNS);
        }
    }
}
