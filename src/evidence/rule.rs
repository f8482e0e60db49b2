//! What one fact is made from: paths into a document, and what is done with what they lead to.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, fmt::strtime};
use regex::Regex;
use serde::Serialize;
use serde_json::{Number, Value};

use super::paths::Path;

/// The longest text of a fact, in characters.
const CHARS: usize = 1_000;
/// The most values of a fact that is a list.
const VALUES: usize = 100;

/// Which of several values is the fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Take {
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

impl Take {
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

    pub(super) fn named(name: &str) -> Result<Self, String> {
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
pub(super) enum Kind {
    /// What the document says.
    #[default]
    AsIs,
    Number,
    Truth,
    Text,
    /// ms since the epoch.
    Time,
}

impl Kind {
    pub(super) fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "number" => Self::Number,
            "bool" => Self::Truth,
            "text" => Self::Text,
            "time" => Self::Time,
            _ => return Err("number, bool, text or time can stand here".into()),
        })
    }
}

/// What of a lineage a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    /// The version of the data, as people call it.
    DataVersion,
    /// A digest of the data.
    DataDigest,
}

impl Tells {
    pub(super) fn named(name: &str) -> Result<Self, String> {
        match name {
            "data version" => Ok(Self::DataVersion),
            "data digest" => Ok(Self::DataDigest),
            _ => Err("data version or data digest can stand here".into()),
        }
    }
}

/// What a rule finds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A number, a truth, a text, or a list of these.
    Known(Value),
    /// Nothing is there.
    Absent,
    /// Something is there, and it is not what it should be: why.
    Unreadable(String),
}

/// One fact.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    /// The first of these that leads to something counts.
    pub paths: Vec<Path>,
    /// Looks in the whole document, where the others look in one of its parts.
    pub whole: bool,
    /// The value is JSON in a text: where in it.
    pub inner: Option<Path>,
    /// The part of the text that counts: the first group that took part, else all that fits.
    pub capture: Option<Regex>,
    /// Of what the paths lead to, the last only: tables grow at their end.
    pub last: bool,
    /// The members of what the paths lead to whose name fits.
    pub keys: Option<Regex>,
    /// Whether the value is this text.
    pub equals: Option<String>,
    pub take: Take,
    pub kind: Kind,
    /// What must be there for the fact to mean anything, and what it means that it is not.
    pub needs: Option<(Path, String)>,
    /// The fact of several documents.
    pub merge: Option<Take>,
    /// What it should be: anything else is worth a look.
    pub wanted: Option<Value>,
    /// Whether it is the data's version, or its digest.
    pub tells: Option<Tells>,
}

impl Rule {
    /// How many times over it may look at all of a document.
    pub(super) fn passes(&self) -> usize {
        let paths = self
            .paths
            .iter()
            .chain(&self.inner)
            .chain(self.needs.iter().map(|(path, _)| path));
        paths.map(|path| path.passes).max().unwrap_or_default()
    }

    /// What the rule finds in a part of a document.
    pub(super) fn find(&self, part: &Value, whole: &Value) -> Found {
        let document = if self.whole { whole } else { part };
        let mut values = self.values(document);
        if let Some((needs, otherwise)) = &self.needs
            && !needs.is_there(document)
        {
            let counts = matches!(self.take, Take::Count | Take::Exists);
            return if values.is_empty() && !counts {
                Found::Absent
            } else {
                Found::Unreadable(otherwise.clone())
            };
        }
        match self.take {
            Take::Count => return Found::Known(Value::from(values.len())),
            Take::Exists => return Found::Known(Value::Bool(!values.is_empty())),
            _ => {}
        }
        if self.last {
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
            return values.first().map_or(Found::Absent, |value| {
                Found::Known(Value::Bool(value.as_str() == Some(wanted)))
            });
        }
        if let Some(capture) = &self.capture {
            values = values
                .iter()
                .filter_map(|value| captured(capture, value))
                .collect();
        }
        if values.is_empty() {
            return Found::Absent;
        }
        let typed: Result<Vec<Value>, String> =
            values.iter().map(|value| self.typed(value)).collect();
        typed.map_or_else(Found::Unreadable, |values| reduced(self.take, values))
    }

    /// The texts that all its paths lead to.
    pub(super) fn texts(&self, part: &Value, whole: &Value) -> Vec<String> {
        let document = if self.whole { whole } else { part };
        let found = self.paths.iter().flat_map(|path| path.all(document));
        let found = found.filter_map(|value| match &self.capture {
            Some(capture) => captured(capture, value),
            None => Some(value.clone()),
        });
        found
            .filter_map(|value| value.as_str().map(str::to_owned))
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// What the first path that leads to something leads to, without null.
    fn values(&self, document: &Value) -> Vec<Value> {
        let at = |path: &Path| {
            let found = path
                .all(document)
                .into_iter()
                .filter(|value| !value.is_null())
                .cloned();
            let Some(inner) = &self.inner else {
                return found.collect::<Vec<_>>();
            };
            let opened = found.map(|value| match &value {
                Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
                _ => value,
            });
            opened
                .flat_map(|value| inner.all(&value).into_iter().cloned().collect::<Vec<_>>())
                .filter(|value| !value.is_null())
                .collect()
        };
        self.paths
            .iter()
            .map(at)
            .find(|found| !found.is_empty())
            .unwrap_or_default()
    }

    fn typed(&self, value: &Value) -> Result<Value, String> {
        let kind = match self.take {
            Take::Any | Take::All => Kind::Truth,
            Take::Max | Take::Min | Take::Sum if self.kind == Kind::AsIs => Kind::Number,
            _ => self.kind,
        };
        let wrong = |what: &str| format!("{} is no {what}", shown(value));
        match (kind, value) {
            (Kind::AsIs | Kind::Text, Value::String(text)) => Ok(cut(text)),
            (Kind::AsIs, Value::Bool(_) | Value::Number(_))
            | (Kind::Number, Value::Number(_))
            | (Kind::Truth, Value::Bool(_)) => Ok(value.clone()),
            (Kind::AsIs | Kind::Text, Value::Array(_) | Value::Object(_) | Value::Null) => {
                Err(wrong("single value"))
            }
            (Kind::Text, other) => Ok(Value::String(other.to_string())),
            // A sum over truths counts those that hold.
            (Kind::Number, _) if self.take == Take::Sum && truth(value).is_some() => {
                Ok(Value::from(u8::from(truth(value) == Some(true))))
            }
            (Kind::Number, Value::String(text)) => number(text).ok_or_else(|| wrong("number")),
            (Kind::Number, _) => Err(wrong("number")),
            (Kind::Truth, _) => truth(value)
                .map(Value::Bool)
                .ok_or_else(|| wrong("truth value")),
            (Kind::Time, _) => time(value).map(Value::from).ok_or_else(|| wrong("time")),
        }
    }
}

/// One value of several.
pub(super) fn reduced(take: Take, mut values: Vec<Value>) -> Found {
    let truths = || values.iter().map(Value::as_bool);
    let numbers = || values.iter().filter_map(Value::as_f64);
    let number = |value: Option<f64>| match value {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 1e15 => {
            Found::Known(Value::from(whole as i64))
        }
        other => other
            .and_then(Number::from_f64)
            .map_or(Found::Absent, |number| Found::Known(Value::Number(number))),
    };
    match take {
        Take::First => values
            .into_iter()
            .next()
            .map_or(Found::Absent, Found::Known),
        Take::Last => values.pop().map_or(Found::Absent, Found::Known),
        Take::Any => Found::Known(Value::Bool(truths().any(|value| value == Some(true)))),
        Take::All => Found::Known(Value::Bool(truths().all(|value| value == Some(true)))),
        Take::Count => Found::Known(Value::from(values.len())),
        Take::Exists => Found::Known(Value::Bool(!values.is_empty())),
        Take::Max => number(numbers().reduce(f64::max)),
        Take::Min => number(numbers().reduce(f64::min)),
        Take::Sum => number(numbers().reduce(|a, b| a + b)),
        Take::List => {
            values.truncate(VALUES);
            Found::Known(Value::Array(values))
        }
    }
}

fn captured(capture: &Regex, value: &Value) -> Option<Value> {
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

fn cut(text: &str) -> Value {
    Value::String(text.chars().take(CHARS).collect())
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 40 {
        text.chars().take(40).chain(['…']).collect()
    } else {
        text
    }
}

fn number(text: &str) -> Option<Value> {
    let text = text.trim();
    text.parse::<i64>()
        .map(Value::from)
        .ok()
        .or_else(|| Number::from_f64(text.parse().ok()?).map(Value::Number))
}

/// Words for a truth, in small letters: of JSON, Python, Kubernetes, CSV, and of people's tags.
const TRUE: [&str; 8] = [
    "true",
    "yes",
    "1",
    "pass",
    "passed",
    "success",
    "succeeded",
    "approved",
];
const FALSE: [&str; 8] = [
    "false", "no", "0", "fail", "failed", "failure", "error", "rejected",
];

/// Truths as tools write them.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            word if TRUE.contains(&word) => Some(true),
            word if FALSE.contains(&word) => Some(false),
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
fn time(value: &Value) -> Option<i64> {
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
            .and_then(|number| time(&Value::from(number)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rule(path: &str, take: Take, kind: Kind) -> Rule {
        Rule {
            paths: vec![Path::new(path).unwrap()],
            take,
            kind,
            ..Rule::default()
        }
    }

    fn found(rule: &Rule, document: &Value) -> Found {
        rule.find(document, document)
    }

    #[test]
    fn what_is_missing_is_absent_and_what_does_not_fit_is_unreadable() {
        let document =
            json!({"a": null, "b": "x", "c": ["True", "False"], "d": [], "e": "0.5", "n": "NaN"});
        assert_eq!(
            found(&rule("$.a", Take::First, Kind::AsIs), &document),
            Found::Absent
        );
        assert_eq!(
            found(&rule("$.zz", Take::All, Kind::AsIs), &document),
            Found::Absent
        );
        assert_eq!(
            found(&rule("$.d[*]", Take::All, Kind::AsIs), &document),
            Found::Absent
        );
        assert!(matches!(
            found(&rule("$.b", Take::First, Kind::Number), &document),
            Found::Unreadable(_)
        ));
        assert!(matches!(
            found(&rule("$.n", Take::First, Kind::Number), &document),
            Found::Unreadable(_)
        ));
        assert!(matches!(
            found(&rule("$.b", Take::All, Kind::AsIs), &document),
            Found::Unreadable(_)
        ));
        assert_eq!(
            found(&rule("$.c[*]", Take::Any, Kind::AsIs), &document),
            Found::Known(json!(true))
        );
        assert_eq!(
            found(&rule("$.c[*]", Take::All, Kind::AsIs), &document),
            Found::Known(json!(false))
        );
        assert_eq!(
            found(&rule("$.c[*]", Take::Count, Kind::AsIs), &document),
            Found::Known(json!(2))
        );
        assert_eq!(
            found(&rule("$.e", Take::First, Kind::Number), &document),
            Found::Known(json!(0.5))
        );
    }

    #[test]
    fn a_fact_that_needs_another_says_what_it_means_that_it_is_not_there() {
        let mut rule = rule("$.success", Take::First, Kind::Truth);
        rule.needs = Some((
            Path::new("$.results[0]").unwrap(),
            "nothing was evaluated".into(),
        ));
        assert_eq!(
            found(&rule, &json!({"success": true, "results": []})),
            Found::Unreadable("nothing was evaluated".into())
        );
        assert_eq!(
            found(&rule, &json!({"success": true, "results": [1]})),
            Found::Known(json!(true))
        );
        assert_eq!(found(&rule, &json!({})), Found::Absent);
    }

    #[test]
    fn json_in_a_text_is_opened_and_parts_of_texts_are_taken() {
        let mut inner = rule("$.source", Take::First, Kind::AsIs);
        inner.inner = Some(Path::new("$.uri").unwrap());
        inner.capture = Some(Regex::new("/files/md5/([0-9a-f]{2})/([0-9a-f]{30})").unwrap());
        let uri = format!("/home/x/files/md5/ab/{}", "c".repeat(30));
        let document = json!({"source": json!({"uri": uri}).to_string()});
        assert_eq!(
            found(&inner, &document),
            Found::Known(json!(format!("ab{}", "c".repeat(30))))
        );
    }

    #[test]
    fn times_are_read_as_tools_write_them() {
        for text in [
            "2026-11-23T13:52:35+00:00",
            "2026-11-23T13:52:35",
            "2026-11-23 13:52:35",
            "23/11/2026 13:52:35",
            "1795441955",
        ] {
            assert_eq!(time(&json!(text)), Some(1_795_441_955_000), "{text}");
        }
        assert_eq!(time(&json!("soon")), None);
    }
}
