//! Metric files: one line for each point, `timestamp value step`.
//!
//! MLflow 3 appends the name and the digest of a dataset, and MLflow 0.x wrote no step. MLflow 3 loses
//! the step of a line with a dataset, and so reports another latest value; the file's step is right.

use std::cmp::Ordering;

use crate::domain::{Metric, MetricValue, Millis, Point, RunId};
use crate::text::Untrusted;

/// The points of a file in their order, with the fields after the step. Returns what is unreadable.
pub(super) fn for_each_point<'a>(
    bytes: &'a [u8],
    mut visit: impl FnMut(Point, &'a str),
) -> Option<String> {
    let (mut points, mut bad_lines, mut has_steps) = (0_usize, 0_usize, false);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let is_complete = line.ends_with(b"\n");
        let Ok(text) = std::str::from_utf8(line) else {
            bad_lines += 1;
            continue;
        };
        if text.trim().is_empty() {
            continue;
        }
        match parse_line(text.trim()) {
            // A line that was cut off before its step, not one of MLflow 0.x.
            Some((_, None, _)) if has_steps && !is_complete => bad_lines += 1,
            Some((point, step, rest)) => {
                points += 1;
                has_steps |= step.is_some();
                visit(point, rest);
            }
            None => bad_lines += 1,
        }
    }
    match (points, bad_lines) {
        (0, 0) => Some("empty".to_owned()),
        (_, 0) => None,
        (_, 1) => Some("1 unreadable line".to_owned()),
        (_, lines) => Some(format!("{lines} unreadable lines")),
    }
}

/// A point, its step if the line has one, and what follows the step.
fn parse_line(line: &str) -> Option<(Point, Option<i64>, &str)> {
    let mut fields = line.splitn(4, ' ');
    let timestamp = fields.next()?.parse().ok()?;
    let value: f64 = fields.next()?.parse().ok()?;
    let step = match fields.next() {
        Some(step) => Some(step.parse().ok()?),
        None => None,
    };
    let point = Point {
        step: step.unwrap_or_default(),
        timestamp,
        value: MetricValue::new(value),
    };
    Some((point, step, fields.next().unwrap_or_default()))
}

/// Whether a point replaces the latest one, as MLflow compares them: by step, then timestamp, then
/// value; NaN neither replaces nor is replaced.
fn is_later(point: &Point, latest: &Point) -> bool {
    match (point.step, point.timestamp).cmp(&(latest.step, latest.timestamp)) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => point.value.get() > latest.value.get(),
    }
}

/// The latest point of a run's metric, and what is unreadable.
pub(super) fn latest(bytes: &[u8]) -> (Option<Point>, Option<String>) {
    let mut latest: Option<Point> = None;
    let problem = for_each_point(bytes, |point, _| {
        if latest.as_ref().is_none_or(|known| is_later(&point, known)) {
            latest = Some(point);
        }
    });
    (latest, problem)
}

/// The runs that logged metrics of a model, each once, with the time of its last point.
pub(super) type LoggingRuns = Vec<(Millis, RunId)>;

/// The latest points of a logged model's metric, one for each dataset. Its lines name the run, too.
pub(super) fn latest_by_dataset(
    bytes: &[u8],
    key: &Untrusted,
    runs: &mut LoggingRuns,
) -> (Vec<Metric>, Option<String>) {
    let mut latest: Vec<(&str, Point)> = Vec::new();
    let problem = for_each_point(bytes, |point, rest| {
        let (run, dataset) = rest.split_once(' ').unwrap_or((rest, ""));
        match runs.iter_mut().find(|(_, known)| known.raw() == run) {
            Some((at, _)) => *at = (*at).max(point.timestamp),
            None => runs.push((point.timestamp, RunId::from(run))),
        }
        match latest.iter_mut().find(|(known, _)| *known == dataset) {
            Some((_, known)) if is_later(&point, known) => *known = point,
            Some(_) => {}
            None => latest.push((dataset, point)),
        }
    });
    let metrics = latest.into_iter().map(|(_, point)| Metric {
        key: key.clone(),
        value: point.value,
        timestamp: point.timestamp,
        step: point.step,
    });
    (metrics.collect(), problem)
}

/// All points, by step, then timestamp.
pub(super) fn history(bytes: &[u8]) -> Vec<Point> {
    let mut points = Vec::new();
    // What is unreadable is reported with the run.
    for_each_point(bytes, |point, _| points.push(point));
    points.sort_by(|a, b| {
        (a.step, a.timestamp)
            .cmp(&(b.step, b.timestamp))
            .then_with(|| MetricValue::cmp_nan_last(a.value, b.value))
    });
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latest_of(text: &str) -> (Option<(i64, i64, String)>, Option<String>) {
        let (point, problem) = latest(text.as_bytes());
        let point = point.map(|point| (point.step, point.timestamp, point.value.get().to_string()));
        (point, problem)
    }

    fn read(
        step: i64,
        timestamp: i64,
        value: &str,
    ) -> (Option<(i64, i64, String)>, Option<String>) {
        (Some((step, timestamp, value.to_owned())), None)
    }

    #[test]
    fn latest_is_by_step_then_time_then_value() {
        assert_eq!(
            latest_of("9 1.0 2\n5 3.0 2\n9 0.5 2\n10 7.0 1\n"),
            read(2, 9, "1")
        );
        assert_eq!(latest_of("9 nan 0\n9 1.0 0\n"), read(0, 9, "NaN"));
        assert_eq!(latest_of("9 1.0 0\n9 nan 0\n"), read(0, 9, "1"));
        assert_eq!(latest_of("9 -inf -3\n9 inf -4\n"), read(-3, 9, "-inf"));
    }

    #[test]
    fn lines_with_datasets_and_without_steps_are_read() {
        assert_eq!(
            latest_of("1 0.5 1\n2 0.75 2 train 1234e567\n"),
            read(2, 2, "0.75")
        );
        assert_eq!(
            latest_of("1 0.5 1 a name with spaces d1\n"),
            read(1, 1, "0.5")
        );
        assert_eq!(latest_of("1 0.5\n2 0.25\n"), read(0, 2, "0.25"));
    }

    #[test]
    fn unreadable_lines_are_counted() {
        assert_eq!(latest_of(""), (None, Some("empty".into())));
        assert_eq!(latest_of("\n"), (None, Some("empty".into())));
        assert_eq!(latest_of("x\n"), (None, Some("1 unreadable line".into())));
        let (point, problem) = latest_of("1 0.5 1\n2 high 2\n3 0.7 3\n4 0.");
        assert_eq!(point, read(3, 3, "0.7").0);
        assert_eq!(problem.as_deref(), Some("2 unreadable lines"));
    }

    #[test]
    fn logged_models_have_a_value_for_each_dataset() {
        let lines = "1 0.1 1 r1\n2 0.2 2 r1\n1 0.3 0 r1 a d1\n1 0.4 0 r2 a d1\n1 0.5 9 r1 b d2\n";
        let mut runs = LoggingRuns::new();
        let (metrics, problem) = latest_by_dataset(lines.as_bytes(), &"acc".into(), &mut runs);
        assert_eq!(runs, [(2, "r1".into()), (1, "r2".into())]);
        let values: Vec<_> = metrics.iter().map(|metric| metric.value.get()).collect();
        assert_eq!((values, problem), (vec![0.2, 0.4, 0.5], None));
    }
}
