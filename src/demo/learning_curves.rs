//! Synthetic learning curves and their defects.

use super::rng::Rng;

/// A metric that approaches a level exponentially.
#[derive(Clone, Copy)]
pub(super) struct LearningCurve {
    /// Value at step 0.
    pub from: f64,
    /// Limit.
    pub to: f64,
    /// Steps to cover 1 − 1/e of the way.
    pub time_constant: f64,
    /// Initial standard deviation; it shrinks to a third.
    pub noise: f64,
}

impl LearningCurve {
    /// One value per step, each positive.
    pub fn values(self, steps: u32, rng: &mut Rng) -> Vec<f64> {
        (0..steps)
            .map(|step| {
                let left = (-f64::from(step) / self.time_constant).exp();
                let scatter = self.noise * (1.0 + 2.0 * left) / 3.0;
                (self.to + (self.from - self.to) * left + rng.normal(scatter)).max(0.0001)
            })
            .collect()
    }

    /// The same for a metric below 1, such as an accuracy.
    pub fn fraction_values(self, steps: u32, rng: &mut Rng) -> Vec<f64> {
        self.values(steps, rng)
            .into_iter()
            .map(|value| value.min(0.9999))
            .collect()
    }
}

/// Makes a loss rise from a step on, as on validation data.
pub(super) fn overfit(curve: &mut [f64], from: u32, rise: f64) {
    for (since, value) in curve.iter_mut().skip(from as usize).enumerate() {
        *value += rise * since as f64;
    }
}

/// Adds an outlier at one step.
pub(super) fn spike(curve: &mut [f64], at: u32, height: f64) {
    if let Some(value) = curve.get_mut(at as usize) {
        *value += height;
    }
}

/// Makes a loss grow exponentially over the 8 steps before `at`, and replaces it with `end` (NaN or
/// infinity) from there on.
pub(super) fn diverge(curve: &mut [f64], at: u32, end: f64) {
    for (step, value) in (0..).zip(curve.iter_mut()) {
        let left = at.saturating_sub(step);
        if left == 0 {
            *value = end;
        } else if left <= 8 {
            *value *= 2.2_f64.powf(9.0 - f64::from(left));
        }
    }
}

/// A learning rate schedule: linear warm-up, then cosine decay to zero.
pub(super) fn warmup_cosine(steps: u32, warm: u32, peak: f64) -> Vec<f64> {
    let fall = f64::from(steps.saturating_sub(warm).max(1));
    (0..steps)
        .map(|step| match step.checked_sub(warm) {
            None => peak * f64::from(step + 1) / f64::from(warm),
            Some(since) => {
                peak * f64::midpoint(1.0, (std::f64::consts::PI * f64::from(since) / fall).cos())
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diverged_loss_explodes_and_stays_non_finite() {
        let mut curve = vec![1.0; 40];
        diverge(&mut curve, 20, f64::NAN);
        assert!((curve[11] - 1.0).abs() < f64::EPSILON);
        assert!(curve[19] > 100.0);
        assert!(curve[20..].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn loss_converges_to_its_target() {
        let values = LearningCurve {
            from: 2.0,
            to: 0.3,
            time_constant: 10.0,
            noise: 0.01,
        }
        .values(100, &mut Rng::seeded("test"));
        assert!((values[0] - 2.0).abs() < 0.1);
        assert!((values[99] - 0.3).abs() < 0.05);
    }

    #[test]
    fn warmup_cosine_peaks_then_decays_to_zero() {
        let rates = warmup_cosine(100, 10, 0.1);
        assert!((rates[9] - 0.1).abs() < 1e-12 && (rates[10] - 0.1).abs() < 1e-12);
        assert!(rates[0] < 0.011 && rates[99] < 0.001);
    }
}
