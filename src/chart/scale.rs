//! Scales: how a value becomes a height.

/// Which way values are spread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleKind {
    /// Evenly.
    #[default]
    Linear,
    /// By their magnitude; what is not above 0 has no place.
    Log,
    /// By their magnitude on both sides of 0, and evenly around it.
    Symlog,
}

impl ScaleKind {
    /// The kinds, in the order in which a key goes through them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Log, Self::Symlog];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Symlog => "symlog",
        }
    }

    /// The next kind, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// How many decades stand on each side of 0 where values are spread by magnitude on both.
const SYMLOG_DECADES: i32 = 3;

/// A scale for certain values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// The value itself.
    Linear,
    /// log10 of the value.
    Log,
    /// `sign(v) · log10(1 + |v| / c)`: J. B. W. Webber, "A bi-symmetric log transformation for wide-range data", 2012. `c` is
    /// the magnitude below which values are spread about evenly.
    Symlog(f64),
}

impl Scale {
    /// A scale of this kind for values up to this magnitude.
    #[must_use]
    pub fn from_kind(kind: ScaleKind, greatest: f64) -> Self {
        match kind {
            ScaleKind::Linear => Self::Linear,
            ScaleKind::Log => Self::Log,
            ScaleKind::Symlog => {
                let c = greatest.abs() / 10_f64.powi(SYMLOG_DECADES);
                Self::Symlog(if c.is_normal() { c } else { 1.0 })
            }
        }
    }

    /// Where a value stands; NaN for one that has no place.
    #[must_use]
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NAN,
            Self::Symlog(c) => value.signum() * (value.abs() / c).ln_1p() / std::f64::consts::LN_10,
        }
    }

    /// The value that stands there.
    #[must_use]
    pub fn inverse(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Log => 10_f64.powf(place),
            Self::Symlog(c) => {
                place.signum() * c * (place.abs() * std::f64::consts::LN_10).exp_m1()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_off_the_scale_are_nan() {
        assert!(Scale::Log.forward(0.0).is_nan() && Scale::Log.forward(-1.0).is_nan());
        assert_eq!(Scale::from_kind(ScaleKind::Symlog, 0.0), Scale::Symlog(1.0));
        assert!(Scale::Symlog(1.0).forward(0.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn inverse_undoes_forward(value in 1e-6_f64..1e6, negative: bool) {
            for kind in ScaleKind::ALL {
                let scale = Scale::from_kind(kind, 1e6);
                let value = if negative && kind != ScaleKind::Log { -value } else { value };
                let back = scale.inverse(scale.forward(value));
                prop_assert!((back - value).abs() <= value.abs() * 1e-9, "{kind:?} {value} {back}");
            }
        }
    }
}
