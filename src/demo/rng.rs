//! Noise that is the same every time: a story's numbers come from its name, so that a new story changes no other.

use crate::domain::rng::SplitMix64;

/// Random variates from a seeded stream.
pub(super) struct Rng(SplitMix64);

impl Rng {
    /// The noise of a story, from its name (FNV-1a).
    pub fn seeded(story: &str) -> Self {
        let state = story.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(SplitMix64::new(state))
    }

    /// A number of at least 0 and below 1.
    pub fn next_f64(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number between two others.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next_f64()
    }

    /// A number between two others, as likely below ten times the lower as in each other decade.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        self.uniform(low.ln(), high.ln()).exp()
    }

    /// A whole number between two others, both of them possible.
    pub fn uniform_int(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next_f64() * (high - low + 1) as f64) as i64
    }

    /// A number from the normal distribution (Box–Muller).
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.next_f64()).ln()).sqrt();
        deviation * radius * (std::f64::consts::TAU * self.next_f64()).cos()
    }

    /// One of several things.
    pub fn choose<T: Copy, const N: usize>(&mut self, things: [T; N]) -> T {
        things[(self.next_f64() * N as f64) as usize % N]
    }

    /// Hexadecimal digits, as in digests and commits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.0.next_u64()));
        }
        text.truncate(digits);
        text
    }

    /// An id as MLflow makes it: a UUID of version 4 without its hyphens.
    pub fn uuid(&mut self) -> String {
        let bits = (u128::from(self.0.next_u64()) << 64) | u128::from(self.0.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes())
            .into_uuid()
            .simple()
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_gives_the_same_sequence() {
        assert_eq!(Rng::seeded("sweep").hex(40), Rng::seeded("sweep").hex(40));
        assert_ne!(Rng::seeded("sweep").hex(40), Rng::seeded("sweeps").hex(40));
    }

    #[test]
    fn normal_has_the_requested_mean_and_deviation() {
        let mut rng = Rng::seeded("test");
        let values: Vec<f64> = (0..20_000).map(|_| rng.normal(2.0)).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.1, "{mean}");
        assert!((variance - 4.0).abs() < 0.2, "{variance}");
    }

    #[test]
    fn uniform_int_includes_both_ends() {
        let mut rng = Rng::seeded("test");
        let mut seen: Vec<i64> = (0..200).map(|_| rng.uniform_int(3, 6)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [3, 4, 5, 6]);
    }
}
