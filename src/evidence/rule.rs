//! What one fact is made from: paths into a document, and what is done with what they lead to.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};
use regex::Regex;
use serde::Serialize;
use serde_json::{Number, Value};

use super::paths::DocumentPath;

/// The longest text of a fact, in characters.
const MAX_TEXT_CHARS: usize = 1_000;
/// The most values of a fact that is a list.
const MAX_LIST_VALUES: usize = 100;

/// Which of several values is the fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Aggregation {
    #[default]
    First,
    Last,
    /// Whether one of them is true.
    Any,
    /// Whether all of them are true.
    All,
    Count,
    Max,
    Min,
    Sum,
    List,
    /// Whether there is one at all.
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
            .map(|(_, take)| *take);
        found.ok_or_else(|| {
            format!(
                "{} can stand here",
                Self::NAMES.map(|(known, _)| known).join(", ")
            )
        })
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ValueType {
    /// What the document says.
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
            _ => return Err("number, bool, text or time can stand here".into()),
        })
    }
}

/// What of a lineage a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineageRole {
    /// The version of the data, as people call it.
    DataVersion,
    /// A digest of the data.
    DataDigest,
}

impl LineageRole {
    pub(super) fn from_name(name: &str) -> Result<Self, String> {
        match name {
            "data version" => Ok(Self::DataVersion),
            "data digest" => Ok(Self::DataDigest),
            _ => Err("data version or data digest can stand here".into()),
        }
    }
}

/// What a rule finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Extracted {
    /// A number, a truth, a text, or a list of these.
    Present(Value),
    /// Nothing is there.
    Absent,
    /// Something is there, and it is not what it should be: why.
    Unreadable(String),
}

/// One fact.
#[derive(Clone, Debug, Default)]
pub(super) struct FactRule {
    /// The first of these that leads to something counts.
    pub paths: Vec<DocumentPath>,
    /// Looks in the whole document, where the others look in one of its parts.
    pub uses_whole_document: bool,
    /// The value is JSON in a text: where in it.
    pub embedded_path: Option<DocumentPath>,
    /// The part of the text that counts: the first group that took part, else all that fits.
    pub capture: Option<Regex>,
    /// Of what the paths lead to, the last only: tables grow at their end.
    pub takes_last_only: bool,
    /// The members of what the paths lead to whose name fits.
    pub keys: Option<Regex>,
    /// Whether the value is this text.
    pub equals: Option<String>,
    pub aggregation: Aggregation,
    pub value_type: ValueType,
    /// What must be there for the fact to mean anything, and what it means that it is not.
    pub needs: Option<(DocumentPath, String)>,
    /// The fact of several documents.
    pub merge: Option<Aggregation>,
    /// What it should be: anything else is worth a look.
    pub expected: Option<Value>,
    /// Whether it is the data's version, or its digest.
    pub lineage_role: Option<LineageRole>,
}

impl FactRule {
    /// How many times over it may look at all of a document.
    pub(super) fn full_scans(&self) -> usize {
        let paths = self
            .paths
            .iter()
            .chain(&self.embedded_path)
            .chain(self.needs.iter().map(|(path, _)| path));
        paths.map(|path| path.full_scans).max().unwrap_or_default()
    }

    /// What the rule finds in a part of a document.
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
        if let Some(wanted) = &self.equals {
            return values.first().map_or(Extracted::Absent, |value| {
                Extracted::Present(Value::Bool(value.as_str() == Some(wanted)))
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

    /// The texts that all its paths lead to.
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

    /// What the first path that leads to something leads to, without null.
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
        let wrong = |what: &str| format!("{} is no {what}", preview(value));
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
            // A sum over truths counts those that hold.
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
                .ok_or_else(|| wrong("truth value")),
            (ValueType::Time, _) => parse_time(value)
                .map(Value::from)
                .ok_or_else(|| wrong("time")),
        }
    }
}

/// A string as it is, any other value as JSON.
pub(crate) fn value_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// One value of several.
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

fn truncate(text: &str) -> Value {
    Value::String(text.chars().take(MAX_TEXT_CHARS).collect())
}

fn preview(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 40 {
        text.chars().take(40).chain(['…']).collect()
    } else {
        text
    }
}

fn parse_number(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse::<i64>()
        .map(Value::from)
        .ok()
        .or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number))
}

/// Words for a truth, in small letters: of JSON, Python, Kubernetes, CSV, and of people's tags.
const TRUE_WORDS: [&str; 8] = [
    "true",
    "yes",
    "1",
    "pass",
    "passed",
    "success",
    "succeeded",
    "approved",
];
const FALSE_WORDS: [&str; 8] = [
    "false", "no", "0", "fail", "failed", "failure", "error", "rejected",
];

/// Truths as tools write them.
fn parse_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            word if TRUE_WORDS.contains(&word) => Some(true),
            word if FALSE_WORDS.contains(&word) => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Times as tools write them, in ms since the epoch: RFC 3339, without a zone (taken as UTC), day first with slashes, or a number of
/// seconds or ms since the epoch.
fn parse_time(value: &Value) -> Option<i64> {
    if let Some(number) = value.as_f64() {
        return Some(if number.abs() < 1e11 {
            number * 1e3
        } else {
            number
        } as i64);
    }
    let text = value.as_str()?.trim();
    let utc = |time: DateTime| {
        TimeZone::UTC
            .to_ambiguous_zoned_datetime(time)
            .compatible()
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    let civil = || utc(text.parse::<DateTime>().ok()?);
    let day_first = || {
        utc(strtime::parse("%d/%m/%Y %H:%M:%S", text)
            .ok()?
            .to_datetime()
            .ok()?)
    };
    let found = text
        .parse::<Timestamp>()
        .ok()
        .or_else(civil)
        .or_else(day_first);
    found.map(Timestamp::as_millisecond).or_else(|| {
        text.parse::<f64>()
            .ok()
            .and_then(|number| parse_time(&Value::from(number)))
    })
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
        let document =
            json!({"a": null, "b": "x", "c": ["True", "False"], "d": [], "e": "0.5", "n": "NaN"});
        assert_eq!(
            extract(&rule("$.a", Aggregation::First, ValueType::AsIs), &document),
            Extracted::Absent
        );
        assert_eq!(
            extract(&rule("$.zz", Aggregation::All, ValueType::AsIs), &document),
            Extracted::Absent
        );
        assert_eq!(
            extract(
                &rule("$.d[*]", Aggregation::All, ValueType::AsIs),
                &document
            ),
            Extracted::Absent
        );
        assert!(matches!(
            extract(
                &rule("$.b", Aggregation::First, ValueType::Number),
                &document
            ),
            Extracted::Unreadable(_)
        ));
        assert!(matches!(
            extract(
                &rule("$.n", Aggregation::First, ValueType::Number),
                &document
            ),
            Extracted::Unreadable(_)
        ));
        assert!(matches!(
            extract(&rule("$.b", Aggregation::All, ValueType::AsIs), &document),
            Extracted::Unreadable(_)
        ));
        assert_eq!(
            extract(
                &rule("$.c[*]", Aggregation::Any, ValueType::AsIs),
                &document
            ),
            Extracted::Present(json!(true))
        );
        assert_eq!(
            extract(
                &rule("$.c[*]", Aggregation::All, ValueType::AsIs),
                &document
            ),
            Extracted::Present(json!(false))
        );
        assert_eq!(
            extract(
                &rule("$.c[*]", Aggregation::Count, ValueType::AsIs),
                &document
            ),
            Extracted::Present(json!(2))
        );
        assert_eq!(
            extract(
                &rule("$.e", Aggregation::First, ValueType::Number),
                &document
            ),
            Extracted::Present(json!(0.5))
        );
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

    #[test]
    fn common_time_formats_are_parsed() {
        for text in [
            "2026-11-23T13:52:35+00:00",
            "2026-11-23T13:52:35",
            "2026-11-23 13:52:35",
            "23/11/2026 13:52:35",
            "1795441955",
        ] {
            assert_eq!(parse_time(&json!(text)), Some(1_795_441_955_000), "{text}");
        }
        assert_eq!(parse_time(&json!("soon")), None);
    }
}
