//! A curve in one row: the shape of a history, with NaN told apart from nothing.

use crate::analysis::levels;
use crate::domain::Point;
use crate::ui::Look;

const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII_BARS: [&str; 8] = ["_", ".", ",", "-", "~", "=", "*", "#"];

/// The points in `width` cells. A column of which no value is a number is `×`; no points at all are blank.
#[must_use]
pub fn text(points: &[Point], width: u16, look: &Look) -> String {
    let bars = if look.ascii { ASCII_BARS } else { BARS };
    let gap = look.sign("×", "x");
    levels(points, usize::from(width)).into_iter().map(|level| level.map_or(gap, |level| bars[usize::from(level).min(7)])).collect()
}
