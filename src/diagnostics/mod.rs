//! Files that people write for Frontrunner: TOML, read with every mistake told at once, each with its place.

mod diagnostic;
mod nearest;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::text::untrusted::clean;
pub use diagnostic::{Diagnostic, suggest_typo};
pub use nearest::closest_match;

/// A value, with where it is.
pub type TomlValue<'t> = Spanned<DeValue<'t>>;
/// A table.
pub type TomlTable<'t> = DeTable<'t>;

/// Reads the parts of a file, and collects what is wrong with them.
#[derive(Debug)]
pub struct TomlReader<'t> {
    /// The whole text.
    pub text: &'t str,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> TomlReader<'t> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn parse<T: Default>(
        text: &'t str,
        parts: impl FnOnce(&mut Self, &TomlTable<'_>) -> T,
    ) -> Result<T, Vec<Diagnostic>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Self {
            text,
            diagnostics: Vec::new(),
        };
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            reader.push_error(&span, error.message(), "");
        }
        let found = if errors.is_empty() {
            parts(&mut reader, table.get_ref())
        } else {
            T::default()
        };
        reader
            .diagnostics
            .sort_by_key(|mistake| (mistake.line, mistake.column));
        if reader.diagnostics.is_empty() {
            Ok(found)
        } else {
            Err(reader.diagnostics)
        }
    }

    /// Notes a mistake.
    pub fn push_error(&mut self, span: &Range<usize>, what: &str, meant: &str) {
        self.diagnostics.push(Diagnostic::at_span(
            self.text,
            span,
            clean(what).into_owned(),
            clean(meant),
        ));
    }

    /// Notes mistakes that were found elsewhere.
    pub fn extend(&mut self, mistakes: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(mistakes);
    }

    /// Whether a key is one of those that can stand there; a mistake where it is not.
    pub fn expect_known_key(&mut self, key: &Spanned<DeString<'_>>, known: &[&str]) -> bool {
        let is_known = known.contains(&key.get_ref().as_ref());
        if !is_known {
            self.push_error(
                &key.span(),
                &format!("{} is no key here", key.get_ref()),
                &suggest_typo(key.get_ref(), known.iter().copied()),
            );
        }
        is_known
    }

    /// The line of a place in the text, from 1.
    #[must_use]
    pub fn line_at(&self, at: usize) -> usize {
        self.text
            .bytes()
            .take(at)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    /// A table; `example` says how one is written.
    pub fn expect_table<'v, 'x>(
        &mut self,
        value: &'v TomlValue<'x>,
        example: &str,
    ) -> Option<&'v TomlTable<'x>> {
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.push_error(
                &value.span(),
                "a table is meant here",
                &format!("write {example}"),
            );
        }
        found
    }

    /// Several tables, with where each is.
    pub fn expect_tables<'v, 'x>(
        &mut self,
        value: &'v TomlValue<'x>,
        example: &str,
    ) -> Vec<(Range<usize>, &'v TomlTable<'x>)> {
        let Some(all) = value.get_ref().as_array() else {
            self.push_error(
                &value.span(),
                "there can be several, each in double brackets",
                &format!("write {example}"),
            );
            return Vec::new();
        };
        all.iter()
            .filter_map(|value| Some((value.span(), self.expect_table(value, example)?)))
            .collect()
    }

    /// A text that is not empty.
    pub fn expect_string(&mut self, value: &TomlValue<'_>) -> Option<String> {
        let found = value.get_ref().as_str().map(str::to_owned);
        if found.as_ref().is_none_or(String::is_empty) {
            self.push_error(&value.span(), "a text is meant here", "write it in quotes");
            return None;
        }
        found
    }

    /// A list of texts, with where each is.
    pub fn expect_strings(&mut self, value: &TomlValue<'_>) -> Vec<(String, Range<usize>)> {
        let Some(all) = value.get_ref().as_array() else {
            self.push_error(
                &value.span(),
                "a list is meant here",
                "write [\"…\", \"…\"]",
            );
            return Vec::new();
        };
        all.iter()
            .filter_map(|value| Some((self.expect_string(value)?, value.span())))
            .collect()
    }

    /// `true` or `false`.
    pub fn expect_bool(&mut self, value: &TomlValue<'_>) -> Option<bool> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.push_error(
                &value.span(),
                "yes or no is meant here",
                "write true or false",
            );
        }
        found
    }

    /// A text that means something.
    pub fn expect_parsed<T>(
        &mut self,
        value: &TomlValue<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.expect_string(value)?;
        parse(&text)
            .map_err(|why| self.push_error(&value.span(), &why, ""))
            .ok()
    }
}
