//! Sending the steps of a plan: each once. Only what provably never left this machine is sent a second time.

use std::borrow::Cow;
use std::time::Duration;

use crate::domain::{Fault, FaultKind, RegistryWrite, VersionNumber};
use crate::ops::apply::Progress;
use crate::ops::journal::{Journal, JournalError};
use crate::ops::registry::read_registry;
use crate::promotion::journal::StepResult;
use crate::promotion::journal::entry::DONE;
use crate::promotion::journal::line::Line;
use crate::promotion::journal::verdict::Sent;
use crate::promotion::{Plan, State, differences, has, marked};
use crate::store::{Answer, Read, Write, Written};

/// How often a long wait is told, in ms.
const TELL_EVERY: u64 = 5_000;

/// The wait before a request that never left is sent again, in ms.
const BEFORE_AGAIN: u64 = 500;

/// The longest such wait that a store can ask for, in ms.
const LONGEST_BEFORE_AGAIN: u64 = 10_000;

/// Sends a plan.
pub(crate) struct Sender<'a> {
    plan: &'a Plan,
    reader: &'a dyn Read,
    writer: &'a dyn Write,
    journal: &'a Journal,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
    /// The version that was made.
    pub created: Option<VersionNumber>,
    /// Whether a step that is more than a record was answered well or seen.
    pub placed: bool,
    /// Why the journal could not be written after the sending began.
    pub unrecorded: Option<JournalError>,
}

impl<'a> Sender<'a> {
    pub fn new(
        plan: &'a Plan,
        reader: &'a dyn Read,
        writer: &'a dyn Write,
        journal: &'a Journal,
        progress: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Self {
        Self {
            plan,
            reader,
            writer,
            journal,
            progress,
            created: None,
            placed: false,
            unrecorded: None,
        }
    }

    /// Sends the steps in order, as far as each is known to have arrived.
    pub async fn send(&mut self) -> Sent {
        let mut expected = self.plan.before.clone();
        let mut arrived = false;
        for (number, write) in self
            .plan
            .steps
            .iter()
            .enumerate()
            .filter_map(|(n, step)| Some((n, step.write.as_ref()?)))
        {
            if self.unrecorded.is_some() {
                return Sent::Stopped;
            }
            (self.progress)(Progress::Step(number));
            expected.apply(write);
            let answer = self.attempt(write).await;
            let result = answer
                .as_ref()
                .map_or_else(ToString::to_string, |_| DONE.to_owned());
            self.note(&Line::Step {
                id: self.id(),
                result: StepResult {
                    step: number,
                    result,
                    at: self.journal.now(),
                },
            });
            let lost = match answer {
                Ok(Written::Version(version)) => {
                    self.made(version);
                    None
                }
                Ok(Written::Done) if matches!(write, RegistryWrite::CreateVersion { .. }) => Some(
                    Fault::new(
                        FaultKind::Malformed,
                        "registering a version",
                        "the store did not say which",
                    )
                    .maybe_done(),
                ),
                Ok(Written::Done) => None,
                Err(fault) if fault.maybe_done || may_be_there(write, &fault) => Some(fault),
                Err(fault) => {
                    return if arrived {
                        Sent::Refused(fault)
                    } else {
                        Sent::Nothing(fault)
                    };
                }
            };
            if let Some(fault) = lost
                && !self.arrived(write, &expected, fault.maybe_done).await
            {
                return if fault.maybe_done || arrived {
                    Sent::Lost(fault)
                } else {
                    Sent::Nothing(fault)
                };
            }
            arrived = true;
            self.placed |= self.plan.is_meant(write);
        }
        Sent::All
    }

    /// One attempt; a second one only for what never left.
    async fn attempt(&self, write: &RegistryWrite) -> Answer<Written> {
        match self.writer.write(write).await {
            Err(fault) if fault.never_left && !fault.maybe_done => {
                let wait = fault.retry_after.map_or(BEFORE_AGAIN, |seconds| {
                    seconds.saturating_mul(1000).min(LONGEST_BEFORE_AGAIN)
                });
                (self.progress)(Progress::Waiting(format!(
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
    async fn arrived(
        &mut self,
        write: &RegistryWrite,
        expected: &State,
        may_be_late: bool,
    ) -> bool {
        let creates = matches!(write, RegistryWrite::CreateVersion { .. });
        if !creates && self.shows(write, expected).await {
            return true;
        }
        if may_be_late {
            self.wait().await;
        }
        self.shows(write, expected).await
    }

    /// Whether the registry shows a write, and all else as expected. What can't be read does not show.
    async fn shows(&mut self, write: &RegistryWrite, expected: &State) -> bool {
        let Ok(now) = read_registry(self.reader, &self.plan.intent).await else {
            return false;
        };
        if let RegistryWrite::CreateVersion { .. } = write {
            let marked = marked(self.plan, &now);
            if let [only] = marked[..] {
                self.made(only);
            }
            return marked.len() == 1;
        }
        has(&now, write)
            && differences(&self.plan.subject(), expected, &now.state(), None).is_empty()
    }

    /// Waits until no request that was given up can land any more.
    async fn wait(&self) {
        let mut left = self.writer.quiet_period();
        while left > 0 {
            let seconds = left.div_ceil(1000);
            (self.progress)(Progress::Waiting(format!(
                "the answer was lost; waiting {seconds} s until nothing late can land"
            )));
            let now = left.min(TELL_EVERY);
            tokio::time::sleep(Duration::from_millis(now)).await;
            left -= now;
        }
    }

    fn made(&mut self, version: VersionNumber) {
        self.created = Some(version);
        self.note(&Line::Created {
            id: self.id(),
            at: self.journal.now(),
            version,
        });
    }

    fn id(&self) -> Cow<'a, str> {
        Cow::Borrowed(&self.plan.id)
    }

    fn note(&mut self, line: &Line<'_>) {
        if let Err(error) = self.journal.append(line) {
            self.unrecorded.get_or_insert(error);
        }
    }
}

/// Whether a refusal can mean that it is there: somebody made the model first, which does no harm.
fn may_be_there(write: &RegistryWrite, fault: &Fault) -> bool {
    matches!(write, RegistryWrite::CreateModel { .. })
        && matches!(fault.kind, FaultKind::Conflict | FaultKind::Invalid)
}
