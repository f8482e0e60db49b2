//! Rechecking an entry with an unknown outcome.

use crate::domain::Millis;
use crate::ops::apply::ApplyError;
use crate::ops::apply::record_outcome;
use crate::ops::journal::Journal;
use crate::ops::registry::read_snapshot;
use crate::promotion::journal::entry::STEP_DONE;
use crate::promotion::journal::outcome::reverted_outcome;
use crate::promotion::journal::{EntryState, JournalEntry};
use crate::promotion::{Outcome, find_by_intent_tag, verify};
use crate::store::ReadStore;

/// Compares an unfinished or unknown entry with the registry and records the outcome. A known outcome is kept: later changes are
/// not the entry's.
///
/// # Errors
/// When the store cannot be read or the journal cannot be written.
pub async fn recover(
    entry: &JournalEntry,
    reader: &dyn ReadStore,
    journal: &Journal,
) -> Result<Outcome, ApplyError> {
    if let EntryState::Ended(outcome) = &entry.state
        && !entry.is_unresolved()
    {
        return Ok(outcome.clone());
    }
    let now = read_snapshot(reader, &entry.plan.intent).await?;
    let tagged = find_by_intent_tag(&entry.plan, &now).first().copied();
    let created = entry.created_version.or(tagged);
    let verified = verify(&entry.plan, created, &now);
    let outcome = match (verified, seconds_until_settled(entry, journal)) {
        (Outcome::Verified, _) => Outcome::Verified,
        (_, Some(seconds)) => Outcome::Unknown {
            reason: format!("a request may still be in flight: check again in {seconds} s"),
        },
        (Outcome::NotApplied { .. }, None) if has_applied_step(entry) => reverted_outcome(),
        (outcome, None) => outcome,
    };
    record_outcome(
        journal,
        &entry.plan,
        tagged.filter(|_| entry.created_version.is_none()),
        &outcome,
    )?;
    Ok(outcome)
}

/// Whether the store confirmed a step that is more than a record.
fn has_applied_step(entry: &JournalEntry) -> bool {
    let writes = |step: usize| {
        entry
            .plan
            .steps
            .get(step)
            .and_then(|step| step.write.as_ref())
    };
    entry.results.iter().any(|result| {
        result.result == STEP_DONE
            && writes(result.step).is_some_and(|write| entry.plan.is_primary_write(write))
    })
}

/// Seconds for which an abandoned request may still take effect. It was sent soon after the last record; the settle window counts
/// once for the request and once for its effect.
fn seconds_until_settled(entry: &JournalEntry, journal: &Journal) -> Option<u64> {
    let window = entry.settle_window_ms.saturating_mul(2);
    let left = match uptime_since_last_record(entry, journal) {
        Some(elapsed) => window.saturating_sub(elapsed),
        None => left_by_the_clock(entry, window, journal.now())?,
    };
    (left > 0).then(|| left.div_ceil(1000))
}

/// Ms since the last record by a clock that nobody sets; `None` if it has none of this start of the machine.
fn uptime_since_last_record(entry: &JournalEntry, journal: &Journal) -> Option<u64> {
    let last = match entry.results.last() {
        Some(result) => result.uptime.as_ref(),
        None => entry.uptime.as_ref(),
    };
    journal.uptime()?.since(last?)
}

/// What is left of the window by the system's clock, in ms.
fn left_by_the_clock(entry: &JournalEntry, window: u64, now: Millis) -> Option<u64> {
    let last = entry
        .results
        .iter()
        .map(|result| result.at)
        .chain([entry.at])
        .max()?;
    // A clock that was ahead says nothing about the time since. One wait from now on is enough.
    if last > now && entry.state != EntryState::Unfinished {
        return None;
    }
    let until = last.min(now).saturating_add_unsigned(window);
    u64::try_from(until.saturating_sub(now)).ok()
}
