//! Commands that get again what a tool keeps: text of a recogniser, with facts in it.

use std::ops::Range;

use super::{Fact, FactValue, Find};
use crate::diagnostics::{Reader, Value, meant};
use crate::text::shell::word;

/// A command with the names of facts in it: `dvc pull {tracked}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    /// What stands before each name, and the name.
    parts: Vec<(String, String)>,
    rest: String,
}

impl Template {
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
            rest: rest.to_owned(),
        })
    }

    /// The facts that it names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(_, name)| name.as_str())
    }

    /// The command; nothing where one of its facts is not known, or can't be written in a command.
    pub(super) fn fill(&self, facts: &[Fact]) -> Option<String> {
        let mut command = String::new();
        for (before, name) in &self.parts {
            let fact = facts.iter().find(|fact| fact.name == *name)?;
            let FactValue::Value(value) = &fact.value else {
                return None;
            };
            let text = |value: &serde_json::Value| {
                word(
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
        command.push_str(&self.rest);
        Some(command)
    }
}

/// Commands, or a single one, with where each is written.
pub(super) fn templates(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
) -> Vec<(Template, Range<usize>)> {
    let texts = if value.get_ref().is_str() {
        reader.text(value).map(|text| vec![(text, value.span())])
    } else {
        Some(reader.texts(value))
    };
    let read = |(text, span): (String, Range<usize>)| match Template::new(&text) {
        Ok(template) => Some((template, span)),
        Err(why) => {
            reader.wrong(&span, &why, "");
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
pub(super) fn known(
    reader: &mut Reader<'_>,
    templates: Vec<(Template, Range<usize>)>,
    finds: &[Find],
) -> Vec<Template> {
    let names: Vec<&str> = finds
        .iter()
        .flat_map(|find| &find.facts)
        .map(|(name, _)| name.as_str())
        .collect();
    for (template, span) in &templates {
        if let Some(unknown) = template.names().find(|name| !names.contains(name)) {
            reader.wrong(
                span,
                &format!("{unknown} is no fact of this recogniser"),
                &meant(unknown, names.iter().copied()),
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
            from: String::new(),
            at: None,
            older: false,
            bad: false,
            judged: false,
            stored: true,
            tells: None,
        }
    }

    #[test]
    fn a_command_names_facts_that_there_are() {
        let text = "name = \"X\"\nget = \"x pull {traked}\"\n[[find]]\nin = \"run\"\n[find.facts]\ntracked = \"$.tags.x\"\n";
        let told = crate::evidence::Recogniser::parse("x.toml", text).unwrap_err();
        assert_eq!(
            told[0].to_string(),
            "2:7: traked is no fact of this recogniser; did you mean tracked?"
        );
    }

    #[test]
    fn a_command_has_its_facts_quoted_or_is_none() {
        let template = Template::new("get {what} --at {version} # now").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["what", "version"]);
        let known = [
            fact("what", json!(["a.csv", "b c; rm"])),
            fact("version", json!(3)),
        ];
        assert_eq!(
            template.fill(&known).as_deref(),
            Some("get a.csv 'b c; rm' --at 3 # now")
        );
        assert_eq!(template.fill(&known[..1]), None);
        assert_eq!(
            template.fill(&[fact("what", json!("a\u{1b}[2J")), known[1].clone()]),
            None
        );
        assert!(Template::new("get {what").is_err());
    }
}
