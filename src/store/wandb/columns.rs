//! The histories of a run, all metrics at once: a column of numbers a metric, over rows that they share. A point takes 12 bytes here
//! and some 40 in the file.

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::path::Path;

use hashbrown::HashMap;

use super::json;
use super::latest::{is_internal, seconds};
use super::log::Log;
use super::records::{Part, Record, Sample, item, logged, record};
use super::system;
use crate::domain::{MetricValue, Millis, Point};
use crate::store::limits;

/// The histories of a run.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The only metric that is wanted; nothing for all.
    only: Option<Box<[u8]>>,
    /// Step and time of each row.
    rows: Vec<(i64, Millis)>,
    names: HashMap<Box<[u8]>, usize>,
    kept: Vec<Column>,
    scratch: Vec<u8>,
    position: u64,
}

/// The values of a metric, and in which row each is.
#[derive(Debug, Default)]
struct Column {
    rows: Vec<u32>,
    values: Vec<f64>,
}

impl Columns {
    /// The history of one metric alone, for where all would be too much.
    pub(super) fn of(metric: &str) -> Self {
        Self {
            only: Some(metric.as_bytes().into()),
            ..Self::default()
        }
    }

    /// Reads what was added to the file since the last time.
    ///
    /// # Errors
    /// When the file can't be read, or is none of W&B's.
    pub(super) fn read(&mut self, path: &Path) -> io::Result<()> {
        let Some(mut log) = Log::open(File::open(path)?, self.position)? else {
            return Ok(());
        };
        while let Some(bytes) = log.next()? {
            match record(bytes) {
                Some(Record::History(bytes)) => self.history(bytes),
                Some(Record::Stats(bytes)) => self.sample(Sample::of(bytes)),
                _ => {}
            }
        }
        self.position = log.position();
        Ok(())
    }

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let columns: usize = self
            .kept
            .iter()
            .map(|column| column.rows.capacity() * 4 + column.values.capacity() * 8 + 128)
            .sum();
        self.rows.capacity() * 16 + columns
    }

    /// The points of a metric in the order of step, then time, then value.
    pub(super) fn points(&self, metric: &str) -> Vec<Point> {
        let Some(column) = self
            .names
            .get(metric.as_bytes())
            .and_then(|index| self.kept.get(*index))
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
                .then_with(|| MetricValue::order(a.value, b.value))
        };
        if !points.is_sorted_by(|a, b| order(a, b).is_le()) {
            points.sort_by(order);
        }
        points
    }

    fn history(&mut self, bytes: &[u8]) {
        let Ok(row) = u32::try_from(self.rows.len()) else {
            return;
        };
        let mut scratch = std::mem::take(&mut self.scratch);
        let (mut at, mut time, mut any) = (None, 0, false);
        for part in logged(bytes) {
            let bytes = match part {
                Part::Item(bytes) => bytes,
                Part::Step(step) => {
                    at = Some(step);
                    continue;
                }
            };
            let item = item(bytes, &mut scratch);
            match item.key {
                b"_timestamp" => time = seconds(item.json).unwrap_or(0),
                b"_step" if at.is_none() => at = json::number(item.json).map(|step| step as i64),
                key if is_internal(key) => {}
                key if json::is_object(item.json) => {
                    if !self.is_wanted(key, true) {
                        continue;
                    }
                    // Before 0.17 what is nested is one value.
                    json::flatten(
                        &String::from_utf8_lossy(key),
                        item.json,
                        &mut |key, json| {
                            if let Some(value) = json::number(json.as_bytes())
                                .filter(|_| self.is_wanted(key.as_bytes(), false))
                            {
                                any |= self.push(key.as_bytes(), row, value);
                            }
                        },
                    );
                }
                key => {
                    if self.is_wanted(key, false)
                        && let Some(value) = json::number(item.json)
                    {
                        any |= self.push(key, row, value);
                    }
                }
            }
        }
        if any {
            self.rows.push((at.unwrap_or(0), time));
        }
        self.scratch = scratch;
    }

    /// Whether a value of this name, or one in it, is wanted.
    #[inline]
    fn is_wanted(&self, key: &[u8], inside: bool) -> bool {
        let Some(only) = &self.only else { return true };
        **only == *key
            || (inside
                && only
                    .strip_prefix(key)
                    .is_some_and(|rest| rest.first() == Some(&b'.')))
    }

    fn sample(&mut self, sample: Sample<'_>) {
        let time = sample.time().unwrap_or(0);
        let mut scratch = Vec::new();
        for bytes in sample.items() {
            let item = item(bytes, &mut scratch);
            let Some(value) = json::number(item.json) else {
                continue;
            };
            let (name, factor) = system::named(&String::from_utf8_lossy(item.key));
            if !self.is_wanted(name.as_bytes(), false) {
                continue;
            }
            // MLflow counts samples where a metric has steps.
            let known = self
                .names
                .get(name.as_bytes())
                .and_then(|index| self.kept.get(*index));
            let index = known
                .map_or(0, |column| column.rows.len() as u64)
                .cast_signed();
            let Ok(row) = u32::try_from(self.rows.len()) else {
                return;
            };
            if self.push(name.as_bytes(), row, value * factor) {
                self.rows.push((index, time));
            }
        }
    }

    /// Adds a value; one that is logged twice in a row is the later one.
    fn push(&mut self, key: &[u8], row: u32, value: f64) -> bool {
        let index = match self.names.get(key) {
            Some(index) => *index,
            None if self.kept.len() == limits::WANDB_METRICS => return false,
            None => {
                self.names.insert(key.into(), self.kept.len());
                self.kept.push(Column::default());
                self.kept.len() - 1
            }
        };
        let Some(column) = self.kept.get_mut(index) else {
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
