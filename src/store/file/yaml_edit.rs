//! Changes to `meta.yaml` that leave every other field as it is, byte for byte: fields that this program
//! does not know are MLflow's.

use std::collections::BTreeMap;

use serde_json::Value;

use super::meta;
use crate::domain::{Alias, VersionNumber};

/// What YAML 1.1, which MLflow reads, takes for a boolean or null.
const RESERVED_WORDS: [&str; 9] = ["y", "yes", "n", "no", "true", "false", "on", "off", "null"];

/// A new value of a field.
pub(super) enum Field<'a> {
    Null,
    Text(&'a str),
    Integer(i64),
    /// The copy of a model's aliases.
    Aliases(&'a [(Alias, VersionNumber)]),
    /// The field is removed.
    Absent,
}

impl Field<'_> {
    /// The lines of the field.
    fn render(&self, key: &str) -> String {
        match self {
            Self::Absent => String::new(),
            Self::Null => format!("{key}: null\n"),
            Self::Integer(number) => format!("{key}: {number}\n"),
            Self::Text(text) => format!("{key}: {}\n", scalar(text)),
            Self::Aliases([]) => format!("{key}: {{}}\n"),
            Self::Aliases(aliases) => {
                let lines = aliases
                    .iter()
                    .map(|(alias, version)| format!("  {}: '{version}'\n", scalar(alias.raw())));
                format!("{key}:\n{}", lines.collect::<String>())
            }
        }
    }
}

/// A new file, with fields in the given order, which is MLflow's if it is alphabetical.
pub(super) fn render(fields: &[(&str, Field<'_>)]) -> String {
    fields
        .iter()
        .map(|(key, field)| field.render(key))
        .collect()
}

/// Replaces or adds fields; fails if the file is not a plain mapping, as MLflow writes it.
pub(super) fn edit(text: &str, changes: &[(&str, Field<'_>)]) -> Result<String, String> {
    let before: BTreeMap<String, Value> = meta::parse(text)?;
    let mut entries = split_entries(text);
    for (key, field) in changes {
        let line = field.render(key);
        let known = entries.iter().position(|entry| key_of(entry) == Some(key));
        let next = entries
            .iter()
            .position(|entry| key_of(entry).is_some_and(|other| other > *key));
        match (known, next) {
            (Some(at), _) => entries[at] = line,
            (None, Some(at)) => entries.insert(at, line),
            (None, None) => entries.push(line),
        }
    }
    let text = entries.concat();
    let is_other = |key: &str| changes.iter().all(|(changed, _)| *changed != key);
    let after: BTreeMap<String, Value> = meta::parse(&text)?;
    let others = |fields: &BTreeMap<String, Value>| -> Vec<(String, String)> {
        fields
            .iter()
            .filter(|(key, _)| is_other(key))
            .map(|(key, value)| (key.clone(), value.to_string()))
            .collect()
    };
    let is_set = |(key, field): &(&str, Field<'_>)| {
        after.contains_key(*key) != matches!(field, Field::Absent)
    };
    if others(&before) == others(&after) && changes.iter().all(is_set) {
        Ok(text)
    } else {
        Err("not in the form that MLflow writes".to_owned())
    }
}

/// The fields, each with the lines that continue it.
fn split_entries(text: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        let begins_entry = !line.starts_with([' ', '\t', '-', '\n', '\r']);
        match entries.last_mut() {
            Some(entry) if !begins_entry => entry.push_str(line),
            _ => entries.push(line.to_owned()),
        }
    }
    if let Some(last) = entries.last_mut().filter(|last| !last.ends_with('\n')) {
        last.push('\n');
    }
    entries
}

fn key_of(entry: &str) -> Option<&str> {
    let (key, rest) = entry.split_once(':')?;
    rest.starts_with([' ', '\n', '\r']).then_some(key)
}

/// A word as it is, other text in double quotes.
fn scalar(text: &str) -> String {
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-/.".contains(&byte));
    let is_reserved = RESERVED_WORDS
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word));
    if is_word && !is_reserved {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // PyYAML rejects most control characters and noncharacters, and folds other line ends.
            ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' => quoted.push(c),
            c => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERSION: &str = "creation_timestamp: 1\ncurrent_stage: None\ndescription: 'line 1\n\n  line 2: x'\nname: shop\ntags:\n- a\nversion: 1\nworkspace: default\n";

    #[test]
    fn other_fields_keep_their_bytes() {
        let edited = edit(
            VERSION,
            &[
                ("current_stage", Field::Text("Production")),
                ("last_updated_timestamp", Field::Integer(2)),
            ],
        )
        .unwrap();
        assert_eq!(
            edited,
            VERSION
                .replace("None", "Production")
                .replace("name:", "last_updated_timestamp: 2\nname:")
        );
        let edited = edit(
            VERSION,
            &[("description", Field::Null), ("tags", Field::Absent)],
        );
        assert_eq!(
            edited.unwrap(),
            "creation_timestamp: 1\ncurrent_stage: None\ndescription: null\nname: shop\nversion: 1\nworkspace: default\n"
        );
    }

    #[test]
    fn files_of_another_form_are_refused() {
        for text in [
            "",
            "{name: a, version: 1}",
            "name: a\nname: b\n",
            "- a\n",
            "'name': a\n",
        ] {
            assert!(edit(text, &[("name", Field::Text("x"))]).is_err(), "{text}");
        }
    }

    #[test]
    fn text_survives_quoting() {
        for text in [
            "plain",
            "yes",
            "NO",
            "null",
            "",
            " a ",
            "0123",
            "1e5",
            "a: b",
            "# x",
            "'\"\\",
            "a\r\n\tb",
            "größe \u{202e}精度 🦀\u{1b}[2J\u{7}\u{85}\u{2028}\u{fffe}",
            "s3://bucket/x",
        ] {
            let edited = edit("name: a\n", &[("name", Field::Text(text))]).unwrap();
            let read: BTreeMap<String, Option<String>> = meta::parse(&edited).unwrap();
            assert_eq!(read["name"].as_deref(), Some(text), "{edited}");
        }
    }

    #[test]
    fn aliases_are_a_mapping_of_text() {
        let aliases = [
            (Alias::from("champion"), VersionNumber(3)),
            (Alias::from("no"), VersionNumber(12)),
        ];
        let edited = edit(
            "aliases: {}\nname: a\n",
            &[("aliases", Field::Aliases(&aliases))],
        );
        assert_eq!(
            edited.unwrap(),
            "aliases:\n  champion: '3'\n  \"no\": '12'\nname: a\n"
        );
    }
}
