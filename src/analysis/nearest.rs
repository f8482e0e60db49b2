//! The nearest run: which other run has almost the same params, and what little differs. It answers "why did it get worse?".

use std::collections::BTreeMap;

use crate::domain::{KeyValue, Run, RunId};
use crate::text::Untrusted;

/// A param that differs between two runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamDifference {
    /// The param.
    pub key: Untrusted,
    /// What the run has; nothing where it has none.
    pub value: Option<Untrusted>,
    /// What the other one has.
    pub neighbor_value: Option<Untrusted>,
    /// How much of the distance it makes up, from 0 to 1.
    pub distance: f64,
}

/// A run that is near.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbor {
    /// Which run.
    pub id: RunId,
    /// How far it is: the mean over all params that differ between any runs, from 0 (all the same) to 1.
    pub distance: f64,
    /// What differs, the smallest first.
    pub differences: Vec<ParamDifference>,
}

/// A numeric param spans so many decades before it is measured by its magnitude.
const LOG_SCALE_DECADES: f64 = 2.0;

/// How a param is measured.
enum Measure {
    /// By numbers, of which this is the greatest difference, in their logarithm where that is said.
    Numeric { range: f64, is_log: bool },
    /// Same or not.
    Categorical,
}

/// The runs by how near they are to one of them in their params, the nearest first; of equally near ones, the newest.
///
/// The distance is J. Gower's ("A general coefficient of similarity and some of its properties", 1971): the mean over params of
/// `|a - b| / range` for numbers and of 0 or 1 for words; a param that only one of the two has counts 1. Numbers above 0 that span more
/// than two decades are compared by their logarithm.
#[must_use]
pub fn nearest_runs(runs: &[Run], id: &RunId) -> Vec<Neighbor> {
    let Some(own) = runs.iter().find(|run| run.id == *id) else {
        return Vec::new();
    };
    let measures = measures(runs);
    let mut found: Vec<(Neighbor, Option<i64>)> = runs
        .iter()
        .filter(|run| run.id != *id)
        .map(|run| (compare_params(own, run, &measures), run.start_time))
        .collect();
    found.sort_by(|(a, a_start), (b, b_start)| {
        a.distance
            .total_cmp(&b.distance)
            .then_with(|| b_start.cmp(a_start))
    });
    found.into_iter().map(|(near, _)| near).collect()
}

fn parse_finite(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

/// The params that differ between any runs, with how each is measured.
fn measures(runs: &[Run]) -> BTreeMap<&Untrusted, Measure> {
    let mut values: BTreeMap<&Untrusted, Vec<&str>> = BTreeMap::new();
    for KeyValue { key, value } in runs.iter().flat_map(|run| &run.params) {
        values.entry(key).or_default().push(value.raw());
    }
    let count = runs.len();
    let measure = |texts: &[&str]| {
        let numbers: Option<Vec<f64>> = texts.iter().map(|text| parse_finite(text)).collect();
        let Some(numbers) = numbers else {
            return Measure::Categorical;
        };
        let (low, high) = numbers
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), n| {
                (l.min(*n), h.max(*n))
            });
        let log = low > 0.0 && (high / low).log10() > LOG_SCALE_DECADES;
        let span = if log {
            (high / low).log10()
        } else {
            high - low
        };
        if span > 0.0 && span.is_finite() {
            Measure::Numeric {
                range: span,
                is_log: log,
            }
        } else {
            Measure::Categorical
        }
    };
    let differ =
        |texts: &[&str]| texts.len() < count || texts.windows(2).any(|pair| pair[0] != pair[1]);
    values
        .into_iter()
        .filter(|(_, texts)| differ(texts))
        .map(|(key, texts)| (key, measure(&texts)))
        .collect()
}

fn compare_params(own: &Run, other: &Run, measures: &BTreeMap<&Untrusted, Measure>) -> Neighbor {
    let of = |run: &Run, key: &Untrusted| {
        run.params
            .iter()
            .find(|param| param.key == *key)
            .map(|param| param.value.clone())
    };
    let mut differences = Vec::new();
    for (key, measure) in measures {
        let (here, there) = (of(own, key), of(other, key));
        let distance = match (&here, &there) {
            (None, None) => 0.0,
            (Some(a), Some(b)) => param_distance(a.raw(), b.raw(), measure),
            _ => 1.0,
        };
        if distance > 0.0 {
            differences.push(ParamDifference {
                key: (*key).clone(),
                value: here,
                neighbor_value: there,
                distance,
            });
        }
    }
    let distance = differences
        .iter()
        .map(|difference| difference.distance)
        .sum::<f64>()
        / measures.len().max(1) as f64;
    differences.sort_by(|a, b| a.distance.total_cmp(&b.distance));
    Neighbor {
        id: other.id.clone(),
        distance,
        differences,
    }
}

fn param_distance(a: &str, b: &str, measure: &Measure) -> f64 {
    match (measure, parse_finite(a), parse_finite(b)) {
        (
            Measure::Numeric {
                range: span,
                is_log: log,
            },
            Some(a),
            Some(b),
        ) => {
            let difference = if *log { a.log10() - b.log10() } else { a - b };
            (difference.abs() / span).min(1.0)
        }
        _ => f64::from(u8::from(a != b)),
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
