//! Applying a plan: one attempt a step; what may have been done all the same is looked for, never sent again.

use std::time::Duration;

use super::{Line, Progress, Tell, carrying, now, read_registry};
use crate::domain::{Fault, FaultKind, RegistryWrite, VersionNumber, VersionStatus};
use crate::journal::{Journal, StepResult};
use crate::promote::Plan;
use crate::store::{Read, Write, Written};

/// How often a version that is not ready yet is looked at.
const READY_ROUNDS: u32 = 60;
/// How long to wait between two looks, in ms.
const READY_EVERY_MS: u64 = 1_000;

/// What is known after the last step.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// How many writes were or may have been carried out.
    pub sent: usize,
    /// The version that was made.
    pub created: Option<VersionNumber>,
    /// Why the store refused a step: nothing after it was sent.
    pub refused: Option<String>,
    /// Why it is not known what came of a step: nothing after it was sent.
    pub unknown: Option<String>,
}

/// Carries out the steps, in order, until one does not work.
pub(super) async fn apply(plan: &Plan, reader: &dyn Read, writer: &dyn Write, journal: &Journal, tell: Tell<'_>) -> Applied {
    let mut applied = Applied::default();
    for (place, write) in plan.writes() {
        tell(Progress::Step(place));
        let answer = send(writer, write).await;
        let result = answer.as_ref().map_or_else(ToString::to_string, |_| "done".to_owned());
        // The entry was recorded before anything was sent; a step that can't be recorded is found by reading back.
        let _ = journal.append(&Line::Step { id: plan.id.clone(), result: StepResult { step: place, result, at: now() } });
        match answer {
            Ok(written) => {
                applied.sent += 1;
                if let Written::Version(version) = written {
                    made(&mut applied, version, plan, journal);
                }
            }
            Err(fault) if is_there_already(write, &fault, plan, reader).await => applied.sent += 1,
            Err(fault) if fault.maybe_done => {
                applied.sent += 1;
                look_for(&mut applied, write, &fault, plan, (reader, writer, journal), tell).await;
            }
            Err(fault) => applied.refused = Some(fault.to_string()),
        }
        if applied.refused.is_some() || applied.unknown.is_some() {
            break;
        }
    }
    if applied.created.is_some() {
        wait_until_ready(&applied, plan, reader, tell).await;
    }
    applied
}

/// Sends a write, once; only what provably never left is sent again, once.
async fn send(writer: &dyn Write, write: &RegistryWrite) -> Result<Written, Fault> {
    match writer.write(write).await {
        Err(fault) if fault.never_left => writer.write(write).await,
        answer => answer,
    }
}

fn made(applied: &mut Applied, version: VersionNumber, plan: &Plan, journal: &Journal) {
    applied.created = Some(version);
    let _ = journal.append(&Line::Created { id: plan.id.clone(), version });
}

/// A model that somebody made meanwhile is the model that was wanted.
async fn is_there_already(write: &RegistryWrite, fault: &Fault, plan: &Plan, reader: &dyn Read) -> bool {
    let wanted = matches!(write, RegistryWrite::CreateModel { .. }) && (fault.kind == FaultKind::Conflict || fault.maybe_done);
    wanted && reader.model(plan.intent.model()).await.is_ok()
}

/// After a write of which it is not known whether it was done. A move has an end state, which reading back tells; a
/// version is looked for by its tag once no late request can land any more.
async fn look_for(
    applied: &mut Applied,
    write: &RegistryWrite,
    fault: &Fault,
    plan: &Plan,
    (reader, writer, journal): (&dyn Read, &dyn Write, &Journal),
    tell: Tell<'_>,
) {
    if !matches!(write, RegistryWrite::CreateVersion { .. }) {
        applied.unknown = Some(fault.to_string());
        return;
    }
    let quiet = writer.quiet_period();
    tell(Progress::Waiting(format!("the answer was lost: waiting {} s until no late request can land", quiet.div_ceil(1_000))));
    tokio::time::sleep(Duration::from_millis(quiet)).await;
    match read_registry(reader, &plan.intent).await.map(|reading| carrying(plan, &reading)) {
        Ok(found) => match found.as_slice() {
            [] => applied.unknown = Some(format!("the version did not arrive, it is safe to try again: {fault}")),
            [one] => made(applied, *one, plan, journal),
            [one, more @ ..] => {
                made(applied, *one, plan, journal);
                applied.refused = Some(format!("the store made {} versions of one request", more.len() + 1));
            }
        },
        Err(again) => applied.unknown = Some(format!("{fault}; and the registry could not be asked: {again}")),
    }
}

/// Waits for a version that the store is still copying, within bounds.
async fn wait_until_ready(applied: &Applied, plan: &Plan, reader: &dyn Read, tell: Tell<'_>) {
    for round in 0..READY_ROUNDS {
        let Ok(reading) = read_registry(reader, &plan.intent).await else { return };
        let pending = applied.created.and_then(|number| reading.version(number)).is_some_and(|v| v.status == VersionStatus::Pending);
        if !pending {
            return;
        }
        tell(Progress::Waiting(format!("the store is still making the version: {round} s")));
        tokio::time::sleep(Duration::from_millis(READY_EVERY_MS)).await;
    }
}
