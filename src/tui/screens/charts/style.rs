//! How curves are drawn, as keys choose it: over what, on which scale, how smooth, with outliers or without.

use crate::chart::{ScaleKind, XAxis};

/// The weights that a key goes through.
const SMOOTHING_WEIGHTS: [f64; 8] = [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99];

/// How curves are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CurveStyle {
    /// Over what.
    pub x_axis: XAxis,
    /// How values are spread.
    pub scale: ScaleKind,
    /// Whether the outermost values are left out of the axis.
    pub clips_outliers: bool,
    smoothing_level: usize,
}

impl CurveStyle {
    /// The weight of what came before in the smooth line; 0 for none.
    #[must_use]
    pub fn smoothing(&self) -> f64 {
        SMOOTHING_WEIGHTS
            .get(self.smoothing_level)
            .copied()
            .unwrap_or(0.0)
    }

    /// Makes the smooth line smoother, or rougher.
    pub fn adjust_smoothing(&mut self, smoother: bool) {
        self.smoothing_level = if smoother {
            (self.smoothing_level + 1).min(SMOOTHING_WEIGHTS.len() - 1)
        } else {
            self.smoothing_level.saturating_sub(1)
        };
    }

    /// In words, for the line above the charts.
    #[must_use]
    pub fn summary(&self) -> String {
        let smooth = if self.smoothing_level > 0 {
            format!(" · EMA {}", self.smoothing())
        } else {
            String::new()
        };
        let clip = if self.clips_outliers {
            " · outliers clipped"
        } else {
            ""
        };
        format!(
            "{} · {}{smooth}{clip}",
            self.x_axis.as_str(),
            self.scale.as_str()
        )
    }
}
