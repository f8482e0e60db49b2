//! Where two curves part: the first step from which they differ by more than they tremble.

use crate::domain::Point;

/// How many times their noise two curves have to differ by.
const NOISE_FACTOR: f64 = 3.0;
/// For how many points in a row, as a part of all of them, and at least.
const MIN_STREAK: (f64, usize) = (0.05, 3);
/// Neighbours on each side that a curve is smoothed over.
const SMOOTHING_RADIUS: usize = 2;

/// Where two curves part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Divergence {
    /// The first step at which they are apart for good long enough.
    pub step: i64,
    /// How far they are apart there: the first minus the second.
    pub difference: f64,
    /// How much both tremble together: one standard deviation.
    pub noise: f64,
}

/// The first step from which two histories, each in the order of its steps, differ by more than three times their noise for a twentieth
/// of their points in a row; nothing where they never do, or have fewer than 4 steps in common.
///
/// The curve with more steps is read at the steps of the other, between its points on a line. A curve's noise is the median of
/// the absolute second differences around 0 divided by `0.6745 · √6`: for independent errors around a line, second differences have six
/// times their variance, and 0.6745 is the quartile of the normal distribution (P. Rousseeuw, C. Croux, "Alternatives to the Median
/// Absolute Deviation", 1993). Curves are smoothed by the median of five neighbours before they are compared.
#[must_use]
pub fn find_divergence(first: &[Point], second: &[Point]) -> Option<Divergence> {
    let (a, b) = (finite_by_step(first), finite_by_step(second));
    let coarse = if a.len() <= b.len() { &a } else { &b };
    let steps: Vec<i64> = coarse.iter().map(|(step, _)| *step).collect();
    let pairs: Vec<(i64, f64, f64)> = steps
        .into_iter()
        .filter_map(|step| Some((step, interpolate(&a, step)?, interpolate(&b, step)?)))
        .collect();
    if pairs.len() < 4 {
        return None;
    }
    let values = |of: fn(&(i64, f64, f64)) -> f64| pairs.iter().map(of).collect::<Vec<f64>>();
    let (a, b) = (values(|pair| pair.1), values(|pair| pair.2));
    let noise = (estimate_noise(&a).powi(2) + estimate_noise(&b).powi(2)).sqrt();
    let (a, b) = (smooth_by_median(&a), smooth_by_median(&b));
    let streak = ((pairs.len() as f64 * MIN_STREAK.0).ceil() as usize)
        .max(MIN_STREAK.1)
        .min(pairs.len());
    // Curves without noise part where they are not the same.
    let is_apart = |at: usize| {
        (a[at] - b[at]).abs() > (NOISE_FACTOR * noise).max(a[at].abs().max(b[at].abs()) * 1e-9)
    };
    let at = (0..=pairs.len() - streak).find(|at| (*at..at + streak).all(is_apart))?;
    Some(Divergence {
        step: pairs[at].0,
        difference: a[at] - b[at],
        noise,
    })
}

/// The last finite value of each step.
fn finite_by_step(points: &[Point]) -> Vec<(i64, f64)> {
    let mut points_by_step: Vec<(i64, f64)> = Vec::new();
    for point in points.iter().filter(|point| point.value.is_finite()) {
        match points_by_step.last_mut() {
            Some(last) if last.0 == point.step => last.1 = point.value.get(),
            _ => points_by_step.push((point.step, point.value.get())),
        }
    }
    points_by_step
}

/// The value at a step, on a line between the points around it; nothing outside of them.
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
    let mut second_differences: Vec<f64> = values
        .windows(3)
        .map(|three| (three[0] - 2.0 * three[1] + three[2]).abs())
        .collect();
    median(&mut second_differences) / (0.6745 * 6.0_f64.sqrt())
}

fn smooth_by_median(values: &[f64]) -> Vec<f64> {
    let around = |at: usize| {
        // As many on both sides, so that a slope stays where it is.
        let reach = SMOOTHING_RADIUS.min(at).min(values.len() - 1 - at);
        median(&mut values[at - reach..=at + reach].to_vec())
    };
    (0..values.len()).map(around).collect()
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    let upper = *values.select_nth_unstable_by(middle, f64::total_cmp).1;
    if values.len() % 2 == 1 {
        return upper;
    }
    let lower = values[..middle]
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    f64::midpoint(lower, upper)
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

    /// A tremble that looks random, between -1 and 1.
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
