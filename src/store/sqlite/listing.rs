//! Walking the runs of a question page by page.
//!
//! The order is start time, newest first, then id. A token names the last run of a page, so that runs which are
//! added or deleted meanwhile make no other run appear twice or not at all. MLflow has no index for this order, and
//! sorting all runs again for every page would make a walk quadratic: the sorted ids of the last few questions are kept.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::connection::Failure;
use super::schema::Schema;
use super::values::{at, integer, text};
use crate::domain::{ExperimentId, FaultKind};
use crate::store::{PageToken, RunQuery, View};

/// How many walks are remembered at once; a forgotten one is only slower.
const WALKS: usize = 4;

/// A run's place in the order: runs without a start come last, as in MLflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    start: Reverse<Option<i64>>,
    /// The run's id.
    pub(super) id: Box<str>,
}

impl Place {
    /// The token for what comes after this place.
    pub(super) fn token(&self) -> PageToken {
        let start = self
            .start
            .0
            .map_or_else(|| "-".to_owned(), |ms| ms.to_string());
        PageToken(format!("{start}:{}", self.id))
    }

    /// The place that a token names.
    pub(super) fn of(token: &PageToken) -> Result<Self, Failure> {
        let place = token.0.split_once(':').and_then(|(start, id)| {
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
        place.ok_or_else(|| {
            Failure::Known(
                FaultKind::Invalid,
                "the page token is none of this store's".to_owned(),
            )
        })
    }
}

/// What a walk is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    experiments: Vec<ExperimentId>,
    view: View,
}

impl From<&RunQuery> for Question {
    fn from(query: &RunQuery) -> Self {
        Self {
            experiments: query.experiments.clone(),
            view: query.view,
        }
    }
}

/// The condition that keeps what a view asks for; anything but `deleted` is in use.
pub(super) fn in_view(view: View, column: &str) -> String {
    match view {
        View::Active => format!("coalesce({column}, 'active') <> 'deleted'"),
        View::Deleted => format!("{column} = 'deleted'"),
        View::All => "TRUE".to_owned(),
    }
}

impl Question {
    /// All places of the question, in order.
    pub(super) fn places(
        &self,
        connection: &Connection,
        schema: &Schema,
    ) -> Result<Vec<Place>, Failure> {
        let mut condition = in_view(self.view, "r.lifecycle_stage");
        if schema.has("experiments", "workspace") {
            let here = schema.in_workspace("experiments", "e");
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
            statement.query([json_list(self.experiments.iter().map(ExperimentId::raw))])?;
        let mut places = Vec::new();
        while let Some(row) = rows.next()? {
            places.push(Place {
                start: Reverse(integer(at(row, 0))),
                id: text(at(row, 1)).raw().into(),
            });
        }
        places.sort_unstable();
        Ok(places)
    }
}

/// A JSON list of texts, to be taken apart by SQLite's `json_each`: one parameter for any number of ids.
pub(super) fn json_list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<serde_json::Value>().to_string()
}

/// The walks that are under way.
#[derive(Default)]
pub(super) struct Walks(Mutex<Vec<(Question, Arc<[Place]>)>>);

impl Walks {
    /// The places of a walk that began before.
    pub(super) fn find(&self, question: &Question) -> Option<Arc<[Place]>> {
        let walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        walks
            .iter()
            .find(|(known, _)| known == question)
            .map(|(_, places)| Arc::clone(places))
    }

    /// Remembers a walk, in place of an older one of the same question.
    pub(super) fn keep(&self, question: Question, places: Arc<[Place]>) {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        walks.retain(|(known, _)| *known != question);
        walks.insert(0, (question, places));
        walks.truncate(WALKS);
    }

    /// Forgets a walk that came to its end.
    pub(super) fn forget(&self, question: &Question) {
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
    fn a_token_comes_back_as_its_place() {
        for start in [Some(-5), Some(1_700_000_000_000), None] {
            let place = Place {
                start: Reverse(start),
                id: "a:b".into(),
            };
            assert!(Place::of(&place.token()).is_ok_and(|back| back == place));
        }
        assert!(Place::of(&PageToken("{\"offset\": 3}".into())).is_err());
    }

    #[test]
    fn newest_first_and_without_a_start_last() {
        let place = |start, id: &str| Place {
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
