//! What the curves of metrics come to, where their histories were read: lowest, highest, at which step, and what the curve does.
//! The table keeps what it is told and sorts by it; the verdict's words are not its own.

use std::collections::HashMap;

use super::rows::{Row, RunTable};
use super::slots::{Slot, Slots};
use super::texts::canonical_bits;
use crate::text::Untrusted;

/// What is told of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// Its highest finite value.
    Max,
    /// The first step at which that was reached.
    MaxStep,
    /// Its lowest finite value.
    Min,
    /// The first step at which that was reached.
    MinStep,
    /// What it does, in words.
    Verdict,
}

impl Fact {
    /// Every fact.
    pub const ALL: [Self; 5] = [
        Self::Max,
        Self::MaxStep,
        Self::Min,
        Self::MinStep,
        Self::Verdict,
    ];

    /// What it tells, in a few words.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Max => "the highest value",
            Self::MaxStep => "the step of the highest value",
            Self::Min => "the lowest value",
            Self::MinStep => "the step of the lowest value",
            Self::Verdict => "NaN, spike, worse, flat, rising, falling, and since when",
        }
    }

    /// The word for it in views: `argmax(metrics.auc)`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::MaxStep => "argmax",
            Self::Min => "min",
            Self::MinStep => "argmin",
            Self::Verdict => "verdict",
        }
    }
}

/// What a history comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// How many points it was told from.
    pub points: u32,
    /// Whether the store left points out: then the lowest and the highest may be others.
    pub sampled: bool,
    /// The highest finite value and its first step.
    pub max: Option<(f64, i64)>,
    /// The lowest finite value and its first step.
    pub min: Option<(f64, i64)>,
    /// What it does, in words; empty where there is no point.
    pub verdict: String,
}

/// The curves of one metric, by row.
#[derive(Clone, Debug, Default)]
pub(super) struct Curves {
    told: Slots<u32>,
    max: Slots<u64>,
    max_step: Slots<u64>,
    min: Slots<u64>,
    min_step: Slots<u64>,
    verdict: Slots<u32>,
}

/// What was told of a curve is kept with how many points it was told from, twice that, and one more where points were left out.
fn told(points: u32, sampled: bool) -> u32 {
    points
        .saturating_mul(2)
        .saturating_add(u32::from(sampled))
        .min(u32::MAX - 1)
}

/// The curves of a table, by metric.
#[derive(Clone, Debug, Default)]
pub(super) struct AllCurves(HashMap<Untrusted, Curves>);

impl AllCurves {
    /// The numbers of a fact; nothing for words.
    pub(super) fn numbers(&self, fact: Fact, metric: &str) -> Option<&Slots<u64>> {
        let curves = self.0.get(metric)?;
        match fact {
            Fact::Max => Some(&curves.max),
            Fact::MaxStep => Some(&curves.max_step),
            Fact::Min => Some(&curves.min),
            Fact::MinStep => Some(&curves.min_step),
            Fact::Verdict => None,
        }
    }

    /// The verdicts, as numbers of texts.
    pub(super) fn verdicts(&self, metric: &str) -> Option<&Slots<u32>> {
        self.0.get(metric).map(|curves| &curves.verdict)
    }
}

impl RunTable {
    /// Notes what a run's curve of a metric comes to.
    pub fn tell_curve(&mut self, row: Row, metric: &Untrusted, curve: &Curve) {
        let verdict = if curve.verdict.is_empty() {
            u32::MISSING
        } else {
            self.texts.intern(&curve.verdict)
        };
        let curves = self.curves.0.entry(metric.clone()).or_default();
        let value =
            |at: Option<(f64, i64)>| at.map_or(u64::MISSING, |(value, _)| canonical_bits(value));
        let step = |at: Option<(f64, i64)>| {
            at.map_or(u64::MISSING, |(_, step)| canonical_bits(step as f64))
        };
        curves.told.set(row.0, told(curve.points, curve.sampled));
        curves.max.set(row.0, value(curve.max));
        curves.max_step.set(row.0, step(curve.max));
        curves.min.set(row.0, value(curve.min));
        curves.min_step.set(row.0, step(curve.min));
        curves.verdict.set(row.0, verdict);
        self.version += 1;
    }

    /// From how many points a run's curve of a metric was told, and whether some were left out; nothing where it was not told.
    #[must_use]
    pub fn curve_points(&self, row: Row, metric: &str) -> Option<(u32, bool)> {
        let told = self.curves.0.get(metric)?.told.get(row.0)?;
        Some((told / 2, told % 2 == 1))
    }

    /// Of how many runs the curve of a metric was told.
    #[must_use]
    pub fn curves_told(&self, metric: &str) -> usize {
        self.curves
            .0
            .get(metric)
            .map_or(0, |curves| curves.told.filled())
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::run;
    use super::super::{Arrangement, Cell, ColumnKey, Line, SortKey, arrange};
    use super::*;

    #[test]
    fn curves_are_cells_that_sort_with_untold_ones_last() {
        let mut table = RunTable::default();
        table.upsert(&[run("a"), run("b"), run("c")]);
        let loss: Untrusted = "loss".into();
        let curve = |max, verdict: &str| Curve {
            points: 9,
            sampled: max > 1.0,
            max: Some((max, 3)),
            min: None,
            verdict: verdict.into(),
        };
        table.tell_curve(Row(0), &loss, &curve(1.0, "flat since 3"));
        table.tell_curve(Row(2), &loss, &curve(2.0, "NaN at 9"));
        let key = |fact| ColumnKey::Curve(fact, loss.clone());
        assert_eq!(table.cell(Row(2), &key(Fact::Max), 0), Cell::Number(2.0));
        assert_eq!(
            table.cell(Row(2), &key(Fact::MaxStep), 0),
            Cell::Number(3.0)
        );
        assert_eq!(table.cell(Row(0), &key(Fact::Min), 0), Cell::Missing);
        assert_eq!(
            table.cell(Row(0), &key(Fact::Verdict), 0),
            Cell::Text("flat since 3")
        );
        assert_eq!(
            (
                table.curve_points(Row(0), "loss"),
                table.curve_points(Row(2), "loss")
            ),
            (Some((9, false)), Some((9, true)))
        );
        assert_eq!(
            (
                table.curve_points(Row(1), "loss"),
                table.curves_told("loss")
            ),
            (None, 2)
        );
        for descending in [false, true] {
            let sort = vec![SortKey {
                column: key(Fact::Max),
                descending,
            }];
            let lines = arrange(
                &table,
                &Arrangement {
                    sort,
                    ..Arrangement::default()
                },
                0,
            );
            assert!(
                matches!(lines.last(), Some(Line::Run { row: Row(1), .. })),
                "{lines:?}"
            );
        }
        for fact in Fact::ALL {
            assert_eq!(key(fact).spelled().parse(), Ok(key(fact)));
        }
    }
}
