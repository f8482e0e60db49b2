//! The rows of a tab: items in the width of the screen.

use super::items::TabItem;
use crate::text::width::{truncate, width, wrap};

/// The widest column of keys.
const MAX_KEY_WIDTH: u16 = 32;
/// The most rows of a value: the list stays one, and enter shows the rest.
const MAX_VALUE_ROWS: usize = 8;
/// The cells before the keys, between the columns and at the end.
const GAPS: u16 = 4;

/// A row of the list. A long item has several.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TabRow {
    /// The index of its item.
    pub item: usize,
    /// Its part of the key, cleaned.
    pub key: String,
    /// The cells of the column of keys.
    pub key_width: u16,
    /// Its part of the value, cleaned; empty for a metric, whose number is drawn.
    pub value: String,
    /// Whether it has the item's number, status and note.
    pub is_first: bool,
}

/// The items in rows of `room` cells. The column of keys is as wide as the keys of its section.
pub(super) fn rows_of(items: &[TabItem], room: u16) -> Vec<TabRow> {
    let mut rows = Vec::new();
    let mut start = 0;
    for section in items.split_inclusive(|item| item.is_title) {
        let keys = section.iter().filter(|item| !item.is_title);
        let key_width = keys.map(|item| width(&item.key.clean())).max().unwrap_or(0);
        let key_width = key_width.min(MAX_KEY_WIDTH).min(room / 2);
        for (nth, item) in section.iter().enumerate() {
            push_rows(&mut rows, start + nth, item, key_width, room);
        }
        start += section.len();
    }
    rows
}

fn push_rows(rows: &mut Vec<TabRow>, item: usize, of: &TabItem, key_width: u16, room: u16) {
    let row = |key: String, value: String, is_first: bool| TabRow {
        item,
        key,
        key_width,
        value,
        is_first,
    };
    let key = of.key.clean();
    if of.is_title {
        let lines = wrap(&key, room.saturating_sub(2)).into_iter().enumerate();
        return rows.extend(lines.map(|(nth, line)| row(line, String::new(), nth == 0)));
    }
    // A key that is too long for its column is above its value.
    let mut key = if width(&key) > key_width {
        let lines = wrap(&key, room.saturating_sub(2)).into_iter();
        rows.extend(lines.map(|line| row(line, String::new(), false)));
        String::new()
    } else {
        key.into_owned()
    };
    let values = if of.number.is_some() {
        vec![String::new()]
    } else {
        value_rows(of, room.saturating_sub(key_width + GAPS))
    };
    // A note without room beside its value is below it.
    let used = values.first().map_or(0, |value| width(value)) + symbol_cells(of) + 2;
    let room = room.saturating_sub(key_width + GAPS);
    let has_note = of.number.is_none() && !of.note.is_empty();
    let note = (has_note && used + width(&of.note) > room).then(|| wrap(&of.note, room));
    for (nth, value) in values.into_iter().enumerate() {
        rows.push(row(std::mem::take(&mut key), value, nth == 0));
    }
    let note = note.into_iter().flatten();
    rows.extend(note.map(|line| row(String::new(), line, false)));
}

/// The cells of the status's symbol.
fn symbol_cells(item: &TabItem) -> u16 {
    if item.status.is_some() { 2 } else { 0 }
}

/// The value in at least one row and at most [`MAX_VALUE_ROWS`], the last of which says that there are more.
fn value_rows(item: &TabItem, room: u16) -> Vec<String> {
    let lines = item.value_lines().into_iter();
    let mut rows: Vec<String> = lines
        .flat_map(|line| wrap(&line, room.saturating_sub(symbol_cells(item))))
        .take(MAX_VALUE_ROWS + 1)
        .collect();
    if rows.is_empty() {
        rows.push(String::new());
    }
    if rows.len() > MAX_VALUE_ROWS {
        rows.truncate(MAX_VALUE_ROWS);
        if let Some(last) = rows.last_mut() {
            *last = truncate(&format!("{last} …"), room);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(items: &[TabItem], room: u16) -> Vec<String> {
        let rows = rows_of(items, room).into_iter();
        rows.map(|row| format!("{}:{}|{}", row.item, row.key, row.value))
            .collect()
    }

    #[test]
    fn long_values_and_keys_take_several_rows() {
        let items = [
            TabItem::title("data", ""),
            TabItem::new("source", "s3://bucket/a/b"),
            TabItem::new("a/very/long/metric/name", "1"),
        ];
        assert_eq!(
            texts(&items, 20),
            [
                "0:data|",
                "1:source|s3://b",
                "1:|ucket/",
                "1:|a/b",
                "2:a/very/long/metric|",
                "2:/name|",
                "2:|1",
            ]
        );
    }

    #[test]
    fn value_of_many_lines_is_cut_with_a_mark() {
        let item = TabItem::new("text", "line\n".repeat(20));
        let rows = texts(&[item], 40);
        assert_eq!((rows.len(), rows[7].as_str()), (8, "0:|line …"));
    }
}
