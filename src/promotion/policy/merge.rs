//! Policies of several files as one: each can only tighten the others.

use super::file::{ModelPolicy, Policy};

/// A file of a merged policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicySource {
    /// As the user would name it.
    pub path: String,
    /// Whether it belongs to the project rather than to the user.
    pub is_project: bool,
    /// Whether it forbids writes.
    pub is_read_only: bool,
}

impl Policy {
    /// All rules of all files. Who can override gates of one file is said in that file only.
    #[must_use]
    pub fn merge(parts: impl IntoIterator<Item = (String, bool, Self)>) -> Self {
        let mut merged = Self::default();
        for (path, is_project, part) in parts {
            let source = merged.sources.len();
            merged.is_read_only |= part.is_read_only;
            merged.models.extend(
                part.models
                    .into_iter()
                    .map(|model| ModelPolicy { source, ..model }),
            );
            merged.sources.push(PolicySource {
                path,
                is_project,
                is_read_only: part.is_read_only,
            });
        }
        merged
    }

    /// The paths of the files, separated by commas.
    #[must_use]
    pub fn source_paths(&self) -> Vec<String> {
        self.sources
            .iter()
            .map(|source| source.path.clone())
            .collect()
    }

    /// The first file that forbids writes.
    #[must_use]
    pub fn read_only_source(&self) -> Option<&str> {
        let source = self.sources.iter().find(|source| source.is_read_only);
        source.map(|source| source.path.as_str())
    }

    pub(super) fn is_project(&self, rules: &ModelPolicy) -> bool {
        self.sources
            .get(rules.source)
            .is_some_and(|source| source.is_project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slot;

    fn merged(own: &str, project: &str) -> Policy {
        Policy::merge([
            ("policy.toml".to_owned(), false, Policy::parse(own).unwrap()),
            (
                "frontrunner.toml".to_owned(),
                true,
                Policy::parse(project).unwrap(),
            ),
        ])
    }

    #[test]
    fn project_cannot_lift_the_user_s_rules() {
        let own = "read_only = true\n[model.'*']\ntags = true\nprotected = ['Staging']\n\
                   [[model.'*'.gate]]\nname = 'g'\nrequire = 'false'\n";
        for project in [
            "",
            "read_only = false",
            "[model.'*']\ntags = false\nprotected = []\noverrides = ['ana']",
        ] {
            let policy = merged(own, project);
            assert_eq!(policy.read_only_source(), Some("policy.toml"));
            assert_eq!(policy.writes_tags(&"iris".into()), Some(true));
            let protected = policy.protected_slots(&"iris".into(), Vec::new());
            assert_eq!(protected, ["Staging".parse::<Slot>().unwrap()]);
            assert_eq!(
                policy
                    .models
                    .iter()
                    .map(|model| model.gates.len())
                    .sum::<usize>(),
                1
            );
        }
    }

    #[test]
    fn project_adds_to_the_settings() {
        let policy = merged("", "read_only = true\n[model.'*']\nprotected = ['@live']");
        let settings = Slot::default_protected();
        let protected = policy.protected_slots(&"iris".into(), settings.clone());
        assert_eq!(protected.len(), settings.len() + 1);
        assert_eq!(policy.read_only_source(), Some("frontrunner.toml"));
    }
}
