//! What the curves of metrics come to, where their histories were read: lowest, highest, at which step, and what the curve does.
//! The table keeps what it is told and sorts by it; the verdict's words are not its own.

use std::collections::HashMap;

use super::column_vec::{ColumnVec, Nullable};
use super::interner::canonical_bits;
use super::rows::{RowId, RunTable};
use crate::text::Untrusted;

/// What is told of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CurveStat {
    /// Its highest finite value.
    Max,
    /// The first step at which that was reached.
    MaxStep,
    /// Its lowest finite value.
    Min,
    /// The first step at which that was reached.
    MinStep,
    /// What it does, in words.
    Shape,
}

impl CurveStat {
    /// Every fact.
    pub const ALL: [Self; 5] = [
        Self::Max,
        Self::MaxStep,
        Self::Min,
        Self::MinStep,
        Self::Shape,
    ];

    /// What it tells, in a few words.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Max => "the highest value",
            Self::MaxStep => "the step of the highest value",
            Self::Min => "the lowest value",
            Self::MinStep => "the step of the lowest value",
            Self::Shape => "NaN, spike, worse, flat, rising, falling, and since when",
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
            Self::Shape => "verdict",
        }
    }
}

/// What a history comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurveSummary {
    /// How many points it was told from.
    pub points: u32,
    /// Whether the store left points out: then the lowest and the highest may be others.
    pub is_sampled: bool,
    /// The highest finite value and its first step.
    pub max: Option<(f64, i64)>,
    /// The lowest finite value and its first step.
    pub min: Option<(f64, i64)>,
    /// What it does, in words; empty where there is no point.
    pub shape: String,
}

/// The curves of one metric, by row.
#[derive(Clone, Debug, Default)]
pub(super) struct CurveColumns {
    packed_points: ColumnVec<u32>,
    max: ColumnVec<u64>,
    max_step: ColumnVec<u64>,
    min: ColumnVec<u64>,
    min_step: ColumnVec<u64>,
    shape: ColumnVec<u32>,
}

/// What was told of a curve is kept with how many points it was told from, twice that, and one more where points were left out.
fn pack_points(points: u32, is_sampled: bool) -> u32 {
    points
        .saturating_mul(2)
        .saturating_add(u32::from(is_sampled))
        .min(u32::MAX - 1)
}

/// The curves of a table, by metric.
#[derive(Clone, Debug, Default)]
pub(super) struct CurvesByMetric(HashMap<Untrusted, CurveColumns>);

impl CurvesByMetric {
    /// The numbers of a fact; nothing for words.
    pub(super) fn numbers(&self, stat: CurveStat, metric: &str) -> Option<&ColumnVec<u64>> {
        let curves = self.0.get(metric)?;
        match stat {
            CurveStat::Max => Some(&curves.max),
            CurveStat::MaxStep => Some(&curves.max_step),
            CurveStat::Min => Some(&curves.min),
            CurveStat::MinStep => Some(&curves.min_step),
            CurveStat::Shape => None,
        }
    }

    /// The verdicts, as numbers of texts.
    pub(super) fn shapes(&self, metric: &str) -> Option<&ColumnVec<u32>> {
        self.0.get(metric).map(|curves| &curves.shape)
    }
}

impl RunTable {
    /// Notes what a run's curve of a metric comes to.
    pub fn set_curve(&mut self, row: RowId, metric: &Untrusted, curve: &CurveSummary) {
        let shape = if curve.shape.is_empty() {
            u32::MISSING
        } else {
            self.interner.intern(&curve.shape)
        };
        let curves = self.curves.0.entry(metric.clone()).or_default();
        let value =
            |at: Option<(f64, i64)>| at.map_or(u64::MISSING, |(value, _)| canonical_bits(value));
        let step = |at: Option<(f64, i64)>| {
            at.map_or(u64::MISSING, |(_, step)| canonical_bits(step as f64))
        };
        curves
            .packed_points
            .set(row.0, pack_points(curve.points, curve.is_sampled));
        curves.max.set(row.0, value(curve.max));
        curves.max_step.set(row.0, step(curve.max));
        curves.min.set(row.0, value(curve.min));
        curves.min_step.set(row.0, step(curve.min));
        curves.shape.set(row.0, shape);
        self.version += 1;
    }

    /// From how many points a run's curve of a metric was told, and whether some were left out; nothing where it was not told.
    #[must_use]
    pub fn curve_points(&self, row: RowId, metric: &str) -> Option<(u32, bool)> {
        let packed_points = self.curves.0.get(metric)?.packed_points.get(row.0)?;
        Some((packed_points / 2, packed_points % 2 == 1))
    }

    /// Of how many runs the curve of a metric was told.
    #[must_use]
    pub fn curve_count(&self, metric: &str) -> usize {
        self.curves
            .0
            .get(metric)
            .map_or(0, |curves| curves.packed_points.count())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_data::run;
    use super::super::{Arrangement, CellValue, ColumnKey, DisplayRow, SortKey, arrange};
    use super::*;

    #[test]
    fn curve_columns_sort_missing_curves_last() {
        let mut table = RunTable::default();
        table.upsert(&[run("a"), run("b"), run("c")]);
        let loss: Untrusted = "loss".into();
        let curve = |max, verdict: &str| CurveSummary {
            points: 9,
            is_sampled: max > 1.0,
            max: Some((max, 3)),
            min: None,
            shape: verdict.into(),
        };
        table.set_curve(RowId(0), &loss, &curve(1.0, "flat since 3"));
        table.set_curve(RowId(2), &loss, &curve(2.0, "NaN at 9"));
        let key = |fact| ColumnKey::Curve(fact, loss.clone());
        assert_eq!(
            table.cell(RowId(2), &key(CurveStat::Max), 0),
            CellValue::Number(2.0)
        );
        assert_eq!(
            table.cell(RowId(2), &key(CurveStat::MaxStep), 0),
            CellValue::Number(3.0)
        );
        assert_eq!(
            table.cell(RowId(0), &key(CurveStat::Min), 0),
            CellValue::Missing
        );
        assert_eq!(
            table.cell(RowId(0), &key(CurveStat::Shape), 0),
            CellValue::Text("flat since 3")
        );
        assert_eq!(
            (
                table.curve_points(RowId(0), "loss"),
                table.curve_points(RowId(2), "loss")
            ),
            (Some((9, false)), Some((9, true)))
        );
        assert_eq!(
            (
                table.curve_points(RowId(1), "loss"),
                table.curve_count("loss")
            ),
            (None, 2)
        );
        for descending in [false, true] {
            let sort = vec![SortKey {
                column: key(CurveStat::Max),
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
                matches!(lines.last(), Some(DisplayRow::Run { row: RowId(1), .. })),
                "{lines:?}"
            );
        }
        for fact in CurveStat::ALL {
            assert_eq!(key(fact).to_raw_string().parse(), Ok(key(fact)));
        }
    }
}
