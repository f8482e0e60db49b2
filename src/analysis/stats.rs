//! Statistics that several analyses share.

/// The standard deviation of normal noise is this times its median absolute deviation.
const MAD_TO_STD_DEV: f64 = 1.4826;

/// A mean and the sample standard deviation around it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanStdDev {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation; 0 for one value.
    pub std_dev: f64,
}

impl MeanStdDev {
    /// Both statistics in the order of the values: `--json` prints all digits, so the formula must not change.
    pub(super) fn from_values(values: &[f64]) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            std_dev: (squares / (count - 1.0).max(1.0)).sqrt(),
        }
    }
}

/// The middle value, or the mean of the two in the middle; NaN for an empty slice.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    let middle = values.len() / 2;
    if values.is_empty() {
        return f64::NAN;
    }
    let is_odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = below.iter().copied().max_by(f64::total_cmp);
    match lower {
        Some(lower) if !is_odd => f64::midpoint(lower, *upper),
        _ => *upper,
    }
}

/// The median absolute deviation from the median, as the standard deviation of normal noise (P. Rousseeuw, C. Croux,
/// "Alternatives to the Median Absolute Deviation", 1993).
pub(super) fn mad_std_dev(values: &[f64]) -> f64 {
    let middle = median(values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    MAD_TO_STD_DEV * median(&deviations)
}

/// The least and the greatest value, NaN ignored; none without values.
pub(crate) fn min_max(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    (low <= high).then_some((low, high))
}

/// Positive numbers over more decades than this are compared and drawn on a logarithmic scale.
const LOG_SCALE_DECADES: f64 = 2.0;

/// Whether numbers in a range are better compared by their logarithm.
pub(crate) fn needs_log_scale(low: f64, high: f64) -> bool {
    low > 0.0 && (high / low).log10() > LOG_SCALE_DECADES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_of_even_counts_is_the_midpoint() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(&[4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-12);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn min_max_ignores_nan() {
        assert_eq!(min_max([2.0, f64::NAN, 1.0].into_iter()), Some((1.0, 2.0)));
        assert_eq!(min_max(std::iter::once(f64::NAN)), None);
    }
}
