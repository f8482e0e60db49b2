//! Reports: what a subcommand has to say, before its form is chosen.

use serde_json::Value;

use super::Sheet;

/// An answer in every form in which it can be printed.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandOutput {
    /// For `--json`; a list is one line an item with `--jsonl`.
    pub json: Value,
    /// For `--csv` and `--markdown`, and for people where there is no text.
    pub sheet: Sheet,
    /// For people, where a table says too little.
    pub lines: Option<Vec<String>>,
}

impl CommandOutput {
    /// A report that people read as a table.
    #[must_use]
    pub fn table(json: Value, sheet: Sheet) -> Self {
        Self {
            json,
            sheet,
            lines: None,
        }
    }

    /// A report that people read as lines of text.
    #[must_use]
    pub fn text(json: Value, sheet: Sheet, text: Vec<String>) -> Self {
        Self {
            json,
            sheet,
            lines: Some(text),
        }
    }
}
