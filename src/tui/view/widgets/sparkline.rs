//! A curve in one row: the shape of a history, with NaN told apart from nothing.

use crate::analysis::{Level, levels};
use crate::domain::Point;
use crate::tui::view::Look;

/// Braille has two columns of four dots in a cell; these are the dots' bits from the lowest upwards.
const DOTS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];
/// A braille cell without dots.
const BLANK: u32 = 0x2800;
/// Where there is no braille: one height a cell.
const ASCII_BARS: [&str; 8] = ["_", ".", ",", "-", "~", "=", "*", "#"];

/// The points in `width` cells: a line, drawn from the smallest to the greatest value of each column, so that no spike is
/// lost. A column of which no value is a number is `×`; no points at all are blank.
#[must_use]
pub fn text(points: &[Point], width: u16, look: &Look) -> String {
    if look.ascii {
        let columns = levels(points, usize::from(width), ASCII_BARS.len() as u8);
        return columns
            .into_iter()
            .map(|level| level.map_or("x", |level| ASCII_BARS[usize::from(level.last).min(7)]))
            .collect();
    }
    let columns = levels(points, usize::from(width) * 2, 4);
    let mut before: Option<Level> = None;
    let mut text = String::new();
    for cell in columns.chunks(2) {
        let mut bits = BLANK;
        for (dots, level) in DOTS.iter().zip(cell) {
            if let Some(level) = level {
                // The line goes on from where it was, one dot short of meeting it.
                let from = before.map_or(level.low, |before| {
                    level.low.min((before.last + 1).min(level.high))
                });
                let to = before.map_or(level.high, |before| {
                    level.high.max(before.last.saturating_sub(1))
                });
                bits |= dots[usize::from(from)..=usize::from(to.min(3))]
                    .iter()
                    .sum::<u32>();
            }
            before = *level;
        }
        text.push(if bits == BLANK {
            '×'
        } else {
            char::from_u32(bits).unwrap_or('×')
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::theme::Themes;
    use crate::domain::MetricValue;

    fn drawn(values: &[f64], ascii: bool) -> String {
        let points: Vec<Point> = values
            .iter()
            .map(|value| Point {
                step: 0,
                timestamp: 0,
                value: MetricValue::new(*value),
            })
            .collect();
        text(&points, 4, &Look::new(Themes::default(), "", None, ascii))
    }

    #[test]
    fn a_rise_a_fall_and_a_gap_are_told() {
        assert_eq!(drawn(&[0.0, 1.0, 2.0, 3.0], false), "⡠⠊");
        assert_eq!(drawn(&[3.0, 2.0, 1.0, 0.0], false), "⠑⢄");
        assert_eq!(drawn(&[0.0, 3.0], false), "⡸");
        assert_eq!(drawn(&[1.0, 1.0, f64::NAN, f64::NAN, 2.0], false), "⣀×⠁");
        assert_eq!(drawn(&[0.0, 3.0, f64::NAN], true), "_#x");
        assert_eq!(drawn(&[], false), "");
    }

    #[test]
    fn a_spike_within_a_column_is_drawn() {
        let mut values = vec![0.0; 80];
        values[42] = 9.0;
        assert!(
            drawn(&values, false).contains(['⡇', '⢸', '⣇', '⣸']),
            "{}",
            drawn(&values, false)
        );
    }
}
