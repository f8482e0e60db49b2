//! Deployments in documents.

use serde_json::Value;

use super::parser::{parse_fact_rule, parse_path_pair};
use super::paths::DocumentPath;
use super::report::Deployment;
use super::rule::{Extracted, FactRule, ValueType};
use super::value::value_text;
use crate::diagnostics;
use crate::diagnostics::TomlReader;

/// How to extract a deployment.
#[derive(Clone, Debug, Default)]
pub(super) struct DeploymentRule {
    pub name: Option<FactRule>,
    pub location: Option<FactRule>,
    pub percent: Option<FactRule>,
    /// For documents that keep traffic apart from endpoints.
    pub traffic: Option<TrafficRule>,
    /// All must hold.
    pub ready: Vec<FactRule>,
}

/// Where the percents are by name, and where the deployment has its name.
#[derive(Clone, Debug)]
pub(super) struct TrafficRule {
    pub percents: DocumentPath,
    pub name: DocumentPath,
}

const DEPLOYMENT_KEYS: &[&str] = &["name", "place", "percent", "traffic", "ready"];

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
            "traffic" => {
                let pair = parse_path_pair(reader, value, "of", "by");
                parsed.traffic = pair.map(|(percents, name)| TrafficRule { percents, name });
            }
            "ready" => {
                // A list of tables is several rules; a list of strings is one rule with several paths.
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
    let text = |value: Option<Value>| value.as_ref().map(value_text).unwrap_or_default();
    let traffic = rule.traffic.as_ref().and_then(|traffic| {
        let names = traffic.name.select(part);
        let name = names.into_iter().find_map(Value::as_str)?;
        let mut tables = traffic.percents.select(whole).into_iter();
        tables.find_map(|table| traffic_percent(table, name))
    });
    Deployment {
        name: text(find(&rule.name)),
        location: text(find(&rule.location)),
        traffic_percent: traffic.or_else(|| find(&rule.percent)?.as_f64()),
        ready: is_ready(&rule.ready, part, whole),
        source: from.to_owned(),
    }
}

/// Whether all rules with a value hold; absent if none has one.
fn is_ready(rules: &[FactRule], part: &Value, whole: &Value) -> Option<bool> {
    let values = rules
        .iter()
        .filter_map(|rule| match rule.extract(part, whole) {
            Extracted::Present(value) => value.as_bool(),
            _ => None,
        });
    values.reduce(|a, b| a && b)
}

/// The percent of a name: a member with that name, or the number of a row with that name.
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
