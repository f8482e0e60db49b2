//! A document as Markdown that GitHub and GitLab render.

use super::escape::markdown as escape;
use super::{Answer, Block, Cell, Check, Document, Row, Table, Tone};
use crate::text::excerpt::distinct_excerpts;
use crate::text::untrusted::clean;

/// With more columns than this, a table's columns become its rows: a page is higher than it is wide.
const MAX_COLUMNS: usize = 7;

impl Document {
    /// The page.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut page = format!("## {}\n", escape(&self.title));
        for block in self.blocks.iter().map(Block::to_markdown) {
            if !block.is_empty() {
                page.push('\n');
                page.push_str(&block);
            }
        }
        page
    }
}

impl Block {
    /// The block with a line end, or nothing.
    fn to_markdown(&self) -> String {
        match self {
            Self::Heading(text) => format!("### {}\n", escape(text)),
            Self::Paragraph(text) => format!("{}\n", escape(text)),
            Self::Verdict(text, tone) => format!("{}{}\n", tone_sign(*tone), escape(text)),
            Self::Note(text) => format!("<sub>{}</sub>\n", escape(text)),
            Self::List(lines) => list(lines, ""),
            Self::Warnings(lines) if lines.is_empty() => String::new(),
            Self::Warnings(lines) => format!("> [!WARNING]\n{}", list(lines, "> ")),
            Self::Diff(lines) => {
                let lines = lines
                    .iter()
                    .map(|line| clean(line).replace("```", "---") + "\n");
                format!("```diff\n{}```\n", lines.collect::<String>())
            }
            Self::Checks(checks) => check_table(checks),
            Self::Answers(answers) => answer_table(answers),
            Self::Table(table) => table.to_markdown(),
            Self::Graph { mermaid, .. } => format!("```mermaid\n{mermaid}```\n"),
            Self::Details { summary, table } => format!(
                "<details><summary>{summary}</summary>\n\n{}\n</details>\n",
                table.to_markdown()
            ),
            Self::Figure(_) => String::new(),
        }
    }
}

fn list(lines: &[String], prefix: &str) -> String {
    let mut list = String::new();
    for line in lines {
        list += &format!("{prefix}- {}\n", escape(line));
    }
    list
}

fn answer_table(answers: &[Answer]) -> String {
    let row = |answer: &Answer| {
        let lines: Vec<String> = answer.lines.iter().map(|line| escape(line)).collect();
        let answer_text = format!("{}{}", tone_sign(answer.tone), lines.join("<br>"));
        table_row([format!("**{}**", escape(answer.question)), answer_text])
    };
    let head = table_row(["question", "answer"].map(str::to_owned));
    let rows: String = answers.iter().map(row).collect();
    format!("{head}{}{rows}", rule(2))
}

fn tone_sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "✅ ",
        Tone::Bad => "❌ ",
        Tone::Warning => "⚠️ ",
        Tone::Unknown => "❔ ",
        _ => "",
    }
}

fn check_table(checks: &[Check]) -> String {
    let row = |check: &Check| {
        let sign = tone_sign(check.tone);
        let why = if check.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", escape(&check.detail))
        };
        table_row([
            escape(&check.name),
            format!("{sign}{}{why}", escape(&check.state)),
            escape(&check.format_values()),
        ])
    };
    let head = table_row(["check", "result", "values"].map(str::to_owned));
    let rows: String = checks.iter().map(row).collect();
    format!("{head}{}{rows}", rule(3))
}

impl Table {
    fn to_markdown(&self) -> String {
        let rows: Vec<&Row> = self.rows.iter().filter(|row| !row.is_minor).collect();
        let heads: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        let heads: Vec<String> = self
            .excerpts(&heads)
            .iter()
            .map(|head| escape(head))
            .collect();
        let cells: Vec<Vec<String>> = rows.iter().map(|row| self.row_cells(row)).collect();
        let mut out = String::new();
        if self.headers.len() > MAX_COLUMNS {
            let cell = |row: &Vec<String>, at: usize| row.get(at).cloned().unwrap_or_default();
            let keys = cells.iter().map(|row| cell(row, 0));
            out += &table_row(std::iter::once(String::new()).chain(keys));
            out += &rule(rows.len() + 1);
            for (at, head) in heads.into_iter().enumerate().skip(1) {
                let values = cells.iter().map(|row| cell(row, at));
                out += &table_row(std::iter::once(head).chain(values));
            }
            return out;
        }
        out += &table_row(heads);
        out += &rule(self.headers.len());
        let mut group = "";
        for (row, cells) in rows.into_iter().zip(cells) {
            if row.group != group {
                group = row.group;
                let empty = std::iter::repeat_n(String::new(), self.headers.len() - 1);
                out += &table_row(std::iter::once(format!("**{group}**")).chain(empty));
            }
            out += &table_row(cells);
        }
        out
    }

    /// The cells of a row, escaped.
    fn row_cells(&self, row: &Row) -> Vec<String> {
        let texts: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
        let texts = self.excerpts(&texts);
        let cell = |(cell, text): (&Cell, String)| {
            let mut out = escape(&text);
            if cell.tone == Tone::Best {
                out = format!("**{out}**");
            }
            if !cell.note.is_empty() {
                out.push_str(&format!(" ({})", escape(&cell.note)));
            }
            out
        };
        row.cells.iter().zip(texts).map(cell).collect()
    }

    /// The texts of a row, cut to the width of a cell so that they stay different. The first one is a key and stays whole.
    fn excerpts(&self, texts: &[&str]) -> Vec<String> {
        let (Some(room), Some((key, values))) = (self.markdown_cell_width, texts.split_first())
        else {
            return texts.iter().map(|text| (*text).to_owned()).collect();
        };
        let values = distinct_excerpts(values, room);
        std::iter::once((*key).to_owned()).chain(values).collect()
    }
}

/// A row of cells that are escaped already.
pub(in crate::export) fn table_row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

fn rule(columns: usize) -> String {
    table_row(std::iter::repeat_n("---".to_owned(), columns))
}
