//! Store text in other languages: cleaned, on one line, and without a character that the language interprets.

use std::fmt::Write as _;

use crate::text::secrets::redact;
use crate::text::untrusted::clean;

pub(in crate::export) fn html(text: &str) -> String {
    clean(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Invisible in Markdown.
const SEPARATOR: &str = "<!-- -->";

/// Text that stays text: no image, link, address, mention or reference to an issue.
pub(in crate::export) fn markdown(text: &str) -> String {
    let text = clean(text);
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next = rest.clone().next();
        match c {
            // GitHub and GitLab link these after the backslash is gone; a comment keeps the parts apart.
            '@' | '#' | '!' | '~' if next.is_some_and(char::is_alphanumeric) => {
                out.extend(['\\', c]);
                out.push_str(SEPARATOR);
            }
            ':' if next == Some('/') && rest.as_str().starts_with("//") => {
                out.push(c);
                out.push_str(SEPARATOR);
            }
            '.' if out.ends_with("www") => {
                out.push_str(SEPARATOR);
                out.push(c);
            }
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '@' => {
                out.extend(['\\', c]);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

/// Text inside Mermaid's quotes. Character references stand for what Mermaid, HTML or Markdown would interpret.
pub(in crate::export) fn mermaid(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        if c.is_alphanumeric() || " .,:/-+=@()…".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

/// Text inside Graphviz's quotes: a quote ends it, `\N` and `\l` are escapes, `&lt;` is an HTML entity.
pub(in crate::export) fn dot(text: &str) -> String {
    clean(text)
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('&', "&amp;")
}

/// What spreadsheets read as the beginning of a formula, and the guard itself.
const GUARDED: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠',
];

/// A cell by RFC 4180, with line ends, tabs and quotes as they are. Spreadsheets run text that begins like a formula, so it gets an
/// apostrophe before it, and so does a text that begins with an apostrophe: to restore a cell, remove one leading apostrophe.
/// Terminals interpret other control characters, which become their pictures (`␛`); secrets of addresses are hidden.
pub(in crate::export) fn csv_cell(text: &str) -> String {
    let text = redact(text);
    let is_guarded = text.starts_with(GUARDED) && text.parse::<f64>().is_err();
    let guard = if is_guarded { "'" } else { "" };
    let visible = |c: char| match c {
        '\n' | '\r' | '\t' => c,
        '\u{7f}' => '␡',
        c if c.is_ascii_control() => char::from_u32(0x2400 + u32::from(c)).unwrap_or('␀'),
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    let text: String = text.chars().map(visible).collect();
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_guards_formulas_but_not_numbers() {
        assert_eq!(csv_cell("-0.5"), "-0.5");
        assert_eq!(csv_cell("-cmd"), "'-cmd");
        assert_eq!(csv_cell("'quoted"), "''quoted");
        assert_eq!(csv_cell("\t=1+1"), "'\t=1+1");
        assert_eq!(csv_cell("it's"), "it's");
    }

    proptest::proptest! {
        #[test]
        fn csv_guards_can_be_removed(text in "[^\\p{C}]*") {
            let cell = csv_cell(&text);
            let bare = match cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
                Some(quoted) if text.contains([',', '"']) => quoted.replace("\"\"", "\""),
                _ => cell,
            };
            proptest::prop_assert_eq!(bare.strip_prefix('\'').unwrap_or(&bare), text);
        }
    }

    #[test]
    fn markdown_has_no_active_parts() {
        for (text, expected) in [
            ("![x](http://e)", "\\!\\[x\\](http:<!-- -->//e)"),
            ("@ana fixes #1", "\\@<!-- -->ana fixes \\#<!-- -->1"),
            ("www.e.org", "www<!-- -->.e.org"),
            ("a.b: c/d", "a.b: c/d"),
            ("<img src=x>", "&lt;img src=x&gt;"),
        ] {
            assert_eq!(markdown(text), expected);
        }
    }

    #[test]
    fn mermaid_special_characters_are_escaped() {
        assert_eq!(mermaid("a\"b`c<d>#e;"), "a#34;b#96;c#60;d#62;#35;e#59;");
        assert_eq!(mermaid("größe 模型"), "größe 模型");
    }
}
