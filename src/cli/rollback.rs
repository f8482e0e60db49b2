//! `rollback MODEL`: undo a recorded write, or restore the previous holder of a slot.

use crate::domain::Slot;
use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::write::{WriteArgs, execute};
use crate::ops::recover::recover;
use crate::promotion::Outcome;
use crate::promotion::journal::{JournalEntry, last_undoable_entry};
use crate::store::StoreHandle;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Registered model; optional with --entry.
    #[arg(value_name = "MODEL", required_unless_present = "entry")]
    model: Option<String>,
    /// Journal entry to undo, by ID or ID prefix [default: the last one of the model].
    #[arg(long, value_name = "ID", conflicts_with = "to")]
    entry: Option<String>,
    /// Restore the previous holder of this stage or @alias.
    #[arg(long, value_name = "STAGE|@ALIAS")]
    to: Option<String>,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `rollback`.
///
/// # Errors
/// When the journal has no matching entry, the registry changed since, or the write fails.
pub async fn run(
    arguments: &RollbackArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let slot = arguments
        .to
        .as_deref()
        .map(str::parse::<Slot>)
        .transpose()
        .map_err(|reason| CliError::new(ExitStatus::Usage, reason))?;
    let store = context.open_store().await?;
    let mut entries = context.journal_entries(store.reader.origin())?;
    if let Some(model) = &arguments.model {
        entries.retain(|entry| entry.plan.intent.is_about(model));
    }
    let entry = choose_entry(&entries, arguments, slot.as_ref())?;
    recheck_unfinished(entry, arguments, &store, context).await?;
    let intent = match &slot {
        Some(slot) => entry.restore_previous_holder(slot),
        None => entry.undo(),
    };
    execute(intent, &arguments.write_args, &store, context).await
}

/// The entry to undo. An undo is only undone by its id.
fn choose_entry<'a>(
    entries: &'a [JournalEntry],
    arguments: &RollbackArgs,
    slot: Option<&Slot>,
) -> Result<&'a JournalEntry, CliError> {
    let model = arguments
        .model
        .as_deref()
        .map_or("this store".into(), clean);
    let none = |message: String| {
        let failure = CliError::new(ExitStatus::NoMatch, message);
        match &arguments.model {
            Some(model) => failure.with_hint(format!("see `frontrunner history {}`", clean(model))),
            None => failure,
        }
    };
    if let Some(id) = &arguments.entry {
        let mut found = entries
            .iter()
            .filter(|entry| !id.is_empty() && entry.id.starts_with(id.as_str()));
        return match (found.next(), found.next()) {
            (Some(entry), None) => Ok(entry),
            (Some(_), Some(_)) => Err(none(format!("several entries start with {}", clean(id)))),
            (None, _) => Err(none(format!(
                "the journal has no entry {} for {model}",
                clean(id)
            ))),
        };
    }
    last_undoable_entry(entries, |entry| {
        slot.is_none_or(|slot| entry.changes_slot(slot))
    })
    .ok_or_else(|| match slot {
        Some(slot) => none(format!(
            "the journal has no change of {slot} of {model} left to undo"
        )),
        None => none(format!("the journal has no change of {model} left to undo")),
    })
}

/// Rechecks an entry with an unknown outcome before it is undone, unless nothing can be recorded.
async fn recheck_unfinished(
    entry: &JournalEntry,
    arguments: &RollbackArgs,
    store: &StoreHandle,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    if !entry.is_unresolved() || arguments.write_args.is_plan_only() || store.writer.is_err() {
        return Ok(());
    }
    let outcome = recover(entry, store.reader.as_ref(), &context.journal()).await?;
    if let Outcome::NotApplied { reason } = &outcome {
        return Err(CliError::new(
            ExitStatus::NoMatch,
            format!(
                "entry {} changed nothing: there is nothing to undo",
                clean(&entry.id)
            ),
        )
        .with_cause(reason.clone()));
    }
    Ok(())
}
