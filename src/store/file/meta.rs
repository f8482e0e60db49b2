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

    #[test]
    fn times_are_integers_or_floats() {
        assert_eq!(integer(Some("1795879068583")), Some(1_795_879_068_583));
        assert_eq!(integer(Some("1795879068583.7")), Some(1_795_879_068_583));
        assert_eq!(integer(Some("soon")), None);
        assert_eq!(integer(None), None);
    }
}
