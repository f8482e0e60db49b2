//! Scales: linear, logarithmic and symmetric logarithmic.

/// The kind of a scale, before its values are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleKind {
    /// Linear.
    #[default]
    Linear,
    /// Logarithmic; only positive values have a position.
    Log,
    /// Logarithmic on both sides of 0, linear around it.
    Symlog,
}

impl ScaleKind {
    /// Every kind, in the order of [`ScaleKind::next`].
    pub const ALL: [Self; 3] = [Self::Linear, Self::Log, Self::Symlog];

    /// The name in options and titles.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Symlog => "symlog",
        }
    }

    /// The next kind; the first after the last.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }
}

/// Decades on each side of 0 of a symlog scale.
const SYMLOG_DECADES: i32 = 3;

/// A scale that is fitted to values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// The value.
    Linear,
    /// `log10` of the value.
    Log,
    /// `sign(v) · log10(1 + |v| / c)`: J. B. W. Webber, "A bi-symmetric log transformation for wide-range data", 2012. The scale is about linear
    /// below the magnitude `c`.
    Symlog(f64),
}

impl Scale {
    /// Fits a scale to the greatest magnitude.
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

    /// The position of a value; NaN if it has none.
    #[must_use]
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log if value > 0.0 => value.log10(),
            Self::Log => f64::NAN,
            Self::Symlog(c) => value.signum() * (value.abs() / c).ln_1p() / std::f64::consts::LN_10,
        }
    }

    /// The value at a position.
    #[must_use]
    pub fn inverse(self, position: f64) -> f64 {
        match self {
            Self::Linear => position,
            Self::Log => 10_f64.powf(position),
            Self::Symlog(c) => {
                position.signum() * c * (position.abs() * std::f64::consts::LN_10).exp_m1()
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
