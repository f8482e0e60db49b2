//! Learning curves: how a metric moves while a model learns, and what goes wrong with it.

use super::rng::Rng;

/// A metric that moves from one level towards another, fast at first.
#[derive(Clone, Copy)]
pub(super) struct LearningCurve {
    /// The level before anything was learned.
    pub from: f64,
    /// The level that it settles at.
    pub to: f64,
    /// Steps after which about two thirds of the way are done.
    pub time_constant: f64,
    /// How much the points scatter at first; the scatter shrinks to a third.
    pub noise: f64,
}

impl LearningCurve {
    /// The metric's values, one a step. They stay on the side of 0 where they began, as losses and accuracies do.
    pub fn values(self, steps: u32, rng: &mut Rng) -> Vec<f64> {
        (0..steps)
            .map(|step| {
                let left = (-f64::from(step) / self.time_constant).exp();
                let scatter = self.noise * (1.0 + 2.0 * left) / 3.0;
                (self.to + (self.from - self.to) * left + rng.normal(scatter)).max(0.0001)
            })
            .collect()
    }

    /// The same for a share, such as an accuracy, which is never more than 1.
    pub fn fraction_values(self, steps: u32, rng: &mut Rng) -> Vec<f64> {
        self.values(steps, rng)
            .into_iter()
            .map(|value| value.min(0.9999))
            .collect()
    }
}

/// Lets a loss rise again from a step on, as on data that the model was not fitted to.
pub(super) fn overfit(curve: &mut [f64], from: u32, rise: f64) {
    for (since, value) in curve.iter_mut().skip(from as usize).enumerate() {
        *value += rise * since as f64;
    }
}

/// Adds one point that stands out.
pub(super) fn spike(curve: &mut [f64], at: u32, height: f64) {
    if let Some(value) = curve.get_mut(at as usize) {
        *value += height;
    }
}

/// Lets a loss explode over the steps before `at`, and stay at `end` (NaN or an infinity) from there on.
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

/// The learning rate of a schedule that warms up and then falls like a cosine.
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
