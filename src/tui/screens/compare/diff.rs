//! Diffs within a row, between two commits, and between files that two runs have in common.

use super::CompareScreen;
use crate::analysis::value_diff::diff_values;
use crate::analysis::{ComparisonRow, RowKind};
use crate::text::untrusted::clean;
use crate::tui::app::dialogs::{Dialog, DiffDialog, Picker, PickerItem};
use crate::tui::app::message::{CommonFile, DiffTarget};
use crate::tui::app::{Request, SharedState, UpdateContext};

impl CompareScreen {
    /// The indices of the baseline and of the run under the cursor; on the baseline, of the next run.
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

    fn pair_label(&self, (before, after): (usize, usize), shared: &SharedState) -> String {
        let name = |at: usize| {
            self.data
                .get()
                .and_then(|data| data.runs.get(at))
                .map(|run| Self::run_title(run, shared))
        };
        format!(
            "{} → {}",
            name(before).unwrap_or_default(),
            name(after).unwrap_or_default()
        )
    }

    /// Opens the diff between the baseline and the run under the cursor, for the row under it.
    pub(super) fn open_value_diff(&self, context: &mut UpdateContext<'_>) {
        let (Some(pair), Some(row)) = (self.diff_pair(), self.selected_row()) else {
            return context.notify("select a row to compare its values");
        };
        let title = format!(
            "{}  {}",
            row.key.clean(),
            self.pair_label(pair, context.shared)
        );
        let view = match pair_values(row, pair) {
            Some((before, after)) if row.kind == RowKind::Code && row.key.raw() == "commit" => {
                DiffDialog::open(title, DiffTarget::Commits { before, after }, context)
            }
            Some((before, after)) => DiffDialog::from_lines(title, diff_values(&before, &after)),
            None => return context.notify("one of the two runs has no value here"),
        };
        context.open(Dialog::Diff(Box::new(view)));
    }

    /// Requests the files that both runs have.
    pub(super) fn fetch_common_files(&mut self, context: &mut UpdateContext<'_>) {
        let (Some((before, after)), Some(data)) = (self.diff_pair(), self.data.get()) else {
            return;
        };
        let request =
            Request::CommonFiles(data.runs[before].id.clone(), data.runs[after].id.clone());
        self.files_ticket = Some(context.request(request));
        context.notify("listing the files that both runs have…");
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
            PickerItem::new(clean(&file.path).into_owned(), detail, file)
        };
        let pair = self
            .diff_pair()
            .map(|pair| self.pair_label(pair, context.shared));
        let title = format!("common files: {}", pair.unwrap_or_default());
        let picker = Picker::new(title, files.into_iter().map(item));
        context.open(picker.submit_to(Self::open_file_diff));
    }

    fn open_file_diff(&mut self, file: CommonFile, context: &mut UpdateContext<'_>) {
        let pair = self
            .diff_pair()
            .map(|pair| self.pair_label(pair, context.shared))
            .unwrap_or_default();
        let title = format!("{}  {pair}", clean(&file.path));
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
        context.open(Dialog::Diff(Box::new(view)));
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
