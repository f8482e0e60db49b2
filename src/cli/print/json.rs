//! JSON that is safe to look at in a terminal.

use serde::Serialize;

use crate::domain::text::is_hidden;

/// A value on several lines.
#[must_use]
pub fn pretty(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string()))
}

/// A value on one line.
#[must_use]
pub fn line(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string(value).unwrap_or_else(|error| error.to_string()))
}

/// What serde leaves bare although a terminal acts upon it or a reader can't see it. Outside of strings JSON has
/// nothing of the kind but line ends, so escaping everywhere keeps the value the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && (c.is_control() || is_hidden(c)) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_read_back_the_same() {
        let text = "a\u{1b}[2J\u{9b}\u{7f}\u{202e}\u{e0041}é\n";
        let json = line(&text);
        assert!(json.chars().all(|c| !c.is_control() && !is_hidden(c)), "{json}");
        assert!(json.contains('é'));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
