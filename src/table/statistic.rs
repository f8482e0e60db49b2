//! Statistics of a column over some runs: count, mean, standard deviation, extremes.
//!
//! Only finite numbers count. Missing values, and values that are NaN, infinite or text, are excluded and counted separately. With
//! n finite values x:
//!
//! * mean = Σx / n
//! * std = √(Σ(x − mean)² / (n − 1)), the sample standard deviation, for n > 1
//! * best = the maximum or the minimum, by the metric's direction
//!
//! The corrected two-pass algorithm (Chan, Golub and LeVeque, *Algorithms for computing the sample variance*, 1983) loses no digits
//! if values are close together and far from 0.

use std::str::FromStr;

use super::cells::ColumnRef;
use super::rows::RowId;
use crate::domain::{Direction, Millis};

/// Values whose greatest magnitude is in this range are squared as they are; others are scaled first, against overflow and
/// underflow.
const UNSCALED_RANGE: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// A statistic that group rows show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// The mean.
    #[default]
    Mean,
    /// The sample standard deviation.
    StdDev,
    /// The number of finite values.
    Count,
    /// The minimum.
    Min,
    /// The maximum.
    Max,
    /// The best value, by the goal or the metric's name.
    Best,
}

impl Statistic {
    /// Every statistic, in the order of [`Statistic::next`].
    pub const ALL: [Self; 6] = [
        Self::Mean,
        Self::StdDev,
        Self::Count,
        Self::Min,
        Self::Max,
        Self::Best,
    ];

    /// The name in views and group rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::StdDev => "std",
            Self::Count => "n",
            Self::Min => "min",
            Self::Max => "max",
            Self::Best => "best",
        }
    }

    /// The next one; the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL
            .iter()
            .position(|other| *other == self)
            .unwrap_or_default();
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// The statistic is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseStatisticError;

impl FromStr for Statistic {
    type Err = ParseStatisticError;

    fn from_str(text: &str) -> Result<Self, ParseStatisticError> {
        Self::ALL
            .into_iter()
            .find(|statistic| text.trim().eq_ignore_ascii_case(statistic.as_str()))
            .ok_or(ParseStatisticError)
    }
}

/// The statistics of a column over some runs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SummaryStats {
    /// The number of finite values.
    pub n: usize,
    /// The number of runs without a value.
    pub missing: usize,
    /// The number of values that are NaN, infinite or text.
    pub excluded: usize,
    /// The number of runs that still run, whose duration is not final. They don't count.
    pub running: usize,
    mean: f64,
    std_dev: Option<f64>,
    min: f64,
    max: f64,
}

impl SummaryStats {
    /// The statistics of the finite values.
    #[must_use]
    pub fn from_values(values: impl Iterator<Item = f64>) -> Self {
        let mut excluded = 0;
        let finite: Vec<f64> = values
            .filter(|value| {
                value.is_finite() || {
                    excluded += 1;
                    false
                }
            })
            .collect();
        let (min, max) = finite
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), v| {
                (min.min(*v), max.max(*v))
            });
        let n = finite.len();
        if n == 0 {
            return Self {
                excluded,
                ..Self::default()
            };
        }
        let largest = min.abs().max(max.abs());
        let scale = if largest == 0.0 || UNSCALED_RANGE.contains(&largest) {
            1.0
        } else {
            largest
        };
        let scaled = || finite.iter().map(|value| value / scale);
        let approximate_mean = scaled().sum::<f64>() / n as f64;
        let (residual_sum, squares) = scaled().fold((0.0, 0.0), |(rest, squares), x| {
            (
                rest + (x - approximate_mean),
                squares + (x - approximate_mean).powi(2),
            )
        });
        let variance =
            (squares - residual_sum * residual_sum / n as f64).max(0.0) / (n as f64 - 1.0);
        // Rounding may move the mean of equal values past them.
        let mean = (scale * (approximate_mean + residual_sum / n as f64)).clamp(min, max);
        Self {
            n,
            missing: 0,
            excluded,
            running: 0,
            mean,
            std_dev: (n > 1).then(|| scale * variance.sqrt()),
            min,
            max,
        }
    }

    /// One of the statistics, if it is defined; the best needs a direction.
    #[must_use]
    pub fn get(&self, statistic: Statistic, direction: Option<Direction>) -> Option<f64> {
        let some = (self.n > 0).then_some(());
        match statistic {
            Statistic::Count => Some(self.n as f64),
            Statistic::StdDev => self.std_dev,
            Statistic::Mean => some.map(|()| self.mean),
            Statistic::Min => some.map(|()| self.min),
            Statistic::Max => some.map(|()| self.max),
            Statistic::Best => some.and(direction).map(|better| match better {
                Direction::Max => self.max,
                Direction::Min => self.min,
            }),
        }
    }
}

impl ColumnRef<'_> {
    /// The statistics of rows. Durations are those of runs that have ended.
    #[must_use]
    pub fn stats(&self, rows: &[RowId], now: Millis) -> SummaryStats {
        let (running, ended): (Vec<RowId>, Vec<RowId>) = rows
            .iter()
            .copied()
            .partition(|row| self.is_running_duration(*row));
        let present: Vec<RowId> = ended
            .iter()
            .copied()
            .filter(|row| self.is_present(*row, now))
            .collect();
        let stats = SummaryStats::from_values(
            present
                .iter()
                .map(|row| self.number(*row, now).unwrap_or(f64::NAN)),
        );
        SummaryStats {
            missing: ended.len() - present.len(),
            running: running.len(),
            ..stats
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::test_data::run;
    use super::super::{ColumnKey, RunTable};
    use super::*;
    use crate::domain::{KeyValue, Metric, MetricValue};

    fn stats_of(values: &[f64]) -> SummaryStats {
        SummaryStats::from_values(values.iter().copied())
    }

    /// Whether two numbers agree in this many digits.
    fn is_close(a: f64, b: f64, digits: i32) -> bool {
        (a - b).abs() <= 10_f64.powi(-digits) * b.abs().max(f64::MIN_POSITIVE)
    }

    /// NIST's univariate reference datasets NumAcc1 to NumAcc4, with the certified values.
    #[test]
    fn stats_match_nist_reference_data() {
        let around = |middle: f64| {
            let pairs = (0..500).flat_map(move |_| [middle - 0.1, middle + 0.1]);
            SummaryStats::from_values(std::iter::once(middle).chain(pairs))
        };
        let cases = [
            (
                stats_of(&[10_000_001.0, 10_000_003.0, 10_000_002.0]),
                10_000_002.0,
                1.0,
                15,
            ),
            (around(1.2), 1.2, 0.1, 14),
            (around(1_000_000.2), 1_000_000.2, 0.1, 8),
            (around(10_000_000.2), 10_000_000.2, 0.1, 7),
        ];
        for (spread, mean, deviation, digits) in cases {
            assert!(
                is_close(spread.get(Statistic::Mean, None).unwrap(), mean, 15),
                "{spread:?}"
            );
            assert!(
                is_close(
                    spread.get(Statistic::StdDev, None).unwrap(),
                    deviation,
                    digits
                ),
                "{spread:?}"
            );
        }
    }

    /// Values of Python's `statistics`, which sums fractions without rounding.
    #[test]
    fn stats_match_python_statistics_module() {
        let spread = stats_of(&[0.8812, 0.9034, 0.8790, 0.9121, 0.8655]);
        assert!(
            is_close(spread.get(Statistic::Mean, None).unwrap(), 0.88824, 15),
            "{spread:?}"
        );
        assert!(
            is_close(
                spread.get(Statistic::StdDev, None).unwrap(),
                0.019_047_125_767_422_225,
                14
            ),
            "{spread:?}"
        );
        assert_eq!(spread.get(Statistic::Min, None), Some(0.8655));
        assert_eq!(spread.get(Statistic::Max, None), Some(0.9121));
        assert_eq!(
            spread.get(Statistic::Best, Some(Direction::Min)),
            Some(0.8655)
        );
        assert_eq!(
            spread.get(Statistic::Best, Some(Direction::Max)),
            Some(0.9121)
        );
        assert_eq!(
            spread.get(Statistic::Best, None),
            None,
            "the direction is unknown"
        );
    }

    #[test]
    fn std_dev_needs_two_values() {
        let one = stats_of(&[3.0]);
        assert_eq!(
            (
                one.get(Statistic::Mean, None),
                one.get(Statistic::StdDev, None)
            ),
            (Some(3.0), None)
        );
        let none = stats_of(&[f64::NAN, f64::INFINITY]);
        assert_eq!((none.n, none.excluded), (0, 2));
        assert_eq!(none.get(Statistic::Count, None), Some(0.0));
        assert!(
            [Statistic::Mean, Statistic::Min, Statistic::Best]
                .iter()
                .all(|s| none.get(*s, Some(Direction::Max)).is_none())
        );
    }

    #[test]
    fn huge_and_tiny_values_do_not_overflow_or_underflow() {
        let huge = stats_of(&[f64::MAX, -f64::MAX]);
        assert_eq!(huge.get(Statistic::Mean, None), Some(0.0));
        let tiny = stats_of(&[1e-300, 3e-300]);
        assert!(is_close(
            tiny.get(Statistic::Mean, None).unwrap(),
            2e-300,
            15
        ));
        assert!(
            is_close(
                tiny.get(Statistic::StdDev, None).unwrap(),
                2_f64.sqrt() * 1e-300,
                14
            ),
            "{tiny:?}"
        );
    }

    #[test]
    fn missing_and_excluded_values_are_counted() {
        let mut runs = [run("a"), run("b"), run("c"), run("d")];
        for (run, value) in runs.iter_mut().zip([1.0, f64::NAN, 3.0]) {
            run.metrics = vec![Metric {
                key: "m".into(),
                value: MetricValue::new(value),
                timestamp: 0,
                step: 0,
            }];
        }
        for (run, text) in runs.iter_mut().zip(["8", "auto", "", "16"]) {
            run.params = vec![KeyValue::new("depth", text)];
        }
        let mut table = RunTable::default();
        table.upsert(&runs);
        let rows: Vec<RowId> = table.rows().collect();
        let metric = table.column(&ColumnKey::Metric("m".into())).stats(&rows, 0);
        assert_eq!((metric.n, metric.missing, metric.excluded), (2, 1, 1));
        assert_eq!(metric.get(Statistic::Mean, None), Some(2.0));
        let param = table
            .column(&ColumnKey::Param("depth".into()))
            .stats(&rows, 0);
        assert_eq!((param.n, param.missing, param.excluded), (2, 0, 2));
        assert_eq!(param.get(Statistic::Mean, None), Some(12.0));
    }

    #[test]
    fn next_cycles_through_all_statistics() {
        let mut all: Vec<Statistic> =
            std::iter::successors(Some(Statistic::Mean), |s| Some(s.next()))
                .take(6)
                .collect();
        assert_eq!(all, Statistic::ALL);
        assert_eq!(all.pop().map(Statistic::next), Some(Statistic::Mean));
        assert!(Statistic::ALL.iter().all(|s| s.as_str().parse() == Ok(*s)));
        assert_eq!("median".parse::<Statistic>(), Err(ParseStatisticError));
    }

    proptest! {
        /// Shifted and scaled by powers of two, which round nothing.
        #[test]
        fn stats_follow_shift_and_scale(values in proptest::collection::vec(-1_000_i16..1_000, 2..40), order in any::<proptest::sample::Index>()) {
            let plain: Vec<f64> = values.iter().map(|v| f64::from(*v)).collect();
            let mut turned: Vec<f64> = plain.iter().map(|v| v * 4.0 + 4096.0).collect();
            let middle = order.index(turned.len());
            turned.rotate_left(middle);
            let (a, b) = (stats_of(&plain), stats_of(&turned));
            let get = |s: &SummaryStats, statistic| s.get(statistic, None).unwrap();
            prop_assert!((get(&a, Statistic::Mean) * 4.0 + 4096.0 - get(&b, Statistic::Mean)).abs() < 1e-9);
            prop_assert!((get(&a, Statistic::StdDev) * 4.0 - get(&b, Statistic::StdDev)).abs() < 1e-9);
            prop_assert!(get(&a, Statistic::Min) <= get(&a, Statistic::Mean) && get(&a, Statistic::Mean) <= get(&a, Statistic::Max));
        }

        #[test]
        fn stats_are_finite_for_any_values(values in proptest::collection::vec(any::<f64>(), 0..20)) {
            let spread = stats_of(&values);
            prop_assert_eq!(spread.n + spread.excluded, values.len());
            for statistic in [Statistic::Mean, Statistic::Min, Statistic::Max] {
                prop_assert!(spread.get(statistic, None).is_none_or(f64::is_finite));
            }
            prop_assert!(spread.get(Statistic::StdDev, None).is_none_or(|deviation| !deviation.is_nan() && deviation >= 0.0));
        }
    }

    #[test]
    fn durations_of_running_runs_do_not_count() {
        use crate::domain::RunStatus::{Finished, Running};
        let run_of = |id: &str, status, end| crate::domain::Run {
            status,
            start_time: Some(1_000),
            end_time: end,
            ..run(id)
        };
        let mut table = RunTable::default();
        table.upsert(&[
            run_of("a", Finished, Some(3_000)),
            run_of("b", Finished, Some(5_000)),
            run_of("c", Running, None),
            run_of("d", Finished, None),
        ]);
        let rows: Vec<RowId> = table.rows().collect();
        let now = 15_000_000_000;
        let stats = table
            .column(&"duration".parse::<ColumnKey>().unwrap())
            .stats(&rows, now);
        assert_eq!((stats.n, stats.running, stats.missing), (2, 1, 1));
        assert_eq!(stats.get(Statistic::Mean, None), Some(3_000.0));
        let starts = table
            .column(&"start_time".parse::<ColumnKey>().unwrap())
            .stats(&rows, now);
        assert_eq!((starts.n, starts.running), (4, 0));
    }
}
