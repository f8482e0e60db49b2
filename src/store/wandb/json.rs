//! The JSON of W&B's values, with Python's literals `NaN`, `Infinity` and `-Infinity`. Nearly all
//! values are plain numbers.

use std::borrow::Cow;

use serde_json::Value;

use crate::store::limits;

/// A number, one of Python's literals (quoted or not), or a bool as 1 or 0; `None` for text, lists
/// and objects.
#[inline]
pub(super) fn parse_number(json: &[u8]) -> Option<f64> {
    let first = *json.first()?;
    if first.is_ascii_digit() || first == b'-' {
        return std::str::from_utf8(json).ok()?.parse().ok();
    }
    parse_literal(json)
}

fn parse_literal(json: &[u8]) -> Option<f64> {
    let bare = json
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    match bare.unwrap_or(json) {
        b"NaN" => Some(f64::NAN),
        b"Infinity" => Some(f64::INFINITY),
        b"-Infinity" => Some(f64::NEG_INFINITY),
        b"true" if bare.is_none() => Some(1.0),
        b"false" if bare.is_none() => Some(0.0),
        _ => None,
    }
}

pub(super) fn is_object(json: &[u8]) -> bool {
    json.first() == Some(&b'{')
}

/// Calls `leaf` with the key and the JSON of each nested value; keys are joined by dots.
///
/// Media (objects with a `_type`: images, tables, histograms) are skipped: their files are among
/// the artifacts. JSON that is too large or too deep to parse is one leaf.
pub(super) fn flatten(key: &str, json: &[u8], leaf: &mut impl FnMut(&str, &str)) {
    let text = String::from_utf8_lossy(json);
    if !is_object(json) {
        return leaf(key, text.trim());
    }
    match parse(&text) {
        Some(value) => flatten_into(&mut key.to_owned(), &value, leaf),
        None => leaf(key, text.trim()),
    }
}

/// Parses JSON with Python's literals; `None` if it is invalid, too large or too deep.
pub(super) fn parse(text: &str) -> Option<Value> {
    if text.len() > limits::WANDB_JSON_BYTES {
        None
    } else {
        serde_json::from_str(&to_strict(text)).ok()
    }
}

fn flatten_into(key: &mut String, value: &Value, leaf: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(members) if members.contains_key("_type") => {}
        Value::Object(members) if !members.is_empty() => {
            let end = key.len();
            for (name, value) in members {
                key.push('.');
                key.push_str(name);
                flatten_into(key, value, leaf);
                key.truncate(end);
            }
        }
        value => leaf(key, &value.to_string()),
    }
}

/// A string without its quotes; anything else as JSON.
pub(super) fn to_text(json: &str) -> String {
    let string = if json.starts_with('"') && json.len() <= limits::WANDB_JSON_BYTES {
        serde_json::from_str::<String>(json).ok()
    } else {
        None
    };
    match string {
        Some(text) => truncate(Cow::Owned(text)).into_owned(),
        None => truncate(Cow::Borrowed(json)).into_owned(),
    }
}

/// Truncates a text to [`limits::WANDB_TEXT_BYTES`], with a note of how much is missing.
pub(super) fn truncate(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.len() <= limits::WANDB_TEXT_BYTES {
        return text;
    }
    let end = text.floor_char_boundary(limits::WANDB_TEXT_BYTES);
    let (head, rest) = text.split_at(end);
    Cow::Owned(format!("{head}… ({} more bytes)", rest.len()))
}

/// Turns Python's literals into strings, which [`parse_number`] reads.
fn to_strict(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut output, mut rest, mut quoted) = (String::with_capacity(text.len() + 16), text, false);
    while let Some(next) = rest.chars().next() {
        let literal = ["NaN", "Infinity", "-Infinity"]
            .into_iter()
            .find(|literal| !quoted && rest.starts_with(literal));
        // An escaped quote does not end a string.
        let taken = literal.map_or(
            if quoted && next == '\\' {
                2
            } else {
                next.len_utf8()
            },
            str::len,
        );
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(taken));
        match literal {
            Some(literal) => output.extend(["\"", literal, "\""]),
            None => output.push_str(piece),
        }
        quoted ^= next == '"';
        rest = after;
    }
    Cow::Owned(output)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn flattened(json: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        flatten("k", json.as_bytes(), &mut |key, value| {
            found.push((key.to_owned(), value.to_owned()));
        });
        found
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn parses_every_number_spelling() {
        assert_eq!(
            parse_number(b"1.7954420445221896e+09"),
            Some(1_795_442_044.522_189_6)
        );
        assert_eq!(parse_number(b"-3"), Some(-3.0));
        assert_eq!(
            (parse_number(b"true"), parse_number(b"false")),
            (Some(1.0), Some(0.0))
        );
        assert!(
            parse_number(b"NaN").is_some_and(f64::is_nan)
                && parse_number(b"\"NaN\"").is_some_and(f64::is_nan)
        );
        assert_eq!(
            (parse_number(b"-Infinity"), parse_number(b"\"Infinity\"")),
            (Some(f64::NEG_INFINITY), Some(f64::INFINITY))
        );
        for none in [
            &b"\"0.5\""[..],
            b"\"true\"",
            b"null",
            b"[1]",
            b"{}",
            b"",
            b"-",
            b"nan",
            b"1x",
        ] {
            assert_eq!(parse_number(none), None, "{none:?}");
        }
    }

    #[test]
    fn flattens_nested_values_and_skips_media() {
        assert_eq!(
            flattened(r#"{"a": 1, "b": {"c": [1, 2], "d": "x"}, "e": {}}"#),
            owned(&[
                ("k.a", "1"),
                ("k.b.c", "[1,2]"),
                ("k.b.d", "\"x\""),
                ("k.e", "{}")
            ])
        );
        assert_eq!(
            flattened(r#"{"_type": "image-file", "path": "media/x.png"}"#),
            []
        );
        assert_eq!(flattened("0.1"), owned(&[("k", "0.1")]));
        assert_eq!(to_text("\"a\\nb\""), "a\nb");
        assert_eq!(to_text("0.10"), "0.10");
    }

    #[test]
    fn parses_python_literals_outside_strings_only() {
        assert_eq!(
            flattened(r#"{"a": NaN, "b": -Infinity, "c": "NaN \" Infinity", "d": [Infinity]}"#),
            owned(&[
                ("k.a", "\"NaN\""),
                ("k.b", "\"-Infinity\""),
                ("k.c", "\"NaN \\\" Infinity\""),
                ("k.d", "[\"Infinity\"]")
            ])
        );
    }

    #[test]
    fn deeply_nested_json_becomes_truncated_text() {
        let deep = format!("{}{}", "{\"a\":".repeat(100_000), "}".repeat(100_000));
        let found = flattened(&deep);
        assert_eq!(found.len(), 1);
        assert!(to_text(&found[0].1).ends_with(" more bytes)"));
    }

    proptest! {
        #[test]
        fn accepts_any_text(text in any::<String>(), literal in prop::sample::select(vec!["", "NaN", "{\"NaN\":", "\\\"Infinity"])) {
            let _ = flattened(&format!("{{{text}{literal}"));
            let _ = (to_text(&text), parse_number(text.as_bytes()), to_strict(&format!("{text}{literal}\"{text}")).len());
        }

        #[test]
        fn strict_leaves_valid_json_unchanged(value in prop::collection::vec(any::<String>(), 0..5)) {
            let json = serde_json::to_string(&value).unwrap();
            let again: Vec<String> = serde_json::from_str(&to_strict(&json)).unwrap();
            prop_assert_eq!(again, value);
        }
    }
}
