//! Runs that polling found and that were not on the screen yet. They are announced; the cursor doesn't move to them.

use std::collections::HashMap;
use std::ops::Range;

use crate::domain::{Millis, RunId};

/// How long a new run keeps its badge once it is on the screen, in ms.
const NEW_BADGE_MS: Millis = 8_000;

/// The new runs, and when each was on the screen first (ms since the epoch).
#[derive(Debug, Default)]
pub struct NewRuns(HashMap<RunId, Option<Millis>>);

/// The number of new runs outside the visible lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffscreenCounts {
    /// Above the first visible line.
    pub above: usize,
    /// Below the last visible line.
    pub below: usize,
}

impl NewRuns {
    pub(super) fn insert_all(&mut self, runs: impl Iterator<Item = RunId>) {
        self.0.extend(runs.map(|id| (id, None)));
    }

    /// Whether a run has the badge.
    #[must_use]
    pub fn contains(&self, id: &RunId) -> bool {
        !self.0.is_empty() && self.0.contains_key(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Records which runs are on the screen, and drops runs that were on it for [`NEW_BADGE_MS`].
    pub(super) fn mark_visible<'a>(
        &mut self,
        visible: impl Iterator<Item = &'a RunId>,
        now: Millis,
    ) {
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

    /// Counts the new runs among `lines` (line number and run) outside `visible_lines`. Runs that were on the screen before
    /// are not counted, even while they have the badge.
    pub(super) fn offscreen_counts<'a>(
        &self,
        lines: impl Iterator<Item = (usize, &'a RunId)>,
        visible_lines: &Range<usize>,
    ) -> OffscreenCounts {
        let mut counts = OffscreenCounts::default();
        for (line, id) in lines {
            if visible_lines.contains(&line) || !self.0.get(id).is_some_and(Option::is_none) {
                continue;
            }
            if line < visible_lines.start {
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
        let lines = || ids.iter().enumerate();
        let mut new_runs = NewRuns::default();
        new_runs.insert_all([ids[0].clone(), ids[3].clone()].into_iter());
        assert_eq!(
            new_runs.offscreen_counts(lines(), &(1..3)),
            OffscreenCounts { above: 1, below: 1 }
        );
        new_runs.mark_visible(ids[0..2].iter(), 1_000);
        assert_eq!(
            new_runs.offscreen_counts(lines(), &(1..3)),
            OffscreenCounts { above: 0, below: 1 }
        );
        assert!(new_runs.contains(&ids[0]), "the badge stays for a while");
        new_runs.mark_visible(ids[1..2].iter(), 1_000 + NEW_BADGE_MS);
        assert!(!new_runs.contains(&ids[0]) && new_runs.contains(&ids[3]));
    }
}
