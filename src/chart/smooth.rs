//! Smoothing: the exponential moving average.

/// An exponential moving average; the weight of earlier values is from 0 (no smoothing) to below 1.
///
/// `y = Σ w^i x[n-i] / Σ w^i`: pandas' `ewm(alpha=1 - w, adjust=True, ignore_na=True).mean()`, also TensorBoard's
/// debiased average. Values that are not finite are ignored.
#[derive(Clone, Copy, Debug)]
pub struct Smoother {
    weight: f64,
    mean: f64,
    weight_sum: f64,
}

impl Smoother {
    /// A smoother without values.
    #[must_use]
    pub fn new(weight: f64) -> Self {
        Self {
            weight: weight.clamp(0.0, 0.9999),
            mean: 0.0,
            weight_sum: 0.0,
        }
    }

    /// Adds a value and returns the average, or `None` if the value is not finite.
    pub fn update(&mut self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        self.weight_sum = self.weight * self.weight_sum + 1.0;
        // Incremental, so that huge values do not overflow a sum.
        self.mean += (value - self.mean) / self.weight_sum;
        Some(self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn smooth(weight: f64, values: &[f64]) -> Vec<f64> {
        let mut smoother = Smoother::new(weight);
        values
            .iter()
            .map(|value| smoother.update(*value).unwrap_or(f64::NAN))
            .collect()
    }

    #[test]
    fn smoother_matches_pandas_ewm() {
        // pandas.Series([1, 2, nan, 4, 8]).ewm(alpha=0.4, adjust=True, ignore_na=True).mean()
        let expected = [
            1.0,
            1.625,
            f64::NAN,
            2.836_734_693_877_551,
            5.209_558_823_529_411,
        ];
        for (ours, theirs) in smooth(0.6, &[1.0, 2.0, f64::NAN, 4.0, 8.0])
            .into_iter()
            .zip(expected)
        {
            assert!(
                (ours - theirs).abs() < 1e-12 || (ours.is_nan() && theirs.is_nan()),
                "{ours} {theirs}"
            );
        }
    }

    proptest! {
        #[test]
        fn average_stays_within_the_value_range(values in prop::collection::vec(-1e300_f64..1e300, 1..60), weight in 0.0_f64..1.0) {
            let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
            let room = low.abs().max(high.abs()) * 1e-9;
            prop_assert!(smooth(weight, &values).into_iter().all(|value| value >= low - room && value <= high + room));
        }
    }
}
