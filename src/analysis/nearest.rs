//! Nearest runs: which other runs have almost the same params, and what differs. It helps to explain why a result got worse.

use std::collections::BTreeMap;

use super::stats::{min_max, needs_log_scale};
use crate::domain::{KeyValue, Run, RunId};
use crate::text::Untrusted;

/// A param that differs between a run and its neighbor.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDifference {
    /// The param.
    pub key: Untrusted,
    /// The value of the run; absent where it has none.
    pub value: Option<Untrusted>,
    /// The value of the neighbor.
    pub neighbor_value: Option<Untrusted>,
    /// The distance in this param, from 0 to 1.
    pub distance: f64,
}

/// A run by its distance from another.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbor {
    /// The run.
    pub id: RunId,
    /// The mean distance over all params that differ between any runs: 0 for equal params, at most 1.
    pub distance: f64,
    /// The params that differ, the least first.
    pub differences: Vec<ParamDifference>,
}

/// How the distance of two values of a param is measured.
enum Measure {
    /// As a share of the range, on a logarithmic scale if `is_log`.
    Numeric { range: f64, is_log: bool },
    /// 0 if equal, else 1.
    Categorical,
}

/// All other runs by the distance of their params from those of a run, the nearest first; at equal distance, the newest.
///
/// J. Gower's distance ("A general coefficient of similarity and some of its properties", 1971): the mean over params of
/// `|a - b| / range` for numbers and of 0 or 1 for text; a param that only one of the two has counts 1. Positive numbers over
/// more than two decades are compared by their logarithm.
#[must_use]
pub fn nearest_runs(runs: &[Run], id: &RunId) -> Vec<Neighbor> {
    let Some(reference) = runs.iter().find(|run| run.id == *id) else {
        return Vec::new();
    };
    let measures = measures(runs);
    let mut neighbors: Vec<(Neighbor, Option<i64>)> = runs
        .iter()
        .filter(|run| run.id != *id)
        .map(|run| (compare_params(reference, run, &measures), run.start_time))
        .collect();
    neighbors.sort_by(|(a, a_start), (b, b_start)| {
        a.distance
            .total_cmp(&b.distance)
            .then_with(|| b_start.cmp(a_start))
    });
    neighbors
        .into_iter()
        .map(|(neighbor, _)| neighbor)
        .collect()
}

fn parse_finite(text: &str) -> Option<f64> {
    let number = text.trim().parse().ok();
    number.filter(|number: &f64| number.is_finite())
}

/// The params that differ between any runs, with how each is measured.
fn measures(runs: &[Run]) -> BTreeMap<&Untrusted, Measure> {
    let mut values: BTreeMap<&Untrusted, Vec<&str>> = BTreeMap::new();
    for KeyValue { key, value } in runs.iter().flat_map(|run| &run.params) {
        values.entry(key).or_default().push(value.raw());
    }
    let differs = |texts: &[&str]| {
        texts.len() < runs.len() || texts.windows(2).any(|pair| pair[0] != pair[1])
    };
    values
        .into_iter()
        .filter(|(_, texts)| differs(texts))
        .map(|(key, texts)| (key, Measure::new(&texts)))
        .collect()
}

impl Measure {
    fn new(texts: &[&str]) -> Self {
        let numbers: Option<Vec<f64>> = texts.iter().map(|text| parse_finite(text)).collect();
        let Some((low, high)) = numbers.and_then(|numbers| min_max(numbers.into_iter())) else {
            return Self::Categorical;
        };
        let is_log = needs_log_scale(low, high);
        let range = if is_log {
            (high / low).log10()
        } else {
            high - low
        };
        if range > 0.0 && range.is_finite() {
            Self::Numeric { range, is_log }
        } else {
            Self::Categorical
        }
    }

    fn distance(&self, a: &str, b: &str) -> f64 {
        match (self, parse_finite(a), parse_finite(b)) {
            (Self::Numeric { range, is_log }, Some(a), Some(b)) => {
                let difference = if *is_log {
                    a.log10() - b.log10()
                } else {
                    a - b
                };
                (difference.abs() / range).min(1.0)
            }
            _ => f64::from(u8::from(a != b)),
        }
    }
}

fn compare_params(
    reference: &Run,
    other: &Run,
    measures: &BTreeMap<&Untrusted, Measure>,
) -> Neighbor {
    let mut differences = Vec::new();
    for (key, measure) in measures {
        let value = reference.param(key.raw()).cloned();
        let neighbor_value = other.param(key.raw()).cloned();
        let distance = match (&value, &neighbor_value) {
            (None, None) => 0.0,
            (Some(a), Some(b)) => measure.distance(a.raw(), b.raw()),
            _ => 1.0,
        };
        if distance > 0.0 {
            differences.push(ParamDifference {
                key: (*key).clone(),
                value,
                neighbor_value,
                distance,
            });
        }
    }
    let sum: f64 = differences.iter().map(|param| param.distance).sum();
    differences.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    Neighbor {
        id: other.id.clone(),
        distance: sum / measures.len().max(1) as f64,
        differences,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, start: i64, params: &[(&str, &str)]) -> Run {
        let mut run = Run::bare(id.into(), "1".into());
        run.start_time = Some(start);
        run.params = params
            .iter()
            .map(|(key, value)| KeyValue {
                key: (*key).into(),
                value: (*value).into(),
            })
            .collect();
        run
    }

    #[test]
    fn nearest_runs_are_sorted_by_param_distance() {
        let runs = [
            run("a", 1, &[("lr", "0.001"), ("depth", "4"), ("opt", "adam")]),
            run("b", 2, &[("lr", "0.01"), ("depth", "4"), ("opt", "adam")]),
            run("c", 3, &[("lr", "1"), ("depth", "8"), ("opt", "sgd")]),
            run("d", 4, &[("lr", "1e-3"), ("depth", "5"), ("opt", "adam")]),
        ];
        let found = nearest_runs(&runs, &"a".into());
        assert_eq!(
            found.iter().map(|near| near.id.raw()).collect::<Vec<_>>(),
            ["d", "b", "c"]
        );
        assert_eq!(found[0].differences.len(), 1);
        assert!(
            (found[0].distance - 0.25 / 3.0).abs() < 1e-12,
            "one of four in depth, of three params"
        );
        assert!(
            (found[1].differences[0].distance - 1.0 / 3.0).abs() < 1e-12,
            "a decade of three"
        );
        let keys: Vec<&str> = found[2]
            .differences
            .iter()
            .map(|difference| difference.key.raw())
            .collect();
        assert_eq!((keys[2], found[2].distance), ("opt", 1.0));
    }

    #[test]
    fn missing_param_has_distance_one() {
        let runs = [
            run("a", 1, &[("lr", "1")]),
            run("b", 2, &[]),
            run("c", 3, &[("lr", "1")]),
        ];
        let found = nearest_runs(&runs, &"a".into());
        assert_eq!(
            (found[0].id.raw(), found[0].distance, found[1].distance),
            ("c", 0.0, 1.0)
        );
        assert_eq!(found[1].differences[0].neighbor_value, None);
        assert!(nearest_runs(&runs, &"z".into()).is_empty());
    }
}
