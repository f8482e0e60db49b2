//! Marks: the runs that were picked for a comparison. They survive filters, screens and experiments.

use crate::domain::{RunId, Untrusted};

/// The marked runs, in the order in which they were marked.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    runs: Vec<(RunId, Untrusted)>,
    baseline: Option<RunId>,
}

impl Marks {
    /// Marks a run, or takes its mark away.
    pub fn toggle(&mut self, id: &RunId, label: &Untrusted) {
        if self.has(id) {
            self.runs.retain(|(run, _)| run != id);
            if self.baseline.as_ref() == Some(id) {
                self.baseline = None;
            }
        } else {
            self.runs.push((id.clone(), label.clone()));
        }
    }

    /// Marks a run if it is not marked.
    pub fn add(&mut self, id: &RunId, label: &Untrusted) {
        if !self.has(id) {
            self.runs.push((id.clone(), label.clone()));
        }
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether a run is marked.
    #[must_use]
    pub fn has(&self, id: &RunId) -> bool {
        self.runs.iter().any(|(run, _)| run == id)
    }

    /// How many runs are marked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether no run is marked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The marked runs, the baseline first.
    #[must_use]
    pub fn ids(&self) -> Vec<RunId> {
        let mut ids: Vec<RunId> = self.runs.iter().map(|(id, _)| id.clone()).collect();
        if let Some(place) = self.baseline.as_ref().and_then(|baseline| ids.iter().position(|id| id == baseline)) {
            ids[..=place].rotate_right(1);
        }
        ids
    }

    /// Makes a run the baseline; it is marked, too.
    pub fn set_baseline(&mut self, id: &RunId, label: &Untrusted) {
        self.add(id, label);
        self.baseline = Some(id.clone());
    }

    /// The baseline: the run that was named, else the first that was marked.
    #[must_use]
    pub fn baseline(&self) -> Option<&RunId> {
        self.baseline.as_ref().or(self.runs.first().map(|(id, _)| id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_comes_first_and_goes_with_its_mark() {
        let mut marks = Marks::default();
        for id in ["a", "b", "c"] {
            marks.toggle(&id.into(), &id.into());
        }
        marks.set_baseline(&"c".into(), &"c".into());
        assert_eq!(marks.ids(), ["c".into(), "a".into(), "b".into()] as [RunId; 3]);
        marks.toggle(&"c".into(), &"c".into());
        assert_eq!(marks.baseline(), Some(&"a".into()));
    }
}
