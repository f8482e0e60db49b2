//! Line diffs of texts, with changed words marked.

use similar::{Algorithm, ChangeTag, TextDiff};

/// The role of a line in a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// In both texts.
    Context,
    /// In the second text only.
    Added,
    /// In the first text only.
    Removed,
    /// A hunk header or a remark.
    Header,
}

/// A part of a line, raw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whether it differs from the other text's line.
    pub is_changed: bool,
    /// The text.
    pub text: String,
}

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// Its role.
    pub kind: LineKind,
    /// Its parts, in order.
    pub segments: Vec<Segment>,
}

impl DiffLine {
    /// A line of one unchanged segment.
    #[must_use]
    pub fn plain(kind: LineKind, text: String) -> Self {
        Self {
            kind,
            segments: vec![Segment {
                is_changed: false,
                text,
            }],
        }
    }

    /// The whole line.
    #[must_use]
    pub fn text(&self) -> String {
        self.segments
            .iter()
            .map(|segment| segment.text.as_str())
            .collect()
    }
}

/// Equal lines around a change.
const CONTEXT_LINES: usize = 3;
/// Longer equal parts of a changed line are cut, in characters.
const MAX_EQUAL_CHARS: usize = 100;
/// What is left of them on the side of a change, in characters.
const EQUAL_CONTEXT: usize = 40;
/// Longer texts are truncated, in bytes.
const MAX_BYTES: usize = 512 << 10;
/// Longer texts are truncated, in lines.
const MAX_LINES: usize = 20_000;

/// The differences between two texts, with context; empty if they are equal.
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
                .map(|(is_changed, text)| Segment {
                    is_changed,
                    text: text.trim_end_matches(['\n', '\r']).to_owned(),
                });
            let mut segments: Vec<Segment> = segments.collect();
            shorten_equal_parts(&mut segments);
            lines.push(DiffLine { kind, segments });
        }
    }
    if a.len() < before.len() || b.len() < after.len() {
        lines.push(DiffLine::plain(
            LineKind::Header,
            "texts were truncated before they were compared".into(),
        ));
    }
    lines
}

/// Cuts the equal parts of a long line to what is around its changes.
fn shorten_equal_parts(segments: &mut [Segment]) {
    let last = segments.len().saturating_sub(1);
    if !segments.iter().any(|segment| segment.is_changed) {
        return;
    }
    for (at, segment) in segments.iter_mut().enumerate() {
        let count = segment.text.chars().count();
        if segment.is_changed || count <= MAX_EQUAL_CHARS {
            continue;
        }
        let start: String = segment.text.chars().take(EQUAL_CONTEXT).collect();
        let end: String = segment.text.chars().skip(count - EQUAL_CONTEXT).collect();
        segment.text = match at {
            0 => format!("…{end}"),
            at if at == last => format!("{start}…"),
            _ => format!("{start}…{end}"),
        };
    }
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

/// Reads a unified diff, as `git diff` prints it.
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
