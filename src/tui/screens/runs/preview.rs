//! The preview pane of the run table.

use super::RunsScreen;
use crate::table::{Attribute, CellValue, ColumnKey, DisplayRow, RowId};
use crate::tui::app::UpdateContext;

/// The attributes at the head of the preview, below the status.
pub(crate) const PREVIEW_ATTRIBUTES: [Attribute; 6] = [
    Attribute::Start,
    Attribute::Duration,
    Attribute::User,
    Attribute::Source,
    Attribute::Commit,
    Attribute::Datasets,
];
/// Lines besides attributes and values: the status, a stall in three lines, the curve, three titles.
const OTHER_LINES: usize = 8;

impl RunsScreen {
    pub(super) fn toggle_preview(&mut self, context: &mut UpdateContext<'_>) {
        self.is_preview_open = !self.is_preview_open;
        self.preview_scroll = 0;
        if self.is_preview_open && self.areas(context.size).1.is_none() {
            context.notify("the preview needs a larger window");
        }
    }

    /// Scrolls by half of the pane.
    pub(super) fn scroll_preview(&mut self, down: bool, context: &mut UpdateContext<'_>) {
        let Some(area) = self.areas(context.size).1 else {
            return context.notify(if self.is_preview_open {
                "the preview needs a larger window"
            } else {
                "p opens the preview"
            });
        };
        let height = usize::from(area.height.saturating_sub(2)).max(1);
        let by = (height / 2).max(1);
        self.preview_scroll = if down {
            let last = self.preview_lines().saturating_sub(height);
            (self.preview_scroll + by).min(last)
        } else {
            self.preview_scroll.saturating_sub(by)
        };
    }

    /// At least the number of lines in the preview.
    fn preview_lines(&self) -> usize {
        match self.lines.get(self.cursor.index) {
            Some(DisplayRow::Run { row, .. }) => self.lines_of_run(*row),
            Some(DisplayRow::Group { .. }) => self.columns.all.len() + OTHER_LINES,
            None => 0,
        }
    }

    fn lines_of_run(&self, row: RowId) -> usize {
        let has = |key: &ColumnKey| self.table.cell(row, key, 0) != CellValue::Missing;
        let attributes = PREVIEW_ATTRIBUTES.map(ColumnKey::Attribute);
        let logged = self.columns.all.iter().filter(|column| match &column.key {
            ColumnKey::Metric(name) => !name.raw().starts_with("system/") && has(&column.key),
            ColumnKey::Tag(name) => !name.raw().starts_with("mlflow.") && has(&column.key),
            ColumnKey::Param(_) => has(&column.key),
            _ => false,
        });
        attributes.iter().filter(|key| has(key)).count() + logged.count() + OTHER_LINES
    }
}
