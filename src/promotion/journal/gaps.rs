//! Gaps: what is there is not what the last record says. By whom and why is not known, and is said to be so.

use std::collections::BTreeMap;

use super::held::Sightings;
use super::history::{Event, Origin};
use super::{Entry, EntryState};
use crate::domain::{Alias, Millis, ModelVersion, RegisteredModel, Stage, VersionNumber};
use crate::promotion::{Change, Outcome, Record, State, Subject};

/// What the records say of who holds which place.
#[derive(Default)]
struct Claims {
    stages: BTreeMap<VersionNumber, Stage>,
    aliases: BTreeMap<Alias, Option<VersionNumber>>,
}

/// The gaps between the last records and what is there now.
pub(super) fn gaps(
    entries: &[Entry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
) -> Vec<Event> {
    // What is there now is not among them: they tell when what is claimed was still so.
    let sightings = Sightings::gather(entries, None, versions, Millis::MAX);
    let Some(model) = model else {
        let name = entries
            .iter()
            .rev()
            .find_map(|entry| Some(entry.plan.intent.model()?.clean().into_owned()));
        return name
            .map(|name| gap(None, &name, "there".to_owned(), "gone".to_owned()))
            .into_iter()
            .collect();
    };
    let claims = claims(entries, model, versions);
    let (name, subject) = (&model.name, Subject::from(&model.name));
    let now = State {
        stages: versions
            .iter()
            .map(|version| (version.version, version.stage))
            .collect(),
        aliases: model.aliases.iter().cloned().collect(),
        ..State::default()
    };
    let mut found = Vec::new();
    if entries.iter().any(|entry| {
        entry
            .plan
            .ground
            .model
            .as_ref()
            .is_some_and(|ground| ground.created != model.creation_time)
    }) {
        let (from, to) = (
            "another model of that name".to_owned(),
            "deleted and made again".to_owned(),
        );
        found.push(gap(model.creation_time, &name.clean(), from, to));
    }
    for (version, claimed) in &claims.stages {
        let label = format!("{}/{version}", name.clean());
        match versions.iter().find(|there| there.version == *version) {
            None => found.push(
                gap(None, &label, claimed.to_string(), "gone".to_owned())
                    .after(sightings.last_in(*version, *claimed)),
            ),
            Some(there) if there.stage != *claimed => {
                let found_there = gap(
                    there.last_updated_time,
                    &label,
                    claimed.to_string(),
                    there.stage.to_string(),
                );
                found.push(found_there.after(sightings.last_in(*version, *claimed)));
            }
            Some(_) => {}
        }
    }
    for (alias, claimed) in claims.aliases {
        let to = now.aliases.get(&alias).copied();
        if claimed != to {
            let since = sightings.last_led(&alias, claimed);
            let change = Change::Alias {
                alias,
                from: claimed,
                to,
            };
            found.push(
                gap(
                    None,
                    &change.target(&subject),
                    change.before(&subject),
                    change.after(&subject),
                )
                .after(since),
            );
        }
    }
    found
}

/// One record: when, whether its end is known to be as planned, and what changed hands.
type Claim = (Millis, bool, Vec<Change>);

/// What the records claim, the oldest first, so that the last one stands. A write whose end is not known takes back
/// what was claimed of its places.
fn claims(entries: &[Entry], model: &RegisteredModel, versions: &[ModelVersion]) -> Claims {
    let mut claims = Claims::default();
    let mut records: Vec<Claim> = Vec::new();
    let mut deleted = Vec::new();
    for entry in entries.iter().filter(|entry| is_of(entry, model)) {
        let verified = entry.state == EntryState::Ended(Outcome::Verified);
        records.push((entry.at, verified, entry.plan.changes()));
        if let Some(created) = entry.created.filter(|_| verified) {
            claims.stages.insert(created, Stage::None);
        }
        let after = &entry.plan.after.stages;
        deleted.extend(
            entry
                .plan
                .before
                .stages
                .keys()
                .filter(|version| !after.contains_key(version))
                .copied(),
        );
    }
    let known = |id: &str| entries.iter().any(|entry| entry.id == id);
    for record in versions
        .iter()
        .flat_map(Record::of)
        .filter(|record| !known(&record.id))
    {
        records.extend(record.at().map(|at| (at, true, record.changes.clone())));
    }
    records.sort_by_key(|(at, ..)| *at);
    for (change, certain) in records
        .into_iter()
        .flat_map(|(_, certain, changes)| changes.into_iter().map(move |change| (change, certain)))
    {
        match change {
            Change::Stage { version, to, .. } if certain => drop(claims.stages.insert(version, to)),
            Change::Stage { version, .. } => drop(claims.stages.remove(&version)),
            Change::Alias { alias, to, .. } if certain => drop(claims.aliases.insert(alias, to)),
            Change::Alias { alias, .. } => drop(claims.aliases.remove(&alias)),
            Change::Run { .. } | Change::Request { .. } => {}
        }
    }
    claims
        .stages
        .retain(|version, _| !deleted.contains(version));
    claims
}

/// Whether an entry changed the model that is there now: not one that was deleted and made again since, and not
/// nothing at all.
fn is_of(entry: &Entry, model: &RegisteredModel) -> bool {
    let is_same = entry
        .plan
        .ground
        .model
        .as_ref()
        .is_none_or(|ground| ground.created == model.creation_time);
    is_same && !matches!(entry.state, EntryState::Ended(Outcome::NotApplied { .. }))
}

impl Event {
    /// The same, with the time after which it must have happened.
    fn after(self, since: Option<Millis>) -> Self {
        Self { since, ..self }
    }
}

fn gap(when: Option<Millis>, target: &str, from: String, to: String) -> Event {
    Event {
        when,
        since: None,
        who: "not known".to_owned(),
        action: format!("{target} changed, and no record says by whom"),
        from,
        to,
        reason: String::new(),
        gates: String::new(),
        origin: Origin::Gap,
        journal_id: None,
    }
}
