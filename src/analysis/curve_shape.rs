//! What a curve does, in two words: `NaN at 120`, `worse since 40`, `spike at 31`, `flat since 300`, `rising`, `falling`.
//!
//! The rules are robust on purpose: medians, not means, so that one odd point changes nothing but the word *spike*. A trend is
//! the Theil–Sen slope (Theil 1950, Sen 1968: the median of the slopes of all pairs of points) of the last third; noise is the median
//! absolute deviation from that line times 1.4826, which is the standard deviation of normal noise (Rousseeuw and Croux 1993); a spike
//! is what Hampel's filter calls an outlier (Hampel 1974; window of five points). Shifting or scaling a curve changes no verdict.

use std::fmt;

use super::stats::{mad_std_dev, median};
use crate::domain::{Direction, Point};
use crate::table::CurveSummary;

/// Fewer finite points than this tell nothing.
pub const MIN_POINTS: usize = 8;
/// A point is a spike when it is this many deviations away from the median of its neighbours …
const SPIKE_SIGMAS: f64 = 6.0;
/// … and this part of the curve's own range, so that a ripple on a quiet curve is none.
const SPIKE_RANGE_FRACTION: f64 = 0.2;
/// The last third is flat when what it gained is less than the noise, or than this part of the curve's range.
const FLAT_RANGE_FRACTION: f64 = 0.02;
/// A curve has been flat since it last came this close to where it ends, as a part of its range.
const FLAT_BAND_FRACTION: f64 = 0.05;
/// A curve is past its best when its end is worse by three deviations of its noise, and by this part of its range.
const PAST_BEST_RANGE_FRACTION: f64 = 0.1;
/// Noise that counts for *past its best*, in deviations.
const PAST_BEST_SIGMAS: f64 = 3.0;
/// At most so many points go into a slope: all pairs of them are looked at.
const MAX_SLOPE_POINTS: usize = 64;

/// What a curve does. Steps are those of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveShape {
    /// A value is not a number, first at this step.
    Nan(i64),
    /// A value is infinite, first at this step.
    Infinite(i64),
    /// It got worse after its best, which was at this step. Only where better is known.
    PastBest(i64),
    /// One point stands far off, and the next ones don't; the farthest, where there are several.
    Spike(i64),
    /// It has not gone anywhere since this step.
    Flat(i64),
    /// It rises.
    Rising,
    /// It falls.
    Falling,
    /// Too few points to tell.
    TooFewPoints,
}

impl fmt::Display for CurveShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nan(step) => write!(f, "NaN at {step}"),
            Self::Infinite(step) => write!(f, "Inf at {step}"),
            Self::PastBest(step) => write!(f, "worse since {step}"),
            Self::Spike(step) => write!(f, "spike at {step}"),
            Self::Flat(step) => write!(f, "flat since {step}"),
            Self::Rising => f.write_str("rising"),
            Self::Falling => f.write_str("falling"),
            Self::TooFewPoints => f.write_str("few points"),
        }
    }
}

/// Judges a history, in the order of its steps; `better` is the metric's direction, where it is known.
#[must_use]
pub fn classify(points: &[Point], direction: Option<Direction>) -> CurveShape {
    if let Some(point) = points.iter().find(|point| !point.value.get().is_finite()) {
        return if point.value.get().is_nan() {
            CurveShape::Nan(point.step)
        } else {
            CurveShape::Infinite(point.step)
        };
    }
    if points.len() < MIN_POINTS {
        return CurveShape::TooFewPoints;
    }
    let curve = SmoothedCurve::new(points);
    let past = direction.and_then(|better| curve.detect_past_best(better));
    past.or_else(|| curve.detect_spike())
        .unwrap_or_else(|| curve.detect_trend())
}

/// What the table is told of a history: its ends, up and down, each with its first step, and the verdict.
#[must_use]
pub fn summarize(points: &[Point], is_sampled: bool, direction: Option<Direction>) -> CurveSummary {
    // From the end, so that of equal ones the first is taken.
    let extreme = |sign: f64| {
        let finite = points
            .iter()
            .rev()
            .map(|point| (point.value.get(), point.step))
            .filter(|(value, _)| value.is_finite());
        finite.max_by(|a, b| (a.0 * sign).total_cmp(&(b.0 * sign)))
    };
    CurveSummary {
        points: u32::try_from(points.len()).unwrap_or(u32::MAX),
        is_sampled,
        max: extreme(1.0),
        min: extreme(-1.0),
        shape: if points.is_empty() {
            String::new()
        } else {
            classify(points, direction).to_string()
        },
    }
}

/// A history, and what every rule needs of it.
struct SmoothedCurve {
    steps: Vec<i64>,
    values: Vec<f64>,
    /// The medians of each point and the two on each side.
    smooth: Vec<f64>,
    /// From the 5th to the 95th of 100 values: a spike does not stretch it.
    range: f64,
}

impl SmoothedCurve {
    fn new(points: &[Point]) -> Self {
        let values: Vec<f64> = points.iter().map(|point| point.value.get()).collect();
        let smooth = (0..values.len())
            .map(|at| median(&values[at.saturating_sub(2)..(at + 3).min(values.len())]))
            .collect();
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, last) = ((sorted.len() - 1) / 20, sorted.len() - 1);
        Self {
            steps: points.iter().map(|point| point.step).collect(),
            range: sorted[last - low] - sorted[low],
            values,
            smooth,
        }
    }

    /// Where the last third begins.
    fn last_third_start(&self) -> usize {
        self.values.len() - (self.values.len() / 3).max(MIN_POINTS / 2)
    }

    /// The slope of the last third, a step, and the noise around it.
    fn last_third_slope(&self) -> (f64, f64) {
        let begin = self.last_third_start();
        let stride = (self.values.len() - begin).div_ceil(MAX_SLOPE_POINTS);
        let xs: Vec<f64> = self.steps[begin..]
            .iter()
            .step_by(stride)
            .map(|step| *step as f64)
            .collect();
        let ys: Vec<f64> = self.values[begin..]
            .iter()
            .step_by(stride)
            .copied()
            .collect();
        let slope = theil_sen(&xs, &ys);
        let rest: Vec<f64> = xs.iter().zip(&ys).map(|(x, y)| y - slope * x).collect();
        (slope, mad_std_dev(&rest))
    }

    fn detect_past_best(&self, direction: Direction) -> Option<CurveShape> {
        let sign = if direction == Direction::Max {
            1.0
        } else {
            -1.0
        };
        let signed = self
            .smooth
            .iter()
            .enumerate()
            .map(|(at, value)| (value * sign, at));
        // From the end, so that of equal ones the first is the best.
        let (best, at) = signed.rev().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let end = self.smooth.last()? * sign;
        let (_, noise) = self.last_third_slope();
        let worse = best - end;
        if worse <= PAST_BEST_SIGMAS * noise
            || worse <= PAST_BEST_RANGE_FRACTION * self.range
            || worse <= 0.0
        {
            return None;
        }
        // Medians blur where the best was: it is the best point among those that made the best median.
        let window = at.saturating_sub(2)..(at + 3).min(self.values.len());
        let at = window
            .rev()
            .max_by(|a, b| (self.values[*a] * sign).total_cmp(&(self.values[*b] * sign)))?;
        Some(CurveShape::PastBest(self.steps[at]))
    }

    fn detect_spike(&self) -> Option<CurveShape> {
        let deviations: Vec<f64> = self
            .values
            .iter()
            .zip(&self.smooth)
            .map(|(value, smooth)| value - smooth)
            .collect();
        let bound =
            (SPIKE_SIGMAS * mad_std_dev(&deviations)).max(SPIKE_RANGE_FRACTION * self.range);
        // The ends have no neighbours on one side: what a curve begins with is no spike.
        let inner = 2..deviations.len() - 2;
        let farthest =
            inner.max_by(|a, b| deviations[*a].abs().total_cmp(&deviations[*b].abs()))?;
        (deviations[farthest].abs() > bound).then(|| CurveShape::Spike(self.steps[farthest]))
    }

    fn detect_trend(&self) -> CurveShape {
        let (slope, noise) = self.last_third_slope();
        let begin = self.last_third_start();
        let span = self
            .steps
            .last()
            .zip(self.steps.get(begin))
            .map_or(0.0, |(end, begin)| (end - begin) as f64);
        let change = slope * span;
        if change.abs() <= noise.max(FLAT_RANGE_FRACTION * self.range) {
            return CurveShape::Flat(self.flat_start(noise));
        }
        if change > 0.0 {
            CurveShape::Rising
        } else {
            CurveShape::Falling
        }
    }

    fn flat_start(&self, noise: f64) -> i64 {
        let end = median(&self.values[self.last_third_start()..]);
        let band = (PAST_BEST_SIGMAS * noise).max(FLAT_BAND_FRACTION * self.range);
        let left = self
            .smooth
            .iter()
            .rposition(|value| (value - end).abs() > band);
        self.steps[left.map_or(0, |at| (at + 1).min(self.steps.len() - 1))]
    }
}

/// The median of the slopes of all pairs of points at different places; 0 where there are none.
fn theil_sen(xs: &[f64], ys: &[f64]) -> f64 {
    let pairs = (0..xs.len()).flat_map(|a| (a + 1..xs.len()).map(move |b| (a, b)));
    let slopes: Vec<f64> = pairs
        .filter(|(a, b)| xs[*a] < xs[*b])
        .map(|(a, b)| (ys[b] - ys[a]) / (xs[b] - xs[a]))
        .collect();
    if slopes.is_empty() {
        0.0
    } else {
        median(&slopes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::MetricValue;

    fn points(values: &[f64]) -> Vec<Point> {
        (0..)
            .zip(values)
            .map(|(step, value)| Point {
                step: 10 * step,
                timestamp: step,
                value: MetricValue::new(*value),
            })
            .collect()
    }

    /// A curve that falls as learning does, with a ripple that looks drawn.
    fn learning_curve(n: usize) -> Vec<f64> {
        (0..n)
            .map(|i| (-(i as f64) / 20.0).exp() + 0.004 * ((i * 37 % 11) as f64 / 11.0 - 0.5))
            .collect()
    }

    fn shape_text(values: &[f64], better: Option<Direction>) -> String {
        classify(&points(values), better).to_string()
    }

    #[test]
    fn classify_names_typical_curves() {
        let mut odd = learning_curve(200);
        assert_eq!(shape_text(&odd[..40], None), "falling");
        assert_eq!(
            shape_text(
                &odd.iter().take(40).map(|value| -value).collect::<Vec<_>>(),
                None
            ),
            "rising"
        );
        assert_eq!(
            shape_text(&odd, Some(Direction::Min)),
            shape_text(&odd, None)
        );
        assert!(
            shape_text(&odd, None).starts_with("flat since "),
            "{}",
            shape_text(&odd, None)
        );
        odd[120] += 0.6;
        assert_eq!(shape_text(&odd, Some(Direction::Min)), "spike at 1200");
        odd[130] = f64::NAN;
        assert_eq!(shape_text(&odd, None), "NaN at 1300");
        assert_eq!(shape_text(&[1.0, f64::INFINITY], None), "Inf at 10");
        assert_eq!(shape_text(&[1.0, 2.0, 3.0], None), "few points");
        assert_eq!(shape_text(&[0.5; 20], Some(Direction::Max)), "flat since 0");
    }

    #[test]
    fn past_best_reports_the_step_of_the_best() {
        let overfit: Vec<f64> = (0..100)
            .map(|i| (f64::from(i) - 40.0).powi(2) / 1000.0 + 0.3)
            .collect();
        assert_eq!(
            shape_text(&overfit, Some(Direction::Min)),
            "worse since 400"
        );
        assert_eq!(
            shape_text(&overfit, None),
            "rising",
            "without a direction nothing is worse"
        );
    }

    /// `scipy.stats.theilslopes([3.1, 2.9, 2.2, 2.4, 1.1, 1.3, 0.2], [0, 1, 2, 4, 5, 8, 9])[0]` and
    /// `scipy.stats.median_abs_deviation([3.1, 2.9, 2.2, 2.4, 1.1, 1.3, 0.2], scale=1/1.4826)`.
    #[test]
    fn slope_and_deviation_match_scipy() {
        let (xs, ys) = (
            [0.0, 1.0, 2.0, 4.0, 5.0, 8.0, 9.0],
            [3.1, 2.9, 2.2, 2.4, 1.1, 1.3, 0.2],
        );
        assert!(
            (theil_sen(&xs, &ys) - SCIPY_SLOPE).abs() < 1e-12,
            "{}",
            theil_sen(&xs, &ys)
        );
        assert!(
            (mad_std_dev(&ys) - SCIPY_DEVIATION).abs() < 1e-12,
            "{}",
            mad_std_dev(&ys)
        );
    }

    const SCIPY_SLOPE: f64 = -0.285_714_285_714_285_7;
    const SCIPY_DEVIATION: f64 = 1.334_34;

    proptest! {
        #[test]
        fn classify_handles_any_history(values in prop::collection::vec(any::<f64>(), 0..40), same: bool) {
            let mut all = points(&values);
            if same {
                for point in &mut all {
                    point.step = 7;
                }
            }
            for better in [None, Some(Direction::Min), Some(Direction::Max)] {
                prop_assert!(!classify(&all, better).to_string().is_empty());
            }
        }

        #[test]
        fn classify_is_shift_and_scale_invariant(n in 8_usize..150, at in 0_usize..150, bump in -1.0_f64..1.0, shift in -8_i32..8, scale in 0_i32..6) {
            let mut values = learning_curve(n);
            values[at % n] += bump;
            // Powers of two keep every digit.
            let factor = f64::from(1 << scale);
            let scaled: Vec<f64> = values.iter().map(|value| (value + f64::from(shift)) * factor).collect();
            let before: Vec<f64> = values.iter().map(|value| value + f64::from(shift)).collect();
            for better in [None, Some(Direction::Min), Some(Direction::Max)] {
                prop_assert_eq!(classify(&points(&scaled), better), classify(&points(&before), better));
            }
        }

        #[test]
        fn classify_mirrors_negated_curves(n in 8_usize..150) {
            let values = learning_curve(n);
            let turned: Vec<f64> = values.iter().map(|value| -value).collect();
            let opposite = match classify(&points(&values), Some(Direction::Min)) {
                CurveShape::Rising => CurveShape::Falling,
                CurveShape::Falling => CurveShape::Rising,
                other => other,
            };
            prop_assert_eq!(classify(&points(&turned), Some(Direction::Max)), opposite);
        }
    }
}
