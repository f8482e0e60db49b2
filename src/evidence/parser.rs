//! Parsing an integration's file, with positions and suggestions.

use std::ops::Range;

use regex::{Regex, RegexBuilder};
use serde_json::Value as Json;

use super::DocumentFormat;
use super::deployment::parse_deployment_rule;
use super::fetch_command;
use super::integration::{Integration, SearchLocation, SearchRule};
use super::paths::{DocumentPath, Globs};
use super::rule::{Aggregation, FactRule, LineageRole, ValueType};
use crate::diagnostics::{TomlReader, TomlTable, TomlValue};

/// Bytes of a compiled regular expression.
const MAX_REGEX_BYTES: usize = 1 << 20;

/// A name for policy conditions: lower-case letters, digits and `_`.
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

const INTEGRATION_KEYS: &[&str] = &["name", "id", "kind", "home", "get", "find"];

pub(super) fn parse_integration(reader: &mut TomlReader<'_>, table: &TomlTable<'_>) -> Integration {
    let (mut integration, mut commands) = (Integration::default(), Vec::new());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => integration.name = reader.expect_string(value).unwrap_or_default(),
            "id" => integration.id = reader.expect_string(value).unwrap_or_default(),
            "kind" => integration.kind = reader.expect_string(value).unwrap_or_default(),
            "home" => integration.description = reader.expect_string(value).unwrap_or_default(),
            "get" => commands = fetch_command::parse_templates(reader, value),
            "find" => {
                for (span, table) in reader.expect_tables(value, "[[find]]") {
                    integration
                        .search_rules
                        .push(parse_search_rule(reader, &span, table));
                }
            }
            _ => drop(reader.expect_known_key(key, INTEGRATION_KEYS)),
        }
    }
    if integration.id.is_empty() {
        integration.id = slug(&integration.name);
    }
    integration.fetch_commands =
        fetch_command::check_fact_names(reader, commands, &integration.search_rules);
    if integration.id.is_empty() || integration.id != slug(&integration.id) {
        reader.push_error(
            &(0..0),
            "missing name",
            "add name = \"…\"; an id has lower-case letters, digits and _",
        );
    }
    integration
}

const FIND_KEYS: &[&str] = &[
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

fn parse_search_rule(
    reader: &mut TomlReader<'_>,
    span: &Range<usize>,
    table: &TomlTable<'_>,
) -> SearchRule {
    let mut find = SearchRule {
        line: reader.line_at(span.start),
        ..SearchRule::default()
    };
    let member = table
        .iter()
        .find(|(key, _)| key.get_ref() == "member")
        .and_then(|(_, value)| value.get_ref().as_str());
    let mut locations = 0;
    for (key, value) in table {
        let word = key.get_ref().as_ref();
        if let "artifact" | "file" | "commit" | "in" = word {
            locations += 1;
            find.location = parse_location(reader, word, value).unwrap_or(SearchLocation::Run);
            continue;
        }
        match word {
            "format" => {
                if let Some(format) =
                    reader.expect_parsed(value, |name| DocumentFormat::from_name(name, member))
                {
                    find.format = format;
                }
            }
            "member" => drop(reader.expect_string(value)),
            "when" => find.when = parse_paths(reader, value),
            "unless" => find.unless = parse_paths(reader, value),
            "each" => find.each = reader.expect_parsed(value, DocumentPath::new),
            "joins" => find.joins = parse_paths(reader, value),
            "names" => find.names = parse_path_pair(reader, value, "model", "version"),
            "split" => find.split = parse_paths(reader, value),
            "names_run" => find.names_run = reader.expect_parsed(value, DocumentPath::new),
            "known_as" => find.known_as = parse_fact_rule(reader, value),
            "at" => {
                find.at = parse_fact_rule(reader, value).map(|rule| FactRule {
                    value_type: ValueType::Time,
                    ..rule
                });
            }
            "facts" => find.facts = parse_facts(reader, value),
            "deployment" => find.deployment = parse_deployment_rule(reader, value),
            _ => drop(reader.expect_known_key(key, FIND_KEYS)),
        }
    }
    if locations != 1 {
        reader.push_error(
            span,
            "expected one location",
            "add artifact, file or commit = [\"…\"], or in = \"run\"",
        );
    }
    if matches!(find.location, SearchLocation::LocalFile(_)) && !find.must_name_version() {
        reader.push_error(
            span,
            "a local file must refer to its version",
            "add joins = \"$…\", the path of the run or the model",
        );
    }
    find.full_scans = find.max_full_scans();
    find
}

fn parse_location(
    reader: &mut TomlReader<'_>,
    word: &str,
    value: &TomlValue<'_>,
) -> Option<SearchLocation> {
    if word == "in" {
        return reader.expect_parsed(value, |name| {
            Ok(match name {
                "run" => SearchLocation::Run,
                "version" => SearchLocation::Version,
                "logged_model" => SearchLocation::LoggedModel,
                "dataset" => SearchLocation::Dataset,
                _ => return Err("expected run, version, logged_model or dataset".into()),
            })
        });
    }
    let texts = if value.get_ref().is_str() {
        reader
            .expect_string(value)
            .map(|text| vec![(text, value.span())])?
    } else {
        reader.expect_strings(value)
    };
    let spans: Vec<Range<usize>> = texts.iter().map(|(_, span)| span.clone()).collect();
    match Globs::new(texts.into_iter().map(|(text, _)| text).collect()) {
        Ok(globs) => Some(match word {
            "artifact" => SearchLocation::Artifact(globs),
            "file" => SearchLocation::LocalFile(globs),
            _ => SearchLocation::Commit(globs),
        }),
        Err((at, why)) => {
            reader.push_error(
                spans.get(at).unwrap_or(&value.span()),
                &format!("invalid glob: {why}"),
                "* matches a part of a name, ** matches folders",
            );
            None
        }
    }
}

fn parse_path(
    reader: &mut TomlReader<'_>,
    text: &str,
    span: &Range<usize>,
) -> Option<DocumentPath> {
    DocumentPath::new(text)
        .map_err(|why| reader.push_error(span, &why, ""))
        .ok()
}

/// One path or a list.
fn parse_paths(reader: &mut TomlReader<'_>, value: &TomlValue<'_>) -> Vec<DocumentPath> {
    if value.get_ref().is_str() {
        return reader
            .expect_parsed(value, DocumentPath::new)
            .into_iter()
            .collect();
    }
    let texts = reader.expect_strings(value);
    texts
        .into_iter()
        .filter_map(|(text, span)| parse_path(reader, &text, &span))
        .collect()
}

pub(super) fn parse_path_pair(
    reader: &mut TomlReader<'_>,
    value: &TomlValue<'_>,
    first: &str,
    second: &str,
) -> Option<(DocumentPath, DocumentPath)> {
    let table =
        reader.expect_table(value, &format!("{{ {first} = \"$…\", {second} = \"$…\" }}"))?;
    let (mut a, mut b) = (None, None);
    for (key, value) in table {
        match key.get_ref().as_ref() {
            word if word == first => a = reader.expect_parsed(value, DocumentPath::new),
            word if word == second => b = reader.expect_parsed(value, DocumentPath::new),
            _ => drop(reader.expect_known_key(key, &[first, second])),
        }
    }
    a.zip(b)
}

fn parse_facts(reader: &mut TomlReader<'_>, value: &TomlValue<'_>) -> Vec<(String, FactRule)> {
    let Some(table) = reader.expect_table(value, "[find.facts]") else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (key, value) in table {
        if slug(key.get_ref()) != key.get_ref().as_ref() {
            reader.push_error(
                &key.span(),
                &format!("invalid fact name {}", key.get_ref()),
                "use lower-case letters, digits and _",
            );
        }
        found.extend(parse_fact_rule(reader, value).map(|rule| (key.get_ref().to_string(), rule)));
    }
    found
}

fn compile_regex(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .size_limit(MAX_REGEX_BYTES)
        .build()
        .map_err(|error| format!("invalid regular expression: {error}"))
}

const RULE_KEYS: &[&str] = &[
    "path", "first_of", "whole", "json", "capture", "keys", "equals", "take", "as", "needs",
    "else", "merge", "wanted", "tells", "last",
];

/// Paths, or a table with `path`.
pub(super) fn parse_fact_rule(
    reader: &mut TomlReader<'_>,
    value: &TomlValue<'_>,
) -> Option<FactRule> {
    let mut rule = FactRule::default();
    let Some(table) = value.get_ref().as_table() else {
        rule.paths = parse_paths(reader, value);
        return (!rule.paths.is_empty()).then_some(rule);
    };
    let (mut needs, mut reason) = (None, "required value not found".to_owned());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "path" | "first_of" => rule.paths = parse_paths(reader, value),
            "last" => rule.takes_last_only = reader.expect_bool(value).unwrap_or_default(),
            "whole" => rule.uses_whole_document = reader.expect_bool(value).unwrap_or_default(),
            "json" => rule.embedded_path = reader.expect_parsed(value, DocumentPath::new),
            "capture" => rule.capture = reader.expect_parsed(value, compile_regex),
            "keys" => rule.keys = reader.expect_parsed(value, compile_regex),
            "equals" => rule.equals = reader.expect_string(value),
            "take" => {
                rule.aggregation = reader
                    .expect_parsed(value, Aggregation::from_name)
                    .unwrap_or_default();
            }
            "as" => {
                rule.value_type = reader
                    .expect_parsed(value, ValueType::from_name)
                    .unwrap_or_default();
            }
            "needs" => needs = reader.expect_parsed(value, DocumentPath::new),
            "else" => reason = reader.expect_string(value).unwrap_or_default(),
            "tells" => rule.lineage_role = reader.expect_parsed(value, LineageRole::from_name),
            "wanted" => {
                let number = || {
                    value
                        .get_ref()
                        .as_integer()
                        .and_then(|number| number.as_str().parse::<i64>().ok())
                        .map(Json::from)
                };
                rule.expected = value.get_ref().as_bool().map(Json::from).or_else(number);
                if rule.expected.is_none() {
                    reader.push_error(
                        &value.span(),
                        "expected a boolean or an integer",
                        "write true, false or 0",
                    );
                }
            }
            "merge" => rule.merge = reader.expect_parsed(value, Aggregation::from_name),
            _ => drop(reader.expect_known_key(key, RULE_KEYS)),
        }
    }
    if rule.paths.is_empty() {
        reader.push_error(&value.span(), "missing path", "add path = \"$…\"");
    }
    rule.needs = needs.map(|path| (path, reason));
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_have_positions_and_suggestions() {
        let text = "name = \"X\"\n[[find]]\nartefact = [\"a\"]\n[[find]]\nfile = [\"{\"]\nwhen = \"a.b\"\n[find.facts]\nOk = { path = \"$.a\", take = \"most\" }\n";
        let diagnostics: Vec<String> = Integration::parse("x.toml", text)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        let joined = diagnostics.join("\n");
        for part in [
            "3:1: unknown key `artefact`; did you mean `artifact`?",
            "5:9: invalid glob",
            "6:8: invalid JSONPath",
            "8:1: invalid fact name Ok",
            "8:29:",
        ] {
            assert!(joined.contains(part), "no {part} in:\n{joined}");
        }
    }

    #[test]
    fn built_in_integrations_have_no_errors() {
        let (all, wrong) = super::super::load_integrations(&[]);
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(
            all.len(),
            super::super::BUILT_IN.len(),
            "two integrations have the same id"
        );
    }

    #[test]
    fn every_file_in_the_folder_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/integrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let built_in: Vec<&str> = super::super::BUILT_IN
            .iter()
            .map(|(file, _)| *file)
            .collect();
        assert_eq!(files, built_in, "list the file in src/evidence/mod.rs");
    }
}
