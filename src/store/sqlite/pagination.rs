//! Walking the runs of a question page by page.
//!
//! The order is start time, newest first, then id. A token names the last run of a page, so that runs which are
//! added or deleted meanwhile make no other run appear twice or not at all. MLflow has no index for this order, and
//! sorting all runs again for every page would make a walk quadratic: the sorted ids of the last few questions are kept.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::connection::QueryError;
use super::schema::Schema;
use super::values::{column_value, integer, text};
use crate::domain::{ExperimentId, StoreErrorKind};
use crate::store::{LifecycleFilter, PageToken, RunQuery};

/// How many walks are remembered at once; a forgotten one is only slower.
const CACHED_LISTINGS: usize = 4;

/// A run's place in the order: runs without a start come last, as in MLflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    start: Reverse<Option<i64>>,
    /// The run's id.
    pub(super) id: Box<str>,
}

impl SortKey {
    /// The token for what comes after this place.
    pub(super) fn to_token(&self) -> PageToken {
        let start = self
            .start
            .0
            .map_or_else(|| "-".to_owned(), |ms| ms.to_string());
        PageToken(format!("{start}:{}", self.id))
    }

    /// The place that a token names.
    pub(super) fn from_token(token: &PageToken) -> Result<Self, QueryError> {
        let key = token.0.split_once(':').and_then(|(start, id)| {
            let start = if start == "-" {
                None
            } else {
                Some(start.parse().ok()?)
            };
            Some(Self {
                start: Reverse(start),
                id: id.into(),
            })
        });
        key.ok_or_else(|| {
            QueryError::Store(
                StoreErrorKind::InvalidRequest,
                "the page token is none of this store's".to_owned(),
            )
        })
    }
}

/// What a walk is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListingKey {
    experiments: Vec<ExperimentId>,
    lifecycle: LifecycleFilter,
}

impl From<&RunQuery> for ListingKey {
    fn from(query: &RunQuery) -> Self {
        Self {
            experiments: query.experiments.clone(),
            lifecycle: query.lifecycle,
        }
    }
}

/// The condition that keeps what a view asks for; anything but `deleted` is in use.
pub(super) fn lifecycle_condition(view: LifecycleFilter, column: &str) -> String {
    match view {
        LifecycleFilter::Active => format!("coalesce({column}, 'active') <> 'deleted'"),
        LifecycleFilter::Deleted => format!("{column} = 'deleted'"),
        LifecycleFilter::All => "TRUE".to_owned(),
    }
}

impl ListingKey {
    /// All places of the question, in order.
    pub(super) fn load_sort_keys(
        &self,
        connection: &Connection,
        schema: &Schema,
    ) -> Result<Vec<SortKey>, QueryError> {
        let mut condition = lifecycle_condition(self.lifecycle, "r.lifecycle_stage");
        if schema.has_column("experiments", "workspace") {
            let here = schema.workspace_condition("experiments", "e");
            condition += &format!(
                " AND r.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE {here})"
            );
        }
        if !self.experiments.is_empty() {
            condition += " AND CAST(r.experiment_id AS TEXT) IN (SELECT wanted.value FROM json_each(?1) AS wanted)";
        }
        let sql = format!(
            "SELECT r.start_time, r.run_uuid FROM runs AS r WHERE ?1 IS NOT NULL AND {condition}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows =
            statement.query([json_array(self.experiments.iter().map(ExperimentId::raw))])?;
        let mut sort_keys = Vec::new();
        while let Some(row) = rows.next()? {
            sort_keys.push(SortKey {
                start: Reverse(integer(column_value(row, 0))),
                id: text(column_value(row, 1)).raw().into(),
            });
        }
        sort_keys.sort_unstable();
        Ok(sort_keys)
    }
}

/// A JSON list of texts, to be taken apart by SQLite's `json_each`: one parameter for any number of ids.
pub(super) fn json_array<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<serde_json::Value>().to_string()
}

/// The walks that are under way.
#[derive(Default)]
pub(super) struct ListingCache(Mutex<Vec<(ListingKey, Arc<[SortKey]>)>>);

impl ListingCache {
    /// The places of a walk that began before.
    pub(super) fn get(&self, question: &ListingKey) -> Option<Arc<[SortKey]>> {
        let walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        walks
            .iter()
            .find(|(known, _)| known == question)
            .map(|(_, places)| Arc::clone(places))
    }

    /// Remembers a walk, in place of an older one of the same question.
    pub(super) fn insert(&self, question: ListingKey, places: Arc<[SortKey]>) {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        walks.retain(|(known, _)| *known != question);
        walks.insert(0, (question, places));
        walks.truncate(CACHED_LISTINGS);
    }

    /// Forgets a walk that came to its end.
    pub(super) fn remove(&self, question: &ListingKey) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|(known, _)| known != question);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_tokens_round_trip() {
        for start in [Some(-5), Some(1_700_000_000_000), None] {
            let place = SortKey {
                start: Reverse(start),
                id: "a:b".into(),
            };
            assert!(SortKey::from_token(&place.to_token()).is_ok_and(|back| back == place));
        }
        assert!(SortKey::from_token(&PageToken("{\"offset\": 3}".into())).is_err());
    }

    #[test]
    fn sorts_newest_first_and_missing_starts_last() {
        let place = |start, id: &str| SortKey {
            start: Reverse(start),
            id: id.into(),
        };
        let mut places = [
            place(None, "d"),
            place(Some(1), "b"),
            place(Some(2), "c"),
            place(Some(1), "a"),
        ];
        places.sort_unstable();
        assert_eq!(
            places.map(|place| place.id.to_string()),
            ["c", "a", "b", "d"]
        );
    }
}
