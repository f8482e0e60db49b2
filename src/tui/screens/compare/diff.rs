//! What differs inside of a row: two values, two commits; and the files that two runs have in common.

use super::CompareScreen;
use crate::analysis::value_diff::diff_values;
use crate::analysis::{ComparisonRow, RowKind};
use crate::tui::app::dialogs::{Dialog, DiffDialog, Picker, PickerItem};
use crate::tui::app::message::{CommonFile, DiffTarget, Request};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

impl CompareScreen {
    /// The run that the one under the cursor is measured against, and that one: by their places. Where the cursor is on the
    /// baseline, the next run is meant.
    fn diff_pair(&self) -> Option<(usize, usize)> {
        let data = self.data.get()?;
        let at = self.selected_run();
        let other = if at == data.baseline {
            (0..data.runs.len()).find(|run| *run != data.baseline)?
        } else {
            at
        };
        Some((data.baseline, other))
    }

    fn pair_label(&self, (before, after): (usize, usize)) -> String {
        let name = |at: usize| {
            self.data
                .get()
                .and_then(|data| data.runs.get(at))
                .map(|run| run.label().clean().into_owned())
        };
        format!(
            "{} → {}",
            name(before).unwrap_or_default(),
            name(after).unwrap_or_default()
        )
    }

    /// Shows what differs inside of the row under the cursor, between the baseline and the run under it.
    pub(super) fn open_value_diff(&self, context: &mut UpdateContext<'_>) {
        let (Some(pair), Some(row)) = (self.diff_pair(), self.selected_row()) else {
            return context.notify("go to a row: its values are compared there");
        };
        let title = format!("{}  {}", row.key.clean(), self.pair_label(pair));
        let view = match pair_values(row, pair) {
            Some((before, after)) if row.kind == RowKind::Code && row.key.raw() == "commit" => {
                DiffDialog::open(title, DiffTarget::Commits { before, after }, context)
            }
            Some((before, after)) => DiffDialog::from_lines(title, diff_values(&before, &after)),
            None => return context.notify("one of the two has no value here"),
        };
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Diff(Box::new(view)))));
    }

    /// Asks for the files that both runs have.
    pub(super) fn fetch_common_files(&mut self, context: &mut UpdateContext<'_>) {
        let (Some((before, after)), Some(data)) = (self.diff_pair(), self.data.get()) else {
            return;
        };
        let request =
            Request::CommonFiles(data.runs[before].id.clone(), data.runs[after].id.clone());
        self.files_ticket = Some(context.request(request));
        context.notify("looking for files that both runs have…");
    }

    /// Offers the files that both runs have.
    pub(super) fn choose_common_file(
        &self,
        files: Vec<CommonFile>,
        context: &mut UpdateContext<'_>,
    ) {
        if files.is_empty() {
            return context.notify("these two runs have no file in common");
        }
        let item = |file: CommonFile| {
            let detail = match file.sizes {
                Some((a, b)) if a == b => format!("{a} bytes in both"),
                Some((a, b)) => format!("{a} → {b} bytes"),
                None => String::new(),
            };
            let label = crate::text::untrusted::clean(&file.path).into_owned();
            PickerItem {
                label,
                detail,
                choice: Choice::CommonFile(Box::new(file)),
            }
        };
        let title = format!(
            "files of both: {}",
            self.diff_pair()
                .map(|pair| self.pair_label(pair))
                .unwrap_or_default()
        );
        let picker = Picker::new(&title, files.into_iter().map(item).collect());
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Picker(picker))));
    }

    /// Shows what differs in a file of both.
    pub(super) fn open_file_diff(&self, file: CommonFile, context: &mut UpdateContext<'_>) {
        let pair = self
            .diff_pair()
            .map(|pair| self.pair_label(pair))
            .unwrap_or_default();
        let title = format!("{}  {pair}", crate::text::untrusted::clean(&file.path));
        let CommonFile {
            path,
            before,
            after,
            sizes: _,
        } = file;
        let view = DiffDialog::open(
            title,
            DiffTarget::Files {
                path,
                before,
                after,
            },
            context,
        );
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Diff(Box::new(view)))));
    }
}

fn pair_values(row: &ComparisonRow, (before, after): (usize, usize)) -> Option<(String, String)> {
    let value = |at: usize| {
        row.values
            .get(at)
            .and_then(Option::as_ref)
            .map(|value| value.raw().to_owned())
    };
    Some((value(before)?, value(after)?))
}
