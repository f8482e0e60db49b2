//! Runs that arrived by themselves and were not looked at yet. They are announced, never jumped to.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::{Millis, RunId};

/// How long a new run keeps its sign once it is on the screen, in ms: the time of a look.
const NEW_BADGE_MS: Millis = 8_000;

/// The new runs, and since when each is on the screen (ms since the epoch).
#[derive(Debug, Default)]
pub struct NewRuns(HashMap<RunId, Option<Millis>>);

/// How many new runs there are beyond what is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffscreenCounts {
    /// Above the first line that is seen.
    pub above: usize,
    /// Below the last one.
    pub below: usize,
}

impl NewRuns {
    /// Takes runs that just arrived.
    pub fn insert_all(&mut self, runs: impl Iterator<Item = RunId>) {
        self.0.extend(runs.map(|id| (id, None)));
    }

    /// Whether a run is new.
    #[must_use]
    pub fn contains(&self, id: &RunId) -> bool {
        !self.0.is_empty() && self.0.contains_key(id)
    }

    /// Whether nothing is new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets everything: the person asked for the whole listing.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Notes which runs are on the screen; those that were long enough are new no longer.
    pub fn mark_visible<'a>(&mut self, visible: impl Iterator<Item = &'a RunId>, now: Millis) {
        if self.0.is_empty() {
            return;
        }
        for id in visible {
            if let Some(since) = self.0.get_mut(id) {
                since.get_or_insert(now);
            }
        }
        self.0
            .retain(|_, since| since.is_none_or(|since| now.saturating_sub(since) < NEW_BADGE_MS));
    }

    /// Counts the new runs that are not seen; `lines` are the ids of all lines, `seen` is the window over them.
    pub fn offscreen_counts<'a>(
        &self,
        lines: impl Iterator<Item = Option<&'a RunId>>,
        visible_lines: &Range<usize>,
    ) -> OffscreenCounts {
        let mut counts = OffscreenCounts::default();
        if self.0.is_empty() {
            return counts;
        }
        // A run that was seen before the window moved on is no news, even while it keeps its sign.
        let is_not_yet_visible = |id: &RunId| self.0.get(id).is_some_and(Option::is_none);
        for (at, _) in lines
            .enumerate()
            .filter(|(at, id)| !visible_lines.contains(at) && id.is_some_and(is_not_yet_visible))
        {
            if at < visible_lines.start {
                counts.above += 1;
            } else {
                counts.below += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stay_new_until_they_were_on_screen() {
        let ids: Vec<RunId> = ["a", "b", "c", "d"].map(RunId::from).to_vec();
        let lines = || ids.iter().map(Some);
        let mut news = NewRuns::default();
        news.insert_all([ids[0].clone(), ids[3].clone()].into_iter());
        assert_eq!(
            news.offscreen_counts(lines(), &(1..3)),
            OffscreenCounts { above: 1, below: 1 }
        );
        news.mark_visible(ids[0..2].iter(), 1_000);
        assert_eq!(
            news.offscreen_counts(lines(), &(1..3)),
            OffscreenCounts { above: 0, below: 1 }
        );
        assert!(news.contains(&ids[0]), "its sign stays for a look");
        news.mark_visible(ids[1..2].iter(), 1_000 + NEW_BADGE_MS);
        assert!(!news.contains(&ids[0]) && news.contains(&ids[3]));
    }
}
