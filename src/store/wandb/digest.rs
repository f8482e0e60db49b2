//! What is known of a run from its file: built record by record, and built on when there are more.

use std::fs::File;
use std::io;
use std::path::Path;

use hashbrown::HashMap;

use super::json;
use super::latest::{Logged, seconds};
use super::leaves::Leaves;
use super::log::Log;
use super::records::{Environment, Record, RunFacts, Sample, environment, exit, item, record, run};
use super::system;
use crate::domain::Millis;
use crate::store::limits;

/// How many records are looked at to learn what a run is: the second one says it.
const FIRST: usize = 16;

/// One of the system's metrics.
#[derive(Debug)]
pub(super) struct SystemMetric {
    /// Its name.
    pub name: String,
    /// What the last sample said.
    pub value: f64,
    /// By what W&B's number is multiplied.
    factor: f64,
    /// When.
    pub time: Millis,
    /// Which sample of this metric it was, from 0.
    pub index: i64,
}

/// How a run ended, as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Exit {
    /// Its exit code.
    pub code: i64,
    /// How many seconds it ran for; 0 where it does not say.
    pub seconds: i64,
}

/// What is known of a run.
#[derive(Debug, Default)]
pub(super) struct Digest {
    /// What it says it is; nothing until it does.
    pub facts: Option<RunFacts>,
    /// Where it runs.
    pub environment: Environment,
    /// Its config.
    pub config: Leaves,
    /// What it logged.
    pub logged: Logged,
    /// The system's metrics.
    pub system: Vec<SystemMetric>,
    /// How it ended.
    pub exit: Option<Exit>,
    /// How many seconds it has taken, as its summary says.
    pub runtime: Option<f64>,
    /// The last time that a record told.
    pub last: Option<Millis>,
    /// How many places of the file were damaged.
    pub lost: u64,
    /// Why its file can't be read.
    pub unreadable: Option<String>,
    /// Where each of W&B's names is among the system's metrics.
    sampled: HashMap<Box<[u8]>, usize>,
    position: u64,
}

impl Digest {
    /// Reads what was added to the file since the last time.
    pub(super) fn read(&mut self, path: &Path) {
        self.unreadable = self.go_on(path).err().map(|error| error.to_string());
    }

    fn go_on(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut log) = Log::open(File::open(path)?, self.position)? else {
            return Ok(());
        };
        while let Some(bytes) = log.next()? {
            self.take(bytes);
        }
        self.position = log.position();
        self.lost += log.lost();
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) {
        let time = match record(bytes) {
            Some(Record::History(bytes)) => self.logged.take(bytes),
            Some(Record::Summary(bytes)) => {
                self.runtime = self.logged.summarise(bytes).or(self.runtime);
                None
            }
            Some(Record::Config(bytes)) => {
                self.config.take(bytes);
                None
            }
            Some(Record::Stats(bytes)) => self.sample(Sample::of(bytes)),
            Some(Record::Run(bytes)) => {
                let (facts, config) = run(bytes);
                self.facts = Some(facts);
                if let Some(config) = config {
                    self.config.take(config);
                }
                None
            }
            Some(Record::Exit(bytes)) => {
                let (code, seconds) = exit(bytes);
                self.exit = Some(Exit { code, seconds });
                None
            }
            Some(Record::Environment(bytes)) => {
                self.environment.add(environment(bytes));
                None
            }
            None => None,
        };
        self.last = self.last.max(time);
    }

    fn sample(&mut self, sample: Sample<'_>) -> Option<Millis> {
        let time = sample.time();
        let mut scratch = Vec::new();
        for bytes in sample.items() {
            let item = item(bytes, &mut scratch);
            let Some(value) = json::number(item.json) else {
                continue;
            };
            let time = time.unwrap_or(0);
            let known = self
                .sampled
                .get(item.key)
                .and_then(|index| self.system.get_mut(*index));
            if let Some(metric) = known {
                (metric.value, metric.time, metric.index) =
                    (value * metric.factor, time, metric.index + 1);
            } else if self.system.len() < limits::WANDB_SYSTEM_METRICS {
                let (name, factor) = system::named(&String::from_utf8_lossy(item.key));
                self.sampled.insert(item.key.into(), self.system.len());
                self.system.push(SystemMetric {
                    name,
                    value: value * factor,
                    factor,
                    time,
                    index: 0,
                });
            }
        }
        time
    }

    /// When the run ended, where it says that it did.
    pub(super) fn end(&self) -> Option<Millis> {
        let exit = self.exit?;
        let start = self.facts.as_ref().and_then(|facts| facts.start);
        let told = seconds(exit.seconds.to_string().as_bytes())
            .unwrap_or(0)
            .max(self.runtime.map_or(0, |runtime| (runtime * 1e3) as Millis));
        start.map(|start| start.saturating_add(told)).max(self.last)
    }
}

impl Environment {
    /// Takes what is told later; what is not told again stays.
    pub(super) fn add(&mut self, later: Self) {
        let pairs = [
            (&mut self.program, later.program),
            (&mut self.user, later.user),
            (&mut self.remote, later.remote),
            (&mut self.commit, later.commit),
        ];
        for (known, told) in pairs {
            if !told.is_empty() {
                *known = told;
            }
        }
    }
}

/// What a run says it is, from the beginning of its file; nothing while it does not say.
pub(super) fn head(path: &Path) -> Option<RunFacts> {
    let mut log = Log::open(File::open(path).ok()?, 0).ok()??;
    for _ in 0..FIRST {
        if let Some(Record::Run(bytes)) = record(log.next().ok()??) {
            return Some(run(bytes).0);
        }
    }
    None
}
