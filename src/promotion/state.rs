//! Registry state: holders of slots, and how writes change them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::domain::{Alias, Lifecycle, RunId, Slot, Stage, StoreWrite, VersionNumber};

/// What a plan changes, and what a read-back is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryState {
    /// Stage of every version.
    pub stages: BTreeMap<VersionNumber, Stage>,
    /// Version that each alias points to.
    pub aliases: BTreeMap<Alias, VersionNumber>,
    /// Lifecycle of the runs, for intents on runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<RunId, Lifecycle>,
    /// Open transition requests, if they were read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub requests: BTreeSet<(VersionNumber, Stage)>,
}

impl RegistryState {
    /// Versions in a stage, lowest first.
    #[must_use]
    pub fn versions_in_stage(&self, stage: Stage) -> Vec<VersionNumber> {
        self.stages
            .iter()
            .filter(|(_, current)| **current == stage)
            .map(|(version, _)| *version)
            .collect()
    }

    /// Aliases that point to a version.
    #[must_use]
    pub fn aliases_of(&self, version: VersionNumber) -> Vec<&Alias> {
        self.aliases
            .iter()
            .filter(|(_, holder)| **holder == version)
            .map(|(alias, _)| alias)
            .collect()
    }

    /// Applies a write as MLflow does: archiving moves every other version of the stage, deleting a version removes its aliases.
    /// A created version has no number yet and changes nothing here.
    pub fn apply(&mut self, write: &StoreWrite) {
        match write {
            StoreWrite::TransitionStage {
                version,
                stage,
                archive_existing,
                ..
            } => self.transition(*version, *stage, *archive_existing),
            StoreWrite::ApproveTransition {
                version,
                stage,
                archive_existing,
                ..
            } => {
                self.requests.remove(&(*version, *stage));
                self.transition(*version, *stage, *archive_existing);
            }
            StoreWrite::RequestTransition { version, stage, .. } => {
                self.requests.insert((*version, *stage));
            }
            StoreWrite::RejectTransition { version, stage, .. }
            | StoreWrite::WithdrawTransition { version, stage, .. } => {
                self.requests.remove(&(*version, *stage));
            }
            StoreWrite::SetAlias { alias, version, .. } => {
                self.aliases.insert(alias.clone(), *version);
            }
            StoreWrite::DeleteAlias { alias, .. } => {
                self.aliases.remove(alias);
            }
            StoreWrite::DeleteVersion { version, .. } => {
                self.stages.remove(version);
                self.aliases.retain(|_, holder| holder != version);
            }
            StoreWrite::DeleteRun { run } => {
                self.runs.insert(run.clone(), Lifecycle::Deleted);
            }
            StoreWrite::RestoreRun { run } => {
                self.runs.insert(run.clone(), Lifecycle::Active);
            }
            StoreWrite::CreateModel { .. }
            | StoreWrite::CreateVersion { .. }
            | StoreWrite::Metadata(_) => {}
        }
    }

    fn transition(&mut self, version: VersionNumber, stage: Stage, archive_existing: bool) {
        if archive_existing {
            for (other, current) in &mut self.stages {
                if *other != version && *current == stage {
                    *current = Stage::Archived;
                }
            }
        }
        self.stages.insert(version, stage);
    }

    /// Differences to `after`: stages of versions and lifecycles of runs in both, aliases, and requests.
    #[must_use]
    pub fn diff(&self, after: &Self) -> Vec<RegistryChange> {
        let stages = self.stages.iter().filter_map(|(version, from)| {
            let to = after.stages.get(version)?;
            (from != to).then_some(RegistryChange::Stage {
                version: *version,
                from: *from,
                to: *to,
            })
        });
        let aliases = self.aliases.keys().chain(
            after
                .aliases
                .keys()
                .filter(|alias| !self.aliases.contains_key(*alias)),
        );
        let aliases = aliases.filter_map(|alias| {
            let (from, to) = (
                self.aliases.get(alias).copied(),
                after.aliases.get(alias).copied(),
            );
            (from != to).then(|| RegistryChange::Alias {
                alias: alias.clone(),
                from,
                to,
            })
        });
        let runs = self.runs.iter().filter_map(|(run, from)| {
            let to = after.runs.get(run)?;
            (from != to).then(|| RegistryChange::Run {
                run: run.clone(),
                from: *from,
                to: *to,
            })
        });
        let requests = self.requests.symmetric_difference(&after.requests);
        let requests = requests.map(|(version, stage)| RegistryChange::Request {
            version: *version,
            stage: *stage,
            is_open: after.requests.contains(&(*version, *stage)),
        });
        stages.chain(aliases).chain(runs).chain(requests).collect()
    }
}

/// A change of a stage, an alias, a run's lifecycle, or a transition request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RegistryChange {
    /// Stage transition.
    Stage {
        /// Version that moves.
        version: VersionNumber,
        /// Stage before.
        from: Stage,
        /// Stage after.
        to: Stage,
    },
    /// Alias set, moved or removed.
    Alias {
        /// Without the `@`.
        alias: Alias,
        /// Holder before.
        from: Option<VersionNumber>,
        /// Holder after.
        to: Option<VersionNumber>,
    },
    /// Run deleted or restored.
    Run {
        /// Run id.
        run: RunId,
        /// Lifecycle before.
        from: Lifecycle,
        /// Lifecycle after.
        to: Lifecycle,
    },
    /// Transition request created, answered or withdrawn.
    Request {
        /// Requested version.
        version: VersionNumber,
        /// Requested stage.
        #[serde(rename = "asked")]
        stage: Stage,
        /// Whether it is open afterwards.
        is_open: bool,
    },
}

impl RegistryChange {
    /// Slots that lose or gain a holder.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Stage { from, to, .. } => vec![Slot::Stage(*from), Slot::Stage(*to)],
            Self::Alias { alias, .. } => vec![Slot::Alias(alias.clone())],
            Self::Run { .. } | Self::Request { .. } => Vec::new(),
        }
    }

    /// Cleaned: `iris/3`, `@champion` or `run 0a1b2c3d`.
    #[must_use]
    pub fn target(&self, subject: &Subject) -> String {
        match self {
            Self::Stage { version, .. } => subject.label(*version),
            Self::Alias { alias, .. } => format!("@{}", alias.clean()),
            Self::Run { run, .. } => format!("run {}", run.short()),
            Self::Request { version, stage, .. } => {
                format!("request to move {} to {stage}", subject.label(*version))
            }
        }
    }

    /// Value before, cleaned.
    #[must_use]
    pub fn before(&self, subject: &Subject) -> String {
        match self {
            Self::Stage { from, .. } => from.to_string(),
            Self::Alias { from, .. } => holder_label(subject, *from),
            Self::Run { from, .. } => from.as_str().to_owned(),
            Self::Request { is_open, .. } => open_label(!is_open),
        }
    }

    /// Value after, cleaned.
    #[must_use]
    pub fn after(&self, subject: &Subject) -> String {
        match self {
            Self::Stage { to, .. } => to.to_string(),
            Self::Alias { to, .. } => holder_label(subject, *to),
            Self::Run { to, .. } => to.as_str().to_owned(),
            Self::Request { is_open, .. } => open_label(*is_open),
        }
    }

    /// One cleaned line: `iris/3: Staging → Production`.
    #[must_use]
    pub fn describe(&self, subject: &Subject) -> String {
        format!(
            "{}: {} → {}",
            self.target(subject),
            self.before(subject),
            self.after(subject)
        )
    }
}

fn open_label(is_open: bool) -> String {
    if is_open { "open" } else { "none" }.to_owned()
}

fn holder_label(subject: &Subject, version: Option<VersionNumber>) -> String {
    version.map_or_else(|| "no version".to_owned(), |version| subject.label(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(stages: &[(u64, Stage)], aliases: &[(&str, u64)]) -> RegistryState {
        RegistryState {
            stages: stages
                .iter()
                .map(|(version, stage)| (VersionNumber(*version), *stage))
                .collect(),
            aliases: aliases
                .iter()
                .map(|(alias, version)| ((*alias).into(), VersionNumber(*version)))
                .collect(),
            ..RegistryState::default()
        }
    }

    #[test]
    fn archive_existing_archives_every_other_version_of_the_stage() {
        let mut now = state(
            &[
                (1, Stage::Production),
                (2, Stage::Production),
                (3, Stage::Staging),
            ],
            &[],
        );
        let before = now.clone();
        now.apply(&StoreWrite::TransitionStage {
            name: "iris".into(),
            version: VersionNumber(3),
            stage: Stage::Production,
            archive_existing: true,
        });
        assert_eq!(
            now,
            state(
                &[
                    (1, Stage::Archived),
                    (2, Stage::Archived),
                    (3, Stage::Production)
                ],
                &[]
            )
        );
        assert_eq!(before.diff(&now).len(), 3);
    }

    #[test]
    fn deleting_a_version_removes_its_aliases() {
        let mut now = state(&[(1, Stage::None), (2, Stage::None)], &[("a", 1), ("b", 2)]);
        now.apply(&StoreWrite::DeleteVersion {
            name: "iris".into(),
            version: VersionNumber(1),
        });
        assert_eq!(now, state(&[(2, Stage::None)], &[("b", 2)]));
    }

    #[test]
    fn diff_reports_added_removed_and_moved_aliases() {
        let changes = state(&[], &[("goes", 1), ("moves", 1), ("stays", 1)])
            .diff(&state(&[], &[("comes", 2), ("moves", 2), ("stays", 1)]));
        let descriptions: Vec<String> = changes
            .iter()
            .map(|change| change.describe(&Subject::Model("iris".into())))
            .collect();
        assert_eq!(
            descriptions,
            [
                "@goes: iris/1 → no version",
                "@moves: iris/1 → iris/2",
                "@comes: no version → iris/2"
            ]
        );
    }
}
