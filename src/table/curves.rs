//! Curve statistics: the extremes of a metric's history, their steps, and the shape of the curve. `analysis::curve_shape` computes
//! them for the runs whose history was read.

use std::collections::HashMap;

use super::cells::ColumnData;
use super::column_kind::{ColumnKind, DEFAULT, ValueKind};
use super::column_vec::{ColumnVec, Nullable};
use super::interner::canonical_bits;
use super::rows::{RowId, RunTable};
use crate::text::Untrusted;

/// A statistic of a metric's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CurveStat {
    /// The highest finite value.
    Max,
    /// The first step with the highest value.
    MaxStep,
    /// The lowest finite value.
    Min,
    /// The first step with the lowest value.
    MinStep,
    /// The shape in words: `flat since 300`.
    Shape,
}

impl CurveStat {
    /// Every statistic.
    pub const ALL: [Self; 5] = [
        Self::Max,
        Self::MaxStep,
        Self::Min,
        Self::MinStep,
        Self::Shape,
    ];

    /// What the statistic is, for the column chooser.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.spec().description
    }

    /// The name in views: `argmax(metrics.auc)`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().name
    }

    pub(super) fn kind(self) -> &'static ColumnKind {
        &self.spec().kind
    }

    fn spec(self) -> &'static CurveStatSpec {
        &CURVE_STATS[self as usize]
    }
}

/// One row of [`CURVE_STATS`].
struct CurveStatSpec {
    name: &'static str,
    description: &'static str,
    kind: ColumnKind,
}

/// In the order of the enum.
static CURVE_STATS: [CurveStatSpec; 5] = [
    CurveStatSpec {
        name: "max",
        description: "the highest value",
        kind: ColumnKind {
            aligns_decimals: true,
            data: |table, metric| table.curves.column(metric, |c| ColumnData::Metric(&c.max)),
            ..CURVE
        },
    },
    CurveStatSpec {
        name: "argmax",
        description: "the step of the highest value",
        kind: ColumnKind {
            data: |table, metric| {
                table
                    .curves
                    .column(metric, |c| ColumnData::Metric(&c.max_step))
            },
            ..CURVE
        },
    },
    CurveStatSpec {
        name: "min",
        description: "the lowest value",
        kind: ColumnKind {
            aligns_decimals: true,
            data: |table, metric| table.curves.column(metric, |c| ColumnData::Metric(&c.min)),
            ..CURVE
        },
    },
    CurveStatSpec {
        name: "argmin",
        description: "the step of the lowest value",
        kind: ColumnKind {
            data: |table, metric| {
                table
                    .curves
                    .column(metric, |c| ColumnData::Metric(&c.min_step))
            },
            ..CURVE
        },
    },
    CurveStatSpec {
        name: "verdict",
        description: "NaN, spike, worse, flat, rising or falling, and since which step",
        kind: ColumnKind {
            values: ValueKind::Text,
            min_width: 16,
            data: |table, metric| table.curves.column(metric, |c| ColumnData::Text(&c.shape)),
            ..CURVE
        },
    },
];

const CURVE: ColumnKind = ColumnKind {
    values: ValueKind::Number,
    rank: 3,
    is_visible_by_default: true,
    min_width: 9,
    ..DEFAULT
};

/// The statistics of one history.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CurveSummary {
    /// The number of points that were read.
    pub points: u32,
    /// Whether the store left points out, which may hide the extremes.
    pub is_sampled: bool,
    /// The highest finite value and its first step.
    pub max: Option<(f64, i64)>,
    /// The lowest finite value and its first step.
    pub min: Option<(f64, i64)>,
    /// The shape in words; empty without points.
    pub shape: String,
}

/// The curve statistics of one metric, by row.
#[derive(Clone, Debug, Default)]
pub(super) struct CurveColumns {
    packed_points: ColumnVec<u32>,
    max: ColumnVec<u64>,
    max_step: ColumnVec<u64>,
    min: ColumnVec<u64>,
    min_step: ColumnVec<u64>,
    shape: ColumnVec<u32>,
}

/// Twice the number of points, plus one if the store left points out.
fn pack_points(points: u32, is_sampled: bool) -> u32 {
    points
        .saturating_mul(2)
        .saturating_add(u32::from(is_sampled))
        .min(u32::MAX - 1)
}

/// The curve statistics of a table, by metric.
#[derive(Clone, Debug, Default)]
pub(super) struct CurvesByMetric(HashMap<Untrusted, CurveColumns>);

impl CurvesByMetric {
    fn column<'t>(
        &'t self,
        metric: &str,
        column: fn(&'t CurveColumns) -> ColumnData<'t>,
    ) -> ColumnData<'t> {
        self.0.get(metric).map_or(ColumnData::Absent, column)
    }
}

impl RunTable {
    /// Sets the curve statistics of a run and a metric.
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

    /// The number of points behind a run's curve statistics, and whether the store left points out; absent if the history was not
    /// read.
    #[must_use]
    pub fn curve_points(&self, row: RowId, metric: &str) -> Option<(u32, bool)> {
        let packed_points = self.curves.0.get(metric)?.packed_points.get(row.0)?;
        Some((packed_points / 2, packed_points % 2 == 1))
    }

    /// The number of runs with curve statistics of a metric.
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
