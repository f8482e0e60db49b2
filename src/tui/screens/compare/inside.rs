//! What differs inside of a row: two values, two commits; and the files that two runs have in common.

use super::Compare;
use crate::analysis::value_diff::diff;
use crate::analysis::{CompareRow, RowKind};
use crate::tui::app::message::{CommonFile, DiffOf, Request};
use crate::tui::app::overlays::{DiffView, Item, Overlay, Picker};
use crate::tui::app::shared::{Choice, Context, Go};

impl Compare {
    /// The run that the one under the cursor is measured against, and that one: by their places. Where the cursor is on the
    /// baseline, the next run is meant.
    fn pair(&self) -> Option<(usize, usize)> {
        let data = self.data.get()?;
        let at = self.run_at();
        let other = if at == data.baseline {
            (0..data.runs.len()).find(|run| *run != data.baseline)?
        } else {
            at
        };
        Some((data.baseline, other))
    }

    fn names(&self, (before, after): (usize, usize)) -> String {
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
    pub(super) fn look_inside(&self, context: &mut Context<'_>) {
        let (Some(pair), Some(row)) = (self.pair(), self.row_at()) else {
            return context.say("go to a row: its values are compared there");
        };
        let title = format!("{}  {}", row.key.clean(), self.names(pair));
        let view = match values(row, pair) {
            Some((before, after)) if row.kind == RowKind::Code && row.key.raw() == "commit" => {
                DiffView::ask(title, DiffOf::Commits { before, after }, context)
            }
            Some((before, after)) => DiffView::known(title, diff(&before, &after)),
            None => return context.say("one of the two has no value here"),
        };
        context
            .go
            .push(Go::Over(Box::new(Overlay::Diff(Box::new(view)))));
    }

    /// Asks for the files that both runs have.
    pub(super) fn list_files(&mut self, context: &mut Context<'_>) {
        let (Some((before, after)), Some(data)) = (self.pair(), self.data.get()) else {
            return;
        };
        let request = Request::Common(data.runs[before].id.clone(), data.runs[after].id.clone());
        self.listing = Some(context.ask(request));
        context.say("looking for files that both runs have…");
    }

    /// Offers the files that both runs have.
    pub(super) fn offer_files(&self, files: Vec<CommonFile>, context: &mut Context<'_>) {
        if files.is_empty() {
            return context.say("these two runs have no file in common");
        }
        let item = |file: CommonFile| {
            let detail = match file.sizes {
                Some((a, b)) if a == b => format!("{a} bytes in both"),
                Some((a, b)) => format!("{a} → {b} bytes"),
                None => String::new(),
            };
            let label = crate::text::untrusted::clean(&file.path).into_owned();
            Item {
                label,
                detail,
                choice: Choice::CommonFile(Box::new(file)),
            }
        };
        let title = format!(
            "files of both: {}",
            self.pair().map(|pair| self.names(pair)).unwrap_or_default()
        );
        let picker = Picker::new(&title, files.into_iter().map(item).collect());
        context.go.push(Go::Over(Box::new(Overlay::Picker(picker))));
    }

    /// Shows what differs in a file of both.
    pub(super) fn compare_file(&self, file: CommonFile, context: &mut Context<'_>) {
        let pair = self.pair().map(|pair| self.names(pair)).unwrap_or_default();
        let title = format!("{}  {pair}", crate::text::untrusted::clean(&file.path));
        let CommonFile {
            path,
            before,
            after,
            sizes: _,
        } = file;
        let view = DiffView::ask(
            title,
            DiffOf::Files {
                path,
                before,
                after,
            },
            context,
        );
        context
            .go
            .push(Go::Over(Box::new(Overlay::Diff(Box::new(view)))));
    }
}

fn values(row: &CompareRow, (before, after): (usize, usize)) -> Option<(String, String)> {
    let value = |at: usize| {
        row.values
            .get(at)
            .and_then(Option::as_ref)
            .map(|value| value.raw().to_owned())
    };
    Some((value(before)?, value(after)?))
}
