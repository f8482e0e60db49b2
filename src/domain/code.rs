//! The code version of a run, from MLflow's tags.

use super::run::{KeyValue, find_value};
use crate::text::untrusted::Untrusted;

/// The recorded code version; unrecorded parts are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Full git commit hash.
    pub commit: Option<Untrusted>,
    /// Git branch or reference.
    pub branch: Option<Untrusted>,
    /// URL of the repository.
    pub repository: Option<Untrusted>,
    /// Whether files differed from the commit; most clients of MLflow don't record it.
    pub is_dirty: Option<bool>,
    /// Diff between the files and the commit.
    pub diff: Option<Untrusted>,
    /// Script, notebook or project.
    pub source: Option<Untrusted>,
    /// `LOCAL`, `NOTEBOOK`, `JOB` or `PROJECT`.
    pub source_type: Option<Untrusted>,
    /// Entry point of an MLflow project.
    pub entry_point: Option<Untrusted>,
}

impl Code {
    /// Reads the tags of a run, or of a logged model with git versioning. Databricks' and MLflow's older
    /// tag names are fallbacks; empty values are ignored.
    #[must_use]
    pub fn from_tags(tags: &[KeyValue]) -> Self {
        let first = |keys: &[&str]| {
            keys.iter().find_map(|key| {
                find_value(tags, key)
                    .filter(|value| !value.is_empty())
                    .cloned()
            })
        };
        let diff = first(&["mlflow.source.git.diff"]);
        let dirty_tag =
            first(&["mlflow.source.git.dirty"]).map(|text| text.raw().eq_ignore_ascii_case("true"));
        Self {
            commit: first(&[
                "mlflow.source.git.commit",
                "mlflow.databricks.gitRepoCommit",
            ]),
            branch: first(&[
                "mlflow.source.git.branch",
                "mlflow.gitBranchName",
                "mlflow.databricks.gitRepoReference",
            ]),
            repository: first(&[
                "mlflow.source.git.repoURL",
                "mlflow.gitRepoURL",
                "mlflow.databricks.gitRepoUrl",
            ]),
            is_dirty: if diff.is_some() {
                Some(true)
            } else {
                dirty_tag
            },
            diff,
            source: first(&["mlflow.source.name"]),
            source_type: first(&["mlflow.source.type"]),
            entry_point: first(&["mlflow.project.entryPoint"]),
        }
    }

    /// The first seven characters of the commit, git's short form.
    #[must_use]
    pub fn short_commit(&self) -> Option<Untrusted> {
        self.commit
            .as_ref()
            .map(|commit| commit.raw().chars().take(7).collect::<String>().into())
    }

    /// Whether no part is recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diff_implies_dirty() {
        let tags = [
            KeyValue::new("mlflow.source.git.dirty", "false"),
            KeyValue::new("mlflow.source.git.diff", "-a\n+b"),
        ];
        assert_eq!(Code::from_tags(&tags).is_dirty, Some(true));
        assert_eq!(Code::from_tags(&tags[..1]).is_dirty, Some(false));
        assert_eq!(Code::from_tags(&[]).is_dirty, None);
    }

    #[test]
    fn older_tag_names_are_fallbacks() {
        let tags = [
            KeyValue::new("mlflow.source.git.repoURL", ""),
            KeyValue::new("mlflow.gitRepoURL", "git@host:a/b"),
        ];
        assert_eq!(
            Code::from_tags(&tags).repository,
            Some("git@host:a/b".into())
        );
        assert!(Code::from_tags(&tags[..1]).is_empty());
    }
}
