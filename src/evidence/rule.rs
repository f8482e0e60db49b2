//! Rules of facts: paths into a document, and how their values become one fact.

use regex::Regex;
use serde::Serialize;
use serde_json::{Number, Value};

use super::paths::DocumentPath;
use super::value::{not_a_boolean, parse_bool, parse_number, parse_time, preview, truncate};

/// Values of a list.
const MAX_LIST_VALUES: usize = 100;

/// How several values become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Aggregation {
    #[default]
    First,
    Last,
    /// Whether one is true.
    Any,
    /// Whether all are true.
    All,
    Count,
    Max,
    Min,
    Sum,
    List,
    /// Whether there is a value.
    Exists,
}

impl Aggregation {
    const NAMES: [(&'static str, Self); 10] = [
        ("first", Self::First),
        ("last", Self::Last),
        ("any", Self::Any),
        ("all", Self::All),
        ("count", Self::Count),
        ("max", Self::Max),
        ("min", Self::Min),
        ("sum", Self::Sum),
        ("list", Self::List),
        ("exists", Self::Exists),
    ];

    pub(super) fn from_name(name: &str) -> Result<Self, String> {
        let found = Self::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, aggregation)| *aggregation);
        found.ok_or_else(|| {
            format!(
                "expected one of {}",
                Self::NAMES.map(|(known, _)| known).join(", ")
            )
        })
    }
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ValueType {
    /// As in the document.
    #[default]
    AsIs,
    Number,
    Bool,
    Text,
    /// ms since the epoch.
    Time,
}

impl ValueType {
    pub(super) fn from_name(name: &str) -> Result<Self, String> {
        Ok(match name {
            "number" => Self::Number,
            "bool" => Self::Bool,
            "text" => Self::Text,
            "time" => Self::Time,
            _ => return Err("expected number, bool, text or time".into()),
        })
    }
}

/// The role of a fact in a lineage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineageRole {
    /// The data's version: `v2.3`.
    DataVersion,
    /// The data's digest.
    DataDigest,
}

impl LineageRole {
    pub(super) fn from_name(name: &str) -> Result<Self, String> {
        match name {
            "data version" => Ok(Self::DataVersion),
            "data digest" => Ok(Self::DataDigest),
            _ => Err("expected \"data version\" or \"data digest\"".into()),
        }
    }
}

/// The result of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Extracted {
    /// A number, a boolean, a string, or a list of these.
    Present(Value),
    /// No value.
    Absent,
    /// Why a value has the wrong type.
    Unreadable(String),
}

/// The rule of a fact.
#[derive(Clone, Debug, Default)]
pub(super) struct FactRule {
    /// The first path with a value counts.
    pub paths: Vec<DocumentPath>,
    /// Whether paths start at the document, not at one of its parts.
    pub uses_whole_document: bool,
    /// A path into the value, which is JSON in a string.
    pub embedded_path: Option<DocumentPath>,
    /// The part of the string that counts: the groups, else the whole match.
    pub capture: Option<Regex>,
    /// Whether only the last value counts: tables grow at their end.
    pub takes_last_only: bool,
    /// Selects members of the values by name.
    pub keys: Option<Regex>,
    /// The fact is whether the value is this string.
    pub equals: Option<String>,
    pub aggregation: Aggregation,
    pub value_type: ValueType,
    /// A value without which the fact is unreadable, and the reason to give.
    pub needs: Option<(DocumentPath, String)>,
    /// How the facts of several documents become one.
    pub merge: Option<Aggregation>,
    /// The expected value.
    pub expected: Option<Value>,
    pub lineage_role: Option<LineageRole>,
}

impl FactRule {
    /// The most full scans of a document by one of its paths.
    pub(super) fn full_scans(&self) -> usize {
        let paths = self
            .paths
            .iter()
            .chain(&self.embedded_path)
            .chain(self.needs.iter().map(|(path, _)| path));
        paths.map(|path| path.full_scans).max().unwrap_or_default()
    }

    /// Applies the rule to a part of a document.
    pub(super) fn extract(&self, part: &Value, whole: &Value) -> Extracted {
        let document = if self.uses_whole_document {
            whole
        } else {
            part
        };
        let mut values = self.select_values(document);
        if let Some((needs, otherwise)) = &self.needs
            && !needs.is_present(document)
        {
            let counts = matches!(self.aggregation, Aggregation::Count | Aggregation::Exists);
            return if values.is_empty() && !counts {
                Extracted::Absent
            } else {
                Extracted::Unreadable(otherwise.clone())
            };
        }
        match self.aggregation {
            Aggregation::Count => return Extracted::Present(Value::from(values.len())),
            Aggregation::Exists => return Extracted::Present(Value::Bool(!values.is_empty())),
            _ => {}
        }
        if self.takes_last_only {
            values.drain(..values.len().saturating_sub(1));
        }
        if let Some(keys) = &self.keys {
            let members = |value: Value| match value {
                Value::Object(row) => row
                    .into_iter()
                    .filter(|(key, value)| keys.is_match(key) && !value.is_null())
                    .map(|(_, value)| value)
                    .collect(),
                _ => Vec::new(),
            };
            values = values.into_iter().flat_map(members).collect();
        }
        if let Some(expected) = &self.equals {
            return values.first().map_or(Extracted::Absent, |value| {
                Extracted::Present(Value::Bool(value.as_str() == Some(expected)))
            });
        }
        if let Some(capture) = &self.capture {
            values = values
                .iter()
                .filter_map(|value| apply_capture(capture, value))
                .collect();
        }
        if values.is_empty() {
            return Extracted::Absent;
        }
        let typed: Result<Vec<Value>, String> =
            values.iter().map(|value| self.coerce(value)).collect();
        typed.map_or_else(Extracted::Unreadable, |values| {
            aggregate(self.aggregation, values)
        })
    }

    /// The strings at all of its paths.
    pub(super) fn extract_texts(&self, part: &Value, whole: &Value) -> Vec<String> {
        let document = if self.uses_whole_document {
            whole
        } else {
            part
        };
        let found = self.paths.iter().flat_map(|path| path.select(document));
        let found = found.filter_map(|value| match &self.capture {
            Some(capture) => apply_capture(capture, value),
            None => Some(value.clone()),
        });
        found
            .filter_map(|value| value.as_str().map(str::to_owned))
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// The values of the first path that has any, without null.
    fn select_values(&self, document: &Value) -> Vec<Value> {
        let at = |path: &DocumentPath| {
            let found = path
                .select(document)
                .into_iter()
                .filter(|value| !value.is_null())
                .cloned();
            let Some(inner) = &self.embedded_path else {
                return found.collect::<Vec<_>>();
            };
            let opened = found.map(|value| match &value {
                Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
                _ => value,
            });
            opened
                .flat_map(|value| {
                    inner
                        .select(&value)
                        .into_iter()
                        .cloned()
                        .collect::<Vec<_>>()
                })
                .filter(|value| !value.is_null())
                .collect()
        };
        self.paths
            .iter()
            .map(at)
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn coerce(&self, value: &Value) -> Result<Value, String> {
        let kind = match self.aggregation {
            Aggregation::Any | Aggregation::All => ValueType::Bool,
            Aggregation::Max | Aggregation::Min | Aggregation::Sum
                if self.value_type == ValueType::AsIs =>
            {
                ValueType::Number
            }
            _ => self.value_type,
        };
        let wrong = |what: &str| format!("not a {what}: {}", preview(value));
        match (kind, value) {
            (ValueType::AsIs | ValueType::Text, Value::String(text)) => Ok(truncate(text)),
            (ValueType::AsIs, Value::Bool(_) | Value::Number(_))
            | (ValueType::Number, Value::Number(_))
            | (ValueType::Bool, Value::Bool(_)) => Ok(value.clone()),
            (
                ValueType::AsIs | ValueType::Text,
                Value::Array(_) | Value::Object(_) | Value::Null,
            ) => Err(wrong("single value")),
            (ValueType::Text, other) => Ok(Value::String(other.to_string())),
            // The sum of booleans counts those that are true.
            (ValueType::Number, _)
                if self.aggregation == Aggregation::Sum && parse_bool(value).is_some() =>
            {
                Ok(Value::from(u8::from(parse_bool(value) == Some(true))))
            }
            (ValueType::Number, Value::String(text)) => {
                parse_number(text).ok_or_else(|| wrong("number"))
            }
            (ValueType::Number, _) => Err(wrong("number")),
            (ValueType::Bool, _) => parse_bool(value)
                .map(Value::Bool)
                .ok_or_else(|| not_a_boolean(value)),
            (ValueType::Time, _) => parse_time(value)
                .map(Value::from)
                .ok_or_else(|| wrong("time")),
        }
    }
}

/// Reduces values to one.
pub(super) fn aggregate(aggregation: Aggregation, mut values: Vec<Value>) -> Extracted {
    let truths = || values.iter().map(Value::as_bool);
    let numbers = || values.iter().filter_map(Value::as_f64);
    let number = |value: Option<f64>| match value {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => {
            Extracted::Present(Value::from(whole as i64))
        }
        other => other
            .and_then(Number::from_f64)
            .map_or(Extracted::Absent, |number| {
                Extracted::Present(Value::Number(number))
            }),
    };
    match aggregation {
        Aggregation::First => values
            .into_iter()
            .next()
            .map_or(Extracted::Absent, Extracted::Present),
        Aggregation::Last => values.pop().map_or(Extracted::Absent, Extracted::Present),
        Aggregation::Any => {
            Extracted::Present(Value::Bool(truths().any(|value| value == Some(true))))
        }
        Aggregation::All => {
            Extracted::Present(Value::Bool(truths().all(|value| value == Some(true))))
        }
        Aggregation::Count => Extracted::Present(Value::from(values.len())),
        Aggregation::Exists => Extracted::Present(Value::Bool(!values.is_empty())),
        Aggregation::Max => number(numbers().reduce(f64::max)),
        Aggregation::Min => number(numbers().reduce(f64::min)),
        Aggregation::Sum => number(numbers().reduce(|a, b| a + b)),
        Aggregation::List => {
            values.truncate(MAX_LIST_VALUES);
            Extracted::Present(Value::Array(values))
        }
    }
}

fn apply_capture(capture: &Regex, value: &Value) -> Option<Value> {
    let found = capture.captures(value.as_str()?)?;
    let groups = found
        .iter()
        .skip(1)
        .flatten()
        .map(|group| group.as_str())
        .collect::<String>();
    Some(Value::String(if groups.is_empty() {
        found.get(0)?.as_str().to_owned()
    } else {
        groups
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(path: &str, take: Aggregation, kind: ValueType) -> FactRule {
        FactRule {
            paths: vec![DocumentPath::new(path).unwrap()],
            aggregation: take,
            value_type: kind,
            ..FactRule::default()
        }
    }

    fn extract(rule: &FactRule, document: &Value) -> Extracted {
        rule.extract(document, document)
    }

    #[test]
    fn missing_values_are_absent_and_mistyped_ones_unreadable() {
        use Aggregation::{All, Any, Count, First};
        use ValueType::{AsIs, Number};
        let document =
            json!({"a": null, "b": "x", "c": ["True", "False"], "d": [], "e": "0.5", "n": "NaN"});
        let extract = |path, aggregation, value_type| {
            super::tests::extract(&rule(path, aggregation, value_type), &document)
        };
        for absent in [("$.a", First), ("$.zz", All), ("$.d[*]", All)] {
            assert_eq!(extract(absent.0, absent.1, AsIs), Extracted::Absent);
        }
        for unreadable in [
            ("$.b", First, Number),
            ("$.n", First, Number),
            ("$.b", All, AsIs),
        ] {
            let extracted = extract(unreadable.0, unreadable.1, unreadable.2);
            assert!(
                matches!(extracted, Extracted::Unreadable(_)),
                "{extracted:?}"
            );
        }
        let present = [
            ("$.c[*]", Any, AsIs, json!(true)),
            ("$.c[*]", All, AsIs, json!(false)),
            ("$.c[*]", Count, AsIs, json!(2)),
            ("$.e", First, Number, json!(0.5)),
        ];
        for (path, aggregation, value_type, value) in present {
            let extracted = extract(path, aggregation, value_type);
            assert_eq!(extracted, Extracted::Present(value), "{path}");
        }
    }

    #[test]
    fn unmet_needs_make_a_fact_unreadable() {
        let mut rule = rule("$.success", Aggregation::First, ValueType::Bool);
        rule.needs = Some((
            DocumentPath::new("$.results[0]").unwrap(),
            "nothing was evaluated".into(),
        ));
        assert_eq!(
            extract(&rule, &json!({"success": true, "results": []})),
            Extracted::Unreadable("nothing was evaluated".into())
        );
        assert_eq!(
            extract(&rule, &json!({"success": true, "results": [1]})),
            Extracted::Present(json!(true))
        );
        assert_eq!(extract(&rule, &json!({})), Extracted::Absent);
    }

    #[test]
    fn embedded_json_and_captures_are_extracted() {
        let mut inner = rule("$.source", Aggregation::First, ValueType::AsIs);
        inner.embedded_path = Some(DocumentPath::new("$.uri").unwrap());
        inner.capture = Some(Regex::new("/files/md5/([0-9a-f]{2})/([0-9a-f]{30})").unwrap());
        let uri = format!("/home/x/files/md5/ab/{}", "c".repeat(30));
        let document = json!({"source": json!({"uri": uri}).to_string()});
        assert_eq!(
            extract(&inner, &document),
            Extracted::Present(json!(format!("ab{}", "c".repeat(30))))
        );
    }
}
