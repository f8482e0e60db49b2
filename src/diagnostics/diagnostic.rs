//! Mistakes in a file that a person wrote: where, what, and what was meant.

use std::fmt;
use std::ops::Range;

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, cleaned.
    pub message: String,
    /// What was meant, or what can stand there, cleaned; may be empty.
    pub suggestion: String,
    /// The line itself, cleaned.
    pub source_line: String,
}

impl Diagnostic {
    /// A mistake at a place in the text, in bytes.
    #[must_use]
    pub fn at_span(
        text: &str,
        span: &Range<usize>,
        what: impl Into<String>,
        meant: impl Into<String>,
    ) -> Self {
        let start = (0..=span.start.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        let before = &text[..start];
        let begin = before.rfind('\n').map_or(0, |at| at + 1);
        let source = text[begin..].lines().next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: before[begin..].chars().count() + 1,
            message: what.into(),
            suggestion: meant.into(),
            source_line: crate::text::untrusted::clean(source).into_owned(),
        }
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `12:5: gates is no key here; did you mean gate?`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        if self.suggestion.is_empty() {
            Ok(())
        } else {
            write!(f, "; {}", self.suggestion)
        }
    }
}

/// What was meant by a word, among those that can stand there.
#[must_use]
pub fn suggest_typo<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(word, other), *other))
        .min();
    match near {
        Some((distance, other)) if distance <= 2.max(word.chars().count() / 3) => {
            format!("did you mean {other}?")
        }
        _ => format!("known are {}", known.join(", ")),
    }
}
