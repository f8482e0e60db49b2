//! A user with a program, a disk, a clock and a network of their own.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use frontrunner::ops::apply::{ApplyContext, apply_plan};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::recover::recover;
use frontrunner::ops::registry::read_snapshot;
use frontrunner::promotion::journal::{EntryState, Uptime};
use frontrunner::promotion::policy::Policy;
use frontrunner::promotion::{Plan, plan};
use frontrunner::store::ReadStore;
use tokio::time::Instant;

use super::Random;
use super::checks::{OperationRecord, OperationResult, Recovery};
use super::disk::SimulatedDisk;
use super::intents::random_intent;
use super::network::{FaultRates, SimulatedNetwork};
use crate::promotion::cases::{DropAfter, clear, confirmation_text, context};
use crate::support::fake_store::{FakeStore, now_ms};

/// Most waits of a program that is to die.
const MAX_WAITS: u64 = 60;
/// Largest jump of a clock, in ms: two days.
const MAX_JUMP: u64 = 2 * 86_400_000;

pub struct Promoter {
    server: FakeStore,
    rates: FaultRates,
    next_client: Arc<AtomicU64>,
    random: Random,
    policy: Policy,
    pub journal: Journal,
    disk: SimulatedDisk,
    clock_skew: Arc<AtomicI64>,
    pub records: Vec<OperationRecord>,
}

impl Promoter {
    pub fn new(
        server: &FakeStore,
        rates: FaultRates,
        next_client: Arc<AtomicU64>,
        mut random: Random,
    ) -> Self {
        let disk = SimulatedDisk::new(rates.disk_full, random.fork());
        let clock_skew = Arc::new(AtomicI64::new(0));
        let skew = clock_skew.clone();
        let journal = Journal::with_storage(Arc::new(disk.clone())).with_clocks(
            move || now_ms() + skew.load(Ordering::Relaxed),
            // Programs die here, machines do not.
            || {
                let boot = "simulated".to_owned();
                let ms = now_ms().unsigned_abs();
                Some(Uptime { boot, ms })
            },
        );
        let network = SimulatedNetwork::new(rates, random.fork());
        Self {
            server: server.client(0, Arc::new(network)),
            rates,
            next_client,
            random,
            policy: Policy::default(),
            journal,
            disk,
            clock_skew,
            records: Vec::new(),
        }
    }

    /// Some operations, one after another.
    pub async fn work(&mut self) {
        for _ in 0..2 + self.random.below(7) {
            self.wait_up_to(5_000).await;
            self.maybe_jump_clock();
            self.operate().await;
            if self.random.below(4) == 0 {
                self.recover_all().await;
            }
        }
    }

    async fn wait_up_to(&mut self, ms: u64) {
        let wait = Duration::from_millis(self.random.below(ms));
        tokio::time::sleep(wait).await;
    }

    fn maybe_jump_clock(&mut self) {
        if self.random.is_below_permille(self.rates.clock_jump) {
            let jump = i64::try_from(self.random.below(2 * MAX_JUMP)).unwrap();
            let jump = jump - i64::try_from(MAX_JUMP).unwrap();
            self.clock_skew.fetch_add(jump, Ordering::Relaxed);
        }
    }

    /// Plans, waits for the user, and applies, unless the program dies meanwhile.
    async fn operate(&mut self) {
        let client = self.next_client.fetch_add(1, Ordering::Relaxed);
        let network = Arc::new(SimulatedNetwork::new(self.rates, self.random.fork()));
        let store = self.server.client(client, network.clone());
        let started = Instant::now();
        let Some(plan) = self.plan(&store, client).await else {
            return;
        };
        // Users read the plan.
        if self.random.below(3) == 0 {
            self.wait_up_to(20_000).await;
        }
        let typed = confirmation_text(&plan);
        let cleared = clear(plan.clone(), typed.as_deref());
        let context = ApplyContext {
            sources: (&store as &dyn ReadStore).into(),
            writer: &store,
            policy: &self.policy,
            journal: &self.journal,
        };
        self.disk.take_failure();
        let apply = pin!(apply_plan(cleared, context, &|_| {}));
        let result = if self.random.is_below_permille(self.rates.crash) {
            let polls = usize::try_from(self.random.below(MAX_WAITS)).unwrap();
            DropAfter {
                future: apply,
                polls,
            }
            .await
        } else {
            Some(apply.await)
        };
        let has_disk_failed = self.disk.take_failure();
        let result = match result {
            None => {
                self.disk.crash();
                OperationResult::Crashed
            }
            Some(Ok(report)) => OperationResult::Reported(Box::new(report)),
            Some(Err(error)) => OperationResult::Stopped(error.to_string()),
        };
        self.records.push(OperationRecord {
            client,
            plan,
            started,
            ended: Instant::now(),
            network,
            has_disk_failed,
            result,
            recoveries: Vec::new(),
        });
    }

    async fn plan(&self, store: &FakeStore, client: u64) -> Option<Plan> {
        let mut random = Random::new(client ^ 0x5eed ^ self.records.len() as u64);
        let intent = random_intent(&mut random, &store.registry(), &self.journal);
        let snapshot = read_snapshot(store, &intent).await.ok()?;
        plan(intent, &snapshot, &context(&format!("op{client}"))).ok()
    }

    fn recorded_state(&self, id: &str) -> EntryState {
        let entries = self.journal.entries("memory").unwrap();
        let entry = entries.into_iter().find(|entry| entry.id == id);
        entry.map_or(EntryState::Unfinished, |entry| entry.state)
    }

    /// Checks every unresolved entry against the registry, as the next start offers to.
    pub async fn recover_all(&mut self) {
        self.maybe_jump_clock();
        for entry in self.journal.entries("memory").unwrap() {
            if !entry.is_unresolved() {
                continue;
            }
            let outcome = match recover(&entry, &self.server, &self.journal).await {
                Ok(outcome) => outcome,
                // A full disk can take all of a record but its last byte.
                Err(_) => match self.recorded_state(&entry.id) {
                    EntryState::Ended(outcome)
                        if entry.state != EntryState::Ended(outcome.clone()) =>
                    {
                        outcome
                    }
                    _ => continue,
                },
            };
            let record = self
                .records
                .iter_mut()
                .find(|record| record.plan.id == entry.id);
            let record = record.expect("an entry belongs to an operation");
            record.recoveries.push(Recovery {
                ended: Instant::now(),
                outcome,
            });
        }
    }
}
