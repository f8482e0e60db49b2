//! A disk that fills up, and that loses in a crash what was not synced.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use frontrunner::ops::journal::{JournalFile, JournalStorage};

use super::Random;

/// The journal's file.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

struct State {
    bytes: Vec<u8>,
    /// How many of them survive a crash.
    synced: usize,
    /// How often, in 1000 writes, the disk is full in the middle of one.
    full_permille: u64,
    has_failed: bool,
    random: Random,
}

impl SimulatedDisk {
    pub fn new(full_permille: u64, random: Random) -> Self {
        Self(Arc::new(Mutex::new(State {
            bytes: Vec::new(),
            synced: 0,
            full_permille,
            has_failed: false,
            random,
        })))
    }

    /// Loses what was not synced, or a part of it.
    pub fn crash(&self) {
        let mut state = self.state();
        let unsynced = (state.bytes.len() - state.synced) as u64;
        let kept = state.random.below(unsynced + 1);
        let kept = state.synced + usize::try_from(kept).unwrap();
        state.bytes.truncate(kept);
        state.synced = kept;
    }

    /// Whether it was full since the last call.
    pub fn take_failure(&self) -> bool {
        std::mem::take(&mut self.state().has_failed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl JournalStorage for SimulatedDisk {
    fn path(&self) -> &Path {
        Path::new("journal.jsonl")
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        Ok(self.state().bytes.clone())
    }

    fn open_for_append(&self) -> io::Result<Box<dyn JournalFile>> {
        Ok(Box::new(self.clone()))
    }
}

impl JournalFile for SimulatedDisk {
    fn is_at_line_start(&mut self) -> io::Result<bool> {
        Ok(self.state().bytes.last().is_none_or(|last| *last == b'\n'))
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let permille = state.full_permille;
        if !state.random.is_below_permille(permille) {
            state.bytes.extend_from_slice(bytes);
            return Ok(());
        }
        let written = state.random.below(bytes.len() as u64);
        let written = usize::try_from(written).unwrap();
        state.bytes.extend_from_slice(&bytes[..written]);
        state.has_failed = true;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state();
        state.synced = state.bytes.len();
        Ok(())
    }
}
