//! A document as Markdown that GitHub and GitLab render.

use super::escape::markdown as escape;
use super::{Answer, Block, Cell, Check, Document, Row, Table, Tone};
use crate::text::untrusted::clean;
use crate::text::width;

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
        let text = |text: &str| match self.markdown_cell_width {
            Some(room) => escape(&width::truncate(text, room)),
            None => escape(text),
        };
        let cell = |cell: &Cell| {
            let mut out = text(&cell.text);
            if cell.tone == Tone::Best {
                out = format!("**{out}**");
            }
            if !cell.note.is_empty() {
                out.push_str(&format!(" ({})", escape(&cell.note)));
            }
            out
        };
        let mut out = String::new();
        if self.headers.len() > MAX_COLUMNS {
            let heads = rows.iter().map(|row| row.cells.first());
            let heads = heads.map(|head| head.map(cell).unwrap_or_default());
            out += &table_row(std::iter::once(String::new()).chain(heads));
            out += &rule(rows.len() + 1);
            for (at, header) in self.headers.iter().enumerate().skip(1) {
                let cells = rows.iter().map(|row| row.cells.get(at));
                let cells = cells.map(|found| found.map(cell).unwrap_or_default());
                out += &table_row(std::iter::once(text(header)).chain(cells));
            }
            return out;
        }
        out += &table_row(self.headers.iter().map(|header| text(header)));
        out += &rule(self.headers.len());
        let mut group = "";
        for row in rows {
            if row.group != group {
                group = row.group;
                let empty = std::iter::repeat_n(String::new(), self.headers.len() - 1);
                out += &table_row(std::iter::once(format!("**{group}**")).chain(empty));
            }
            out += &table_row(row.cells.iter().map(cell));
        }
        out
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
