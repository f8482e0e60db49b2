//! The order in which people read keys.

use std::cmp::Ordering;

/// Compares keys with the numbers in them by value: `layer_2` comes before `layer_10`.
#[must_use]
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    // Only equal texts are equal: `01` and `1` are two keys.
    alphanumeric_sort::compare_str(a, b).then_with(|| a.cmp(b))
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
}
