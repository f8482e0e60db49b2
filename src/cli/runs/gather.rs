//! Gathering runs: what the store can filter and order is asked of it, the rest is done here over the run table.

use super::Pages;
use super::columns::settled;
use crate::analysis::likely_goal;
use crate::analysis::rhythm::judge_all;
use crate::cli::output::Output;
use crate::cli::output::failure::Failure;
use crate::domain::{ExperimentId, Millis, Run, RunId};
use crate::store::{Features, Read, RunQuery, View, limits};
use crate::table::filter::{Filter, Pushdown};
use crate::table::{Arrangement, Line, RunTable, SortKey, arrange};

/// Which runs are wanted, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of which experiments.
    pub experiments: Vec<ExperimentId>,
    /// Which of them.
    pub filter: Option<Filter>,
    /// In which order; none is newest first.
    pub sort: Vec<SortKey>,
    /// Whether a sort key was a bare word: whether it is a metric or a param shows only when the runs are here.
    pub bare: bool,
    /// Active, deleted, or both.
    pub view: View,
    /// At most how many.
    pub limit: Option<usize>,
}

/// What was gathered, in order.
#[derive(Default)]
pub struct Gathered {
    /// The runs, as many as were wanted.
    pub runs: Vec<Run>,
    /// The same runs as a table.
    pub table: RunTable,
    /// How many there are beyond the limit.
    pub beyond: Beyond,
}

/// How many runs there are beyond a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beyond {
    /// None.
    #[default]
    Nothing,
    /// This many.
    Runs(u64),
    /// Some; the store did not say how many.
    Some,
}

/// A question split into the store's part and ours.
pub struct Split {
    /// What the store is asked.
    pub query: RunQuery,
    /// What is left to filter here.
    pub local: Option<Filter>,
    /// Whether the store's order is the order that is wanted, so that reading can stop at the limit.
    pub ordered: bool,
}

/// Splits what is wanted by what the store can do.
#[must_use]
pub fn split(wanted: &Wanted, features: &Features) -> Split {
    let pushed = match &wanted.filter {
        // The best is the best of all, not of what the rest of the filter leaves.
        Some(filter) if features.filters && !filter.asks_for_best() => filter.pushdown(),
        filter => Pushdown {
            remote: None,
            local: filter.clone(),
        },
    };
    let clauses: Option<Vec<String>> = wanted.sort.iter().map(SortKey::pushdown).collect();
    let order_by = clauses
        .filter(|_| features.filters && !wanted.bare)
        .unwrap_or_default();
    let ordered = order_by.len() == wanted.sort.len();
    let page_size = match wanted.limit {
        Some(limit) if ordered && pushed.local.is_none() => u32::try_from(limit)
            .unwrap_or(limits::PAGE_RUNS)
            .clamp(1, limits::PAGE_RUNS),
        _ => limits::PAGE_RUNS,
    };
    let query = RunQuery {
        experiments: wanted.experiments.clone(),
        filter: pushed.remote,
        order_by,
        view: wanted.view,
        page_size,
    };
    Split {
        query,
        local: pushed.local,
        ordered,
    }
}

/// Gathers the runs.
///
/// # Errors
/// When the store can't answer.
pub async fn gather(
    reader: &dyn Read,
    wanted: &Wanted,
    now: Millis,
    output: &mut Output,
) -> Result<Gathered, Failure> {
    let Split {
        query,
        local,
        ordered,
    } = split(wanted, &reader.features().await?);
    let enough = wanted.limit.filter(|_| ordered && local.is_none());
    let mut pages = Pages::new(reader, query);
    let mut runs: Vec<Run> = Vec::new();
    while let Some(page) = pages.next().await? {
        runs.extend(page);
        if enough.is_some_and(|limit| runs.len() >= limit) {
            break;
        }
        if !pages.is_over() {
            output.progress(&format!("{} runs read", runs.len()));
        }
    }
    output.progress("");
    let beyond = if pages.is_over() {
        None
    } else {
        Some(
            pages
                .total()
                .map(|total| total.saturating_sub(runs.len() as u64)),
        )
    };
    let mut gathered = arranged(
        runs,
        Arrangement {
            filter: local,
            sort: wanted.sort.clone(),
            ..Arrangement::default()
        },
        now,
    );
    let cut = wanted
        .limit
        .map_or(0, |limit| gathered.runs.len().saturating_sub(limit));
    gathered.runs.truncate(wanted.limit.unwrap_or(usize::MAX));
    gathered.beyond = match beyond {
        None if cut == 0 => Beyond::Nothing,
        None => Beyond::Runs(cut as u64),
        Some(Some(rest)) => Beyond::Runs(rest + cut as u64),
        Some(None) => Beyond::Some,
    };
    Ok(gathered)
}

/// The runs under an arrangement, and their table.
#[must_use]
pub fn arranged(runs: Vec<Run>, arrangement: Arrangement, now: Millis) -> Gathered {
    let mut table = RunTable::default();
    table.upsert(&runs);
    judge_all(&mut table, &runs);
    let goal = arrangement.goal.clone().or_else(|| likely_goal(&table));
    let sort = arrangement.sort.into_iter().map(|key| SortKey {
        column: settled(key.column, &table),
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
        Line::Run { row, .. } => Some(*row),
        Line::Group { .. } => None,
    });
    let runs = rows.filter_map(|row| by_id.remove(table.id(row))).collect();
    Gathered {
        runs,
        table,
        beyond: Beyond::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::ColumnKey;

    fn features(filters: bool) -> Features {
        Features {
            product: String::new(),
            filters,
            bulk_histories: false,
            whole_histories: false,
            logged_models: false,
            registry: true,
            read_only: None,
        }
    }

    fn by(column: ColumnKey) -> Wanted {
        Wanted {
            sort: vec![SortKey {
                column,
                descending: true,
            }],
            limit: Some(10),
            ..Wanted::default()
        }
    }

    #[test]
    fn a_metrics_order_is_pushed_down_and_reading_stops_at_the_limit() {
        let split = split(&by(ColumnKey::Metric("val/acc".into())), &features(true));
        assert_eq!(split.query.order_by, ["metrics.`val/acc` DESC"]);
        assert_eq!((split.ordered, split.query.page_size), (true, 10));
    }

    #[test]
    fn a_bare_word_may_be_a_param_and_is_not_pushed_down() {
        let wanted = Wanted {
            bare: true,
            ..by(ColumnKey::Metric("lr".into()))
        };
        assert!(!split(&wanted, &features(true)).ordered);
    }

    #[test]
    fn a_params_order_is_ours_so_everything_is_read() {
        for (column, filters) in [
            (ColumnKey::Param("lr".into()), true),
            (ColumnKey::Metric("acc".into()), false),
        ] {
            let split = split(&by(column), &features(filters));
            assert!(!split.ordered && split.query.order_by.is_empty());
            assert_eq!(split.query.page_size, limits::PAGE_RUNS);
        }
    }
}
