//! The order in which people read keys.

use std::cmp::Ordering;
use std::collections::HashMap;

/// Compares keys with the numbers in them by value: `layer_2` comes before `layer_10`.
#[must_use]
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    // Only equal texts are equal: `01` and `1` are two keys.
    alphanumeric_sort::compare_str(a, b).then_with(|| a.cmp(b))
}

/// Keys that differ only in their numbers are a series from this many on.
const MIN_SERIES: usize = 8;

/// Sorts in natural order, long numbered series last: 300 keys such as `layer_7/grad_norm` do not push the others off the screen.
pub fn sort_keys<T>(items: &mut [T], key: impl Fn(&T) -> &str) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for item in items.iter() {
        if let Some(pattern) = pattern(key(item)) {
            *counts.entry(pattern).or_default() += 1;
        }
    }
    let is_in_series = |key: &str| {
        !counts.is_empty()
            && pattern(key).is_some_and(|pattern| {
                counts
                    .get(&pattern)
                    .is_some_and(|count| *count >= MIN_SERIES)
            })
    };
    items.sort_by(|a, b| natural_cmp(key(a), key(b)));
    items.sort_by_cached_key(|item| is_in_series(key(item)));
}

/// The key with `#` for each number; `None` for a key without one.
fn pattern(key: &str) -> Option<String> {
    if !key.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut pattern = String::with_capacity(key.len());
    for c in key.chars() {
        match c {
            '0'..='9' if pattern.ends_with('#') => {}
            '0'..='9' => pattern.push('#'),
            c => pattern.push(c),
        }
    }
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_keys_are_compared_by_value() {
        let mut keys = [
            "layer_10",
            "layer_2",
            "a",
            "layer_01",
            "layer_1",
            "layer_2.w",
        ];
        keys.sort_by(|a, b| natural_cmp(a, b));
        assert_eq!(
            keys,
            [
                "a",
                "layer_1",
                "layer_01",
                "layer_2",
                "layer_2.w",
                "layer_10"
            ]
        );
    }

    #[test]
    fn long_numbered_series_are_last() {
        let series = (1..=12).map(|n| format!("layer_{n}/grad_norm"));
        let mut keys: Vec<String> = series.collect();
        keys.extend(["recall@10", "loss", "fold_2", "fold_1"].map(str::to_owned));
        sort_keys(&mut keys, String::as_str);
        assert_eq!(keys[..4], ["fold_1", "fold_2", "loss", "recall@10"]);
        assert_eq!(keys[4], "layer_1/grad_norm");
        assert_eq!(keys[15], "layer_12/grad_norm");
    }
}
