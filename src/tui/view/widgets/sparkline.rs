//! A curve in one row, which distinguishes NaN from missing points.

use crate::analysis::{SparklineColumn, sparkline};
use crate::domain::Point;
use crate::tui::view::TerminalTheme;

/// The bits of braille's dots by column, from the bottom up.
const BRAILLE_DOTS: [[u32; 4]; 2] = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]];
/// A braille cell without dots.
const BRAILLE_BLANK: u32 = 0x2800;
/// Without braille: one height a cell.
const ASCII_BARS: [&str; 8] = ["_", ".", ",", "-", "~", "=", "*", "#"];

/// Draws points in `width` cells as a line that spans the range of values in each column, so that no spike is
/// lost. A column of NaN only is `×`, a column without points blank.
#[must_use]
pub fn render(points: &[Point], width: u16, theme: &TerminalTheme) -> String {
    if theme.is_ascii {
        let columns = sparkline(points, usize::from(width), ASCII_BARS.len() as u8);
        return columns
            .into_iter()
            .map(|level| level.map_or("x", |level| ASCII_BARS[usize::from(level.last).min(7)]))
            .collect();
    }
    let columns = sparkline(points, usize::from(width) * 2, 4);
    let mut previous_level: Option<SparklineColumn> = None;
    let mut text = String::new();
    for cell in columns.chunks(2) {
        let mut bits = BRAILLE_BLANK;
        for (dots, level) in BRAILLE_DOTS.iter().zip(cell) {
            if let Some(level) = level {
                // Continues the line one dot short of the column before.
                let from = previous_level.map_or(level.low, |before| {
                    level.low.min((before.last + 1).min(level.high))
                });
                let to = previous_level.map_or(level.high, |before| {
                    level.high.max(before.last.saturating_sub(1))
                });
                bits |= dots[usize::from(from)..=usize::from(to.min(3))]
                    .iter()
                    .sum::<u32>();
            }
            previous_level = *level;
        }
        text.push(if bits == BRAILLE_BLANK {
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

    fn rendered(values: &[f64], ascii: bool) -> String {
        let points: Vec<Point> = values
            .iter()
            .map(|value| Point {
                step: 0,
                timestamp: 0,
                value: MetricValue::new(*value),
            })
            .collect();
        render(
            &points,
            4,
            &TerminalTheme::new(Themes::default(), "", None, ascii),
        )
    }

    #[test]
    fn rises_falls_and_gaps_are_distinguishable() {
        assert_eq!(rendered(&[0.0, 1.0, 2.0, 3.0], false), "⡠⠊");
        assert_eq!(rendered(&[3.0, 2.0, 1.0, 0.0], false), "⠑⢄");
        assert_eq!(rendered(&[0.0, 3.0], false), "⡸");
        assert_eq!(rendered(&[1.0, 1.0, f64::NAN, f64::NAN, 2.0], false), "⣀×⠁");
        assert_eq!(rendered(&[0.0, 3.0, f64::NAN], true), "_#x");
        assert_eq!(rendered(&[], false), "");
    }

    #[test]
    fn spikes_within_a_column_are_drawn() {
        let mut values = vec![0.0; 80];
        values[42] = 9.0;
        assert!(
            rendered(&values, false).contains(['⡇', '⢸', '⣇', '⣸']),
            "{}",
            rendered(&values, false)
        );
    }
}
