//! Marks: the runs that were picked for a comparison. They survive filters, screens and experiments.

use crate::domain::RunId;
use crate::text::Untrusted;

/// A run that is marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The run.
    pub id: RunId,
    /// Its name, or the start of its id.
    pub label: Untrusted,
    /// Where it was marked, safe to draw: its experiment, or its model.
    pub origin: String,
}

/// The marked runs, in the order in which they were marked.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    runs: Vec<Mark>,
    baseline: Option<RunId>,
}

impl Marks {
    /// Marks a run, or takes its mark away.
    pub fn toggle(&mut self, id: &RunId, label: &Untrusted, home: &str) {
        if self.contains(id) {
            self.remove(id);
        } else {
            self.add(id, label, home);
        }
    }

    /// Takes the mark of a run away.
    pub fn remove(&mut self, id: &RunId) {
        self.runs.retain(|mark| mark.id != *id);
        if self.baseline.as_ref() == Some(id) {
            self.baseline = None;
        }
    }

    /// Marks a run if it is not marked.
    pub fn add(&mut self, id: &RunId, label: &Untrusted, home: &str) {
        if !self.contains(id) {
            self.runs.push(Mark {
                id: id.clone(),
                label: label.clone(),
                origin: home.to_owned(),
            });
        }
    }

    /// All marks, in the order in which they were made.
    #[must_use]
    pub fn all(&self) -> &[Mark] {
        &self.runs
    }

    /// Takes all marks away.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether a run is marked.
    #[must_use]
    pub fn contains(&self, id: &RunId) -> bool {
        self.runs.iter().any(|mark| mark.id == *id)
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
        let mut ids: Vec<RunId> = self.runs.iter().map(|mark| mark.id.clone()).collect();
        if let Some(baseline_index) = self
            .baseline
            .as_ref()
            .and_then(|baseline| ids.iter().position(|id| id == baseline))
        {
            ids[..=baseline_index].rotate_right(1);
        }
        ids
    }

    /// Makes a run the baseline; it is marked, too.
    pub fn set_baseline(&mut self, id: &RunId, label: &Untrusted, home: &str) {
        self.add(id, label, home);
        self.baseline = Some(id.clone());
    }

    /// The baseline: the run that was named, else the first that was marked.
    #[must_use]
    pub fn baseline(&self) -> Option<&RunId> {
        self.baseline
            .as_ref()
            .or(self.runs.first().map(|mark| &mark.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmarking_baseline_falls_back_to_first_mark() {
        let mut marks = Marks::default();
        for id in ["a", "b", "c"] {
            marks.toggle(&id.into(), &id.into(), "");
        }
        marks.set_baseline(&"c".into(), &"c".into(), "");
        assert_eq!(
            marks.ids(),
            ["c".into(), "a".into(), "b".into()] as [RunId; 3]
        );
        marks.toggle(&"c".into(), &"c".into(), "");
        assert_eq!(marks.baseline(), Some(&"a".into()));
    }
}
