//! Looking again at an entry whose end is not known.

use crate::ops::apply::RoadError;
use crate::ops::apply::close;
use crate::ops::journal::Journal;
use crate::ops::registry::read_registry;
use crate::promotion::journal::entry::DONE;
use crate::promotion::journal::verdict::reverted;
use crate::promotion::journal::{Entry, EntryState};
use crate::promotion::{Outcome, judge, marked};
use crate::store::Read;

/// Looks again at an entry that is unfinished or unknown: what the registry says of it now, recorded. An entry whose
/// outcome is known keeps it: what others did since is not its doing.
///
/// # Errors
/// When the store can't be read or the journal can't be written.
pub async fn recover(
    entry: &Entry,
    reader: &dyn Read,
    journal: &Journal,
) -> Result<Outcome, RoadError> {
    if let EntryState::Ended(outcome) = &entry.state
        && !entry.is_open()
    {
        return Ok(outcome.clone());
    }
    let now = read_registry(reader, &entry.plan.intent).await?;
    let found = marked(&entry.plan, &now).first().copied();
    let created = entry.created.or(found);
    let outcome = match judge(&entry.plan, created, &now) {
        Outcome::Verified => Outcome::Verified,
        _ if let Some(seconds) = still_under_way(entry, journal) => Outcome::Unknown {
            why: format!("a request may still be under way: look again in {seconds} s"),
        },
        Outcome::NotApplied { .. } if was_placed(entry) => reverted(),
        outcome => outcome,
    };
    close(
        journal,
        &entry.plan,
        found.filter(|_| entry.created.is_none()),
        &outcome,
    )?;
    Ok(outcome)
}

/// Whether a step that is more than a record was answered well.
fn was_placed(entry: &Entry) -> bool {
    let writes = |step: usize| {
        entry
            .plan
            .steps
            .get(step)
            .and_then(|step| step.write.as_ref())
    };
    entry.results.iter().any(|result| {
        result.result == DONE && writes(result.step).is_some_and(|write| entry.plan.is_meant(write))
    })
}

/// For how many seconds a request that the program left behind may still land. It was sent soon after the last thing
/// that is recorded; the quiet period is allowed once for the request itself and once for what it left on its way.
fn still_under_way(entry: &Entry, journal: &Journal) -> Option<u64> {
    let last = entry
        .results
        .iter()
        .map(|result| result.at)
        .chain([entry.at])
        .max()?;
    let until = last.saturating_add_unsigned(entry.quiet.saturating_mul(2));
    let left = until.saturating_sub(journal.now());
    u64::try_from(left)
        .ok()
        .filter(|left| *left > 0)
        .map(|left| left.div_ceil(1000))
}
