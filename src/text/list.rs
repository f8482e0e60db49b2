//! Lists in sentences.

/// `a`, `a and b`, `a, b and c`; beyond `max` items the rest is counted: `a, b and 7 more`.
#[must_use]
pub fn join_and<T: AsRef<str>>(items: &[T], max: usize) -> String {
    let mut parts: Vec<String> = items
        .iter()
        .take(max)
        .map(|item| item.as_ref().to_owned())
        .collect();
    if items.len() > max {
        parts.push(format!("{} more", items.len() - max));
    }
    let Some(last) = parts.pop() else {
        return String::new();
    };
    if parts.is_empty() {
        return last;
    }
    format!("{} and {last}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::join_and;

    #[test]
    fn long_lists_end_in_a_count() {
        assert_eq!(join_and::<&str>(&[], 3), "");
        assert_eq!(join_and(&["a"], 3), "a");
        assert_eq!(join_and(&["a", "b"], 3), "a and b");
        assert_eq!(join_and(&["a", "b", "c"], 3), "a, b and c");
        assert_eq!(
            join_and(&["a", "b", "c", "d", "e"], 3),
            "a, b, c and 2 more"
        );
    }
}
