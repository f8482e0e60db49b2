//! Params encoded as numeric columns for the forest.

use std::collections::{BTreeMap, HashMap};

use crate::domain::Run;
use crate::text::Untrusted;

/// The most categories of one param; rarer ones are merged.
const MAX_CATEGORIES: usize = 20;

/// A param over all runs.
pub(super) struct Feature {
    pub key: Untrusted,
    /// The numbers, NaN for a run without one; absent for a categorical param.
    pub numbers: Option<Vec<f64>>,
    /// The code of each run's value, 0 for a missing one.
    pub codes: Vec<usize>,
    /// What the forest sees: a column of numbers, and one for missing values; or one for each category.
    pub columns: Vec<Vec<f64>>,
}

impl Feature {
    /// The number of distinct values, without missing ones.
    pub fn distinct_count(&self) -> usize {
        let mut codes: Vec<usize> = self
            .codes
            .iter()
            .copied()
            .filter(|code| *code > 0)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes.len()
    }

    /// Whether both split the runs into the same groups.
    pub fn is_same_partition(&self, other: &Self) -> bool {
        let mut forward: HashMap<usize, usize> = HashMap::new();
        let mut backward: HashMap<usize, usize> = HashMap::new();
        self.codes.iter().zip(&other.codes).all(|(a, b)| {
            *forward.entry(*a).or_insert(*b) == *b && *backward.entry(*b).or_insert(*a) == *a
        })
    }
}

/// The params that differ between the runs, sorted by key.
pub(super) fn features(runs: &[&Run]) -> Vec<Feature> {
    let mut by_key: BTreeMap<&Untrusted, Vec<Option<&str>>> = BTreeMap::new();
    for (at, run) in runs.iter().enumerate() {
        for param in &run.params {
            if let Some(slot) = by_key
                .entry(&param.key)
                .or_insert_with(|| vec![None; runs.len()])
                .get_mut(at)
            {
                *slot = Some(param.value.raw());
            }
        }
    }
    by_key
        .into_iter()
        .filter_map(|(key, values)| feature(key, &values))
        .collect()
}

fn feature(key: &Untrusted, values: &[Option<&str>]) -> Option<Feature> {
    let number = |text: &str| {
        text.trim()
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    let is_numeric = values.iter().flatten().all(|text| number(text).is_some());
    let numbers: Vec<f64> = values
        .iter()
        .map(|text| text.and_then(number).unwrap_or(f64::NAN))
        .collect();
    // 1e-3 and 0.001 are one value.
    let value_keys: Vec<Option<String>> = if is_numeric {
        numbers
            .iter()
            .map(|number| (!number.is_nan()).then(|| number.to_bits().to_string()))
            .collect()
    } else {
        values.iter().map(|text| text.map(str::to_owned)).collect()
    };
    let mut known: HashMap<&str, usize> = HashMap::new();
    let mut codes = Vec::new();
    for text in &value_keys {
        let next = known.len() + 1;
        codes.push(
            text.as_deref()
                .map_or(0, |text| *known.entry(text).or_insert(next)),
        );
    }
    let differs = codes.windows(2).any(|pair| pair[0] != pair[1]);
    if !differs {
        return None;
    }
    let columns = if is_numeric {
        numeric_columns(&numbers)
    } else {
        one_hot_columns(&codes)
    };
    Some(Feature {
        key: key.clone(),
        numbers: is_numeric.then_some(numbers),
        codes,
        columns,
    })
}

/// The numbers, with the upper median for missing ones, and an indicator column if any is missing.
fn numeric_columns(numbers: &[f64]) -> Vec<Vec<f64>> {
    let mut known: Vec<f64> = numbers
        .iter()
        .copied()
        .filter(|number| !number.is_nan())
        .collect();
    known.sort_by(f64::total_cmp);
    let median = known.get(known.len() / 2).copied().unwrap_or(0.0);
    let filled = numbers
        .iter()
        .map(|number| if number.is_nan() { median } else { *number })
        .collect();
    let mut columns = vec![filled];
    if known.len() < numbers.len() {
        columns.push(
            numbers
                .iter()
                .map(|number| f64::from(u8::from(number.is_nan())))
                .collect(),
        );
    }
    columns
}

/// An indicator column for each of the most frequent values, and one for all others.
fn one_hot_columns(codes: &[usize]) -> Vec<Vec<f64>> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for code in codes {
        *counts.entry(*code).or_default() += 1;
    }
    let mut common: Vec<(usize, usize)> = counts.into_iter().collect();
    common.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    common.truncate(MAX_CATEGORIES);
    let indicator = |category: usize| {
        codes
            .iter()
            .map(|code| f64::from(u8::from(*code == category)))
            .collect::<Vec<f64>>()
    };
    let mut columns: Vec<Vec<f64>> = common.iter().map(|(code, _)| indicator(*code)).collect();
    let rare: Vec<f64> = codes
        .iter()
        .map(|code| f64::from(u8::from(common.iter().all(|(known, _)| known != code))))
        .collect();
    if rare.contains(&1.0) {
        columns.push(rare);
    }
    columns
}
