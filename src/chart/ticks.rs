//! The ticks of an axis, at round values.

use jiff::tz::TimeZone;

use super::scale::Scale;

/// Steps of linear ticks, times powers of ten.
const STEP_MULTIPLES: [f64; 3] = [1.0, 2.0, 5.0];
const MAX_TICKS: usize = 64;
const MIN_TIME_TICKS: usize = 2;
/// The tolerance of a quotient to the nearest integer.
const EPSILON: f64 = 1e-9;

/// Steps of time ticks, in ms: from 1 ms to four weeks.
const TIME_STEPS_MS: [i64; 30] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    2_419_200_000,
];

/// About `target_count` round values within a range of scale positions.
pub(super) fn numeric_ticks(
    scale: Scale,
    (low, high): (f64, f64),
    target_count: usize,
    integers_only: bool,
) -> Vec<f64> {
    let (from, to) = (scale.inverse(low), scale.inverse(high));
    let ticks = match scale {
        Scale::Log if high - low >= 1.0 => log_ticks(low, high, target_count),
        Scale::Linear | Scale::Log => linear_ticks(from, to, target_count, integers_only),
        Scale::Symlog(c) => symlog_ticks(from, to, c, target_count),
    };
    ticks
        .into_iter()
        .filter(|value| *value >= from - from.abs() * EPSILON && *value <= to + to.abs() * EPSILON)
        .take(MAX_TICKS)
        .collect()
}

/// Evenly spaced ticks at multiples of 1, 2 or 5 times a power of ten.
fn linear_ticks(from: f64, to: f64, target_count: usize, integers_only: bool) -> Vec<f64> {
    // Divided first: the span of two finite numbers may be infinite.
    let target_count = target_count.max(1) as f64;
    let least = to / target_count - from / target_count;
    if !(least > 0.0 && least.is_finite()) {
        return vec![from];
    }
    let power = 10_f64.powf(least.log10().floor());
    let step = STEP_MULTIPLES
        .iter()
        .chain(&[10.0])
        .map(|round| round * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(power * 10.0);
    let step = if integers_only {
        step.max(1.0).round()
    } else {
        step
    };
    let first = (from / step - EPSILON).ceil();
    let count = ((to / step + EPSILON).floor() - first).clamp(-1.0, MAX_TICKS as f64) as i64;
    // From the number of steps, so that three steps of 0.1 are 0.3.
    (0..=count)
        .map(|n| round_to_step((first + n as f64) * step, step))
        .collect()
}

/// Removes rounding noise from a multiple of a step.
fn round_to_step(value: f64, step: f64) -> f64 {
    let digits = (-step.log10().floor()).clamp(0.0, 300.0) as i32;
    if digits > 15 {
        return value;
    }
    let power = 10_f64.powi(digits);
    let near = (value * power).round() / power;
    if near.is_finite() { near + 0.0 } else { value }
}

/// Powers of ten, with 2 and 5 times them if there is room, or every nth of them.
fn log_ticks(low: f64, high: f64, target_count: usize) -> Vec<f64> {
    let (first, last) = (low.floor() as i32, high.ceil() as i32);
    let count = usize::try_from(last - first).unwrap_or(0).max(1);
    let within: &[f64] = if target_count >= 3 * count {
        &STEP_MULTIPLES
    } else {
        &[1.0]
    };
    let every = count.div_ceil(target_count.max(1)).max(1);
    (first..=last)
        .step_by(every)
        .flat_map(|power| within.iter().map(move |round| round * 10_f64.powi(power)))
        .collect()
}

/// 0, and powers of ten on both sides down to where the scale is linear.
fn symlog_ticks(from: f64, to: f64, c: f64, target_count: usize) -> Vec<f64> {
    let greatest = from.abs().max(to.abs());
    let (first, last) = (
        (c.log10() - EPSILON).ceil() as i32,
        (greatest.log10() + EPSILON).floor() as i32,
    );
    let count = usize::try_from(last - first + 1).unwrap_or(0).max(1);
    let sides = usize::from(from < 0.0) + usize::from(to > 0.0);
    let every = (count * sides).div_ceil(target_count.max(2) - 1).max(1);
    let powers = || {
        (first..=last)
            .rev()
            .step_by(every)
            .map(|power| 10_f64.powi(power))
    };
    let mut ticks: Vec<f64> = powers().map(|power| -power).collect();
    ticks.push(0.0);
    ticks.extend(powers().collect::<Vec<_>>().into_iter().rev());
    ticks
}

/// About `target_count` round times within a range of ms, and their step; `zone` for times of day.
pub(super) fn time_ticks(
    (from, to): (f64, f64),
    target_count: usize,
    zone: Option<&TimeZone>,
) -> (Vec<f64>, i64) {
    let (mut values, mut step) = (Vec::new(), 1);
    // A step that is rounded up can leave one tick or none: too few to read a scale from.
    for factor in [1, 2, 4] {
        (values, step) = multiples((from, to), factor * target_count.max(1), zone);
        if values.len() >= MIN_TIME_TICKS {
            break;
        }
    }
    (values, step)
}

fn multiples(
    (from, to): (f64, f64),
    target_count: usize,
    zone: Option<&TimeZone>,
) -> (Vec<f64>, i64) {
    let least = (to - from) / target_count as f64;
    let step = TIME_STEPS_MS.into_iter().find(|span| *span as f64 >= least);
    let step =
        step.unwrap_or_else(|| (least / 2_419_200_000.0).ceil().max(1.0) as i64 * 2_419_200_000);
    // Days begin at local midnight.
    let shift = zone.and_then(|zone| {
        let at = jiff::Timestamp::from_millisecond(from as i64).ok()?;
        Some(i64::from(zone.to_offset(at).seconds()) * 1_000)
    });
    let shift = shift.unwrap_or(0) as f64;
    let first = ((from + shift) / step as f64).ceil();
    let count = (((to + shift) / step as f64).floor() - first).clamp(-1.0, MAX_TICKS as f64) as i64;
    (
        (0..=count)
            .map(|n| (first + n as f64) * step as f64 - shift)
            .collect(),
        step,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_at_round_values() {
        assert_eq!(
            numeric_ticks(Scale::Linear, (0.0, 1.0), 5, false),
            [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        );
        assert_eq!(
            numeric_ticks(Scale::Linear, (0.013, 0.31), 3, false),
            [0.1, 0.2, 0.3]
        );
        assert_eq!(
            numeric_ticks(Scale::Linear, (0.0, 3.0), 10, true),
            [0.0, 1.0, 2.0, 3.0]
        );
        assert_eq!(
            numeric_ticks(Scale::Log, (-3.0, 0.0), 4, false),
            [1e-3, 1e-2, 1e-1, 1.0]
        );
        assert_eq!(
            numeric_ticks(Scale::Log, (-1.0, 1.0), 8, false),
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
        );
        let scale = Scale::Symlog(0.01);
        assert_eq!(
            numeric_ticks(scale, (scale.forward(-10.0), scale.forward(10.0)), 5, false),
            [-10.0, -0.1, 0.0, 0.1, 10.0]
        );
    }

    #[test]
    fn time_ticks_are_round_in_the_local_zone() {
        let (hours, step) = time_ticks((0.0, 4.0 * 3_600_000.0), 4, None);
        assert_eq!((hours.len(), step), (5, 3_600_000));
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let (days, step) = time_ticks((0.0, 3.0 * 86_400_000.0), 3, Some(&zone));
        assert_eq!(
            (days.first().copied(), step),
            (Some(22.0 * 3_600_000.0), 86_400_000)
        );
    }

    proptest! {
        #[test]
        fn ticks_are_ascending_and_bounded(a in -1e300_f64..1e300, b in -1e300_f64..1e300, target_count in 0_usize..20, integers_only: bool) {
            let (low, high) = (a.min(b), a.max(b));
            for scale in [Scale::Linear, Scale::Symlog(1.0)] {
                let range = (scale.forward(low), scale.forward(high));
                let made = numeric_ticks(scale, range, target_count, integers_only);
                prop_assert!(made.len() <= 64 && made.windows(2).all(|pair| pair[0] < pair[1]), "{scale:?} {made:?}");
            }
        }
    }
}
