//! Verification: what a read-back says of a plan that was carried out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Plan, Reading, State};
use crate::domain::{RegistryWrite, Stage, VersionNumber};

/// How a plan ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The registry is as the plan said, also after it settled.
    Verified,
    /// Nothing was changed.
    NotApplied {
        /// Why, cleaned.
        why: String,
    },
    /// Something else is there: shown, never fixed by itself.
    Conflict {
        /// Each difference, cleaned: `iris/4 is in Production, too`.
        found: Vec<String>,
    },
    /// Not known: the store could not be asked.
    Unknown {
        /// Why, cleaned.
        why: String,
    },
}

/// Compares a read-back with what the plan predicted. `created` is the version that the plan made, if it made one.
#[must_use]
pub fn judge(plan: &Plan, created: Option<VersionNumber>, now: &Reading) -> Outcome {
    let creates = plan.writes().any(|(_, write)| matches!(write, RegistryWrite::CreateVersion { .. }));
    let mut expected = plan.after.clone();
    if let Some(version) = created {
        expected.stages.insert(version, Stage::None);
    }
    let found = now.state();
    let mut differences = differences(plan, &expected, &found);
    if let Some(version) = created {
        differences.extend(made_otherwise(plan, version, now));
    }
    if differences.is_empty() && (created.is_some() || !creates) {
        return Outcome::Verified;
    }
    if found == plan.before {
        return Outcome::NotApplied { why: "the registry is as it was before".into() };
    }
    if creates && created.is_none() {
        differences.push("no version carries this intent's tag".into());
    }
    Outcome::Conflict { found: differences }
}

/// What is not as expected, in words.
fn differences(plan: &Plan, expected: &State, found: &State) -> Vec<String> {
    let name = plan.intent.model().clean();
    let mut words = Vec::new();
    let numbers: BTreeSet<_> = expected.stages.keys().chain(found.stages.keys()).collect();
    for number in numbers {
        match (expected.stages.get(number), found.stages.get(number)) {
            (Some(wanted), Some(is)) if wanted != is => words.push(format!("{name}/{number} is in {is}, not in {wanted}")),
            (Some(_), None) => words.push(format!("{name}/{number} is there no more")),
            (None, Some(is)) => words.push(format!("{name}/{number} is there, too, in {is}")),
            _ => {}
        }
    }
    let holder = |version: Option<&VersionNumber>| version.map_or_else(|| "nobody".to_owned(), |v| format!("{name}/{v}"));
    let aliases: BTreeSet<_> = expected.aliases.keys().chain(found.aliases.keys()).collect();
    for alias in aliases {
        let (wanted, is) = (expected.aliases.get(alias), found.aliases.get(alias));
        if wanted != is {
            words.push(format!("@{} is at {}, not at {}", alias.clean(), holder(is), holder(wanted)));
        }
    }
    let serving = found.stages.values().filter(|stage| **stage == Stage::Production).count();
    let wanted = expected.stages.values().filter(|stage| **stage == Stage::Production).count();
    if serving > 1 && serving > wanted {
        words.push(format!("{serving} versions of {name} are in Production"));
    }
    words
}

/// Whether the version that was made is the one that was meant.
fn made_otherwise(plan: &Plan, version: VersionNumber, now: &Reading) -> Option<String> {
    let (source, run) = plan.writes().find_map(|(_, write)| match write {
        RegistryWrite::CreateVersion { source, run_id, .. } => Some((source, run_id)),
        _ => None,
    })?;
    let found = now.version(version)?;
    let same = found.source == *source && found.run_id == *run;
    (!same).then(|| format!("{}/{version} was made from {}, not from {}", found.name.clean(), found.source.clean(), source.clean()))
}
