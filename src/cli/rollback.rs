//! `rollback MODEL`: undoes the last recorded write of a model, another one, or gives a place back.

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::road::{Road, travel};
use crate::domain::text::clean;
use crate::journal::{Entry, EntryState, recover};
use crate::promote::{Intent, Outcome, Place, State, undo};
use crate::store::Opened;

/// What can be said to `rollback`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model.
    #[arg(value_name = "MODEL")]
    model: String,
    /// The journal's entry to undo, or the beginning of its id; else the last one.
    #[arg(long, value_name = "ID", conflicts_with = "to")]
    entry: Option<String>,
    /// Give this place back to its previous holder: a stage or an @alias.
    #[arg(long, value_name = "PLACE")]
    to: Option<String>,
    #[command(flatten)]
    road: Road,
}

/// Undoes the write.
///
/// # Errors
/// When the journal knows of none, the registry moved on, or the write fails.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let place = arguments.to.as_deref().map(Place::parse).transpose().map_err(|why| Failure::new(Exit::Usage, why))?;
    let session = context.open().await?;
    let mut entries = context.journal().entries(session.reader.origin())?;
    entries.retain(|entry| entry.plan.intent.model().raw() == arguments.model);
    let entry = chosen(&entries, arguments, place.as_ref())?;
    settle(entry, arguments, &session, context).await?;
    let whole = undo(&entry.id, &entry.plan, entry.created);
    let intent = match &place {
        Some(place) => only(whole, place),
        None => whole,
    };
    travel(intent, &arguments.road, &session, context).await
}

/// The entry that is meant. An undo is not undone unless it is named.
fn chosen<'a>(entries: &'a [Entry], arguments: &Arguments, place: Option<&Place>) -> Result<&'a Entry, Failure> {
    let model = clean(&arguments.model);
    let none = |message: String| Failure::new(Exit::NoMatch, message).next(format!("`frontrunner history {model}` tells what is recorded"));
    if let Some(id) = &arguments.entry {
        let mut found = entries.iter().filter(|entry| !id.is_empty() && entry.id.starts_with(id.as_str()));
        return match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry),
            (Some(_), Some(_)) => Err(none(format!("several entries begin with {}", clean(id)))),
            (None, _) => Err(none(format!("the journal has no entry {} for {model}", clean(id)))),
        };
    }
    let can_be_undone = |entry: &&Entry| {
        let ended = matches!(&entry.state, EntryState::Ended(Outcome::Verified | Outcome::Conflict { .. }));
        ended && entry.undone_by.is_none() && !matches!(entry.plan.intent, Intent::Undo { .. })
    };
    let changed = |entry: &&Entry| place.is_none_or(|place| changes(&entry.plan.before, &entry.plan.after, place));
    entries.iter().rev().filter(can_be_undone).find(changed).ok_or_else(|| match place {
        Some(place) => none(format!("the journal knows no change of {place} of {model} that is not undone")),
        None => none(format!("the journal knows no change of {model} that is not undone")),
    })
}

/// Whether a place has other holders after than before.
fn changes(before: &State, after: &State, place: &Place) -> bool {
    match place {
        Place::Alias(alias) => before.aliases.get(alias) != after.aliases.get(alias),
        Place::Stage(stage) => {
            let holders =
                |state: &State| state.stages.iter().filter(|(_, held)| *held == stage).map(|(version, _)| *version).collect::<Vec<_>>();
            holders(before) != holders(after)
        }
    }
}

/// An entry whose end is not known is looked at again before it is undone, except when only looking is allowed.
async fn settle(entry: &Entry, arguments: &Arguments, session: &Opened, context: &mut Context<'_>) -> Result<(), Failure> {
    let is_open = matches!(&entry.state, EntryState::Unfinished | EntryState::Ended(Outcome::Unknown { .. }));
    if !is_open || arguments.road.is_plan_only() || session.writer.is_none() {
        return Ok(());
    }
    let outcome = recover(entry, session.reader.as_ref(), &context.journal()).await?;
    if let Outcome::NotApplied { why } = &outcome {
        return Err(Failure::new(Exit::NoMatch, format!("entry {} changed nothing: there is nothing to undo", clean(&entry.id)))
            .because(why.clone()));
    }
    Ok(())
}

/// The part of an undo that concerns a place.
fn only(intent: Intent, place: &Place) -> Intent {
    match intent {
        Intent::Undo { entry, model, what, stages, aliases, made, .. } => Intent::Undo {
            entry,
            model,
            what: format!("{what} ({place} only)"),
            stages: stages
                .into_iter()
                .filter(|(_, now, back)| matches!(place, Place::Stage(stage) if stage == now || stage == back))
                .collect(),
            aliases: aliases.into_iter().filter(|(alias, ..)| matches!(place, Place::Alias(wanted) if wanted == alias)).collect(),
            created: None,
            made,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Stage, VersionNumber};

    #[test]
    fn a_place_is_changed_when_its_holders_are() {
        let state = |stage, champion| State {
            stages: [(VersionNumber(3), stage)].into(),
            aliases: [("champion".into(), VersionNumber(champion))].into(),
        };
        let (before, after) = (state(Stage::Staging, 2), state(Stage::Production, 2));
        assert!(changes(&before, &after, &Place::Stage(Stage::Production)));
        assert!(!changes(&before, &after, &Place::Stage(Stage::Archived)));
        assert!(!changes(&before, &after, &Place::Alias("champion".into())));
    }

    #[test]
    fn giving_a_place_back_leaves_the_rest_alone() {
        let whole = Intent::Undo {
            entry: "e".into(),
            model: "iris".into(),
            what: "w".into(),
            stages: vec![(VersionNumber(3), Stage::Production, Stage::None), (VersionNumber(2), Stage::Archived, Stage::Staging)],
            aliases: vec![("champion".into(), Some(VersionNumber(3)), None)],
            created: Some(VersionNumber(3)),
            made: std::collections::BTreeMap::new(),
        };
        let Intent::Undo { stages, aliases, created, .. } = only(whole, &Place::Stage(Stage::Production)) else { panic!() };
        assert_eq!((stages.len(), aliases.len(), created), (1, 0, None));
    }
}
