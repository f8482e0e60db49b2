//! The listed runs, written to a file.

use super::RunsScreen;
use crate::table::{Attribute, ColumnKey, DisplayRow, RowId, SheetClock, SheetKind};
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{Dialog, Prompt};
use crate::tui::app::message::TableExport;

impl RunsScreen {
    pub(super) fn open_export(&self, context: &mut UpdateContext<'_>) {
        let title = match self.listed_rows().len() {
            0 => return context.notify("no run is listed"),
            1 => "export this run to (.csv, .md or .json)".to_owned(),
            count => format!("export these {count} runs to (.csv, .md or .json)"),
        };
        let prompt = Prompt::export(&title, "runs.csv", Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    /// Writes the listed runs in their order, with the visible columns and the run's id and name.
    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        let mut columns = [Attribute::RunId, Attribute::Name]
            .map(ColumnKey::Attribute)
            .to_vec();
        for column in self.columns.visible() {
            if !columns.contains(&column.key) {
                columns.push(column.key.clone());
            }
        }
        let (rows, now) = (self.listed_rows(), context.now);
        let zone = &context.shared.session.time_zone;
        let clock = SheetClock { now, zone };
        let sheet = |kind| self.table.sheet(&rows, &columns, kind, clock);
        let json = self.table.json_rows(&rows, &columns, now);
        let (csv, markdown) = (sheet(SheetKind::Csv), sheet(SheetKind::Markdown));
        context.export_table(path, TableExport::of_runs(csv, markdown, json));
    }

    /// The runs of the list; those of folded groups are not in it.
    fn listed_rows(&self) -> Vec<RowId> {
        let rows = self.lines.iter().filter_map(|line| match line {
            DisplayRow::Run { row, .. } => Some(*row),
            DisplayRow::Group { .. } => None,
        });
        rows.collect()
    }
}
