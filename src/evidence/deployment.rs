//! Where a document says that a version is served.

use serde_json::Value;

use super::parser::{parse_fact_rule, parse_path_pair};
use super::paths::DocumentPath;
use super::report::Deployment;
use super::rule::{Extracted, FactRule, ValueType};
use crate::diagnostics;
use crate::diagnostics::TomlReader;

/// How a document tells of a deployment.
#[derive(Clone, Debug, Default)]
pub(super) struct DeploymentRule {
    pub name: Option<FactRule>,
    pub location: Option<FactRule>,
    pub percent: Option<FactRule>,
    /// Percents by name, and the name of each: for documents that keep the traffic apart.
    pub traffic: Option<(DocumentPath, DocumentPath)>,
    /// Of several, all have to hold.
    pub ready: Vec<FactRule>,
}

const DEPLOYMENT_KEYS: &[&str] = &["name", "place", "percent", "traffic", "ready"];

/// Reads how a document tells of a deployment.
pub(super) fn parse_deployment_rule(
    reader: &mut TomlReader<'_>,
    value: &diagnostics::TomlValue<'_>,
) -> Option<DeploymentRule> {
    let table = reader.expect_table(value, "[find.deployment]")?;
    let mut parsed = DeploymentRule::default();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => parsed.name = parse_fact_rule(reader, value),
            "place" => parsed.location = parse_fact_rule(reader, value),
            "percent" => parsed.percent = parse_fact_rule(reader, value),
            "traffic" => parsed.traffic = parse_path_pair(reader, value, "of", "by"),
            "ready" => {
                // A list of tables is a list of rules; a list of texts is one rule with several paths.
                let several = value
                    .get_ref()
                    .as_array()
                    .filter(|all| all.iter().any(|one| one.get_ref().is_table()));
                let rules = several.map_or_else(|| vec![value], |all| all.iter().collect());
                let rules = rules
                    .into_iter()
                    .filter_map(|value| parse_fact_rule(reader, value));
                parsed.ready = rules
                    .map(|rule| FactRule {
                        value_type: ValueType::Bool,
                        ..rule
                    })
                    .collect();
            }
            _ => drop(reader.expect_known_key(key, DEPLOYMENT_KEYS)),
        }
    }
    Some(parsed)
}

pub(super) fn extract_deployment(
    rule: &DeploymentRule,
    part: &Value,
    whole: &Value,
    from: &str,
) -> Deployment {
    let find = |rule: &Option<FactRule>| match rule.as_ref()?.extract(part, whole) {
        Extracted::Present(value) => Some(value),
        _ => None,
    };
    let text = |value: Option<Value>| {
        value
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            })
            .unwrap_or_default()
    };
    let traffic = rule.traffic.as_ref().and_then(|(of, by)| {
        let by = by.select(part).into_iter().find_map(Value::as_str)?;
        of.select(whole)
            .into_iter()
            .find_map(|table| traffic_percent(table, by))
    });
    Deployment {
        name: text(find(&rule.name)),
        location: text(find(&rule.location)),
        traffic_percent: traffic.or_else(|| find(&rule.percent)?.as_f64()),
        ready: is_ready(&rule.ready, part, whole),
        source: from.to_owned(),
    }
}

/// Whether it is ready: all that say something have to say so.
fn is_ready(rules: &[FactRule], part: &Value, whole: &Value) -> Option<bool> {
    let values = rules
        .iter()
        .filter_map(|rule| match rule.extract(part, whole) {
            Extracted::Present(value) => value.as_bool(),
            _ => None,
        });
    values.reduce(|a, b| a && b)
}

/// The percent of a name: in a table by name, or in a row that has the name and one number.
fn traffic_percent(table: &Value, name: &str) -> Option<f64> {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match table {
        Value::Object(row) => row.get(name).and_then(number).or_else(|| {
            row.values()
                .any(|value| value.as_str() == Some(name))
                .then(|| row.values().find_map(Value::as_f64))?
        }),
        _ => None,
    }
}
