//! How curves are drawn, as keys choose it: over what, on which scale, how smooth, with outliers or without.

use crate::chart::{Over, ScaleKind};

/// The weights that a key goes through.
const SMOOTHINGS: [f64; 8] = [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99];

/// How curves are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Style {
    /// Over what.
    pub over: Over,
    /// How values are spread.
    pub scale: ScaleKind,
    /// Whether the outermost values are left out of the axis.
    pub clip: bool,
    smooth: usize,
}

impl Style {
    /// The weight of what came before in the smooth line; 0 for none.
    #[must_use]
    pub fn smoothing(&self) -> f64 {
        SMOOTHINGS.get(self.smooth).copied().unwrap_or(0.0)
    }

    /// Makes the smooth line smoother, or rougher.
    pub fn smooth(&mut self, smoother: bool) {
        self.smooth = if smoother {
            (self.smooth + 1).min(SMOOTHINGS.len() - 1)
        } else {
            self.smooth.saturating_sub(1)
        };
    }

    /// In words, for the line above the charts.
    #[must_use]
    pub fn in_words(&self) -> String {
        let smooth = if self.smooth > 0 {
            format!(" · EMA {}", self.smoothing())
        } else {
            String::new()
        };
        let clip = if self.clip {
            " · outliers clipped"
        } else {
            ""
        };
        format!(
            "{} · {}{smooth}{clip}",
            self.over.as_str(),
            self.scale.as_str()
        )
    }
}
