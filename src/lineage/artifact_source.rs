//! The run and the folder in a version's source.

use crate::domain::RunId;

/// A parsed source of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArtifactSource {
    /// The run, if the source names one.
    pub run_id: Option<RunId>,
    /// The model's folder in the run's artifacts, without slashes at its ends; empty for the root.
    pub artifact_path: Option<String>,
}

impl ArtifactSource {
    /// Parses `runs:/ID/path`, a URI below the run's `artifact_uri` (MLflow 2 writes the resolved URI), or any URI with
    /// `/ID/artifacts/`, where ID has 32 hex digits.
    #[must_use]
    pub fn parse(source: &str, artifact_uri: Option<&str>) -> Self {
        if let Some(rest) = source.strip_prefix("runs:/") {
            let (run, path) = rest
                .trim_start_matches('/')
                .split_once('/')
                .unwrap_or((rest.trim_start_matches('/'), ""));
            return Self {
                run_id: (!run.is_empty()).then(|| run.into()),
                artifact_path: checked_folder(path),
            };
        }
        let root = artifact_uri
            .map(|uri| uri.trim_end_matches('/'))
            .filter(|uri| !uri.is_empty());
        let inside = root
            .and_then(|root| source.strip_prefix(root))
            .filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let (run, by_id) = parse_artifact_uri(source).unzip();
        Self {
            run_id: run,
            artifact_path: inside.and_then(checked_folder).or_else(|| by_id.flatten()),
        }
    }
}

/// The run and the folder in `…/ID/artifacts/folder`.
fn parse_artifact_uri(source: &str) -> Option<(RunId, Option<String>)> {
    source.match_indices("/artifacts").find_map(|(at, marker)| {
        let rest = source.get(at + marker.len()..)?;
        let id = source.get(..at)?.rsplit('/').next()?;
        let is_run = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        (is_run && (rest.is_empty() || rest.starts_with('/')))
            .then(|| (id.into(), checked_folder(rest)))
    })
}

/// The folder, unless it leads out of the run's artifacts.
fn checked_folder(path: &str) -> Option<String> {
    let path = path.trim_matches('/');
    let safe = !path.split('/').any(|part| part == ".." || part == ".")
        && !path.contains(['\\', '\0', '?', '#']);
    safe.then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "509d999966b1409482122f5d2e84c7a3";

    fn read(source: &str, artifact_uri: Option<&str>) -> (Option<String>, Option<String>) {
        let source = ArtifactSource::parse(source, artifact_uri);
        (
            source.run_id.map(|run| run.raw().to_owned()),
            source.artifact_path,
        )
    }

    #[test]
    fn all_run_source_formats_are_parsed() {
        let expected = (Some(ID.into()), Some("model".into()));
        assert_eq!(read(&format!("runs:/{ID}/model"), None), expected);
        assert_eq!(
            read(&format!("/tmp/mlruns/1/{ID}/artifacts/model"), None),
            expected
        );
        assert_eq!(
            read(&format!("mlflow-artifacts:/1/{ID}/artifacts/model/"), None),
            expected
        );
        assert_eq!(
            read(
                &format!("s3://bucket/artifacts/1/{ID}/artifacts/model"),
                None
            ),
            expected
        );
        assert_eq!(
            read("s3://b/odd/root/a/model", Some("s3://b/odd/root/")),
            (None, Some("a/model".into()))
        );
        assert_eq!(
            read(&format!("runs:/{ID}"), None),
            (Some(ID.into()), Some(String::new()))
        );
    }

    #[test]
    fn unrelated_sources_have_no_run() {
        for source in [
            "",
            "models:/m-1",
            "s3://bucket/model",
            "/x/artifacts/model",
            "REDACTED-SOURCE-PATH",
        ] {
            assert_eq!(read(source, Some("s3://buck")), (None, None), "{source}");
        }
    }

    #[test]
    fn escaping_paths_are_rejected() {
        for path in ["../../etc", "a/../../b", "a\\..\\b", "a?x=1", "a#b"] {
            assert_eq!(read(&format!("runs:/{ID}/{path}"), None).1, None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn parsing_arbitrary_sources_does_not_panic(source in any::<String>(), root in any::<Option<String>>()) {
            if let Some(path) = ArtifactSource::parse(&source, root.as_deref()).artifact_path {
                prop_assert!(!path.split('/').any(|part| part == ".."));
            }
        }
    }
}
