//! Sending all steps of a plan in one transaction, in a store that has them. The registry is
//! compared with the plan inside it, so of two racing plans only one is applied.

use std::time::Duration;

use crate::domain::{StoreError, StoreErrorKind, StoreWrite};
use crate::ops::apply::ApplyProgress;
use crate::ops::registry::{describe_changes, read_snapshot};
use crate::ops::send::StepSender;
use crate::promotion::journal::StepResult;
use crate::promotion::journal::entry::STEP_DONE;
use crate::promotion::journal::outcome::SendResult;
use crate::promotion::journal::record::JournalRecord;
use crate::store::{Result, WriteResponse, WriteTransaction};

/// How often a transaction that lost against another one is tried. Each loser finds out at the next
/// attempt whether the plan still applies.
const MAX_ATTEMPTS: u32 = 6;

/// The wait before the second attempt, in ms; it doubles with each.
const FIRST_DELAY_MS: u64 = 40;

impl StepSender<'_> {
    /// Sends the steps: all are applied, or none.
    pub(super) async fn send_in_transaction(
        &mut self,
        transaction: Box<dyn WriteTransaction>,
    ) -> SendResult {
        let mut transaction = Ok(transaction);
        let mut attempt = 0;
        loop {
            let applied = match transaction {
                Ok(open) => self.apply_all(open).await,
                Err(error) => Err(error),
            };
            attempt += 1;
            match applied {
                Ok(responses) => {
                    self.record_applied(responses);
                    return SendResult::AllArrived;
                }
                Err(error) if error.outcome_unknown => {
                    self.unsent_steps = 0;
                    return SendResult::ResponseLost(error);
                }
                Err(error) if !error.not_sent || attempt == MAX_ATTEMPTS => {
                    return SendResult::NothingArrived(error);
                }
                Err(_) => {
                    let delay = FIRST_DELAY_MS << attempt;
                    tokio::time::sleep(Duration::from_millis(delay)).await;
                    transaction = self.begin_again().await;
                }
            }
        }
    }

    /// A transaction for the plan's writes, in a store that has them.
    pub(super) async fn begin(&self) -> Result<Option<Box<dyn WriteTransaction>>> {
        let writes: Vec<&StoreWrite> = self.writes().map(|(_, write)| write).collect();
        self.writer.begin(&writes).await
    }

    async fn begin_again(&self) -> Result<Box<dyn WriteTransaction>> {
        self.begin().await?.ok_or_else(|| {
            let why = "the store has no transactions any more";
            StoreError::new(StoreErrorKind::Unsupported, "starting a transaction", why)
        })
    }

    /// Checks and applies the plan; what fails is rolled back.
    async fn apply_all(
        &self,
        transaction: Box<dyn WriteTransaction>,
    ) -> Result<Vec<(usize, WriteResponse)>> {
        let current = read_snapshot(transaction.reader(), &self.plan.intent).await?;
        if current.fingerprint() != self.plan.fingerprint
            || !self.plan.metadata_conflicts(&current).is_empty()
        {
            return Err(StoreError::new(
                StoreErrorKind::Conflict,
                "applying the plan",
                format!(
                    "the registry changed since the plan: {}",
                    describe_changes(self.plan, &current).join("; ")
                ),
            ));
        }
        let mut responses = Vec::new();
        for (number, write) in self.writes() {
            (self.progress)(ApplyProgress::Step(number));
            responses.push((number, transaction.write(write).await?));
        }
        transaction.commit().await?;
        Ok(responses)
    }

    /// The steps that are writes, with their numbers.
    pub(super) fn writes(&self) -> impl Iterator<Item = (usize, &StoreWrite)> {
        let steps = self.plan.steps.iter().enumerate();
        steps.filter_map(|(number, step)| Some((number, step.write.as_ref()?)))
    }

    /// Records the steps once they are committed: before that, a crash would undo them.
    fn record_applied(&mut self, responses: Vec<(usize, WriteResponse)>) {
        for (step, response) in responses {
            self.append_record(&JournalRecord::Step {
                id: self.entry_id(),
                result: StepResult {
                    step,
                    result: STEP_DONE.to_owned(),
                    at: self.journal.now(),
                    uptime: self.journal.uptime(),
                },
            });
            if let WriteResponse::CreatedVersion(version) = response {
                self.record_created(version);
            }
        }
        self.has_applied_step |= self.unsent_steps > 0;
        self.unsent_steps = 0;
    }
}
