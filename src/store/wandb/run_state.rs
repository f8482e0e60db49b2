//! The state of a run, updated record by record as its log grows.

use std::fs::File;
use std::io;
use std::path::Path;

use hashbrown::HashMap;

use super::config::ConfigValues;
use super::json;
use super::record_log::RecordLog;
use super::records::{
    Environment, LogRecord, RunInfo, StatsSample, parse_environment, parse_exit, parse_item,
    parse_record, parse_run,
};
use super::summary::{LatestValues, parse_seconds};
use super::system_metrics;
use crate::domain::Millis;
use crate::store::limits;

/// The run's header is usually the second record.
const HEAD_RECORDS: usize = 16;

#[derive(Debug)]
pub(super) struct SystemMetric {
    pub name: String,
    /// The last sample.
    pub value: f64,
    /// Converts W&B's unit to MLflow's.
    factor: f64,
    pub time: Millis,
    /// The number of the last sample, from 0.
    pub index: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunExit {
    pub code: i64,
    /// The runtime; 0 if unknown.
    pub seconds: i64,
}

#[derive(Debug, Default)]
pub(super) struct RunState {
    /// `None` until the header is written.
    pub info: Option<RunInfo>,
    pub environment: Environment,
    pub config: ConfigValues,
    pub latest: LatestValues,
    pub system: Vec<SystemMetric>,
    pub exit: Option<RunExit>,
    /// The runtime in the summary, in seconds.
    pub runtime: Option<f64>,
    /// The latest time in a record.
    pub last_time: Option<Millis>,
    /// See [`RecordLog::damage_count`].
    pub damage_count: u64,
    /// Why the log can't be read.
    pub read_error: Option<String>,
    /// Indices in `system` by W&B's names.
    system_index: HashMap<Box<[u8]>, usize>,
    position: u64,
}

impl RunState {
    /// Reads what was appended since the last call.
    pub(super) fn read(&mut self, path: &Path) {
        self.read_error = self
            .read_new_records(path)
            .err()
            .map(|error| error.to_string());
    }

    fn read_new_records(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut log) = RecordLog::open(File::open(path)?, self.position)? else {
            return Ok(());
        };
        while let Some(bytes) = log.next_record()? {
            self.apply_record(bytes);
        }
        self.position = log.position();
        self.damage_count += log.damage_count();
        Ok(())
    }

    fn apply_record(&mut self, bytes: &[u8]) {
        let time = match parse_record(bytes) {
            Some(LogRecord::History(bytes)) => self.latest.apply_history(bytes),
            Some(LogRecord::Summary(bytes)) => {
                self.runtime = self.latest.apply_summary(bytes).or(self.runtime);
                None
            }
            Some(LogRecord::Config(bytes)) => {
                self.config.apply_record(bytes);
                None
            }
            Some(LogRecord::Stats(bytes)) => self.apply_sample(StatsSample::new(bytes)),
            Some(LogRecord::Run(bytes)) => {
                let (info, config) = parse_run(bytes);
                self.info = Some(info);
                if let Some(config) = config {
                    self.config.apply_record(config);
                }
                None
            }
            Some(LogRecord::Exit(bytes)) => {
                let (code, seconds) = parse_exit(bytes);
                self.exit = Some(RunExit { code, seconds });
                None
            }
            Some(LogRecord::Environment(bytes)) => {
                self.environment.merge(parse_environment(bytes));
                None
            }
            None => None,
        };
        self.last_time = self.last_time.max(time);
    }

    fn apply_sample(&mut self, sample: StatsSample<'_>) -> Option<Millis> {
        let time = sample.time();
        let mut scratch = Vec::new();
        for bytes in sample.items() {
            let item = parse_item(bytes, &mut scratch);
            let Some(value) = json::parse_number(item.json) else {
                continue;
            };
            let time = time.unwrap_or(0);
            let existing = self
                .system_index
                .get(item.key)
                .and_then(|index| self.system.get_mut(*index));
            if let Some(metric) = existing {
                (metric.value, metric.time, metric.index) =
                    (value * metric.factor, time, metric.index + 1);
            } else if self.system.len() < limits::WANDB_SYSTEM_METRICS {
                let (name, factor) =
                    system_metrics::mlflow_name(&String::from_utf8_lossy(item.key));
                self.system_index.insert(item.key.into(), self.system.len());
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

    /// `None` without an exit record.
    pub(super) fn end_time(&self) -> Option<Millis> {
        let exit = self.exit?;
        let start = self.info.as_ref().and_then(|info| info.started_at);
        let runtime_ms = parse_seconds(exit.seconds.to_string().as_bytes())
            .unwrap_or(0)
            .max(self.runtime.map_or(0, |runtime| (runtime * 1e3) as Millis));
        start
            .map(|start| start.saturating_add(runtime_ms))
            .max(self.last_time)
    }
}

impl Environment {
    /// Overrides values by those of `later` that are not empty.
    pub(super) fn merge(&mut self, later: Self) {
        let pairs = [
            (&mut self.program, later.program),
            (&mut self.user, later.user),
            (&mut self.remote, later.remote),
            (&mut self.commit, later.commit),
        ];
        for (value, later_value) in pairs {
            if !later_value.is_empty() {
                *value = later_value;
            }
        }
    }
}

/// Reads the header of a run; `None` until it is written.
pub(super) fn read_run_info(path: &Path) -> Option<RunInfo> {
    let mut log = RecordLog::open(File::open(path).ok()?, 0).ok()??;
    for _ in 0..HEAD_RECORDS {
        if let Some(LogRecord::Run(bytes)) = parse_record(log.next_record().ok()??) {
            return Some(parse_run(bytes).0);
        }
    }
    None
}
