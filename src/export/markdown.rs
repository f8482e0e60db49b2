//! Tables as GitHub's Markdown.

use std::borrow::Cow;

use super::Sheet;
use crate::domain::Untrusted;

impl Sheet {
    /// The table as Markdown. What would be markup in a cell is escaped: the text shows as it is, and nothing links,
    /// loads or breaks the table.
    #[must_use]
    pub fn markdown(&self) -> String {
        let titles = self.columns.iter().map(|column| escaped(&column.title));
        let rules = self.columns.iter().map(|column| if column.numeric { "---:" } else { "---" }.to_owned());
        let mut out = line(titles) + &line(rules);
        for row in &self.rows {
            out.push_str(&line(row.iter().map(|cell| cell.as_ref().map(escaped).unwrap_or_default())));
        }
        out
    }
}

/// A row of cells that are Markdown already.
pub(super) fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// Text as Markdown that shows as the text. An underscore within a word is no markup, and keys are full of them.
pub(super) fn escaped(text: &Untrusted) -> String {
    let text: Cow<str> = text.clean();
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let in_word = before.is_alphanumeric() && rest.peek().is_some_and(|next| next.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '_' if in_word => out.push('_'),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '#' | '!' | '$' => out.extend(['\\', c]),
            c => out.push(c),
        }
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_shows_as_text() {
        let mut sheet = Sheet::new().text("max_depth").number("a|b");
        sheet.push([Some("![x](http://e) <b> _i_ `c`\n".into()), None]);
        assert_eq!(sheet.markdown(), "| max_depth | a\\|b |\n| --- | ---: |\n| \\!\\[x\\](http://e) &lt;b&gt; \\_i\\_ \\`c\\`⏎ |  |\n");
    }

    proptest! {
        #[test]
        fn no_cell_breaks_the_table(text in any::<String>()) {
            let cell = escaped(&text.as_str().into());
            let unescaped = cell.replace("\\\\", "").replace("\\|", "");
            prop_assert!(!unescaped.contains('|') && !cell.contains(['\n', '<', '>']));
        }
    }
}
