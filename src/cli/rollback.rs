//! `rollback MODEL`: undoes the last recorded write of a model, another one, or gives a place back; `rollback --entry ID` any write.

use clap::Args;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::write::{Road, travel};
use crate::ops::recover::recover;
use crate::promotion::journal::{Entry, EntryState, give_back, last_change};
use crate::promotion::{Outcome, Place, undo};
use crate::store::Opened;
use crate::text::untrusted::clean;

/// What can be said to `rollback`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model; with --entry it can be left out.
    #[arg(value_name = "MODEL", required_unless_present = "entry")]
    model: Option<String>,
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
    let place = arguments
        .to
        .as_deref()
        .map(Place::parse)
        .transpose()
        .map_err(|why| Failure::new(Exit::Usage, why))?;
    let session = context.open().await?;
    let mut entries = context.journal().entries(session.reader.origin())?;
    if let Some(model) = &arguments.model {
        entries.retain(|entry| entry.plan.intent.is_about(model));
    }
    let entry = chosen(&entries, arguments, place.as_ref())?;
    settle(entry, arguments, &session, context).await?;
    let intent = match &place {
        Some(place) => give_back(entry, place),
        None => undo(&entry.id, &entry.plan, entry.created),
    };
    travel(intent, &arguments.road, &session, context).await
}

/// The entry that is meant. An undo is not undone unless it is named.
fn chosen<'a>(
    entries: &'a [Entry],
    arguments: &Arguments,
    place: Option<&Place>,
) -> Result<&'a Entry, Failure> {
    let model = arguments
        .model
        .as_deref()
        .map_or("this store".into(), clean);
    let none = |message: String| {
        let failure = Failure::new(Exit::NoMatch, message);
        match &arguments.model {
            Some(model) => failure.next(format!(
                "`frontrunner history {}` tells what is recorded",
                clean(model)
            )),
            None => failure,
        }
    };
    if let Some(id) = &arguments.entry {
        let mut found = entries
            .iter()
            .filter(|entry| !id.is_empty() && entry.id.starts_with(id.as_str()));
        return match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry),
            (Some(_), Some(_)) => Err(none(format!("several entries begin with {}", clean(id)))),
            (None, _) => Err(none(format!(
                "the journal has no entry {} for {model}",
                clean(id)
            ))),
        };
    }
    last_change(entries, |entry| {
        place.is_none_or(|place| entry.changed(place))
    })
    .ok_or_else(|| match place {
        Some(place) => none(format!(
            "the journal knows no change of {place} of {model} that is not undone"
        )),
        None => none(format!(
            "the journal knows no change of {model} that is not undone"
        )),
    })
}

/// An entry whose end is not known is looked at again before it is undone, except when only looking is allowed.
async fn settle(
    entry: &Entry,
    arguments: &Arguments,
    session: &Opened,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let is_open = matches!(
        &entry.state,
        EntryState::Unfinished | EntryState::Ended(Outcome::Unknown { .. })
    );
    if !is_open || arguments.road.is_plan_only() || session.writer.is_none() {
        return Ok(());
    }
    let outcome = recover(entry, session.reader.as_ref(), &context.journal()).await?;
    if let Outcome::NotApplied { why } = &outcome {
        return Err(Failure::new(
            Exit::NoMatch,
            format!(
                "entry {} changed nothing: there is nothing to undo",
                clean(&entry.id)
            ),
        )
        .because(why.clone()));
    }
    Ok(())
}
