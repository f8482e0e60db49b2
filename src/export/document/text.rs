//! A document as plain text for a terminal.

use super::{Answer, Block, Check, Document, Tone};
use crate::text::untrusted::clean;
use crate::text::width;

/// Columns by which lists, and continued lines, are indented.
const INDENT: usize = 2;
/// With less room for them, answers stand below their questions.
const MIN_ANSWER_COLUMNS: u16 = 40;

impl Document {
    /// The lines, cleaned. With a width in columns, long lines are wrapped and tables are cut to fit.
    #[must_use]
    pub fn to_lines(&self, width: Option<u16>) -> Vec<String> {
        let lines = self.to_toned_lines(width).into_iter();
        lines.map(|(_, line)| line).collect()
    }

    /// The lines of [`Self::to_lines`], each with its tone.
    #[must_use]
    pub fn to_toned_lines(&self, width: Option<u16>) -> Vec<(Tone, String)> {
        let mut lines = vec![(Tone::Title, self.title.clone())];
        let mut previous: Option<&Block> = None;
        for block in &self.blocks {
            let rendered = block.to_lines(width);
            if rendered.is_empty() {
                continue;
            }
            let continues = match previous {
                None | Some(Block::Paragraph(_)) => {
                    matches!(block, Block::Paragraph(_) | Block::Verdict(..))
                }
                Some(Block::Heading(_)) => true,
                Some(_) => false,
            };
            lines.extend((!continues).then(|| (Tone::Plain, String::new())));
            lines.extend(rendered);
            previous = Some(block);
        }
        let wrapped = lines.iter().flat_map(|(tone, line)| {
            let parts = wrap(&clean(line), width).into_iter();
            parts.map(|part| (*tone, part))
        });
        wrapped.collect()
    }
}

impl Block {
    fn to_lines(&self, width: Option<u16>) -> Vec<(Tone, String)> {
        let tone = match self {
            Self::Answers(answers) => return answer_lines(answers, width),
            Self::Heading(_) => Tone::Title,
            Self::Verdict(_, tone) => *tone,
            Self::Warnings(_) => Tone::Warning,
            Self::Note(_) => Tone::Muted,
            _ => Tone::Plain,
        };
        let lines = self.to_plain_lines(width).into_iter();
        lines.map(|line| (tone, line)).collect()
    }

    fn to_plain_lines(&self, width: Option<u16>) -> Vec<String> {
        match self {
            Self::Heading(text)
            | Self::Paragraph(text)
            | Self::Verdict(text, _)
            | Self::Note(text) => vec![text.clone()],
            Self::List(lines) | Self::Diff(lines) => lines.iter().map(indent).collect(),
            Self::Warnings(lines) => std::iter::once("Warnings".to_owned())
                .chain(lines.iter().map(indent))
                .collect(),
            Self::Checks(checks) => check_lines(checks),
            Self::Table(table) => match width {
                Some(width) => table.to_sheet().fit_to_width(width),
                None => table.to_sheet().to_aligned_lines(None).0,
            },
            Self::Graph { outline, .. } => {
                let mut lines = Vec::new();
                for (title, section) in outline {
                    lines.extend((!lines.is_empty()).then(String::new));
                    lines.push((*title).to_owned());
                    lines.extend(section.iter().map(indent));
                }
                lines
            }
            Self::Answers(_) | Self::Details { .. } | Self::Figure(_) => Vec::new(),
        }
    }
}

/// Questions at the left, the lines of each answer beside it; below it in a narrow terminal.
fn answer_lines(answers: &[Answer], width: Option<u16>) -> Vec<(Tone, String)> {
    let questions = answers.iter().map(|answer| width::width(answer.question));
    let column = questions.max().unwrap_or(0) + 2;
    let is_narrow = width.is_some_and(|width| width < column + MIN_ANSWER_COLUMNS);
    let margin = if is_narrow { INDENT as u16 } else { column };
    let room = width.map_or(u16::MAX, |width| width.saturating_sub(margin).max(1));
    let mut lines = Vec::new();
    for answer in answers {
        let text = answer.lines.iter().enumerate().flat_map(|(nth, line)| {
            // What an answer rests on is indented.
            let indent = if nth == 0 { "" } else { "  " };
            let wrapped = width::wrap(&clean(line), room.saturating_sub(4));
            let hanging = move |(at, part): (usize, String)| {
                let more = if at == 0 { "" } else { "  " };
                format!("{indent}{more}{part}")
            };
            wrapped.into_iter().enumerate().map(hanging)
        });
        let mut head = Some(answer.question);
        if is_narrow {
            lines.extend(head.take().map(|head| (answer.tone, head.to_owned())));
        }
        lines.extend(text.map(|part| {
            // What an answer rests on stays plain, so that the answers stand out.
            let tone = if part.starts_with(' ') {
                Tone::Plain
            } else {
                answer.tone
            };
            let head = pad(head.take().unwrap_or_default(), margin);
            (tone, format!("{head}{part}"))
        }));
    }
    lines
}

/// Names and states aligned in columns.
fn check_lines(checks: &[Check]) -> Vec<String> {
    let widest = |text: fn(&Check) -> &str| {
        let widths = checks.iter().map(|check| width::width(&clean(text(check))));
        widths.max().unwrap_or(0)
    };
    let (name_width, state_width) = (widest(|check| &check.name), widest(|check| &check.state));
    let line = |check: &Check| {
        let line = format!(
            "{}  {}  {}",
            pad(&check.name, name_width),
            pad(&check.state, state_width),
            check.explanation()
        );
        indent(line.trim_end())
    };
    checks.iter().map(line).collect()
}

fn pad(text: &str, room: u16) -> String {
    let text = clean(text);
    let gap = usize::from(room.saturating_sub(width::width(&text)));
    format!("{text}{:gap$}", "")
}

fn indent(line: impl AsRef<str>) -> String {
    format!("{:INDENT$}{}", "", line.as_ref())
}

fn wrap(line: &str, width: Option<u16>) -> Vec<String> {
    let Some(width) = width.filter(|width| width::width(line) > *width) else {
        return vec![line.to_owned()];
    };
    let own_indent = line.len() - line.trim_start().len();
    let margin = u16::try_from(own_indent + INDENT).unwrap_or(u16::MAX);
    let mut parts = width::wrap(line.trim_start(), width.saturating_sub(margin)).into_iter();
    let first = format!("{:own_indent$}{}", "", parts.next().unwrap_or_default());
    let rest = parts.map(|part| format!("{:1$}{part}", "", usize::from(margin)));
    std::iter::once(first).chain(rest).collect()
}
