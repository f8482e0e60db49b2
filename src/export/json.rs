//! JSON that is safe to print: control and invisible characters are `\u`-escaped, so that the value survives a round trip;
//! passwords and tokens in addresses are hidden.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::text::secrets::redact;
use crate::text::untrusted::is_hidden;

/// Indented JSON without a trailing newline.
#[must_use]
pub fn to_string(value: &impl Serialize) -> String {
    serialize(value, PrettyFormatter::new())
}

/// A record of `--jsonl`: one line of JSON without a trailing newline.
#[must_use]
pub fn to_line(value: &impl Serialize) -> String {
    serialize(value, CompactFormatter)
}

/// A value that JSON cannot represent (map keys that are not strings) becomes an error object: stdout always has one value.
fn serialize<F: Formatter>(value: &impl Serialize, layout: F) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(
        &mut bytes,
        EscapingFormatter(layout),
    ));
    match (written, String::from_utf8(bytes)) {
        (Ok(()), Ok(text)) => text,
        _ => r#"{"error":{"code":"malformed","message":"this value has no JSON","cause":null,"next":null}}"#.into(),
    }
}

/// Escapes strings and leaves the layout to another formatter.
struct EscapingFormatter<F>(F);

/// Forwards methods to the layout.
macro_rules! as_laid_out {
    ($($method:ident($($argument:ident: $type:ty)?);)*) => {$(
        fn $method<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $type)?) -> io::Result<()> {
            self.0.$method(writer $(, $argument)?)
        }
    )*};
}

impl<F: Formatter> Formatter for EscapingFormatter<F> {
    as_laid_out! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    /// serde_json has escaped C0 controls, quotes and backslashes already.
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let fragment = &*redact(fragment);
        let mut from = 0;
        for (at, c) in fragment
            .char_indices()
            .filter(|(_, c)| c.is_control() || is_hidden(*c))
        {
            writer.write_all(fragment.get(from..at).unwrap_or_default().as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            from = at + c.len_utf8();
        }
        writer.write_all(fragment.get(from..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn terminal_controls_are_escaped_and_round_trip() {
        let hostile = "\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{e0041}é\"\\";
        assert_eq!(
            to_line(&hostile),
            r#""\u001b[2J\u009b2J\u007f\u202e\udb40\udc41é\"\\""#
        );
    }

    #[test]
    fn keys_are_escaped_and_layout_is_unchanged() {
        let value = json!({"a\u{85}": [1, {"b": null}], "empty": {}, "none": []});
        assert_eq!(
            to_string(&value),
            serde_json::to_string_pretty(&value)
                .unwrap()
                .replace('\u{85}', "\\u0085")
        );
        assert_eq!(
            to_line(&value),
            value.to_string().replace('\u{85}', "\\u0085")
        );
    }

    #[test]
    fn unserializable_value_becomes_an_error_object() {
        let keys = std::collections::HashMap::from([(vec![1], 2)]);
        assert!(to_line(&keys).starts_with(r#"{"error""#));
    }

    proptest! {
        #[test]
        fn any_text_is_safe_and_round_trips(text in any::<String>(), key in any::<String>()) {
            let value = json!({ key: [text] });
            for written in [to_line(&value), to_string(&value)] {
                prop_assert!(!written.chars().any(|c| (c.is_control() && c != '\n') || is_hidden(c)));
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&written).unwrap(), &value);
            }
        }
    }
}
