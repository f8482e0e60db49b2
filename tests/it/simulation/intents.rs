//! What promoters want.

use frontrunner::domain::{Stage, VersionNumber};
use frontrunner::ops::journal::Journal;
use frontrunner::promotion::{Decision, Intent, undo_intent};

use super::Random;
use crate::promotion::cases::{
    answer_request, delete_runs, register, set_alias, tag, to_stage, world_with_metadata,
    world_with_open_request,
};
use crate::support::fake_store::FakeRegistry;
use crate::support::metadata;

const STAGES: [Stage; 4] = [
    Stage::None,
    Stage::Staging,
    Stage::Production,
    Stage::Archived,
];
const ALIASES: [&str; 3] = ["champion", "challenger", "old"];
const RUNS: [&str; 4] = ["run9", "run1", "run2", "run3"];

/// The registry that an episode begins with.
pub fn start_registry(random: &mut Random) -> FakeRegistry {
    match random.below(5) {
        0 => FakeRegistry::new(),
        1 => FakeRegistry::iris_with_unassigned_version(),
        2 => world_with_metadata(),
        3 => world_with_open_request(),
        _ => FakeRegistry::iris(),
    }
}

/// Something to change in what is there now.
pub fn random_intent(random: &mut Random, registry: &FakeRegistry, journal: &Journal) -> Intent {
    let numbers: Vec<u64> = registry.versions.iter().map(|v| v.version.0).collect();
    let version = random.choose(&numbers).copied().unwrap_or(1);
    let alias = *random.choose(&ALIASES).unwrap();
    let run = *random.choose(&RUNS).unwrap();
    let text = format!("{}", random.below(1000));
    match random.below(16) {
        0..4 => to_stage(
            version,
            *random.choose(&STAGES).unwrap(),
            random.below(2) == 0,
        ),
        4..7 => set_alias(alias, version),
        7..10 => register(run),
        10 => Intent::RemoveAlias {
            model: "iris".into(),
            alias: alias.into(),
        },
        11 => tag("team", (random.below(3) > 0).then_some(text.as_str())),
        12 => Intent::Describe {
            owner: match random.below(3) {
                0 => metadata::version("iris", version),
                1 => metadata::model("iris"),
                _ => metadata::run(run),
            },
            text: text.as_str().into(),
        },
        13 => match random.below(3) {
            0 => Intent::DeleteVersion {
                model: "iris".into(),
                version: VersionNumber(version),
            },
            1 => delete_runs(&[run]),
            _ => Intent::RestoreRuns {
                runs: vec![run.into()],
            },
        },
        14 => answer_request(if random.below(2) == 0 {
            Decision::Approve
        } else {
            Decision::Reject
        }),
        _ => undo(random, journal).unwrap_or_else(|| set_alias(alias, version)),
    }
}

/// The undo of an entry of the journal.
fn undo(random: &mut Random, journal: &Journal) -> Option<Intent> {
    let entries = journal.entries("memory").unwrap();
    let entry = random.choose(&entries)?;
    Some(undo_intent(&entry.id, &entry.plan, entry.created_version))
}
