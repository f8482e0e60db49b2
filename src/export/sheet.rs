//! A table of text, to be written as CSV, Markdown or for a terminal.

use crate::domain::Untrusted;

/// Rows under headers. Cells are raw here, and cleaned by whatever writes them; a cell may be missing, which is not the
/// same as empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Option<Untrusted>>>,
}

/// A header, and whether numbers stand below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub title: Untrusted,
    pub numeric: bool,
}

impl Sheet {
    /// A table without columns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same table with a column of text more.
    #[must_use]
    pub fn text(mut self, title: impl Into<Untrusted>) -> Self {
        self.columns.push(Column { title: title.into(), numeric: false });
        self
    }

    /// The same table with a column of numbers more: they line up on the decimal point.
    #[must_use]
    pub fn number(mut self, title: impl Into<Untrusted>) -> Self {
        self.columns.push(Column { title: title.into(), numeric: true });
        self
    }

    /// Adds a row; cells that are too many are dropped, those that are too few are missing.
    pub fn push(&mut self, row: impl IntoIterator<Item = Option<Untrusted>>) {
        let mut row: Vec<_> = row.into_iter().take(self.columns.len()).collect();
        row.resize(self.columns.len(), None);
        self.rows.push(row);
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
