//! Who holds which place, and what a write makes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::RegistryChange;
use crate::domain::{Alias, Lifecycle, RunId, Stage, StoreWrite, VersionNumber};

/// Who holds which place, and which runs are in use: what a plan changes and a read-back is compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryState {
    /// Every version's stage.
    pub stages: BTreeMap<VersionNumber, Stage>,
    /// Every alias and the version it leads to.
    pub aliases: BTreeMap<Alias, VersionNumber>,
    /// Whether each run is in use, for what is about runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<RunId, Lifecycle>,
    /// The open requests to move a version to a stage, where they were read.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub requests: BTreeSet<(VersionNumber, Stage)>,
}

impl RegistryState {
    /// The versions in a stage, lowest first.
    #[must_use]
    pub fn versions_in_stage(&self, stage: Stage) -> Vec<VersionNumber> {
        self.stages
            .iter()
            .filter(|(_, held)| **held == stage)
            .map(|(version, _)| *version)
            .collect()
    }

    /// The aliases that lead to a version.
    #[must_use]
    pub fn aliases_of(&self, version: VersionNumber) -> Vec<&Alias> {
        self.aliases
            .iter()
            .filter(|(_, holder)| **holder == version)
            .map(|(alias, _)| alias)
            .collect()
    }

    /// What a write makes of it, as MLflow does: archiving moves every other version of the stage, deleting a
    /// version takes its aliases. A version that is made has no number yet and changes nothing here.
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
            | StoreWrite::SetVersionTag { .. }
            | StoreWrite::DeleteVersionTag { .. }
            | StoreWrite::SetDescription { .. } => {}
        }
    }

    fn transition(&mut self, version: VersionNumber, stage: Stage, archive_existing: bool) {
        if archive_existing {
            for (other, held) in &mut self.stages {
                if *other != version && *held == stage {
                    *held = Stage::Archived;
                }
            }
        }
        self.stages.insert(version, stage);
    }

    /// What is different in `after`: stages of versions and lifecycles of runs that are in both, aliases, and requests.
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

#[cfg(test)]
mod tests {
    use super::super::Subject;
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
