//! Tables as CSV (RFC 4180).

use super::Sheet;
use crate::domain::Untrusted;

impl Sheet {
    /// The table as CSV with a header. A missing cell is an empty field, an empty one is `""`. Cells are cleaned: CSV is
    /// printed to terminals too, and no record then spans lines.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = record(self.columns.iter().map(|column| Some(&column.title)));
        for row in &self.rows {
            out.push_str(&record(row.iter().map(Option::as_ref)));
        }
        out
    }
}

fn record<'a>(cells: impl Iterator<Item = Option<&'a Untrusted>>) -> String {
    cells.map(field).collect::<Vec<_>>().join(",") + "\n"
}

// Own code rather than a library's: CSV writers have no word for a missing cell beside an empty one.
fn field(cell: Option<&Untrusted>) -> String {
    let Some(cell) = cell else { return String::new() };
    let text = cell.clean();
    let quoted = text.is_empty() || text.contains([',', '"']) || text.trim() != text;
    if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn missing_and_empty_differ_and_every_record_is_one_line() {
        let mut sheet = Sheet::new().text("na,me").text("b").number("c");
        sheet.push([Some("say \"hi\"\n".into()), None, Some("".into())]);
        sheet.push([Some("\u{1b}[2J".into())]);
        assert_eq!(sheet.csv(), "\"na,me\",b,c\n\"say \"\"hi\"\"⏎\",,\"\"\n␛[2J,,\n");
    }

    proptest! {
        #[test]
        fn a_record_never_spans_lines_nor_changes_its_fields(text in any::<String>()) {
            let mut sheet = Sheet::new().text("a").text("b");
            sheet.push([Some(text.as_str().into()), Some("end".into())]);
            let csv = sheet.csv();
            prop_assert_eq!(csv.lines().count(), 2);
            prop_assert!(csv.ends_with(",end\n"));
            prop_assert!(!csv.chars().any(|c| c.is_control() && c != '\n'));
            prop_assert!(csv.matches('"').count().is_multiple_of(2));
        }
    }
}
