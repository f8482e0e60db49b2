//! The preview pane of the run table.

use super::RunsScreen;
use crate::table::{Attribute, CellValue, ColumnKey, DisplayRow, RowId, Statistic};
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
/// The lines of a stalled run's warning.
const STALL_LINES: usize = 3;
/// The lines of a group's preview besides its statistics.
const GROUP_LINES: usize = 4;

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
            let last = self.preview_lines(context).saturating_sub(height);
            (self.preview_scroll + by).min(last)
        } else {
            self.preview_scroll.saturating_sub(by)
        };
    }

    /// The number of lines in the preview, or little more.
    fn preview_lines(&self, context: &UpdateContext<'_>) -> usize {
        match self.lines.get(self.cursor.index) {
            Some(DisplayRow::Run { row, .. }) => self.lines_of_run(*row, context),
            Some(DisplayRow::Group { .. }) => Statistic::ALL.len() + GROUP_LINES,
            None => 0,
        }
    }

    fn lines_of_run(&self, row: RowId, context: &UpdateContext<'_>) -> usize {
        let has = |key: &ColumnKey| self.table.cell(row, key, 0) != CellValue::Missing;
        let attributes = PREVIEW_ATTRIBUTES.map(ColumnKey::Attribute);
        let attributes = attributes.iter().filter(|key| has(key)).count();
        let section = |includes: &dyn Fn(&ColumnKey) -> bool| {
            let keys = self.columns.all.iter().map(|column| &column.key);
            let values = keys.filter(|key| includes(key) && has(key)).count();
            values + usize::from(values > 0)
        };
        let metrics = section(
            &|key| matches!(key, ColumnKey::Metric(name) if !name.raw().starts_with("system/")),
        );
        let params = section(&|key| matches!(key, ColumnKey::Param(_)));
        let tags = section(
            &|key| matches!(key, ColumnKey::Tag(name) if !name.raw().starts_with("mlflow.")),
        );
        let heartbeat = self.heartbeat(row, context.shared);
        let is_stalled = heartbeat.is_some_and(|heartbeat| heartbeat.is_stalled(context.now));
        let stall = if is_stalled { STALL_LINES } else { 0 };
        let curve = usize::from(self.goal(context.shared).is_some());
        1 + stall + attributes + curve + metrics + params + tags
    }
}
