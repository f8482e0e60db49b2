//! One document model: a review, a comparison and a lineage are each composed once and rendered as text, Markdown or HTML.
//!
//! Strings in a document are raw. Each renderer cleans them and escapes what its format interprets.

pub(super) mod escape;
mod html;
mod markdown;
#[cfg(test)]
mod tests;
mod text;

pub(super) use markdown::table_row;

use super::Sheet;
use crate::chart::Figure;

/// A titled sequence of blocks.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
pub(super) enum Block {
    Heading(String),
    Paragraph(String),
    /// A sentence that decides.
    Verdict(String, Tone),
    /// Small print.
    Note(String),
    List(Vec<String>),
    Warnings(Vec<String>),
    /// Lines that begin with `+`, `-` or `~`.
    Diff(Vec<String>),
    Checks(Vec<Check>),
    /// Questions with their answers, a sentence on each line.
    Answers(Vec<Answer>),
    Table(Table),
    /// A graph: an outline by section where the format cannot draw, else a Mermaid drawing.
    Graph {
        outline: Vec<(&'static str, Vec<String>)>,
        mermaid: String,
    },
    /// A table behind a line that opens it. Plain text leaves it out.
    Details {
        summary: &'static str,
        table: Table,
    },
    /// Only HTML has room for it.
    Figure(Figure),
}

/// The result of a gate or of a reproducibility check.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub name: String,
    pub tone: Tone,
    /// The result in a word: `pass`, `not recorded`.
    pub state: String,
    pub detail: String,
    /// The values that the result was computed from, by name.
    pub values: Vec<(String, String)>,
}

/// The answer to one question.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// For programs: `code`, `drift`.
    pub key: &'static str,
    /// A few words, such as `Which code?`.
    pub question: &'static str,
    pub tone: Tone,
    /// The answer in a sentence, then what it rests on.
    pub lines: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub headers: Vec<String>,
    pub rows: Vec<Row>,
    /// Markdown truncates cells to this many columns.
    pub markdown_cell_width: Option<u16>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// Consecutive rows of one group form a section; empty where the table has no sections.
    pub group: &'static str,
    pub cells: Vec<Cell>,
    /// Markdown leaves the row out: in a pull request it is noise.
    pub is_minor: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub text: String,
    /// What follows in small print or in brackets.
    pub note: String,
    pub tone: Tone,
}

/// How a value compares, or how a check ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to point out.
    #[default]
    Plain,
    /// A heading.
    Title,
    /// The best value of several.
    Best,
    /// Worse than the baseline.
    Worse,
    /// Less important.
    Muted,
    /// It speaks for the version.
    Good,
    /// It needs attention.
    Warning,
    /// It speaks against the version.
    Bad,
    /// It is not known.
    Unknown,
}

impl Document {
    pub(super) fn new(title: String) -> Self {
        Self {
            title,
            blocks: Vec::new(),
        }
    }

    /// The document with its sentences changed; tables, drawings and code stay.
    #[must_use]
    pub fn map_sentences(mut self, change: impl Fn(&str) -> String) -> Self {
        for block in &mut self.blocks {
            for sentence in block.sentences() {
                *sentence = change(sentence);
            }
        }
        self
    }

    /// Adds a heading and a block; nothing if the block is empty.
    pub(super) fn push_section(&mut self, heading: impl Into<String>, block: Block) {
        if !block.is_empty() {
            self.blocks.extend([Block::Heading(heading.into()), block]);
        }
    }
}

impl Block {
    fn sentences(&mut self) -> Vec<&mut String> {
        match self {
            Self::Heading(text)
            | Self::Paragraph(text)
            | Self::Verdict(text, _)
            | Self::Note(text) => vec![text],
            Self::List(lines) | Self::Warnings(lines) => lines.iter_mut().collect(),
            Self::Checks(checks) => checks.iter_mut().map(|check| &mut check.detail).collect(),
            Self::Answers(answers) => {
                let lines = answers.iter_mut().map(|answer| &mut answer.lines);
                lines.flatten().collect()
            }
            Self::Diff(_)
            | Self::Table(_)
            | Self::Graph { .. }
            | Self::Details { .. }
            | Self::Figure(_) => Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::List(lines) | Self::Warnings(lines) | Self::Diff(lines) => lines.is_empty(),
            Self::Checks(checks) => checks.is_empty(),
            Self::Answers(answers) => answers.is_empty(),
            Self::Table(table) => table.rows.is_empty(),
            _ => false,
        }
    }
}

impl Check {
    /// The detail, then the values in brackets.
    fn explanation(&self) -> String {
        let values = self.format_values();
        match (self.detail.as_str(), values.as_str()) {
            (detail, "") => detail.to_owned(),
            ("", values) => format!("({values})"),
            (detail, values) => format!("{detail} ({values})"),
        }
    }

    fn format_values(&self) -> String {
        let values = self.values.iter();
        let values: Vec<String> = values
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        values.join(", ")
    }
}

impl Table {
    /// The table for a terminal: groups become a column, the best value gets a star.
    pub(super) fn to_sheet(&self) -> Sheet {
        let has_groups = self.rows.iter().any(|row| !row.group.is_empty());
        let group = |name: &str| has_groups.then(|| name.to_owned());
        let cell = |cell: &Cell| {
            let star = if cell.tone == Tone::Best { " *" } else { "" };
            let note = if cell.note.is_empty() {
                String::new()
            } else {
                format!(" ({})", cell.note)
            };
            format!("{}{note}{star}", cell.text)
        };
        let row = |row: &Row| {
            group(row.group)
                .into_iter()
                .chain(row.cells.iter().map(cell))
                .collect()
        };
        Sheet {
            headers: group("kind")
                .into_iter()
                .chain(self.headers.clone())
                .collect(),
            rows: self.rows.iter().map(row).collect(),
            ..Sheet::default()
        }
    }
}

impl From<Sheet> for Table {
    fn from(sheet: Sheet) -> Self {
        let row = |cells: Vec<String>| Row {
            cells: cells.into_iter().map(Cell::from).collect(),
            ..Row::default()
        };
        Self {
            headers: sheet.headers,
            rows: sheet.rows.into_iter().map(row).collect(),
            markdown_cell_width: None,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}
