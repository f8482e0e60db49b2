//! Undo: a new intent that puts back what was there before, planned and checked like any other.

use super::draft::Draft;
use super::plan::PlanError;
use super::{Intent, Plan};
use crate::domain::{Alias, RegistryWrite, Stage, VersionNumber};

/// The intent that undoes a plan which was carried out; `created` is the version that it made.
#[must_use]
pub fn undo(entry: &str, plan: &Plan, created: Option<VersionNumber>) -> Intent {
    let stages = plan.after.stages.iter().filter_map(|(version, now)| {
        let before = plan.before.stages.get(version)?;
        (before != now).then_some((*version, *now, *before))
    });
    let names = plan.before.aliases.keys().chain(plan.after.aliases.keys());
    let mut aliases: Vec<_> = names
        .map(|alias| (alias.clone(), plan.after.aliases.get(alias).copied(), plan.before.aliases.get(alias).copied()))
        .filter(|(_, now, before)| now != before)
        .collect();
    aliases.sort();
    aliases.dedup();
    Intent::Undo {
        entry: entry.to_owned(),
        model: plan.intent.model().clone(),
        what: plan.intent.to_string(),
        stages: stages.collect(),
        aliases,
        created,
    }
}

/// Drafts an undo: refused where the world moved on.
pub(super) fn draft(
    draft: &mut Draft<'_>,
    stages: &[(VersionNumber, Stage, Stage)],
    aliases: &[(Alias, Option<VersionNumber>, Option<VersionNumber>)],
    created: Option<VersionNumber>,
) -> Result<(), PlanError> {
    let moved = moved_on(draft, stages, aliases);
    if !moved.is_empty() {
        return Err(PlanError::Refused(format!("the registry moved on since: {}", moved.join("; "))));
    }
    for (alias, now, before) in aliases {
        put_alias_back(draft, alias, *now, *before);
    }
    // A version that goes back to where it was served is moved before the one that took its place leaves: at no moment
    // is there nobody.
    let mut order: Vec<_> = stages.to_vec();
    order.sort_by_key(|(_, _, back)| !back.archives_others());
    for (version, now, back) in order {
        draft.record(version, "stage (undo)", now.as_str(), back.as_str());
        let write = RegistryWrite::TransitionStage { name: draft.reading.name.clone(), version, stage: back, archive_existing: false };
        draft.write(write, "stage", draft.target(version), now.to_string(), back.to_string());
        draft.after.stages.insert(version, back);
    }
    if let Some(version) = created {
        delete(draft, version)?;
    }
    Ok(())
}

/// What is not as the entry left it, in words.
fn moved_on(
    draft: &Draft<'_>,
    stages: &[(VersionNumber, Stage, Stage)],
    aliases: &[(Alias, Option<VersionNumber>, Option<VersionNumber>)],
) -> Vec<String> {
    let mut moved = Vec::new();
    for (version, expected, _) in stages {
        match draft.before.stages.get(version) {
            Some(now) if now == expected => {}
            Some(now) => moved.push(format!("{} is in {now} now, not in {expected}", draft.target(*version))),
            None => moved.push(format!("{} is there no more", draft.target(*version))),
        }
    }
    let holder = |version: Option<VersionNumber>| version.map_or_else(|| "nobody".to_owned(), |v| draft.target(v));
    for (alias, expected, back) in aliases {
        let now = draft.before.aliases.get(alias).copied();
        if now != *expected {
            moved.push(format!("@{} is at {} now, not at {}", alias.clean(), holder(now), holder(*expected)));
        }
        if let Some(back) = back.filter(|back| draft.reading.version(*back).is_none()) {
            moved.push(format!("{} is there no more", draft.target(back)));
        }
    }
    moved
}

fn put_alias_back(draft: &mut Draft<'_>, alias: &Alias, now: Option<VersionNumber>, before: Option<VersionNumber>) {
    let name = draft.reading.name.clone();
    let holder = |draft: &Draft<'_>, version: Option<VersionNumber>| version.map_or_else(|| "nobody".to_owned(), |v| draft.target(v));
    let (from, to) = (holder(draft, now), holder(draft, before));
    if let Some(version) = before.or(now).filter(|version| draft.reading.version(*version).is_some()) {
        draft.record(version, &format!("alias @{} (undo)", alias.raw()), &from, &to);
    }
    let write = match before {
        Some(version) => RegistryWrite::SetAlias { name, alias: alias.clone(), version },
        None => RegistryWrite::DeleteAlias { name, alias: alias.clone() },
    };
    draft.write(write, "alias", format!("@{}", alias.clean()), from, to);
    match before {
        Some(version) => draft.after.aliases.insert(alias.clone(), version),
        None => draft.after.aliases.remove(alias),
    };
}

/// A registration is undone by deleting its version, as long as nobody uses it.
fn delete(draft: &mut Draft<'_>, version: VersionNumber) -> Result<(), PlanError> {
    let target = draft.target(version);
    let found = draft.present(version)?;
    let aliases = draft.before.aliases.iter().filter(|(_, holder)| **holder == version);
    let mut places: Vec<String> = aliases.map(|(alias, _)| format!("@{}", alias.clean())).collect();
    if found.stage != Stage::None {
        places.push(found.stage.to_string());
    }
    if !places.is_empty() {
        return Err(PlanError::Refused(format!("{target} is in use, it holds {}: take that away first", places.join(", "))));
    }
    draft.warnings.push(format!("deleting {target} can't be undone; the run and its model stay, and can be registered again"));
    let write = RegistryWrite::DeleteVersion { name: draft.reading.name.clone(), version };
    draft.write(write, "delete version", target, format!("from {}", found.source.clean()), "deleted".into());
    draft.after.stages.remove(&version);
    Ok(())
}
