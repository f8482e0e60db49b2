//! The champion: the version that a candidate is compared with.

use super::{Intent, RegistrySnapshot};
use crate::domain::{ModelVersion, Slot, Stage, VersionNumber};
use crate::text::untrusted::clean;

/// The alias of the version to beat.
pub const CHAMPION_ALIAS: &str = "champion";

/// The slot that an intent fills or empties.
#[must_use]
pub fn target_slot(intent: &Intent) -> Option<Slot> {
    match intent {
        Intent::TransitionStage {
            to: to @ (Stage::Staging | Stage::Production),
            ..
        }
        | Intent::RequestTransition {
            to: to @ (Stage::Staging | Stage::Production),
            ..
        }
        | Intent::ResolveRequest {
            to: to @ (Stage::Staging | Stage::Production),
            ..
        } => Some(Slot::Stage(*to)),
        Intent::SetAlias { alias, .. } | Intent::RemoveAlias { alias, .. } => {
            Some(Slot::Alias(alias.clone()))
        }
        _ => None,
    }
}

/// The slot whose holder a candidate is compared with: the one that an intent fills or empties, or is about.
#[must_use]
pub fn compared_slot(intent: &Intent) -> Option<Slot> {
    match intent {
        Intent::Review { slot, .. } => Some(slot.clone()),
        _ => target_slot(intent),
    }
}

/// The holder of the slot, else of `@champion`, else of Production; never the candidate itself. Of several holders of a stage it
/// is the one with `@champion`, else the newest.
#[must_use]
pub fn find_champion<'a>(
    slot: Option<&Slot>,
    candidate: Option<VersionNumber>,
    snapshot: &'a RegistrySnapshot,
) -> Option<&'a ModelVersion> {
    let slots = [
        slot.cloned(),
        Some(Slot::Alias(CHAMPION_ALIAS.into())),
        Some(Slot::Stage(Stage::Production)),
    ];
    slots
        .into_iter()
        .flatten()
        .find_map(|slot| newest_holder(&slot, candidate, snapshot))
}

/// Why a missing champion is not simply "nobody": its alias points to a version that does not exist. One cleaned line;
/// `None` if there is a champion, or if no alias would name it.
#[must_use]
pub fn dangling_champion(
    slot: Option<&Slot>,
    candidate: Option<VersionNumber>,
    snapshot: &RegistrySnapshot,
) -> Option<String> {
    if find_champion(slot, candidate, snapshot).is_some() {
        return None;
    }
    let of_slot = match slot {
        Some(Slot::Alias(alias)) => Some(alias.raw()),
        _ => None,
    };
    [of_slot, Some(CHAMPION_ALIAS)]
        .into_iter()
        .flatten()
        .find_map(|alias| describe_dangling(alias, snapshot))
}

/// The line about an alias that points to a version that does not exist.
fn describe_dangling(alias: &str, snapshot: &RegistrySnapshot) -> Option<String> {
    let number = snapshot.model.as_ref()?.version_for_alias(alias)?;
    snapshot.version(number).is_none().then(|| {
        format!(
            "@{} points to {}, which does not exist",
            clean(alias),
            snapshot.subject.label(number)
        )
    })
}

fn newest_holder<'a>(
    slot: &Slot,
    candidate: Option<VersionNumber>,
    snapshot: &'a RegistrySnapshot,
) -> Option<&'a ModelVersion> {
    let others = snapshot
        .versions
        .iter()
        .filter(|version| Some(version.version) != candidate);
    let version_for = |alias: &str| snapshot.model.as_ref()?.version_for_alias(alias);
    match slot {
        Slot::Stage(stage) => {
            others
                .filter(|version| version.stage == *stage)
                .max_by_key(|version| {
                    let has_alias = version_for(CHAMPION_ALIAS) == Some(version.version);
                    (has_alias, version.version)
                })
        }
        Slot::Alias(alias) => {
            let number = version_for(alias.raw())?;
            others.into_iter().find(|version| version.version == number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alias, RegisteredModel, VersionNumber};

    fn version(number: u64, stage: Stage) -> ModelVersion {
        ModelVersion {
            stage,
            stage_text: stage.as_str().into(),
            source: "runs:/a/model".into(),
            run_id: "a".into(),
            ..ModelVersion::bare("iris".into(), VersionNumber(number))
        }
    }

    fn snapshot(stages: &[Stage], aliases: &[(&str, u64)]) -> RegistrySnapshot {
        let model = RegisteredModel {
            aliases: aliases
                .iter()
                .map(|(alias, number)| (Alias::from(*alias), VersionNumber(*number)))
                .collect(),
            ..RegisteredModel::bare("iris".into())
        };
        let numbered: Vec<_> = stages.iter().zip(1..).collect();
        let versions = numbered
            .into_iter()
            .rev()
            .map(|(stage, number)| version(number, *stage))
            .collect();
        RegistrySnapshot::for_model("here", &"iris".into(), Some(model), versions)
    }

    fn transition_to(number: u64, to: Stage) -> Intent {
        Intent::TransitionStage {
            model: "iris".into(),
            version: VersionNumber(number),
            to,
            archive_existing: true,
        }
    }

    fn champion_number(intent: &Intent, snapshot: &RegistrySnapshot) -> Option<u64> {
        find_champion(target_slot(intent).as_ref(), intent.version(), snapshot)
            .map(|version| version.version.0)
    }

    #[test]
    fn holder_of_the_slot_is_the_champion() {
        let snapshot = snapshot(
            &[
                Stage::Production,
                Stage::Production,
                Stage::Staging,
                Stage::None,
            ],
            &[("champion", 1)],
        );
        assert_eq!(
            champion_number(&transition_to(4, Stage::Production), &snapshot),
            Some(1),
            "of the two in Production, the one with @champion"
        );
        assert_eq!(
            champion_number(&transition_to(4, Stage::Staging), &snapshot),
            Some(3)
        );
        assert_eq!(
            champion_number(&transition_to(4, Stage::Archived), &snapshot),
            Some(1)
        );
        let register = Intent::Register {
            run: "a".into(),
            source: "runs:/a/model".into(),
            model: "iris".into(),
            allow_duplicate: false,
            replaces: None,
        };
        assert_eq!(champion_number(&register, &snapshot), Some(1));
    }

    #[test]
    fn candidate_is_never_its_own_champion() {
        let alone = snapshot(
            &[Stage::None, Stage::Production],
            &[("champion", 2), ("gone", 9)],
        );
        assert_eq!(
            champion_number(&transition_to(2, Stage::Production), &alone),
            None
        );
        let set = |alias: &str| Intent::SetAlias {
            model: "iris".into(),
            alias: alias.into(),
            version: VersionNumber(1),
        };
        assert_eq!(champion_number(&set("champion"), &alone), Some(2));
        assert_eq!(champion_number(&set("gone"), &alone), Some(2));
    }

    #[test]
    fn alias_without_its_version_is_dangling_unless_another_slot_has_a_champion() {
        let to = |slot: &str| slot.parse::<Slot>().unwrap();
        let why = |slot: &str, snapshot: &RegistrySnapshot| {
            dangling_champion(Some(&to(slot)), Some(VersionNumber(2)), snapshot)
        };
        let dangling = snapshot(&[Stage::None, Stage::None], &[("champion", 9)]);
        let line = Some("@champion points to iris/9, which does not exist".to_owned());
        assert_eq!(why("Production", &dangling), line);
        assert_eq!(why("@champion", &dangling), line);
        let held = snapshot(&[Stage::Production, Stage::None], &[("champion", 9)]);
        assert_eq!(why("@champion", &held), None);
        let empty = snapshot(&[Stage::None, Stage::None], &[]);
        assert_eq!(why("@champion", &empty), None);
    }
}
