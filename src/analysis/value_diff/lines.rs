//! Texts, line by line, and word by word within lines that changed.

use similar::{Algorithm, ChangeTag, TextDiff};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// It is in both.
    Context,
    /// It came.
    Added,
    /// It went.
    Removed,
    /// It tells where what follows is.
    Header,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// What became of it.
    pub kind: LineKind,
    /// Its pieces, as they came; true for those that changed.
    pub segments: Vec<(bool, String)>,
}

impl DiffLine {
    /// A line in one piece.
    #[must_use]
    pub fn plain(kind: LineKind, text: String) -> Self {
        Self {
            kind,
            segments: vec![(false, text)],
        }
    }

    /// The whole line.
    #[must_use]
    pub fn text(&self) -> String {
        self.segments
            .iter()
            .map(|(_, text)| text.as_str())
            .collect()
    }
}

/// Equal lines that are shown around a change.
const CONTEXT_LINES: usize = 3;
/// The longest texts that are compared, in bytes; longer ones are cut.
const MAX_BYTES: usize = 512 << 10;
/// The most lines that are compared: the work grows with them and with how much differs.
const MAX_LINES: usize = 20_000;

/// What differs between two texts, with some lines around it; nothing when they are equal.
#[must_use]
pub fn diff_text(before: &str, after: &str) -> Vec<DiffLine> {
    let (a, b) = (truncate(before), truncate(after));
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(a, b);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT_LINES) {
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
            lines.push(DiffLine::plain(LineKind::Header, head));
        }
        for change in group.iter().flat_map(|op| diff.iter_inline_changes(op)) {
            let kind = match change.tag() {
                ChangeTag::Equal => LineKind::Context,
                ChangeTag::Insert => LineKind::Added,
                ChangeTag::Delete => LineKind::Removed,
            };
            let segments = change
                .iter_strings_lossy()
                .map(|(changed, text)| (changed, text.trim_end_matches(['\n', '\r']).to_owned()));
            lines.push(DiffLine {
                kind,
                segments: segments.collect(),
            });
        }
    }
    if a.len() < before.len() || b.len() < after.len() {
        lines.push(DiffLine::plain(
            LineKind::Header,
            "only the beginnings were compared".into(),
        ));
    }
    lines
}

fn truncate(text: &str) -> &str {
    let mut end = text.len().min(MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    text.match_indices('\n')
        .nth(MAX_LINES - 1)
        .map_or(text, |(at, _)| &text[..at])
}

/// The lines of a difference that another program made in the usual form (`git diff`).
#[must_use]
pub fn parse_unified_diff(text: &str) -> Vec<DiffLine> {
    let line = |line: &str| {
        let kind = match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++") => LineKind::Added,
            Some(b'-') if !line.starts_with("---") => LineKind::Removed,
            Some(b' ') => LineKind::Context,
            _ => LineKind::Header,
        };
        let text = if kind == LineKind::Header {
            line
        } else {
            line.get(1..).unwrap_or_default()
        };
        DiffLine::plain(kind, text.to_owned())
    };
    truncate(text).lines().map(line).collect()
}
