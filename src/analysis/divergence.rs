//! Where two curves diverge: the first step from which they differ by more than their noise.

use super::stats::median;
use crate::domain::Point;

/// How many times their noise two curves must differ by.
const NOISE_FACTOR: f64 = 3.0;
/// For how many consecutive points: this share of all of them …
const MIN_STREAK_FRACTION: f64 = 0.05;
/// … and at least this many.
const MIN_STREAK: usize = 3;
/// Neighbors on each side in the smoothing window.
const SMOOTHING_RADIUS: usize = 2;
/// Fewer steps in common than this show no divergence.
const MIN_STEPS: usize = 4;

/// Where two curves diverge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The first step of the first long enough streak.
    pub step: i64,
    /// The smoothed difference at that step, first minus second.
    pub difference: f64,
    /// The standard deviation of the noise of both curves together.
    pub noise: f64,
}

/// The values of two curves at one step.
struct StepPair {
    step: i64,
    first: f64,
    second: f64,
}

/// The first step from which two histories, each in the order of its steps, differ by more than three times their noise for a
/// twentieth of their points in a row; none if they never do, or share fewer than 4 steps.
///
/// The curve with more steps is interpolated at the steps of the other. A curve's noise is the median of its absolute second
/// differences divided by `0.6745 · √6`: for independent errors around a line, second differences have six times their variance,
/// and 0.6745 is the quartile of the normal distribution (P. Rousseeuw, C. Croux, "Alternatives to the Median Absolute Deviation",
/// 1993). Curves are smoothed by the median of five neighbors before they are compared.
#[must_use]
pub fn find_divergence(first: &[Point], second: &[Point]) -> Option<Divergence> {
    let pairs = common_steps(first, second);
    if pairs.len() < MIN_STEPS {
        return None;
    }
    let a: Vec<f64> = pairs.iter().map(|pair| pair.first).collect();
    let b: Vec<f64> = pairs.iter().map(|pair| pair.second).collect();
    let noise = (estimate_noise(&a).powi(2) + estimate_noise(&b).powi(2)).sqrt();
    let (a, b) = (smooth_by_median(&a), smooth_by_median(&b));
    let streak = ((pairs.len() as f64 * MIN_STREAK_FRACTION).ceil() as usize)
        .max(MIN_STREAK)
        .min(pairs.len());
    // Curves without noise diverge where they are not equal.
    let is_apart = |at: usize| {
        (a[at] - b[at]).abs() > (NOISE_FACTOR * noise).max(a[at].abs().max(b[at].abs()) * 1e-9)
    };
    let at = (0..=pairs.len() - streak).find(|at| (*at..at + streak).all(is_apart))?;
    Some(Divergence {
        step: pairs[at].step,
        difference: a[at] - b[at],
        noise,
    })
}

/// Whether two histories share enough steps to be compared.
#[must_use]
pub fn are_comparable(first: &[Point], second: &[Point]) -> bool {
    common_steps(first, second).len() >= MIN_STEPS
}

/// Both curves at the steps of the one that has fewer.
fn common_steps(first: &[Point], second: &[Point]) -> Vec<StepPair> {
    let (first, second) = (finite_by_step(first), finite_by_step(second));
    let coarse = if first.len() <= second.len() {
        &first
    } else {
        &second
    };
    let pair = |step: i64| {
        Some(StepPair {
            step,
            first: interpolate(&first, step)?,
            second: interpolate(&second, step)?,
        })
    };
    coarse.iter().filter_map(|(step, _)| pair(*step)).collect()
}

/// The last finite value of each step.
fn finite_by_step(points: &[Point]) -> Vec<(i64, f64)> {
    let mut by_step: Vec<(i64, f64)> = Vec::new();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        match by_step.last_mut() {
            Some(last) if last.0 == point.step => last.1 = point.value.get(),
            _ => by_step.push((point.step, point.value.get())),
        }
    }
    by_step
}

/// The value at a step, interpolated between the points around it; none outside of them.
fn interpolate(points: &[(i64, f64)], step: i64) -> Option<f64> {
    let after = points.partition_point(|(other, _)| *other < step);
    let (right, high) = *points.get(after)?;
    if right == step {
        return Some(high);
    }
    let (left, low) = *points.get(after.checked_sub(1)?)?;
    let part = (step as f64 - left as f64) / (right as f64 - left as f64);
    Some(low + (high - low) * part)
}

fn estimate_noise(values: &[f64]) -> f64 {
    let second_differences: Vec<f64> = values
        .windows(3)
        .map(|three| (three[0] - 2.0 * three[1] + three[2]).abs())
        .collect();
    median(&second_differences) / (0.6745 * 6.0_f64.sqrt())
}

fn smooth_by_median(values: &[f64]) -> Vec<f64> {
    let around = |at: usize| {
        // The same number on both sides, so that a slope stays where it is.
        let reach = SMOOTHING_RADIUS.min(at).min(values.len() - 1 - at);
        median(&values[at - reach..=at + reach])
    };
    (0..values.len()).map(around).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MetricValue;

    fn curve(count: i64, of: impl Fn(f64) -> f64) -> Vec<Point> {
        (0..count)
            .map(|step| Point {
                step,
                timestamp: step,
                value: MetricValue::new(of(step as f64)),
            })
            .collect()
    }

    /// Pseudo-random noise between -1 and 1.
    fn pseudo_noise(step: f64, seed: f64) -> f64 {
        ((step * 12.9898 + seed).sin() * 43_758.545_3).fract()
    }

    #[test]
    fn divergence_is_found_where_a_curve_turns() {
        let falls = |seed: f64| {
            move |step: f64| 1.0 / (1.0 + step / 20.0) + 0.01 * pseudo_noise(step, seed)
        };
        let turns = |step: f64| {
            falls(2.0)(step)
                + if step > 100.0 {
                    (step - 100.0) * 0.01
                } else {
                    0.0
                }
        };
        let found = find_divergence(&curve(200, falls(1.0)), &curve(200, turns)).unwrap();
        assert!((101..=112).contains(&found.step), "{found:?}");
        assert!(found.difference < 0.0 && found.noise > 0.0 && found.noise < 0.03);
    }

    #[test]
    fn noise_alone_is_not_divergence() {
        let falls =
            |seed: f64| move |step: f64| 1.0 - step / 200.0 + 0.05 * pseudo_noise(step, seed);
        assert_eq!(
            find_divergence(&curve(200, falls(1.0)), &curve(200, falls(2.0))),
            None
        );
    }

    #[test]
    fn missing_steps_are_interpolated() {
        let every = curve(101, |step| step);
        let tenth: Vec<Point> = curve(101, |step| if step <= 50.0 { step } else { step + 5.0 })
            .into_iter()
            .step_by(10)
            .collect();
        assert_eq!(
            find_divergence(&every, &tenth).map(|found| found.step),
            Some(60)
        );
        assert_eq!(
            find_divergence(&every, &tenth[..3]),
            None,
            "three steps are too few"
        );
        assert_eq!(find_divergence(&every, &every), None);
    }
}
