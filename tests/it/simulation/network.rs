//! What a network does to the messages of one operation.

use std::sync::Mutex;

use frontrunner::domain::StoreWrite;

use super::Random;
use crate::support::fake_store::{Network, SETTLE_WINDOW, WriteFailure, WriteFate};

/// How often things go wrong, in 1000.
#[derive(Clone, Copy, Debug)]
pub struct FaultRates {
    pub write: u64,
    pub read: u64,
    pub crash: u64,
    pub disk_full: u64,
    pub clock_jump: u64,
}

impl FaultRates {
    /// A calm world, a usual one, or a terrible one.
    pub fn random(random: &mut Random) -> Self {
        let [write, read, crash, disk_full, clock_jump] = match random.below(4) {
            0 => [0, 0, 0, 0, 0],
            1 => [50, 20, 50, 5, 20],
            2 => [150, 20, 200, 5, 100],
            _ => [400, 100, 300, 20, 200],
        };
        Self {
            write,
            read,
            crash,
            disk_full,
            clock_jump,
        }
    }
}

/// The network of one operation, and a record of what it did.
pub struct SimulatedNetwork {
    rates: FaultRates,
    state: Mutex<State>,
}

struct State {
    random: Random,
    sent: Vec<(StoreWrite, Option<WriteFailure>)>,
    lost_reads: usize,
}

const FAILURES: [WriteFailure; 8] = [
    WriteFailure::NotSent,
    WriteFailure::LostResponse,
    WriteFailure::LostRequest,
    WriteFailure::LateArrival,
    WriteFailure::Duplicated,
    WriteFailure::DuplicatedLate,
    WriteFailure::Refused,
    WriteFailure::NotPersisted,
];

impl SimulatedNetwork {
    pub fn new(rates: FaultRates, random: Random) -> Self {
        Self {
            rates,
            state: Mutex::new(State {
                random,
                sent: Vec::new(),
                lost_reads: 0,
            }),
        }
    }

    /// What was sent, in order, and what went wrong with it.
    pub fn sent(&self) -> Vec<(StoreWrite, Option<WriteFailure>)> {
        self.state.lock().unwrap().sent.clone()
    }

    /// Whether anything went wrong.
    pub fn has_failed(&self) -> bool {
        let state = self.state.lock().unwrap();
        state.lost_reads > 0 || state.sent.iter().any(|(_, failure)| failure.is_some())
    }
}

impl Network for SimulatedNetwork {
    fn read(&self) -> (u64, bool) {
        let mut state = self.state.lock().unwrap();
        let is_lost = state.random.is_below_permille(self.rates.read);
        state.lost_reads += usize::from(is_lost);
        (state.random.below(80), is_lost)
    }

    fn write(&self, write: &StoreWrite) -> WriteFate {
        let mut state = self.state.lock().unwrap();
        let has_failure = state.random.is_below_permille(self.rates.write);
        let failure = has_failure
            .then(|| state.random.choose(&FAILURES).copied())
            .flatten();
        state.sent.push((write.clone(), failure));
        // A lost answer is given up after a while.
        let after = if has_failure { 30_000 } else { 80 };
        WriteFate {
            before: state.random.below(80),
            after: state.random.below(after),
            failure,
            late: 1 + state.random.below(SETTLE_WINDOW - 1),
        }
    }
}
