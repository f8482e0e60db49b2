//! The version to beat.

use super::{Intent, Place, Reading};
use crate::domain::{ModelVersion, Stage, VersionNumber};

/// The alias under which teams keep the version that serves.
const CHAMPION: &str = "champion";

/// The place that an intent fills: the one whose holder is to be beaten.
#[must_use]
pub fn target(intent: &Intent) -> Option<Place> {
    match intent {
        Intent::Move {
            to: to @ (Stage::Staging | Stage::Production),
            ..
        }
        | Intent::Request {
            to: to @ (Stage::Staging | Stage::Production),
            ..
        }
        | Intent::Answer {
            to: to @ (Stage::Staging | Stage::Production),
            ..
        } => Some(Place::Stage(*to)),
        Intent::SetAlias { alias, .. } | Intent::RemoveAlias { alias, .. } => {
            Some(Place::Alias(alias.clone()))
        }
        _ => None,
    }
}

/// The version to beat: the one that holds the place that is to be filled, else the champion, else the newest in Production.
/// The candidate is never its own champion; being archived is no place to be beaten for.
#[must_use]
pub fn champion<'a>(
    target: Option<&Place>,
    candidate: Option<VersionNumber>,
    reading: &'a Reading,
) -> Option<&'a ModelVersion> {
    let places = [
        target.cloned(),
        Some(Place::Alias(CHAMPION.into())),
        Some(Place::Stage(Stage::Production)),
    ];
    places
        .into_iter()
        .flatten()
        .find_map(|place| holder(&place, candidate, reading))
}

/// The newest version other than the candidate that holds a place.
fn holder<'a>(
    place: &Place,
    candidate: Option<VersionNumber>,
    reading: &'a Reading,
) -> Option<&'a ModelVersion> {
    let others = reading
        .versions
        .iter()
        .filter(|version| Some(version.version) != candidate);
    match place {
        Place::Stage(stage) => others
            .filter(|version| version.stage == *stage)
            .max_by_key(|version| version.version),
        Place::Alias(alias) => {
            let number = reading.model.as_ref()?.alias(alias.raw())?;
            others.into_iter().find(|version| version.version == number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Alias, RegisteredModel, VersionNumber, VersionStatus};
    use crate::text::Untrusted;

    fn version(number: u64, stage: Stage) -> ModelVersion {
        ModelVersion {
            name: "iris".into(),
            version: VersionNumber(number),
            creation_time: None,
            last_updated_time: None,
            user: Untrusted::default(),
            stage,
            stage_text: stage.as_str().into(),
            description: Untrusted::default(),
            source: "runs:/a/model".into(),
            run_id: "a".into(),
            status: VersionStatus::Ready,
            status_message: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
        }
    }

    fn reading(stages: &[Stage], aliases: &[(&str, u64)]) -> Reading {
        let model = RegisteredModel {
            name: "iris".into(),
            creation_time: None,
            last_updated_time: None,
            description: Untrusted::default(),
            tags: Vec::new(),
            aliases: aliases
                .iter()
                .map(|(alias, number)| (Alias::from(*alias), VersionNumber(*number)))
                .collect(),
            latest_versions: Vec::new(),
        };
        let numbered: Vec<_> = stages.iter().zip(1..).collect();
        let versions = numbered
            .into_iter()
            .rev()
            .map(|(stage, number)| version(number, *stage))
            .collect();
        Reading::of_model("here", &"iris".into(), Some(model), versions)
    }

    fn to(number: u64, to: Stage) -> Intent {
        Intent::Move {
            model: "iris".into(),
            version: VersionNumber(number),
            to,
            archive_existing: true,
        }
    }

    fn beaten(intent: &Intent, reading: &Reading) -> Option<u64> {
        champion(target(intent).as_ref(), intent.version(), reading)
            .map(|version| version.version.0)
    }

    #[test]
    fn the_holder_of_the_place_is_the_one_to_beat() {
        let reading = reading(
            &[
                Stage::Production,
                Stage::Production,
                Stage::Staging,
                Stage::None,
            ],
            &[("champion", 1)],
        );
        assert_eq!(beaten(&to(4, Stage::Production), &reading), Some(2));
        assert_eq!(beaten(&to(4, Stage::Staging), &reading), Some(3));
        assert_eq!(beaten(&to(4, Stage::Archived), &reading), Some(1));
        let register = Intent::Register {
            run: "a".into(),
            source: "runs:/a/model".into(),
            model: "iris".into(),
            again: false,
            instead_of: None,
        };
        assert_eq!(beaten(&register, &reading), Some(1));
    }

    #[test]
    fn nobody_beats_themselves() {
        let alone = reading(
            &[Stage::None, Stage::Production],
            &[("champion", 2), ("gone", 9)],
        );
        assert_eq!(beaten(&to(2, Stage::Production), &alone), None);
        let set = |alias: &str| Intent::SetAlias {
            model: "iris".into(),
            alias: alias.into(),
            version: VersionNumber(1),
        };
        assert_eq!(beaten(&set("champion"), &alone), Some(2));
        assert_eq!(beaten(&set("gone"), &alone), Some(2));
    }
}
