//! The path of a write in a simulated world: plan, preflight, apply, verify, journal, recovery, undo.
//!
//! Several promoters work on one registry over networks that lose, delay, duplicate and reorder requests. Their programs die
//! at any point where they wait, their disks fill up and lose what was not synced, their clocks jump. Time is virtual, so an
//! episode of minutes takes milliseconds, and a seed replays it exactly:
//!
//! ```text
//! SIMULATION_OPERATIONS=1000000 cargo test --release --test it simulation -- --nocapture
//! SIMULATION_SEED=4711 SIMULATION_OPERATIONS=1 cargo test --test it simulation -- --nocapture
//! ```
//!
//! Each report is compared with what the registry carried out: see [`checks`].

mod checks;
mod disk;
mod intents;
mod network;
mod promoter;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frontrunner::domain::rng::SplitMix64;

use crate::promotion::cases::run_paused;
use crate::support::fake_store::{FakeStore, SETTLE_WINDOW};
use checks::OperationRecord;
use network::FaultRates;
use promoter::Promoter;

const DEFAULT_OPERATIONS: u64 = 4_000;
const DEFAULT_SEED: u64 = 1;

/// Random numbers of one episode.
pub struct Random(SplitMix64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    fn fork(&mut self) -> Self {
        Self::new(self.0.next_u64())
    }

    /// From 0 to `end - 1`.
    fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end.max(1)
    }

    fn is_below_permille(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    fn choose<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(usize::try_from(self.below(all.len() as u64)).unwrap())
    }
}

/// Runs one episode and returns its operations.
fn run_episode(seed: u64) -> Result<Vec<OperationRecord>, String> {
    let mut random = Random::new(seed);
    let server = FakeStore::new(intents::start_registry(&mut random));
    let rates = FaultRates::random(&mut random);
    let next_client = Arc::new(AtomicU64::new(1));
    let count = 1 + random.below(4);
    let mut promoters: Vec<Promoter> = (0..count)
        .map(|_| Promoter::new(&server, rates, next_client.clone(), random.fork()))
        .collect();
    run_paused(async {
        let all = promoters.iter_mut().map(Promoter::work);
        futures_util::future::join_all(all).await;
        tokio::time::sleep(Duration::from_millis(10 * SETTLE_WINDOW)).await;
        for promoter in &mut promoters {
            promoter.recover_all().await;
        }
        let landings = server.landings();
        let mut records = Vec::new();
        for promoter in promoters {
            checks::check_promoter(&promoter, &landings)?;
            records.extend(promoter.records);
        }
        Ok(records)
    })
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn every_report_is_true() {
    let (operations, seed) = (
        setting("SIMULATION_OPERATIONS", DEFAULT_OPERATIONS),
        setting("SIMULATION_SEED", DEFAULT_SEED),
    );
    let (done, next_seed) = (AtomicU64::new(0), AtomicU64::new(seed));
    let totals: Mutex<BTreeMap<&'static str, u64>> = Mutex::default();
    let failure: Mutex<Option<(u64, String)>> = Mutex::default();
    let work = || {
        while done.load(Ordering::Relaxed) < operations && failure.lock().unwrap().is_none() {
            let seed = next_seed.fetch_add(1, Ordering::Relaxed);
            match run_episode(seed) {
                Ok(records) => {
                    done.fetch_add(records.len() as u64, Ordering::Relaxed);
                    let mut totals = totals.lock().unwrap();
                    for record in records {
                        *totals.entry(record.result_name()).or_default() += 1;
                    }
                }
                Err(error) => {
                    let mut failure = failure.lock().unwrap();
                    if failure.as_ref().is_none_or(|(other, _)| seed < *other) {
                        *failure = Some((seed, error));
                    }
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let done = done.into_inner();
    println!("{done} operations: {:?}", totals.into_inner().unwrap());
    if let Some((seed, error)) = failure.into_inner().unwrap() {
        panic!("SIMULATION_SEED={seed} SIMULATION_OPERATIONS=1 replays: {error}");
    }
}

#[test]
fn seed_replays_an_episode() {
    for seed in 1..20 {
        let outcomes = || {
            let records = run_episode(seed).unwrap();
            records
                .iter()
                .map(OperationRecord::describe)
                .collect::<Vec<_>>()
        };
        assert_eq!(outcomes(), outcomes(), "seed {seed}");
    }
}
