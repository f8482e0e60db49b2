//! Planning an undo: everything is where the entry left it, or the world moved on and there is no plan.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::note::{say, short};
use super::relocate::is_active;
use super::{Change, INTENT_TAG, PlanError, Said, request, trash};
use crate::domain::{Alias, Lifecycle, Millis, RegistryWrite, RunId, Stage, VersionNumber};

/// What is to be put back.
pub(super) struct Wanted<'a> {
    pub entry: &'a str,
    pub stages: &'a [(VersionNumber, Stage, Stage)],
    pub aliases: &'a [(Alias, Option<VersionNumber>, Option<VersionNumber>)],
    pub created: Option<VersionNumber>,
    pub made: &'a BTreeMap<VersionNumber, Option<Millis>>,
    pub said: &'a [Said],
    pub lifecycles: &'a [(RunId, Lifecycle, Lifecycle)],
    pub requests: &'a [(VersionNumber, Stage)],
}

impl Wanted<'_> {
    fn is_empty(&self) -> bool {
        let places = self.stages.is_empty() && self.aliases.is_empty() && self.created.is_none();
        places && self.said.is_empty() && self.lifecycles.is_empty() && self.requests.is_empty()
    }
}

/// Plans an undo. What is back already is left alone; what is neither as the entry left it nor back is refused,
/// with everything that is in the way.
pub(super) fn put_back(draft: &mut Draft, wanted: &Wanted) -> Result<(), PlanError> {
    if wanted.is_empty() {
        let why = "there is nothing to put back: a deleted version can't be brought back, and older entries do not hold what was said before";
        return Err(PlanError::Refused(why.to_owned()));
    }
    let mut moved_on = strangers(draft, wanted);
    let changes = open_changes(draft, wanted, &mut moved_on);
    let said = open_words(draft, wanted, &mut moved_on);
    let runs = open_runs(draft, wanted, &mut moved_on);
    let deletion = wanted
        .created
        .filter(|version| draft.reading.version(*version).is_some());
    if let Some(version) = deletion {
        moved_on.extend(still_used(draft, wanted.entry, version)?);
    }
    if !moved_on.is_empty() {
        let what = if wanted.lifecycles.is_empty() {
            "the registry"
        } else {
            "the world"
        };
        return Err(PlanError::Refused(format!(
            "{what} moved on: {}",
            moved_on.join("; ")
        )));
    }
    let requests: Vec<_> = wanted
        .requests
        .iter()
        .filter(|asked| draft.state.requests.contains(asked))
        .collect();
    if changes.is_empty()
        && deletion.is_none()
        && said.is_empty()
        && runs.is_empty()
        && requests.is_empty()
    {
        return Err(PlanError::NothingToDo(
            "everything is back already".to_owned(),
        ));
    }
    must_be_served(draft, &changes)?;
    record(draft, &changes);
    for change in changes {
        if let Some((write, action)) = write(draft, change) {
            draft.place(write, action);
        }
    }
    for said in said {
        say(draft, said);
    }
    delete_or_restore(draft, &runs)?;
    for (version, to) in requests {
        request::withdraw(draft, *version, *to)?;
    }
    if let Some(version) = deletion {
        let (target, name) = (draft.label(version), draft.name().clone());
        let before = draft.version(version)?.source.clean().into_owned();
        draft.step(
            RegistryWrite::DeleteVersion { name, version },
            "delete",
            target,
            before,
            "deleted".to_owned(),
        );
        draft.warn("a deleted version can't be brought back".to_owned());
    }
    Ok(())
}

/// Versions that are not the ones that the entry moved, though they have their numbers.
fn strangers(draft: &Draft, wanted: &Wanted) -> Vec<String> {
    let is_other = |(number, made): &(&VersionNumber, &Option<Millis>)| {
        draft
            .reading
            .version(**number)
            .is_some_and(|version| version.creation_time != **made)
    };
    wanted
        .made
        .iter()
        .filter(is_other)
        .map(|(number, _)| format!("{} is another version of that number", draft.label(*number)))
        .collect()
}

/// What is still as the entry left it, in the order in which it is put back: versions return to where they were served
/// before others leave, so that no prefix leaves a stage without a version.
fn open_changes(draft: &Draft, wanted: &Wanted, moved_on: &mut Vec<String>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (version, expected, back) in wanted.stages {
        let label = draft.label(*version);
        match draft.state.stages.get(version) {
            None => moved_on.push(format!("{label} is gone")),
            Some(now) if now == back => {}
            Some(now) if now == expected => changes.push(Change::Stage {
                version: *version,
                from: *now,
                to: *back,
            }),
            Some(now) => moved_on.push(format!("{label} is in {now} now, not in {expected}")),
        }
    }
    changes.sort_by_key(|change| match change {
        Change::Stage {
            to: Stage::Production,
            ..
        } => 0,
        Change::Stage {
            to: Stage::Staging, ..
        } => 1,
        _ => 2,
    });
    for (alias, expected, back) in wanted.aliases {
        let now = draft.state.aliases.get(alias).copied();
        let holder = |version: Option<VersionNumber>| {
            version.map_or_else(|| "no version".to_owned(), |version| draft.label(version))
        };
        if let Some(gone) = back.filter(|back| draft.reading.version(*back).is_none()) {
            moved_on.push(format!(
                "{}, which had @{}, is gone",
                draft.label(gone),
                alias.clean()
            ));
        } else if now == *expected && now != *back {
            changes.push(Change::Alias {
                alias: alias.clone(),
                from: now,
                to: *back,
            });
        } else if now != *back {
            moved_on.push(format!(
                "@{} leads to {} now, not to {}",
                alias.clean(),
                holder(now),
                holder(*expected)
            ));
        }
    }
    changes
}

/// What is still said as the entry left it.
fn open_words(draft: &Draft, wanted: &Wanted, moved_on: &mut Vec<String>) -> Vec<Said> {
    let mut open = Vec::new();
    for said in wanted.said {
        let now = said.topic.in_reading(draft.reading);
        if let Some(gone) = said
            .topic
            .version()
            .filter(|version| draft.reading.version(*version).is_none())
        {
            moved_on.push(format!("{} is gone", draft.label(gone)));
        } else if now == said.from && now != said.to {
            open.push(said.clone());
        } else if now != said.to {
            let word = |text: &Option<_>| {
                text.as_ref()
                    .map_or_else(|| "nothing".to_owned(), |text| format!("“{}”", short(text)))
            };
            let topic = said.topic.describe(&draft.reading.subject);
            moved_on.push(format!(
                "{topic} says {} now, not {}",
                word(&now),
                word(&said.from)
            ));
        }
    }
    open
}

/// The runs that are still as the entry left them, with what they become again.
fn open_runs(
    draft: &Draft,
    wanted: &Wanted,
    moved_on: &mut Vec<String>,
) -> Vec<(RunId, Lifecycle)> {
    let mut open = Vec::new();
    for (id, _, back) in wanted.lifecycles {
        match draft.state.runs.get(id) {
            None => moved_on.push(format!("run {} is gone", id.short())),
            Some(now) if now == back => {}
            Some(_) => open.push((id.clone(), *back)),
        }
    }
    open
}

/// Runs that are deleted again meet the same questions as runs that are deleted.
fn delete_or_restore(draft: &mut Draft, runs: &[(RunId, Lifecycle)]) -> Result<(), PlanError> {
    let to = |wanted: Lifecycle| {
        runs.iter()
            .filter(|(_, to)| *to == wanted)
            .map(|(id, _)| id.clone())
            .collect::<Vec<_>>()
    };
    let (deleted, restored) = (to(Lifecycle::Deleted), to(Lifecycle::Active));
    if !deleted.is_empty() {
        trash::delete(draft, &deleted)?;
    }
    if !restored.is_empty() {
        trash::restore(draft, &restored)?;
    }
    Ok(())
}

/// What keeps the version that the entry made from being deleted.
fn still_used(draft: &Draft, entry: &str, number: VersionNumber) -> Result<Vec<String>, PlanError> {
    let (version, label) = (draft.version(number)?, draft.label(number));
    if version.tag(INTENT_TAG).is_none_or(|id| id.raw() != entry) {
        return Ok(vec![format!(
            "{label} does not carry the mark of the entry that is to be undone"
        )]);
    }
    let mut found: Vec<String> = draft
        .state
        .aliases_of(number)
        .into_iter()
        .map(|alias| format!("{label} is @{}, so it is not deleted", alias.clean()))
        .collect();
    if version.stage != Stage::None {
        found.push(format!(
            "{label} is in {}, so it is not deleted",
            version.stage
        ));
    }
    Ok(found)
}

/// Versions that return to where they are served must be fit for it.
fn must_be_served(draft: &Draft, changes: &[Change]) -> Result<(), PlanError> {
    for change in changes {
        match change {
            Change::Stage { version, to, .. } if is_active(*to) => {
                draft.must_be_promotable(draft.version(*version)?)?
            }
            Change::Alias {
                to: Some(version), ..
            } => draft.must_be_promotable(draft.version(*version)?)?,
            _ => {}
        }
    }
    Ok(())
}

/// Leaves the record on the version that gets its place back, or else on the one that loses it.
fn record(draft: &mut Draft, changes: &[Change]) {
    let Some(first) = changes.first() else { return };
    let version = match first {
        Change::Stage { version, .. } => Some(*version),
        Change::Alias { from, to, .. } => to.or(*from),
        Change::Run { .. } | Change::Request { .. } => None,
    };
    if let Some(version) = version.and_then(|version| draft.reading.version(version)) {
        let name = &draft.reading.subject;
        draft.record(
            version,
            &first.before(name),
            &first.after(name),
            changes.to_vec(),
        );
    }
}

/// The write that puts a place back; runs and requests are put back apart.
fn write(draft: &Draft, change: Change) -> Option<(RegistryWrite, &'static str)> {
    let name = draft.name().clone();
    Some(match change {
        Change::Stage { version, to, .. } => (
            RegistryWrite::TransitionStage {
                name,
                version,
                stage: to,
                archive_existing: false,
            },
            "move back",
        ),
        Change::Alias {
            alias,
            to: Some(version),
            ..
        } => (
            RegistryWrite::SetAlias {
                name,
                alias,
                version,
            },
            "give back",
        ),
        Change::Alias {
            alias, to: None, ..
        } => (RegistryWrite::DeleteAlias { name, alias }, "remove alias"),
        Change::Run { .. } | Change::Request { .. } => return None,
    })
}
