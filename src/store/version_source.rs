//! The source of a version that a local store creates, as MLflow's own stores take it.

use serde_json::{Value, json};

use crate::domain::{ModelName, RunId, VersionNumber};

/// The tag of a logged model that lists the versions created from it.
pub(super) const VERSIONS_TAG: &str = "mlflow.modelVersions";

/// What a source names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum VersionSource<'a> {
    /// A location. That is also `runs:/…`: MLflow finds the run's files when the model is loaded, wherever they are by then.
    Location(&'a str),
    /// Another version, by name and number.
    Version(&'a str, &'a str),
    /// A logged model, by its id.
    LoggedModel(&'a str),
}

impl<'a> VersionSource<'a> {
    /// Parses `runs:/…`, `models:/…` or a location. The error is for users.
    pub(super) fn parse(source: &'a str) -> Result<Self, &'static str> {
        let Some(model) = source.strip_prefix("models:/") else {
            return Ok(Self::Location(source));
        };
        match model.rsplit_once('/') {
            Some((name, version)) => Ok(Self::Version(name, version)),
            None if model.starts_with("m-") => Ok(Self::LoggedModel(model)),
            None => Err("the source is neither models:/NAME/VERSION nor models:/m-ID"),
        }
    }
}

/// The location of a version's files, and what it came from.
pub(super) struct ResolvedSource<M> {
    pub location: String,
    pub run_id: RunId,
    /// A logged model, as its store knows it.
    pub model: Option<M>,
}

impl<M> ResolvedSource<M> {
    /// A location, and the run that was named with it.
    pub(super) fn of_location(location: String, run_id: &RunId) -> Self {
        Self {
            location,
            run_id: run_id.clone(),
            model: None,
        }
    }
}

/// The run that was named with a source, else the one that its logged model came from.
pub(super) fn run_of_model(named: &RunId, of_model: RunId) -> RunId {
    if named.is_empty() {
        of_model
    } else {
        named.clone()
    }
}

/// The value of [`VERSIONS_TAG`] with one more version; `None` for a value that MLflow did not write, which is left alone.
pub(super) fn with_version(
    known: &str,
    name: &ModelName,
    version: VersionNumber,
) -> Option<String> {
    let mut versions = match serde_json::from_str(known) {
        Ok(Value::Array(versions)) => versions,
        _ if known.is_empty() => Vec::new(),
        _ => return None,
    };
    versions.push(json!({"name": name.raw(), "version": version.0}));
    Some(Value::Array(versions).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart_as_mlflow_does() {
        use VersionSource::{Location, LoggedModel, Version};
        for (source, expected) in [
            ("runs:/0a1b/model", Ok(Location("runs:/0a1b/model"))),
            ("s3://bucket/1/model", Ok(Location("s3://bucket/1/model"))),
            ("models:/churn/3", Ok(Version("churn", "3"))),
            ("models:/m-1f", Ok(LoggedModel("m-1f"))),
        ] {
            assert_eq!(VersionSource::parse(source), expected, "{source}");
        }
        assert!(VersionSource::parse("models:/churn").is_err());
    }

    #[test]
    fn list_of_versions_is_extended_or_left_alone() {
        let (name, version) = ("churn".into(), VersionNumber(3));
        let one = with_version("", &name, version).unwrap();
        assert_eq!(one, r#"[{"name":"churn","version":3}]"#);
        let two = with_version(&one, &name, VersionNumber(4)).unwrap();
        assert!(two.ends_with(r#",{"name":"churn","version":4}]"#), "{two}");
        for foreign in ["{}", "3", "not json"] {
            assert_eq!(with_version(foreign, &name, version), None, "{foreign}");
        }
    }
}
