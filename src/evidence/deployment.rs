//! Where a document says that a version is served.

use serde_json::Value;

use super::paths::Path;
use super::read::{pair, rule};
use super::report::Deployment;
use super::rule::{Found, Kind, Rule};
use crate::diagnostics;
use crate::diagnostics::Reader;

/// How a document tells of a deployment.
#[derive(Clone, Debug, Default)]
pub(super) struct DeploymentRule {
    pub name: Option<Rule>,
    pub place: Option<Rule>,
    pub percent: Option<Rule>,
    /// Percents by name, and the name of each: for documents that keep the traffic apart.
    pub traffic: Option<(Path, Path)>,
    /// Of several, all have to hold.
    pub ready: Vec<Rule>,
}

const OF_DEPLOYMENT: &[&str] = &["name", "place", "percent", "traffic", "ready"];

/// Reads how a document tells of a deployment.
pub(super) fn deployment_rule(
    reader: &mut Reader<'_>,
    value: &diagnostics::Value<'_>,
) -> Option<DeploymentRule> {
    let table = reader.table(value, "[find.deployment]")?;
    let mut found = DeploymentRule::default();
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "name" => found.name = rule(reader, value),
            "place" => found.place = rule(reader, value),
            "percent" => found.percent = rule(reader, value),
            "traffic" => found.traffic = pair(reader, value, "of", "by"),
            "ready" => {
                // A list of tables is a list of rules; a list of texts is one rule with several paths.
                let several = value
                    .get_ref()
                    .as_array()
                    .filter(|all| all.iter().any(|one| one.get_ref().is_table()));
                let rules = several.map_or_else(|| vec![value], |all| all.iter().collect());
                let rules = rules.into_iter().filter_map(|value| rule(reader, value));
                found.ready = rules
                    .map(|rule| Rule {
                        kind: Kind::Truth,
                        ..rule
                    })
                    .collect();
            }
            _ => drop(reader.known(key, OF_DEPLOYMENT)),
        }
    }
    Some(found)
}

pub(super) fn deployment(
    rule: &DeploymentRule,
    part: &Value,
    whole: &Value,
    from: &str,
) -> Deployment {
    let find = |rule: &Option<Rule>| match rule.as_ref()?.find(part, whole) {
        Found::Known(value) => Some(value),
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
        let by = by.all(part).into_iter().find_map(Value::as_str)?;
        of.all(whole).into_iter().find_map(|table| share(table, by))
    });
    Deployment {
        name: text(find(&rule.name)),
        place: text(find(&rule.place)),
        percent: traffic.or_else(|| find(&rule.percent)?.as_f64()),
        ready: ready(&rule.ready, part, whole),
        from: from.to_owned(),
    }
}

/// Whether it is ready: all that say something have to say so.
fn ready(rules: &[Rule], part: &Value, whole: &Value) -> Option<bool> {
    let told = rules
        .iter()
        .filter_map(|rule| match rule.find(part, whole) {
            Found::Known(value) => value.as_bool(),
            _ => None,
        });
    told.reduce(|a, b| a && b)
}

/// The percent of a name: in a table by name, or in a row that has the name and one number.
fn share(table: &Value, name: &str) -> Option<f64> {
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
