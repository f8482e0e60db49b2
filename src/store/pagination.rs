//! Page tokens and listings of local stores. A token names the last run of its page, so that runs which are
//! added or deleted between two pages make no other run appear twice or be skipped.

use std::cmp::Reverse;
use std::sync::{Arc, Mutex, PoisonError};

use super::{PageToken, RunQuery};
use crate::domain::Millis;

/// A run's position in a listing: newest start first, runs without a start last, then by id, as in
/// MLflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    start: Reverse<Option<Millis>>,
    pub(super) id: Box<str>,
}

impl SortKey {
    pub(super) fn new(start: Option<Millis>, id: &str) -> Self {
        Self {
            start: Reverse(start),
            id: id.into(),
        }
    }

    /// The token of the page after this run.
    pub(super) fn to_token(&self) -> PageToken {
        let start = self.start.0.map(|ms| ms.to_string());
        PageToken(format!("{}:{}", start.as_deref().unwrap_or("-"), self.id))
    }

    /// The last run before a page; an error message for a token of another store.
    pub(super) fn from_token(token: &PageToken) -> Result<Self, &'static str> {
        let parse = || {
            let (start, id) = token.0.split_once(':')?;
            let start = match start {
                "-" => None,
                start => Some(start.parse().ok()?),
            };
            Some(Self::new(start, id))
        };
        parse().ok_or("the page token is from another store")
    }
}

/// A listing that falls out of the cache is only slower.
const CACHED_LISTINGS: usize = 4;

/// The sorted runs of the last few listings. Sorting all runs again for each page would make a
/// walk over the pages quadratic.
#[derive(Default)]
pub(super) struct ListingCache(Mutex<Vec<(RunQuery, CachedListing)>>);

#[derive(Clone)]
enum CachedListing {
    /// Only the first page was read, which begins with this run.
    First(SortKey),
    All(Arc<[SortKey]>),
}

impl ListingCache {
    fn find(&self, listing: &RunQuery) -> Option<CachedListing> {
        let listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, found) = listings.iter().find(|(known, _)| known == listing)?;
        Some(found.clone())
    }

    pub(super) fn get(&self, listing: &RunQuery) -> Option<Arc<[SortKey]>> {
        match self.find(listing)? {
            CachedListing::All(keys) => Some(keys),
            CachedListing::First(_) => None,
        }
    }

    /// The first run of a listing of which only the first page was read: runs before it started later, and belong to no page.
    pub(super) fn first(&self, listing: &RunQuery) -> Option<SortKey> {
        match self.find(listing)? {
            CachedListing::First(key) => Some(key),
            CachedListing::All(_) => None,
        }
    }

    /// Remembers the keys of a listing, or forgets them.
    pub(super) fn set(&self, listing: RunQuery, keys: Option<Arc<[SortKey]>>) {
        self.replace(listing, keys.map(CachedListing::All));
    }

    /// Remembers the first run of a listing, or forgets the listing.
    pub(super) fn set_first(&self, listing: RunQuery, first: Option<SortKey>) {
        self.replace(listing, first.map(CachedListing::First));
    }

    fn replace(&self, listing: RunQuery, cached: Option<CachedListing>) {
        let mut listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listings.retain(|(known, _)| *known != listing);
        if let Some(cached) = cached {
            listings.insert(0, (listing, cached));
            listings.truncate(CACHED_LISTINGS);
        }
    }
}

/// The listing in words, for error messages.
pub(super) fn describe_query(query: &RunQuery) -> String {
    match query.experiments.as_slice() {
        [] => "reading the runs of all experiments".to_owned(),
        [one] => format!("reading the runs of experiment {}", one.clean()),
        many => format!("reading the runs of {} experiments", many.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_round_trip() {
        for start in [Some(-5), Some(1_700_000_000_000), None] {
            let key = SortKey::new(start, "a:b");
            assert_eq!(SortKey::from_token(&key.to_token()), Ok(key));
        }
        assert!(SortKey::from_token(&PageToken("{\"offset\": 3}".into())).is_err());
    }

    #[test]
    fn sorts_newest_first_and_missing_starts_last() {
        let mut keys = [(None, "d"), (Some(1), "b"), (Some(2), "c"), (Some(1), "a")]
            .map(|(start, id)| SortKey::new(start, id));
        keys.sort_unstable();
        assert_eq!(keys.map(|key| key.id.to_string()), ["c", "a", "b", "d"]);
    }
}
