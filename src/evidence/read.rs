//! Reading a recogniser's file: each mistake with its place, and what was meant.

use std::ops::Range;

use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use super::Format;
use super::deployment::deployment_rule;
use super::get;
use super::paths::{Globs, Path};
use super::recogniser::{Find, Place, Recogniser};
use super::rule::{Kind, Rule, Take, Tells};
use crate::diagnostics::{Reader, Table, Value};

/// The largest regular expression, in bytes of its compiled form.
const REGEX_BYTES: usize = 1 << 20;

/// A name as conditions write it: small letters, digits and `_`.
fn slug(name: &str) -> String {
    let plain = name
        .split('(')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    let words = plain
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

const TOP: &[&str] = &["name", "id", "kind", "home", "get", "find"];

/// A recogniser.
pub(super) fn of_file(reader: &mut Reader<'_>, table: &Table<'_>) -> Recogniser {
    let (mut found, mut get) = (Recogniser::default(), Vec::new());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => found.name = reader.text(value).unwrap_or_default(),
            "id" => found.id = reader.text(value).unwrap_or_default(),
            "kind" => found.kind = reader.text(value).unwrap_or_default(),
            "home" => found.home = reader.text(value).unwrap_or_default(),
            "get" => get = get::templates(reader, value),
            "find" => {
                for (span, table) in reader.tables(value, "[[find]]") {
                    found.finds.push(of_find(reader, &span, table));
                }
            }
            _ => drop(reader.known(key, TOP)),
        }
    }
    if found.id.is_empty() {
        found.id = slug(&found.name);
    }
    found.get = get::known(reader, get, &found.finds);
    if found.id.is_empty() || found.id != slug(&found.id) {
        reader.wrong(
            &(0..0),
            "a recogniser without a name",
            "add name = \"…\"; an id has small letters, digits and _",
        );
    }
    found
}

const OF_FIND: &[&str] = &[
    "artifact",
    "file",
    "commit",
    "in",
    "format",
    "member",
    "split",
    "when",
    "unless",
    "each",
    "joins",
    "names",
    "names_run",
    "known_as",
    "at",
    "facts",
    "deployment",
];

fn of_find(reader: &mut Reader<'_>, span: &Range<usize>, table: &Table<'_>) -> Find {
    let mut find = Find {
        place: Place::Run,
        line: reader.line(span.start),
        format: Format::ByName,
        passes: 0,
        when: Vec::new(),
        unless: Vec::new(),
        each: None,
        joins: Vec::new(),
        names: None,
        split: Vec::new(),
        names_run: None,
        known_as: None,
        at: None,
        facts: Vec::new(),
        deployment: None,
    };
    let member = table
        .iter()
        .find(|(key, _)| key.get_ref() == "member")
        .and_then(|(_, value)| value.get_ref().as_str());
    let mut places = 0;
    for (key, value) in table {
        let word = key.get_ref().as_ref();
        if let "artifact" | "file" | "commit" | "in" = word {
            places += 1;
            find.place = of_place(reader, word, value).unwrap_or(Place::Run);
            continue;
        }
        match word {
            "format" => {
                if let Some(format) = reader.parsed(value, |name| Format::named(name, member)) {
                    find.format = format;
                }
            }
            "member" => drop(reader.text(value)),
            "when" => find.when = paths(reader, value),
            "unless" => find.unless = paths(reader, value),
            "each" => find.each = reader.parsed(value, Path::new),
            "joins" => find.joins = paths(reader, value),
            "names" => find.names = pair(reader, value, "model", "version"),
            "split" => find.split = paths(reader, value),
            "names_run" => find.names_run = reader.parsed(value, Path::new),
            "known_as" => find.known_as = rule(reader, value),
            "at" => {
                find.at = rule(reader, value).map(|rule| Rule {
                    kind: Kind::Time,
                    ..rule
                })
            }
            "facts" => find.facts = facts(reader, value),
            "deployment" => find.deployment = deployment_rule(reader, value),
            _ => drop(reader.known(key, OF_FIND)),
        }
    }
    if places != 1 {
        reader.wrong(
            span,
            "one place is meant",
            "add artifact, file or commit = [\"…\"], or in = \"run\"",
        );
    }
    if matches!(find.place, Place::File(_)) && !find.is_joined() {
        reader.wrong(
            span,
            "whose a file outside of the store is, is not known",
            "add joins = \"$…\", where it names the run or the model",
        );
    }
    find.passes = find.dearest();
    find
}

fn of_place(reader: &mut Reader<'_>, word: &str, value: &Value<'_>) -> Option<Place> {
    if word == "in" {
        return reader.parsed(value, |name| {
            Ok(match name {
                "run" => Place::Run,
                "version" => Place::Version,
                "logged_model" => Place::LoggedModel,
                "dataset" => Place::Dataset,
                _ => return Err("run, version, logged_model or dataset can stand here".into()),
            })
        });
    }
    let texts = if value.get_ref().is_str() {
        reader.text(value).map(|text| vec![(text, value.span())])?
    } else {
        reader.texts(value)
    };
    let spans: Vec<Range<usize>> = texts.iter().map(|(_, span)| span.clone()).collect();
    match Globs::new(texts.into_iter().map(|(text, _)| text).collect()) {
        Ok(globs) => Some(match word {
            "artifact" => Place::Artifact(globs),
            "file" => Place::File(globs),
            _ => Place::Commit(globs),
        }),
        Err((at, why)) => {
            reader.wrong(
                spans.get(at).unwrap_or(&value.span()),
                &format!("no pattern: {why}"),
                "* stands for a part of a name, ** for folders",
            );
            None
        }
    }
}

fn path(reader: &mut Reader<'_>, text: &str, span: &Range<usize>) -> Option<Path> {
    Path::new(text)
        .map_err(|why| reader.wrong(span, &why, ""))
        .ok()
}

/// A path, or a list of them.
fn paths(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<Path> {
    if value.get_ref().is_str() {
        return reader.parsed(value, Path::new).into_iter().collect();
    }
    let texts = reader.texts(value);
    texts
        .into_iter()
        .filter_map(|(text, span)| path(reader, &text, &span))
        .collect()
}

/// Two paths.
pub(super) fn pair(
    reader: &mut Reader<'_>,
    value: &Value<'_>,
    first: &str,
    second: &str,
) -> Option<(Path, Path)> {
    let table = reader.table(value, &format!("{{ {first} = \"$…\", {second} = \"$…\" }}"))?;
    let (mut a, mut b) = (None, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            word if word == first => a = reader.parsed(value, Path::new),
            word if word == second => b = reader.parsed(value, Path::new),
            _ => drop(reader.known(key, &[first, second])),
        }
    }
    a.zip(b)
}

fn facts(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<(String, Rule)> {
    let Some(table) = reader.table(value, "[find.facts]") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in table {
        if slug(key.get_ref()) != key.get_ref().as_ref() {
            reader.wrong(
                &key.span(),
                &format!("{} is no name of a fact", key.get_ref()),
                "small letters, digits and _",
            );
        }
        found.extend(rule(reader, value).map(|rule| (key.get_ref().to_string(), rule)));
    }
    found
}

fn regex(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .size_limit(REGEX_BYTES)
        .build()
        .map_err(|error| format!("no regular expression: {error}"))
}

const OF_RULE: &[&str] = &[
    "path", "first_of", "whole", "json", "capture", "keys", "equals", "take", "as", "needs",
    "else", "merge", "wanted", "tells", "last",
];

/// A rule: paths, or a table.
pub(super) fn rule(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Rule> {
    let mut rule = Rule::default();
    let Some(table) = value.get_ref().as_table() else {
        rule.paths = paths(reader, value);
        return (!rule.paths.is_empty()).then_some(rule);
    };
    let (mut needs, mut otherwise) = (None, "what it is about is not there".to_owned());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "path" | "first_of" => rule.paths = paths(reader, value),
            "last" => rule.last = reader.yes_or_no(value).unwrap_or_default(),
            "whole" => rule.whole = reader.yes_or_no(value).unwrap_or_default(),
            "json" => rule.inner = reader.parsed(value, Path::new),
            "capture" => rule.capture = reader.parsed(value, regex),
            "keys" => rule.keys = reader.parsed(value, regex),
            "equals" => rule.equals = reader.text(value),
            "take" => rule.take = reader.parsed(value, Take::named).unwrap_or_default(),
            "as" => rule.kind = reader.parsed(value, Kind::named).unwrap_or_default(),
            "needs" => needs = reader.parsed(value, Path::new),
            "else" => otherwise = reader.text(value).unwrap_or_default(),
            "tells" => rule.tells = reader.parsed(value, Tells::named),
            "wanted" => {
                let number = || {
                    value
                        .get_ref()
                        .as_integer()
                        .and_then(|number| number.as_str().parse::<i64>().ok())
                        .map(Json::from)
                };
                rule.wanted = value.get_ref().as_bool().map(Json::from).or_else(number);
                if rule.wanted.is_none() {
                    reader.wrong(
                        &value.span(),
                        "a truth or a whole number is meant here",
                        "write true, false or 0",
                    );
                }
            }
            "merge" => rule.merge = reader.parsed(value, Take::named),
            _ => drop(reader.known(key, OF_RULE)),
        }
    }
    if rule.paths.is_empty() {
        reader.wrong(&value.span(), "a fact without a path", "add path = \"$…\"");
    }
    rule.needs = needs.map(|path| (path, otherwise));
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_place_and_what_was_meant() {
        let text = "name = \"X\"\n[[find]]\nartefact = [\"a\"]\n[[find]]\nfile = [\"{\"]\nwhen = \"a.b\"\n[find.facts]\nOk = { path = \"$.a\", take = \"most\" }\n";
        let told: Vec<String> = Recogniser::parse("x.toml", text)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        let told = told.join("\n");
        for part in [
            "3:1: artefact is no key here; did you mean artifact?",
            "5:9: no pattern",
            "6:8: no JSONPath",
            "8:1: Ok is no name",
            "8:29:",
        ] {
            assert!(told.contains(part), "{part} is not in:\n{told}");
        }
    }

    #[test]
    fn what_comes_with_the_program_has_no_mistake() {
        let (all, wrong) = super::super::recognisers(&[]);
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(
            all.len(),
            super::super::BUILT_IN.len(),
            "two have the same id"
        );
    }
}
