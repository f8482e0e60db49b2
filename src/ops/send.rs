//! Sending the steps of a plan, each once. Only a request that provably was not sent is retried.

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

/// Interval of progress messages during a wait, in ms.
const PROGRESS_INTERVAL_MS: u64 = 5_000;

/// Wait before the retry of a request that was not sent, in ms.
const RETRY_DELAY_MS: u64 = 500;

/// Longest such wait that a store can request, in ms.
const MAX_RETRY_DELAY_MS: u64 = 10_000;

pub(crate) struct StepSender<'a> {
    pub(super) plan: &'a Plan,
    reader: &'a dyn ReadStore,
    pub(super) writer: &'a dyn WriteStore,
    pub(super) journal: &'a Journal,
    pub(super) progress: &'a (dyn Fn(ApplyProgress) + Send + Sync),
    /// The version that the plan created.
    pub created_version: Option<VersionNumber>,
    /// Whether a step that is more than a record was confirmed or observed.
    pub has_applied_step: bool,
    /// Number of steps that are more than a record and were not sent.
    pub unsent_steps: usize,
    /// First error of the journal after sending began.
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
            unsent_steps: plan
                .steps
                .iter()
                .filter_map(|step| step.write.as_ref())
                .filter(|write| plan.is_primary_write(write))
                .count(),
            journal_error: None,
        }
    }

    /// Sends the steps: in one transaction where the store has them.
    pub async fn send(&mut self) -> SendResult {
        match self.begin().await {
            Ok(Some(transaction)) => self.send_in_transaction(transaction).await,
            Ok(None) => self.send_one_by_one().await,
            Err(error) => SendResult::NothingArrived(error),
        }
    }

    /// Sends the steps in order while each is known to have arrived.
    async fn send_one_by_one(&mut self) -> SendResult {
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
            let was_sent = !response.as_ref().is_err_and(|error| error.not_sent);
            self.unsent_steps -= usize::from(was_sent && self.plan.is_primary_write(write));
            let result = response
                .as_ref()
                .map_or_else(ToString::to_string, |_| STEP_DONE.to_owned());
            self.append_record(&JournalRecord::Step {
                id: self.entry_id(),
                result: StepResult {
                    step: number,
                    result,
                    at: self.journal.now(),
                    uptime: self.journal.uptime(),
                },
            });
            let lost = match self.check_response(write, response) {
                Ok(lost) => lost,
                Err(error) if has_any_arrived => return SendResult::LaterStepRefused(error),
                Err(error) => return SendResult::NothingArrived(error),
            };
            if let Some(error) = lost
                && !self
                    .has_arrived(write, &expected, error.outcome_unknown)
                    .await
            {
                return if error.outcome_unknown || has_any_arrived {
                    SendResult::ResponseLost(error)
                } else {
                    SendResult::NothingArrived(error)
                };
            }
            has_any_arrived = true;
            self.has_applied_step |= self.plan.is_primary_write(write);
        }
        SendResult::AllArrived
    }

    /// `Ok(Some(_))` if the response does not show whether the write arrived, `Err` if it was refused.
    fn check_response(
        &mut self,
        write: &StoreWrite,
        response: Result<WriteResponse>,
    ) -> Result<Option<StoreError>> {
        match response {
            Ok(WriteResponse::CreatedVersion(version)) => {
                self.record_created(version);
                Ok(None)
            }
            Ok(WriteResponse::Done) if matches!(write, StoreWrite::CreateVersion { .. }) => {
                let error = StoreError::new(
                    StoreErrorKind::InvalidResponse,
                    "registering a version",
                    "the response has no version number",
                );
                Ok(Some(error.with_outcome_unknown()))
            }
            Ok(WriteResponse::Done) => Ok(None),
            Err(error) if error.outcome_unknown || may_already_exist(write, &error) => {
                Ok(Some(error))
            }
            Err(error) => Err(error),
        }
    }

    /// One attempt, and a second if the first was not sent.
    async fn write_with_retry(&self, write: &StoreWrite) -> Result<WriteResponse> {
        match self.writer.write(write).await {
            Err(error) if error.not_sent && !error.outcome_unknown => {
                let wait = error.retry_after.map_or(RETRY_DELAY_MS, |seconds| {
                    seconds.saturating_mul(1000).min(MAX_RETRY_DELAY_MS)
                });
                (self.progress)(ApplyProgress::Waiting(format!(
                    "{error}; not sent, retrying"
                )));
                tokio::time::sleep(Duration::from_millis(wait)).await;
                self.writer.write(write).await
            }
            result => result,
        }
    }

    /// Whether a write with a lost response arrived. A created version is searched only after the settle window, when no late request can
    /// create another; other writes are idempotent and checked before it, too.
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

    /// Whether the registry shows the write and is otherwise as expected; false if it cannot be read.
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

    /// Waits until no timed-out request can take effect.
    async fn wait_for_in_flight(&self) {
        let mut left = self.writer.settle_window();
        while left > 0 {
            let seconds = left.div_ceil(1000);
            (self.progress)(ApplyProgress::Waiting(format!(
                "the response was lost; waiting {seconds} s for late requests to settle"
            )));
            let now = left.min(PROGRESS_INTERVAL_MS);
            tokio::time::sleep(Duration::from_millis(now)).await;
            left -= now;
        }
    }

    pub(super) fn record_created(&mut self, version: VersionNumber) {
        self.created_version = Some(version);
        self.append_record(&JournalRecord::Created {
            id: self.entry_id(),
            at: self.journal.now(),
            version,
        });
    }

    pub(super) fn entry_id(&self) -> Cow<'a, str> {
        Cow::Borrowed(&self.plan.id)
    }

    pub(super) fn append_record(&mut self, record: &JournalRecord<'_>) {
        if let Err(error) = self.journal.append(record) {
            self.journal_error.get_or_insert(error);
        }
    }
}

/// Whether an error can mean that another user created the model first, which is harmless.
fn may_already_exist(write: &StoreWrite, error: &StoreError) -> bool {
    matches!(write, StoreWrite::CreateModel { .. })
        && matches!(
            error.kind,
            StoreErrorKind::Conflict | StoreErrorKind::InvalidRequest
        )
}
