//! Groups: what their lines show of the columns.

use std::collections::HashMap;

use super::Runs;
use super::columns::Shown;
use crate::domain::Millis;
use crate::table::{Attribute, Cell, ColumnKey, Grouping, Line, Spread, Statistic};
use crate::tui::app::cell::{MISSING, text_at};
use crate::tui::app::layout::Size;
use crate::tui::app::shared::{Context, Shared};

/// What the values of groups come to, by line and column, for the lines and columns that were seen since the lines were made.
pub(super) type Figures = HashMap<usize, HashMap<ColumnKey, Spread>>;

/// Whether the lines of groups show a column: its values are numbers that mean an amount.
fn has_figures(column: &Shown) -> bool {
    column.numeric && column.key != ColumnKey::Attribute(Attribute::Experiment)
}

impl Runs {
    /// The column that runs are grouped by.
    #[must_use]
    pub fn grouped_by(&self) -> Option<&ColumnKey> {
        match &self.arrangement.grouping {
            Grouping::By(column) => Some(column),
            Grouping::Flat | Grouping::Tree => None,
        }
    }

    /// Works out what the lines of groups that are seen show.
    pub(super) fn figure(&mut self, size: Size, shared: &Shared, now: Millis) {
        if self.grouped_by().is_none() {
            return;
        }
        let (parts, _) = self.parts(size);
        let seen = self.columns.seen();
        let placed = self
            .columns
            .place(parts.header.width, self.goal(shared).is_some());
        let columns = placed
            .iter()
            .filter_map(|place| seen.get(place.index?))
            .filter(|column| has_figures(column));
        let columns: Vec<ColumnKey> = columns.map(|column| column.key.clone()).collect();
        for line in self
            .cursor
            .window(self.lines.len(), usize::from(parts.rows.height))
        {
            let Some(Line::Group { rows, .. }) = self.lines.get(line) else {
                continue;
            };
            let known = self.figures.entry(line).or_default();
            for column in &columns {
                if !known.contains_key(column) {
                    known.insert(column.clone(), self.table.column(column).spread(rows, now));
                }
            }
        }
    }

    /// What the values of a group come to in a column that is seen; nothing where they are no numbers.
    #[must_use]
    pub fn spread(&self, line: usize, column: &ColumnKey) -> Option<&Spread> {
        self.figures.get(&line)?.get(column)
    }

    /// The statistic of a group in a column, as it is shown.
    #[must_use]
    pub fn figure_text(
        &self,
        line: usize,
        column: &ColumnKey,
        statistic: Statistic,
        now: Millis,
    ) -> Option<String> {
        let spread = self.spread(line, column)?;
        let value = spread.get(statistic, self.arrangement.better(column));
        Some(value.map_or_else(
            || MISSING.to_owned(),
            |value| text_at(cell(column, statistic, value), now),
        ))
    }

    /// What the figure under the cursor was worked out from: `mean of 18 of 20 runs, 1 missing, 1 no number`.
    #[must_use]
    pub fn figure_in_words(&self) -> Option<String> {
        let (column, spread) = self
            .columns
            .current()
            .and_then(|key| Some((key.clone(), self.spread(self.cursor.at, &key)?)))?;
        let runs = spread.n + spread.missing + spread.left_out;
        let mut words = format!(
            "{} {} of {} of {runs} runs",
            column.title(),
            self.arrangement.statistic.as_str(),
            spread.n
        );
        for (count, what) in [
            (spread.missing, "missing"),
            (spread.left_out, "no finite number"),
        ] {
            if count > 0 {
                words.push_str(&format!(", {count} {what}"));
            }
        }
        Some(words)
    }

    /// Shows the next statistic in the lines of groups.
    pub(super) fn next_statistic(&mut self, context: &mut Context<'_>) {
        if self.grouped_by().is_none() {
            context.say("there are no groups: z puts runs together");
            return;
        }
        self.arrangement.statistic = self.arrangement.statistic.next();
        context.say(format!(
            "groups show {}",
            self.arrangement.statistic.as_str()
        ));
        self.touch();
    }
}

/// A figure as what stands in a cell: a mean of times is a time, a deviation of times a duration, a count a number.
fn cell(column: &ColumnKey, statistic: Statistic, value: f64) -> Cell<'static> {
    match (column, statistic) {
        (_, Statistic::Count) => Cell::Number(value),
        (ColumnKey::Attribute(Attribute::Start | Attribute::End), Statistic::Deviation)
        | (ColumnKey::Attribute(Attribute::Duration), _) => Cell::Duration(value.round() as Millis),
        (ColumnKey::Attribute(Attribute::Start | Attribute::End), _) => {
            Cell::Time(value.round() as Millis)
        }
        _ => Cell::Number(value),
    }
}
