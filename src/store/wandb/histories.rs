//! The histories of a run: one column of numbers per metric, over shared rows. A point takes 12
//! bytes here and about 40 in the file.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::path::Path;

use hashbrown::HashMap;

use super::json;
use super::record_log::RecordLog;
use super::records::{
    HistoryPart, LogRecord, StatsSample, history_parts, parse_item, parse_record,
};
use super::summary::{is_internal, parse_seconds};
use super::system_metrics;
use crate::domain::{MetricValue, Millis, Point};
use crate::store::limits;

#[derive(Debug, Default)]
pub(super) struct RunHistories {
    /// The only metric to read; `None` for all.
    metric_filter: Option<Box<[u8]>>,
    /// Step and time of each row.
    rows: Vec<(i64, Millis)>,
    index_by_name: HashMap<Box<[u8]>, usize>,
    columns: Vec<MetricColumn>,
    scratch: Vec<u8>,
    position: u64,
}

/// The values of a metric, and the row of each.
#[derive(Debug, Default)]
struct MetricColumn {
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl RunHistories {
    /// Reads one metric only, for runs whose histories exceed the cache.
    pub(super) fn for_metric(metric: &str) -> Self {
        Self {
            metric_filter: Some(metric.as_bytes().into()),
            ..Self::default()
        }
    }

    /// Reads what was appended since the last call.
    ///
    /// # Errors
    /// When the file can't be read, or has another format.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut log) = RecordLog::open(File::open(path)?, self.position)? else {
            return Ok(());
        };
        while let Some(bytes) = log.next_record()? {
            match parse_record(bytes) {
                Some(LogRecord::History(bytes)) => self.apply_history(bytes),
                Some(LogRecord::Stats(bytes)) => self.apply_sample(StatsSample::new(bytes)),
                _ => {}
            }
        }
        self.position = log.position();
        Ok(())
    }

    /// About how many bytes of memory it takes.
    pub(super) fn memory_bytes(&self) -> usize {
        let columns: usize = self
            .columns
            .iter()
            .map(|column| column.rows.capacity() * 4 + column.values.capacity() * 8 + 128)
            .sum();
        self.rows.capacity() * 16 + columns
    }

    /// The points of a metric, by step, then time, then value.
    pub(super) fn points(&self, metric: &str) -> Vec<Point> {
        let Some(column) = self
            .index_by_name
            .get(metric.as_bytes())
            .and_then(|index| self.columns.get(*index))
        else {
            return Vec::new();
        };
        let point = |(row, value): (&u32, &f64)| {
            let (step, timestamp) = *self.rows.get(*row as usize)?;
            Some(Point {
                step,
                timestamp,
                value: MetricValue::new(*value),
            })
        };
        let mut points: Vec<Point> = column
            .rows
            .iter()
            .zip(&column.values)
            .filter_map(point)
            .collect();
        let order = |a: &Point, b: &Point| -> Ordering {
            (a.step, a.timestamp)
                .cmp(&(b.step, b.timestamp))
                .then_with(|| MetricValue::cmp_nan_last(a.value, b.value))
        };
        if !points.is_sorted_by(|a, b| order(a, b).is_le()) {
            points.sort_by(order);
        }
        points
    }

    fn apply_history(&mut self, bytes: &[u8]) {
        let Ok(row) = u32::try_from(self.rows.len()) else {
            return;
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        let (mut history_step, mut time, mut has_values) = (None, 0, false);
        for part in history_parts(bytes) {
            let bytes = match part {
                HistoryPart::Item(bytes) => bytes,
                HistoryPart::Step(step) => {
                    history_step = Some(step);
                    continue;
                }
            };
            let item = parse_item(bytes, &mut scratch);
            match item.key {
                b"_timestamp" => time = parse_seconds(item.json).unwrap_or(0),
                b"_step" if history_step.is_none() => {
                    history_step = json::parse_number(item.json).map(|step| step as i64);
                }
                key if is_internal(key) => {}
                key if json::is_object(item.json) => {
                    if !self.is_selected(key, true) {
                        continue;
                    }
                    // Before wandb 0.17 a nested object is one value.
                    json::flatten(
                        &String::from_utf8_lossy(key),
                        item.json,
                        &mut |key, json| {
                            if let Some(value) = json::parse_number(json.as_bytes())
                                .filter(|_| self.is_selected(key.as_bytes(), false))
                            {
                                has_values |= self.push_value(key.as_bytes(), row, value);
                            }
                        },
                    );
                }
                key => {
                    if self.is_selected(key, false)
                        && let Some(value) = json::parse_number(item.json)
                    {
                        has_values |= self.push_value(key, row, value);
                    }
                }
            }
        }
        if has_values {
            self.rows.push((history_step.unwrap_or(0), time));
        }
        self.scratch = scratch;
    }

    /// Whether to read a key; with `include_nested`, whether to read any key nested in it.
    #[inline]
    fn is_selected(&self, key: &[u8], include_nested: bool) -> bool {
        let Some(only) = &self.metric_filter else {
            return true;
        };
        **only == *key
            || (include_nested
                && only
                    .strip_prefix(key)
                    .is_some_and(|rest| rest.first() == Some(&b'.')))
    }

    fn apply_sample(&mut self, sample: StatsSample<'_>) {
        let time = sample.time().unwrap_or(0);
        let mut scratch = Vec::new();
        for bytes in sample.items() {
            let item = parse_item(bytes, &mut scratch);
            let Some(value) = json::parse_number(item.json) else {
                continue;
            };
            let (name, factor) = system_metrics::mlflow_name(&String::from_utf8_lossy(item.key));
            if !self.is_selected(name.as_bytes(), false) {
                continue;
            }
            // The step of a system metric is the number of its sample, as in MLflow.
            let known = self
                .index_by_name
                .get(name.as_bytes())
                .and_then(|index| self.columns.get(*index));
            let index = known
                .map_or(0, |column| column.rows.len() as u64)
                .cast_signed();
            let Ok(row) = u32::try_from(self.rows.len()) else {
                return;
            };
            if self.push_value(name.as_bytes(), row, value * factor) {
                self.rows.push((index, time));
            }
        }
    }

    /// Adds a value; returns whether it was added. A second value in the same row replaces the
    /// first.
    fn push_value(&mut self, key: &[u8], row: u32, value: f64) -> bool {
        let index = match self.index_by_name.get(key) {
            Some(index) => *index,
            None if self.columns.len() == limits::WANDB_METRICS => return false,
            None => {
                self.index_by_name.insert(key.into(), self.columns.len());
                self.columns.push(MetricColumn::default());
                self.columns.len() - 1
            }
        };
        let Some(column) = self.columns.get_mut(index) else {
            return false;
        };
        if column.rows.last() == Some(&row)
            && let Some(last) = column.values.last_mut()
        {
            *last = value;
        } else {
            column.rows.push(row);
            column.values.push(value);
        }
        true
    }
}
