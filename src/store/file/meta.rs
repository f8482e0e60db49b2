//! The fields of `meta.yaml`, which MLflow writes with PyYAML.
//!
//! Every scalar is read as text: YAML 1.1 and 1.2 disagree about which plain scalars are numbers, and
//! a digest such as `1234e567` is none. Missing fields are `None`, unknown ones are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::{Millis, RunStatus};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// A scalar; `None` for null.
pub(super) type Field = Option<String>;

/// A run, of MLflow 0.x to 3.x.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunMeta {
    pub(super) run_id: Field,
    run_uuid: Field,
    model_id: Field,
    pub(super) experiment_id: Field,
    pub(super) run_name: Field,
    name: Field,
    pub(super) user_id: Field,
    pub(super) status: Field,
    pub(super) start_time: Field,
    pub(super) end_time: Field,
    pub(super) lifecycle_stage: Field,
    pub(super) artifact_uri: Field,
}

impl RunMeta {
    /// Parses a run's file. Most are read without the YAML parser, which takes 50 µs for one.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        Self::parse_flat(text).map_or_else(|| parse(text), Ok)
    }

    /// Reads a file in which every field is a simple scalar on one line. `None` for any other.
    fn parse_flat(text: &str) -> Option<Self> {
        let mut meta = Self::default();
        let mut keys = Vec::with_capacity(16);
        for line in text.lines() {
            let (key, value) = line.split_once(": ")?;
            let is_key = key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            if !is_key || keys.contains(&key) {
                return None;
            }
            keys.push(key);
            let field = match key {
                "run_id" => &mut meta.run_id,
                "run_uuid" => &mut meta.run_uuid,
                "model_id" => &mut meta.model_id,
                "experiment_id" => &mut meta.experiment_id,
                "run_name" => &mut meta.run_name,
                "name" => &mut meta.name,
                "user_id" => &mut meta.user_id,
                "status" => &mut meta.status,
                "start_time" => &mut meta.start_time,
                "end_time" => &mut meta.end_time,
                "lifecycle_stage" => &mut meta.lifecycle_stage,
                "artifact_uri" => &mut meta.artifact_uri,
                "tags" if value == "[]" => continue,
                _ => {
                    simple_scalar(value)?;
                    continue;
                }
            };
            *field = simple_scalar(value)?.into_field();
        }
        (!keys.is_empty()).then_some(meta)
    }

    /// Whether this is an experiment's file rather than a run's or a logged model's.
    pub(super) fn is_experiment(&self) -> bool {
        self.run_id.is_none() && self.run_uuid.is_none() && self.model_id.is_none()
    }

    /// MLflow 3 no longer writes `run_uuid`, and early versions wrote nothing else.
    pub(super) fn id(&self) -> Option<&str> {
        self.run_id.as_deref().or(self.run_uuid.as_deref())
    }

    pub(super) fn label(&self) -> &str {
        let label = self.run_name.as_deref().filter(|name| !name.is_empty());
        label.or(self.name.as_deref()).unwrap_or_default()
    }

    /// A run without a status is running, as in MLflow.
    pub(super) fn run_status(&self) -> RunStatus {
        match self.status.as_deref() {
            None | Some("1") => RunStatus::Running,
            Some("2") => RunStatus::Scheduled,
            Some("3") => RunStatus::Finished,
            Some("4") => RunStatus::Failed,
            Some("5") => RunStatus::Killed,
            Some(other) => RunStatus::parse(other),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExperimentMeta {
    pub(super) experiment_id: Field,
    pub(super) name: Field,
    pub(super) artifact_location: Field,
    pub(super) lifecycle_stage: Field,
    pub(super) creation_time: Field,
    pub(super) last_update_time: Field,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DatasetMeta {
    pub(super) name: Field,
    pub(super) digest: Field,
    pub(super) source_type: Field,
    pub(super) source: Field,
    pub(super) schema: Field,
    pub(super) profile: Field,
}

/// An input or an output of a run. MLflow writes `source_id` as `destination_id`, too: the run is the
/// one whose folder holds the file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkMeta {
    pub(super) source_type: Field,
    pub(super) source_id: Field,
    pub(super) step: Field,
    pub(super) tags: BTreeMap<String, Field>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LoggedModelMeta {
    pub(super) name: Field,
    pub(super) artifact_location: Field,
    pub(super) creation_timestamp: Field,
    pub(super) status: Field,
    pub(super) model_type: Field,
    pub(super) source_run_id: Field,
    pub(super) lifecycle_stage: Field,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ModelMeta {
    pub(super) creation_timestamp: Field,
    pub(super) last_updated_timestamp: Field,
    pub(super) description: Field,
    pub(super) workspace: Field,
    /// A copy of the files in `aliases/`.
    pub(super) aliases: Option<BTreeMap<String, Field>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct VersionMeta {
    pub(super) creation_timestamp: Field,
    pub(super) last_updated_timestamp: Field,
    pub(super) user_id: Field,
    pub(super) current_stage: Field,
    pub(super) description: Field,
    pub(super) source: Field,
    pub(super) storage_location: Field,
    pub(super) run_id: Field,
    pub(super) status: Field,
    pub(super) status_message: Field,
}

/// A scalar that needs no YAML parser.
enum Scalar<'a> {
    Null,
    Text(&'a str),
}

impl Scalar<'_> {
    fn into_field(self) -> Field {
        match self {
            Self::Null => None,
            Self::Text(text) => Some(text.to_owned()),
        }
    }
}

/// `None` for a scalar that needs the parser.
fn simple_scalar(text: &str) -> Option<Scalar<'_>> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let inner = quoted.strip_suffix('\'')?;
        let is_simple = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'\'';
        return inner.bytes().all(is_simple).then_some(Scalar::Text(inner));
    }
    let is_simple = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:%".contains(&byte);
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        || !text.bytes().all(is_simple)
        || text.ends_with(':')
    {
        return None;
    }
    Some(match text {
        "null" | "Null" | "NULL" => Scalar::Null,
        text => Scalar::Text(text),
    })
}

/// Parses a file. The parser bounds depth, nodes and aliases; the caller bounds the bytes.
pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.trim().is_empty() {
        return Err("empty".to_owned());
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let why = error.to_string();
        format!(
            "invalid YAML: {}",
            clean(why.lines().next().unwrap_or_default())
        )
    })
}

/// Empty for null.
pub(super) fn text(field: Field) -> Untrusted {
    field.unwrap_or_default().into()
}

/// `None` for what is not a number.
pub(super) fn integer(field: Option<&str>) -> Option<Millis> {
    let text = field?.trim();
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        number.is_finite().then_some(number as Millis)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_stay_text() {
        for digest in [
            "1234e567",
            "1e5",
            "0o17",
            "0123",
            "1_000",
            "12:30:45",
            "yes",
            "2020-01-01",
        ] {
            let meta: DatasetMeta = parse(&format!("digest: {digest}\nname: null\n")).unwrap();
            assert_eq!((meta.digest.as_deref(), meta.name), (Some(digest), None));
        }
        let meta: DatasetMeta = parse("name: 'null'\ndigest: ''\nsource: ~\n").unwrap();
        assert_eq!(
            (meta.name.as_deref(), meta.digest.as_deref(), meta.source),
            (Some("null"), Some(""), None)
        );
    }

    #[test]
    fn folded_and_escaped_scalars_are_joined() {
        let text =
            "name: 'a\n\n  b: it''s'\nsource: \"\\U0001F600 x\\\n  \\ y\"\nschema: one\n  two\n";
        let meta: DatasetMeta = parse(text).unwrap();
        assert_eq!(meta.name.as_deref(), Some("a\nb: it's"));
        assert_eq!(meta.source.as_deref(), Some("😀 x y"));
        assert_eq!(meta.schema.as_deref(), Some("one two"));
    }

    #[test]
    fn run_fields_of_all_versions_are_read() {
        let old: RunMeta = parse("run_uuid: a\nname: old\ntags: []\nstatus: 3\n").unwrap();
        assert_eq!(
            (old.id(), old.label(), old.run_status()),
            (Some("a"), "old", RunStatus::Finished)
        );
        let new: RunMeta = parse("run_id: b\nrun_name: new\nname: x\n").unwrap();
        assert_eq!(
            (new.id(), new.label(), new.run_status()),
            (Some("b"), "new", RunStatus::Running)
        );
        assert!(parse::<RunMeta>("run_id: [").is_err());
        assert_eq!(parse::<RunMeta>(" \n").unwrap_err(), "empty");
    }

    /// The two ways to read a run agree, or only the parser reads it.
    #[test]
    fn simple_files_are_read_as_the_parser_reads_them() {
        let values = [
            "1",
            "null",
            "NULL",
            "Null",
            "~",
            "''",
            "'a b'",
            "'it''s'",
            "'a",
            "a b",
            "a: b",
            "a #b",
            "a:",
            "a:b",
            "-1",
            "- a",
            "1e5",
            "0123",
            "file:///a/b%20c",
            "/abs/path",
            "\"a\"",
            "[]",
            "{}",
            "größe",
            "'größe'",
            "run-1.2_x",
            "@x",
            "*x",
            "&x",
            "!x",
            "|",
            "a\n  b",
            "a\n",
            "'a\n  b'",
            "'a\nb'",
            "",
            "yes",
            "'null'",
        ];
        for value in values {
            for text in [
                format!("run_id: r\nrun_name: {value}\ntags: []\nuser_id: u\n"),
                format!("other: {value}\nrun_id: r"),
            ] {
                let parsed = parse::<RunMeta>(&text);
                if let Some(flat) = RunMeta::parse_flat(&text) {
                    assert_eq!(
                        Ok(format!("{flat:?}")),
                        parsed.map(|meta| format!("{meta:?}")),
                        "{text}"
                    );
                }
            }
        }
        let simple = "artifact_uri: file:///a/b\nend_time: null\nentry_point_name: ''\nrun_id: '0123'\ntags: []\n";
        let meta = RunMeta::parse_flat(simple).unwrap();
        assert_eq!((meta.id(), meta.end_time.clone()), (Some("0123"), None));
        assert!(RunMeta::parse_flat("run_id: a\nrun_id: b\n").is_none());
        assert!(RunMeta::parse_flat("").is_none());
    }

    #[test]
    fn times_are_integers_or_floats() {
        assert_eq!(integer(Some("1795879068583")), Some(1_795_879_068_583));
        assert_eq!(integer(Some("1795879068583.7")), Some(1_795_879_068_583));
        assert_eq!(integer(Some("soon")), None);
        assert_eq!(integer(None), None);
    }
}
