//! Draws a comparison of many runs: a row for each run, a column for each property.

use ratatui::layout::Rect;

use crate::analysis::{Comparison, ComparisonRow};
use crate::config::theme::Role;
use crate::text::width::width;
use crate::tui::app::App;
use crate::tui::screens::compare::CompareScreen;
use crate::tui::view::painter::{Painter, row_at};

/// The widest column of run names.
const MAX_NAME_WIDTH: u16 = 26;
/// The narrowest and the widest column of a property.
const PROPERTY_WIDTH_RANGE: (u16, u16) = (10, 24);
/// The number of runs whose values set the width of a property.
const MEASURED_RUNS: usize = 50;

/// The inputs of one draw.
struct DrawContext<'a> {
    screen: &'a CompareScreen,
    data: &'a Comparison,
    titles: Vec<String>,
    properties: Vec<&'a ComparisonRow>,
    names_width: u16,
    placed: Vec<PlacedProperty>,
}

/// A visible property.
struct PlacedProperty {
    /// The index among all properties.
    index: usize,
    /// The first cell.
    x: u16,
    /// Without the gap to the next property.
    width: u16,
}

impl PlacedProperty {
    /// The cell of the property in a row.
    fn cell(&self, strip: Rect) -> Rect {
        let x = strip.x + self.x;
        Rect {
            x,
            width: self.width.min(strip.right().saturating_sub(x)),
            ..strip
        }
    }
}

pub(super) fn draw(
    painter: &mut Painter<'_>,
    (header, rows): (Rect, Rect),
    app: &App,
    screen: &CompareScreen,
    data: &Comparison,
) {
    let properties = screen.properties();
    let titles = screen.run_titles(&app.shared);
    let names_width = names_width(&titles, header.width);
    let placed = visible_properties(
        &properties,
        screen.selected_column,
        names_width,
        header.width.saturating_sub(names_width),
    );
    let context = DrawContext {
        screen,
        data,
        titles,
        properties,
        names_width,
        placed,
    };
    draw_header(painter, header, &context);
    let visible_range = screen
        .cursor
        .visible_range(data.runs.len(), rows.height.into());
    for run in visible_range.clone() {
        let strip = row_at(rows, (run - visible_range.start) as u16);
        draw_row(painter, strip, &context, run);
    }
}

/// The width of the column of run names, with sign and gap.
fn names_width(titles: &[String], width_limit: u16) -> u16 {
    titles
        .iter()
        .map(|title| width(title))
        .max()
        .unwrap_or(0)
        .clamp(6, MAX_NAME_WIDTH)
        .min(width_limit / 2)
        + 3
}

/// Draws the names of the visible properties and the number of hidden ones.
fn draw_header(painter: &mut Painter<'_>, header: Rect, context: &DrawContext<'_>) {
    for property in &context.placed {
        let line = context.properties[property.index];
        let arrow = line
            .direction
            .map(|direction| format!(" {}", direction.arrow()))
            .unwrap_or_default();
        let cell = property.cell(header);
        painter.draw_text(cell, &format!("{}{arrow}", line.key.clean()), Role::Header);
        if property.index == context.screen.selected_column {
            painter.emphasize(cell);
        }
    }
    let hidden = context.properties.len() - context.placed.len();
    if hidden > 0 {
        painter.draw_text(
            Rect {
                width: context.names_width,
                ..header
            },
            &format!(" {hidden} more"),
            Role::Muted,
        );
    }
}

fn draw_row(painter: &mut Painter<'_>, strip: Rect, context: &DrawContext<'_>, run: usize) {
    let (screen, data) = (context.screen, context.data);
    draw_run_name(painter, strip, context, run);
    for property in &context.placed {
        super::draw_value(
            painter,
            property.cell(strip),
            context.properties[property.index],
            run,
            data.baseline,
        );
    }
    if run == screen.cursor.index {
        painter.apply_role(strip, Role::Selection);
        if let Some(property) = context
            .placed
            .iter()
            .find(|property| property.index == screen.selected_column)
        {
            painter.emphasize(property.cell(strip));
        }
    }
}

fn draw_run_name(painter: &mut Painter<'_>, strip: Rect, context: &DrawContext<'_>, run: usize) {
    let (sign, role) = if run == context.data.baseline {
        (painter.theme.symbol("◆ ", "# "), Role::Baseline)
    } else {
        ("  ", Role::Text)
    };
    painter.draw_text(
        Rect {
            width: context.names_width.saturating_sub(1),
            ..strip
        },
        &format!("{sign}{}", context.titles[run]),
        role,
    );
}

/// Visible properties from column `first_x`, scrolled to the cursor.
fn visible_properties(
    properties: &[&ComparisonRow],
    selected: usize,
    first_x: u16,
    room: u16,
) -> Vec<PlacedProperty> {
    let width_of = |line: &ComparisonRow| {
        let values = line
            .values
            .iter()
            .take(MEASURED_RUNS)
            .flatten()
            .map(|value| width(&value.clean()))
            .max()
            .unwrap_or(0);
        values
            .max(width(&line.key.clean()) + 2)
            .clamp(PROPERTY_WIDTH_RANGE.0, PROPERTY_WIDTH_RANGE.1)
    };
    // The last visible property is the one under the cursor, or the last of the first page.
    let mut first = 0;
    let mut used: u16 = 0;
    let mut widths = Vec::new();
    for (nth, line) in properties.iter().enumerate() {
        let own = width_of(line) + 1;
        if used + own > room && nth > selected {
            break;
        }
        widths.push(own);
        used += own;
        while used > room && first < nth {
            used -= widths[first];
            first += 1;
        }
    }
    let mut x = first_x;
    let mut placed = Vec::new();
    for (index, own) in widths.iter().enumerate().skip(first) {
        placed.push(PlacedProperty {
            index,
            x,
            width: own - 1,
        });
        x += own;
    }
    placed
}
