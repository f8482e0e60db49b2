//! Files that people write for Frontrunner: TOML, read with every mistake told at once, each with its place.

mod diagnostic;
mod nearest;

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::text::untrusted::clean;
pub use diagnostic::{Mistake, meant};
pub use nearest::nearest;

/// A value, with where it is.
pub type Value<'t> = Spanned<DeValue<'t>>;
/// A table.
pub type Table<'t> = DeTable<'t>;

/// Reads the parts of a file, and collects what is wrong with them.
#[derive(Debug)]
pub struct Reader<'t> {
    /// The whole text.
    pub text: &'t str,
    mistakes: Vec<Mistake>,
}

impl<'t> Reader<'t> {
    /// Reads a whole file.
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn read<T: Default>(
        text: &'t str,
        parts: impl FnOnce(&mut Self, &Table<'_>) -> T,
    ) -> Result<T, Vec<Mistake>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut reader = Self {
            text,
            mistakes: Vec::new(),
        };
        for error in &errors {
            let span = error.span().unwrap_or(0..0);
            reader.wrong(&span, error.message(), "");
        }
        let found = if errors.is_empty() {
            parts(&mut reader, table.get_ref())
        } else {
            T::default()
        };
        reader
            .mistakes
            .sort_by_key(|mistake| (mistake.line, mistake.column));
        if reader.mistakes.is_empty() {
            Ok(found)
        } else {
            Err(reader.mistakes)
        }
    }

    /// Notes a mistake.
    pub fn wrong(&mut self, span: &Range<usize>, what: &str, meant: &str) {
        self.mistakes.push(Mistake::at(
            self.text,
            span,
            clean(what).into_owned(),
            clean(meant),
        ));
    }

    /// Notes mistakes that were found elsewhere.
    pub fn extend(&mut self, mistakes: impl IntoIterator<Item = Mistake>) {
        self.mistakes.extend(mistakes);
    }

    /// Whether a key is one of those that can stand there; a mistake where it is not.
    pub fn known(&mut self, key: &Spanned<DeString<'_>>, known: &[&str]) -> bool {
        let is_known = known.contains(&key.get_ref().as_ref());
        if !is_known {
            self.wrong(
                &key.span(),
                &format!("{} is no key here", key.get_ref()),
                &meant(key.get_ref(), known.iter().copied()),
            );
        }
        is_known
    }

    /// The line of a place in the text, from 1.
    #[must_use]
    pub fn line(&self, at: usize) -> usize {
        self.text
            .bytes()
            .take(at)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1
    }

    /// A table; `example` says how one is written.
    pub fn table<'v, 'x>(&mut self, value: &'v Value<'x>, example: &str) -> Option<&'v Table<'x>> {
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.wrong(
                &value.span(),
                "a table is meant here",
                &format!("write {example}"),
            );
        }
        found
    }

    /// Several tables, with where each is.
    pub fn tables<'v, 'x>(
        &mut self,
        value: &'v Value<'x>,
        example: &str,
    ) -> Vec<(Range<usize>, &'v Table<'x>)> {
        let Some(all) = value.get_ref().as_array() else {
            self.wrong(
                &value.span(),
                "there can be several, each in double brackets",
                &format!("write {example}"),
            );
            return Vec::new();
        };
        all.iter()
            .filter_map(|value| Some((value.span(), self.table(value, example)?)))
            .collect()
    }

    /// A text that is not empty.
    pub fn text(&mut self, value: &Value<'_>) -> Option<String> {
        let found = value.get_ref().as_str().map(str::to_owned);
        if found.as_ref().is_none_or(String::is_empty) {
            self.wrong(&value.span(), "a text is meant here", "write it in quotes");
            return None;
        }
        found
    }

    /// A list of texts, with where each is.
    pub fn texts(&mut self, value: &Value<'_>) -> Vec<(String, Range<usize>)> {
        let Some(all) = value.get_ref().as_array() else {
            self.wrong(
                &value.span(),
                "a list is meant here",
                "write [\"…\", \"…\"]",
            );
            return Vec::new();
        };
        all.iter()
            .filter_map(|value| Some((self.text(value)?, value.span())))
            .collect()
    }

    /// `true` or `false`.
    pub fn yes_or_no(&mut self, value: &Value<'_>) -> Option<bool> {
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong(
                &value.span(),
                "yes or no is meant here",
                "write true or false",
            );
        }
        found
    }

    /// A text that means something.
    pub fn parsed<T>(
        &mut self,
        value: &Value<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(value)?;
        parse(&text)
            .map_err(|why| self.wrong(&value.span(), &why, ""))
            .ok()
    }
}
