//! Sending the steps of a plan: each once. Only what provably never left this machine is sent a second time.

use std::borrow::Cow;
use std::time::Duration;

use crate::domain::{StoreError, StoreErrorKind, StoreWrite, VersionNumber};
use crate::ops::apply::ApplyProgress;
use crate::ops::journal::{Journal, JournalError};
use crate::ops::registry::read_snapshot;
use crate::promotion::journal::StepResult;
use crate::promotion::journal::entry::STEP_DONE;
use crate::promotion::journal::outcome::SendResult;
use crate::promotion::journal::record::JournalRecord;
use crate::promotion::{Plan, RegistryState, find_by_intent_tag, is_applied, state_differences};
use crate::store::{ReadStore, Result, WriteResponse, WriteStore};

/// How often a long wait is told, in ms.
const PROGRESS_INTERVAL_MS: u64 = 5_000;

/// The wait before a request that never left is sent again, in ms.
const RETRY_DELAY_MS: u64 = 500;

/// The longest such wait that a store can ask for, in ms.
const MAX_RETRY_DELAY_MS: u64 = 10_000;

/// Sends a plan.
pub(crate) struct StepSender<'a> {
    plan: &'a Plan,
    reader: &'a dyn ReadStore,
    writer: &'a dyn WriteStore,
    journal: &'a Journal,
    progress: &'a (dyn Fn(ApplyProgress) + Send + Sync),
    /// The version that was made.
    pub created_version: Option<VersionNumber>,
    /// Whether a step that is more than a record was answered well or seen.
    pub has_applied_step: bool,
    /// Why the journal could not be written after the sending began.
    pub journal_error: Option<JournalError>,
}

impl<'a> StepSender<'a> {
    pub fn new(
        plan: &'a Plan,
        reader: &'a dyn ReadStore,
        writer: &'a dyn WriteStore,
        journal: &'a Journal,
        progress: &'a (dyn Fn(ApplyProgress) + Send + Sync),
    ) -> Self {
        Self {
            plan,
            reader,
            writer,
            journal,
            progress,
            created_version: None,
            has_applied_step: false,
            journal_error: None,
        }
    }

    /// Sends the steps in order, as far as each is known to have arrived.
    pub async fn send(&mut self) -> SendResult {
        let mut expected = self.plan.before.clone();
        let mut has_any_arrived = false;
        for (number, write) in self
            .plan
            .steps
            .iter()
            .enumerate()
            .filter_map(|(n, step)| Some((n, step.write.as_ref()?)))
        {
            if self.journal_error.is_some() {
                return SendResult::JournalFailed;
            }
            (self.progress)(ApplyProgress::Step(number));
            expected.apply(write);
            let response = self.write_with_retry(write).await;
            let result = response
                .as_ref()
                .map_or_else(ToString::to_string, |_| STEP_DONE.to_owned());
            self.append_record(&JournalRecord::Step {
                id: self.entry_id(),
                result: StepResult {
                    step: number,
                    result,
                    at: self.journal.now(),
                },
            });
            let lost = match response {
                Ok(WriteResponse::CreatedVersion(version)) => {
                    self.record_created(version);
                    None
                }
                Ok(WriteResponse::Done) if matches!(write, StoreWrite::CreateVersion { .. }) => {
                    Some(
                        StoreError::new(
                            StoreErrorKind::InvalidResponse,
                            "registering a version",
                            "the store did not say which",
                        )
                        .with_outcome_unknown(),
                    )
                }
                Ok(WriteResponse::Done) => None,
                Err(fault) if fault.outcome_unknown || may_already_exist(write, &fault) => {
                    Some(fault)
                }
                Err(fault) => {
                    return if has_any_arrived {
                        SendResult::LaterStepRefused(fault)
                    } else {
                        SendResult::NothingArrived(fault)
                    };
                }
            };
            if let Some(fault) = lost
                && !self
                    .has_arrived(write, &expected, fault.outcome_unknown)
                    .await
            {
                return if fault.outcome_unknown || has_any_arrived {
                    SendResult::ResponseLost(fault)
                } else {
                    SendResult::NothingArrived(fault)
                };
            }
            has_any_arrived = true;
            self.has_applied_step |= self.plan.is_primary_write(write);
        }
        SendResult::AllArrived
    }

    /// One attempt; a second one only for what never left.
    async fn write_with_retry(&self, write: &StoreWrite) -> Result<WriteResponse> {
        match self.writer.write(write).await {
            Err(fault) if fault.not_sent && !fault.outcome_unknown => {
                let wait = fault.retry_after.map_or(RETRY_DELAY_MS, |seconds| {
                    seconds.saturating_mul(1000).min(MAX_RETRY_DELAY_MS)
                });
                (self.progress)(ApplyProgress::Waiting(format!(
                    "{fault}; it never left, and is sent again"
                )));
                tokio::time::sleep(Duration::from_millis(wait)).await;
                self.writer.write(write).await
            }
            answer => answer,
        }
    }

    /// Whether a write whose answer says nothing arrived. A creation is looked for only when no late request can land any
    /// more; a place is looked at before that, too, since it can't be taken twice.
    async fn has_arrived(
        &mut self,
        write: &StoreWrite,
        expected: &RegistryState,
        may_land_late: bool,
    ) -> bool {
        let creates = matches!(write, StoreWrite::CreateVersion { .. });
        if !creates && self.is_shown(write, expected).await {
            return true;
        }
        if may_land_late {
            self.wait_for_in_flight().await;
        }
        self.is_shown(write, expected).await
    }

    /// Whether the registry shows a write, and all else as expected. What can't be read does not show.
    async fn is_shown(&mut self, write: &StoreWrite, expected: &RegistryState) -> bool {
        let Ok(now) = read_snapshot(self.reader, &self.plan.intent).await else {
            return false;
        };
        if let StoreWrite::CreateVersion { .. } = write {
            let tagged = find_by_intent_tag(self.plan, &now);
            if let [only] = tagged[..] {
                self.record_created(only);
            }
            return tagged.len() == 1;
        }
        is_applied(&now, write)
            && state_differences(&self.plan.subject(), expected, &now.state(), None).is_empty()
    }

    /// Waits until no request that was given up can land any more.
    async fn wait_for_in_flight(&self) {
        let mut left = self.writer.settle_window();
        while left > 0 {
            let seconds = left.div_ceil(1000);
            (self.progress)(ApplyProgress::Waiting(format!(
                "the answer was lost; waiting {seconds} s until nothing late can land"
            )));
            let now = left.min(PROGRESS_INTERVAL_MS);
            tokio::time::sleep(Duration::from_millis(now)).await;
            left -= now;
        }
    }

    fn record_created(&mut self, version: VersionNumber) {
        self.created_version = Some(version);
        self.append_record(&JournalRecord::Created {
            id: self.entry_id(),
            at: self.journal.now(),
            version,
        });
    }

    fn entry_id(&self) -> Cow<'a, str> {
        Cow::Borrowed(&self.plan.id)
    }

    fn append_record(&mut self, record: &JournalRecord<'_>) {
        if let Err(error) = self.journal.append(record) {
            self.journal_error.get_or_insert(error);
        }
    }
}

/// Whether a refusal can mean that it is there: somebody made the model first, which does no harm.
fn may_already_exist(write: &StoreWrite, fault: &StoreError) -> bool {
    matches!(write, StoreWrite::CreateModel { .. })
        && matches!(
            fault.kind,
            StoreErrorKind::Conflict | StoreErrorKind::InvalidRequest
        )
}
