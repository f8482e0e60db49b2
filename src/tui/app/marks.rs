//! Marks: the runs selected for comparison, across filters, screens and experiments.

use crate::domain::RunId;
use crate::text::Untrusted;

/// A marked run.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub id: RunId,
    /// Its name, or the start of its id.
    pub label: Untrusted,
    /// The experiment or model where it was marked, cleaned.
    pub origin: String,
}

/// The marked runs, in the order of marking.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    runs: Vec<Mark>,
    baseline: Option<RunId>,
}

impl Marks {
    /// Marks or unmarks a run.
    pub fn toggle(&mut self, id: &RunId, label: &Untrusted, origin: &str) {
        if self.contains(id) {
            self.remove(id);
        } else {
            self.add(id, label, origin);
        }
    }

    pub fn remove(&mut self, id: &RunId) {
        self.runs.retain(|mark| mark.id != *id);
        if self.baseline.as_ref() == Some(id) {
            self.baseline = None;
        }
    }

    /// Marks a run. A marked run keeps its place in the order.
    pub fn add(&mut self, id: &RunId, label: &Untrusted, origin: &str) {
        if !self.contains(id) {
            self.runs.push(Mark {
                id: id.clone(),
                label: label.clone(),
                origin: origin.to_owned(),
            });
        }
    }

    /// In the order of marking.
    #[must_use]
    pub fn all(&self) -> &[Mark] {
        &self.runs
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    #[must_use]
    pub fn contains(&self, id: &RunId) -> bool {
        self.runs.iter().any(|mark| mark.id == *id)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

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

    /// Marks a run and makes it the baseline.
    pub fn set_baseline(&mut self, id: &RunId, label: &Untrusted, origin: &str) {
        self.add(id, label, origin);
        self.baseline = Some(id.clone());
    }

    /// The label of a marked run: `v6` for the run of a version. It begins with its origin if another mark has the same label.
    #[must_use]
    pub fn title(&self, id: &RunId) -> Option<String> {
        let mark = self.runs.iter().find(|mark| mark.id == *id)?;
        let is_ambiguous = self
            .runs
            .iter()
            .any(|other| other.label == mark.label && other.origin != mark.origin);
        let label = mark.label.clean();
        Some(if is_ambiguous {
            format!("{} {label}", mark.origin)
        } else {
            label.into_owned()
        })
    }

    /// The chosen baseline, else the first marked run.
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

    #[test]
    fn equal_labels_of_two_origins_are_told_apart() {
        let mut marks = Marks::default();
        marks.add(&"a".into(), &"v1".into(), "churn");
        marks.add(&"b".into(), &"v2".into(), "churn");
        marks.add(&"c".into(), &"v1".into(), "iris");
        let titles = ["a", "b", "c", "d"].map(|id| marks.title(&id.into()));
        let expected = [Some("churn v1"), Some("v2"), Some("iris v1"), None];
        assert_eq!(titles, expected.map(|title| title.map(str::to_owned)));
    }
}
