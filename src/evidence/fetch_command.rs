//! Commands that get again what a tool keeps: text of a recogniser, with facts in it.

use std::ops::Range;

use super::{Fact, FactValue, SearchRule};
use crate::diagnostics::{TomlReader, TomlValue, suggest};
use crate::text::shell::quote_word;

/// A command with the names of facts in it: `dvc pull {tracked}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CommandTemplate {
    /// What stands before each name, and the name.
    parts: Vec<(String, String)>,
    tail: String,
}

impl CommandTemplate {
    /// Reads a command.
    ///
    /// # Errors
    /// Where a brace is not closed.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after
                .split_once('}')
                .ok_or("a { without its }: facts stand as {name}")?;
            parts.push((before.to_owned(), name.to_owned()));
            rest = behind;
        }
        Ok(Self {
            parts,
            tail: rest.to_owned(),
        })
    }

    /// The facts that it names.
    pub(super) fn fact_names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(_, name)| name.as_str())
    }

    /// The command; nothing where one of its facts is not known, or can't be written in a command.
    pub(super) fn render(&self, facts: &[Fact]) -> Option<String> {
        let mut command = String::new();
        for (before, name) in &self.parts {
            let fact = facts.iter().find(|fact| fact.name == *name)?;
            let FactValue::Value(value) = &fact.value else {
                return None;
            };
            let text = |value: &serde_json::Value| {
                quote_word(
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                        .as_str(),
                )
            };
            let written = match value.as_array() {
                Some(all) => all.iter().map(text).collect::<Option<Vec<_>>>()?.join(" "),
                None => text(value)?,
            };
            command.push_str(before);
            command.push_str(&written);
        }
        command.push_str(&self.tail);
        Some(command)
    }
}

/// Commands, or a single one, with where each is written.
pub(super) fn parse_templates(
    reader: &mut TomlReader<'_>,
    value: &TomlValue<'_>,
) -> Vec<(CommandTemplate, Range<usize>)> {
    let texts = if value.get_ref().is_str() {
        reader
            .expect_string(value)
            .map(|text| vec![(text, value.span())])
    } else {
        Some(reader.expect_strings(value))
    };
    let read = |(text, span): (String, Range<usize>)| match CommandTemplate::new(&text) {
        Ok(template) => Some((template, span)),
        Err(why) => {
            reader.push_error(&span, &why, "");
            None
        }
    };
    texts
        .unwrap_or_default()
        .into_iter()
        .filter_map(read)
        .collect()
}

/// The commands; one that names no fact of the recogniser is a mistake.
pub(super) fn check_fact_names(
    reader: &mut TomlReader<'_>,
    templates: Vec<(CommandTemplate, Range<usize>)>,
    finds: &[SearchRule],
) -> Vec<CommandTemplate> {
    let names: Vec<&str> = finds
        .iter()
        .flat_map(|find| &find.facts)
        .map(|(name, _)| name.as_str())
        .collect();
    for (template, span) in &templates {
        if let Some(unknown) = template.fact_names().find(|name| !names.contains(name)) {
            reader.push_error(
                span,
                &format!("{unknown} is no fact of this recogniser"),
                &suggest(unknown, names.iter().copied()),
            );
        }
    }
    templates
        .into_iter()
        .map(|(template, _)| template)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn fact(name: &str, value: Json) -> Fact {
        let value = FactValue::Value(value);
        Fact {
            name: name.into(),
            value,
            source: String::new(),
            created_at: None,
            is_stale: false,
            is_unexpected: false,
            has_expectation: false,
            is_in_store: true,
            lineage_role: None,
        }
    }

    #[test]
    fn unknown_fact_in_command_is_reported() {
        let text = "name = \"X\"\nget = \"x pull {traked}\"\n[[find]]\nin = \"run\"\n[find.facts]\ntracked = \"$.tags.x\"\n";
        let diagnostics = crate::evidence::Integration::parse("x.toml", text).unwrap_err();
        assert_eq!(
            diagnostics[0].to_string(),
            "2:7: traked is no fact of this recogniser; did you mean `tracked`?"
        );
    }

    #[test]
    fn command_quotes_facts_or_is_absent() {
        let template = CommandTemplate::new("get {what} --at {version} # now").unwrap();
        assert_eq!(
            template.fact_names().collect::<Vec<_>>(),
            ["what", "version"]
        );
        let known = [
            fact("what", json!(["a.csv", "b c; rm"])),
            fact("version", json!(3)),
        ];
        assert_eq!(
            template.render(&known).as_deref(),
            Some("get a.csv 'b c; rm' --at 3 # now")
        );
        assert_eq!(template.render(&known[..1]), None);
        assert_eq!(
            template.render(&[fact("what", json!("a\u{1b}[2J")), known[1].clone()]),
            None
        );
        assert!(CommandTemplate::new("get {what").is_err());
    }
}
