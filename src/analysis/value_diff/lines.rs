//! Texts, line by line, and word by word within lines that changed.

use similar::{Algorithm, ChangeTag, TextDiff};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It is in both.
    Same,
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It tells where what follows is.
    Head,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What became of it.
    pub sign: Sign,
    /// Its pieces, as they came; true for those that changed.
    pub pieces: Vec<(bool, String)>,
}

impl DiffLine {
    /// A line in one piece.
    #[must_use]
    pub fn plain(sign: Sign, text: String) -> Self {
        Self {
            sign,
            pieces: vec![(false, text)],
        }
    }

    /// The whole line.
    #[must_use]
    pub fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }
}

/// Equal lines that are shown around a change.
const CONTEXT: usize = 3;
/// The longest texts that are compared, in bytes; longer ones are cut.
const MOST_BYTES: usize = 512 << 10;
/// The most lines that are compared: the work grows with them and with how much differs.
const MOST_LINES: usize = 20_000;

/// What differs between two texts, with some lines around it; nothing when they are equal.
#[must_use]
pub fn text_lines(before: &str, after: &str) -> Vec<DiffLine> {
    let (a, b) = (bounded(before), bounded(after));
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(a, b);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT) {
        if let (Some(first), Some(last)) = (group.first(), group.last()) {
            let (old, new) = (
                first.old_range().start..last.old_range().end,
                first.new_range().start..last.new_range().end,
            );
            let head = format!(
                "@@ -{},{} +{},{} @@",
                old.start + 1,
                old.len(),
                new.start + 1,
                new.len()
            );
            lines.push(DiffLine::plain(Sign::Head, head));
        }
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Equal => Sign::Same,
                ChangeTag::Insert => Sign::Added,
                ChangeTag::Delete => Sign::Removed,
            };
            let pieces = change
                .iter_strings_lossy()
                .map(|(changed, text)| (changed, text.trim_end_matches(['\n', '\r']).to_owned()));
            lines.push(DiffLine {
                sign,
                pieces: pieces.collect(),
            });
        }
    }
    if a.len() < before.len() || b.len() < after.len() {
        lines.push(DiffLine::plain(
            Sign::Head,
            "only the beginnings were compared".into(),
        ));
    }
    lines
}

fn bounded(text: &str) -> &str {
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    text.match_indices('\n')
        .nth(MOST_LINES - 1)
        .map_or(text, |(at, _)| &text[..at])
}

/// The lines of a difference that another program made in the usual form (`git diff`).
#[must_use]
pub fn unified(text: &str) -> Vec<DiffLine> {
    let line = |line: &str| {
        let sign = match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++") => Sign::Added,
            Some(b'-') if !line.starts_with("---") => Sign::Removed,
            Some(b' ') => Sign::Same,
            _ => Sign::Head,
        };
        let text = if sign == Sign::Head {
            line
        } else {
            line.get(1..).unwrap_or_default()
        };
        DiffLine::plain(sign, text.to_owned())
    };
    bounded(text).lines().map(line).collect()
}
