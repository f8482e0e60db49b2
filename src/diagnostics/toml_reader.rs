//! Reads a TOML file with all its errors at once, each with its position.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::{Diagnostic, suggest};

/// A value with its span.
pub type TomlValue<'t> = Spanned<DeValue<'t>>;
/// A table whose keys and values have spans.
pub type TomlTable<'t> = DeTable<'t>;

/// Reads the values of a file and collects its errors.
#[derive(Debug)]
pub struct TomlReader<'t> {
    /// The whole file.
    pub text: &'t str,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> TomlReader<'t> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// All errors, in the order of the file.
    pub fn parse<T: Default>(
        text: &'t str,
        read: impl FnOnce(&mut Self, &TomlTable<'_>) -> T,
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
        let value = if errors.is_empty() {
            read(&mut reader, table.get_ref())
        } else {
            T::default()
        };
        reader
            .diagnostics
            .sort_by_key(|error| (error.line, error.column));
        if reader.diagnostics.is_empty() {
            Ok(value)
        } else {
            Err(reader.diagnostics)
        }
    }

    /// Adds an error at a span.
    pub fn push_error(&mut self, span: &Range<usize>, message: &str, suggestion: &str) {
        self.diagnostics
            .push(Diagnostic::at_span(self.text, span, message, suggestion));
    }

    /// Adds errors found elsewhere.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.diagnostics.extend(diagnostics);
    }

    /// Whether a key is known; an unknown one is an error.
    pub fn expect_known_key(&mut self, key: &Spanned<DeString<'_>>, known: &[&str]) -> bool {
        let is_known = known.contains(&key.get_ref().as_ref());
        if !is_known {
            self.push_error(
                &key.span(),
                &format!("unknown key `{}`", key.get_ref()),
                &suggest(key.get_ref(), known.iter().copied()),
            );
        }
        is_known
    }

    /// The line of a byte offset, from 1.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.text
            .bytes()
            .take(offset)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    /// A table; `example` shows its syntax in an error.
    pub fn expect_table<'v, 'x>(
        &mut self,
        value: &'v TomlValue<'x>,
        example: &str,
    ) -> Option<&'v TomlTable<'x>> {
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.push_error(
                &value.span(),
                "expected a table",
                &format!("write {example}"),
            );
        }
        found
    }

    /// An array of tables, each with its span.
    pub fn expect_tables<'v, 'x>(
        &mut self,
        value: &'v TomlValue<'x>,
        example: &str,
    ) -> Vec<(Range<usize>, &'v TomlTable<'x>)> {
        let Some(all) = value.get_ref().as_array() else {
            self.push_error(
                &value.span(),
                "expected an array of tables",
                &format!("write {example}"),
            );
            return Vec::new();
        };
        all.iter()
            .filter_map(|value| Some((value.span(), self.expect_table(value, example)?)))
            .collect()
    }

    /// A string that is not empty.
    pub fn expect_string(&mut self, value: &TomlValue<'_>) -> Option<String> {
        let found = value.get_ref().as_str().map(str::to_owned);
        if found.as_ref().is_none_or(String::is_empty) {
            let message = match found {
                Some(_) => "expected a string that is not empty",
                None => "expected a string",
            };
            self.push_error(&value.span(), message, "");
            return None;
        }
        found
    }

    /// A list of strings, each with its span.
    pub fn expect_strings(&mut self, value: &TomlValue<'_>) -> Vec<(String, Range<usize>)> {
        let Some(all) = value.get_ref().as_array() else {
            self.push_error(
                &value.span(),
                "expected a list of strings",
                "write [\"…\", \"…\"]",
            );
            return Vec::new();
        };
        all.iter()
            .filter_map(|value| Some((self.expect_string(value)?, value.span())))
            .collect()
    }

    /// A boolean.
    pub fn expect_bool(&mut self, value: &TomlValue<'_>) -> Option<bool> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.push_error(&value.span(), "expected true or false", "");
        }
        found
    }

    /// A string that `parse` accepts; its error becomes the message.
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
