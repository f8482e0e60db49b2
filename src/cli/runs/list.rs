//! Gathering runs: what the store can filter and order is asked of it, the rest is done here over the run table.

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

/// Which runs are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// Of which experiments.
    pub experiments: Vec<ExperimentId>,
    /// Which of them.
    pub filter: Option<Filter>,
    /// In which order; none is newest first.
    pub sort: Vec<SortKey>,
    /// Whether a sort key was a bare word: whether it is a metric or a param shows only when the runs are here.
    pub has_bare_sort_key: bool,
    /// Active, deleted, or both.
    pub lifecycle: LifecycleFilter,
    /// At most how many.
    pub limit: Option<usize>,
}

/// What was gathered, in order.
#[derive(Default)]
pub struct RunListing {
    /// The runs, as many as were wanted.
    pub runs: Vec<Run>,
    /// The same runs as a table.
    pub table: RunTable,
    /// How many there are beyond the limit.
    pub remaining: Remaining,
}

/// How many runs there are beyond a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Remaining {
    /// None.
    #[default]
    None,
    /// This many.
    Known(u64),
    /// Some; the store did not say how many.
    Unknown,
}

/// A question split into the store's part and ours.
pub struct QueryPlan {
    /// What the store is asked.
    pub query: RunQuery,
    /// What is left to filter here.
    pub local_filter: Option<Filter>,
    /// Whether the store's order is the order that is wanted, so that reading can stop at the limit.
    pub is_store_ordered: bool,
}

/// Splits what is wanted by what the store can do.
#[must_use]
pub fn plan_query(options: &ListOptions, features: &Features) -> QueryPlan {
    let pushed = match &options.filter {
        // The best is the best of all, not of what the rest of the filter leaves.
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

/// Gathers the runs.
///
/// # Errors
/// When the store can't answer.
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

/// The runs under an arrangement, and their table.
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
        let split = plan_query(
            &sorted_by(ColumnKey::Metric("val/acc".into())),
            &features(true),
        );
        assert_eq!(split.query.order_by, ["metrics.`val/acc` DESC"]);
        assert_eq!((split.is_store_ordered, split.query.page_size), (true, 10));
    }

    #[test]
    fn bare_sort_key_is_not_pushed_down() {
        let wanted = ListOptions {
            has_bare_sort_key: true,
            ..sorted_by(ColumnKey::Metric("lr".into()))
        };
        assert!(!plan_query(&wanted, &features(true)).is_store_ordered);
    }

    #[test]
    fn param_order_is_sorted_locally() {
        for (column, filters) in [
            (ColumnKey::Param("lr".into()), true),
            (ColumnKey::Metric("acc".into()), false),
        ] {
            let split = plan_query(&sorted_by(column), &features(filters));
            assert!(!split.is_store_ordered && split.query.order_by.is_empty());
            assert_eq!(split.query.page_size, limits::PAGE_RUNS);
        }
    }
}
