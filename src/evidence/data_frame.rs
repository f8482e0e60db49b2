//! Data frames in JSON: every pandas orientation becomes a list of rows by column.

use serde_json::{Map, Number, Value};

use super::format::MAX_ROWS;

/// The rows of a table: a list of rows; columns by name, each a list or an object by row number; or headers and rows apart,
/// with or without a schema. Absent if the value is not a table.
///
/// # Errors
/// If it has too many rows.
pub(super) fn to_rows(table: &Value) -> Result<Option<Value>, String> {
    if max_row_count(table) > MAX_ROWS {
        return Err(format!("more than {MAX_ROWS} rows"));
    }
    Ok(normalize(table))
}

/// An upper bound of the number of rows.
fn max_row_count(table: &Value) -> usize {
    let length = |value: &Value| match value {
        Value::Array(all) => all.len(),
        Value::Object(all) => all.len(),
        _ => 0,
    };
    match table {
        Value::Object(members) => members
            .values()
            .map(length)
            .max()
            .unwrap_or(0)
            .max(members.len()),
        other => length(other),
    }
}

fn normalize(table: &Value) -> Option<Value> {
    let rows = match table.clone() {
        Value::Array(rows) => rows,
        Value::Object(mut members) => match members.remove("data") {
            Some(Value::Array(rows)) => match members.remove("columns") {
                Some(Value::Array(heads)) => zip_headers(&heads, rows),
                _ => rows,
            },
            _ => rows_from_columns(members)?,
        },
        _ => return None,
    };
    Some(infer_types(Value::Array(rows)))
}

/// Turns the strings of a text format into numbers and booleans, and empty cells into null.
pub(super) fn infer_types(rows: Value) -> Value {
    let Value::Array(rows) = rows else {
        return rows;
    };
    let row = |row: Value| match row {
        Value::Object(cells) => Value::Object(
            cells
                .into_iter()
                .map(|(head, value)| (flatten_header(&head), infer_cell_type(value)))
                .collect(),
        ),
        other => other,
    };
    Value::Array(rows.into_iter().map(row).collect())
}

fn infer_cell_type(value: Value) -> Value {
    let Value::String(text) = &value else {
        return value;
    };
    match text.trim() {
        "" | "nan" | "NaN" | "None" | "null" => Value::Null,
        "True" | "true" => Value::Bool(true),
        "False" | "false" => Value::Bool(false),
        // Hashes and ids can consist of digits: only strings that survive a round trip are numbers.
        number => {
            let whole = number
                .parse::<i64>()
                .ok()
                .filter(|parsed| parsed.to_string() == number)
                .map(Value::from);
            let parsed = || {
                number
                    .parse()
                    .ok()
                    .filter(|_| number.contains(['.', 'e', 'E']))
                    .and_then(Number::from_f64)
                    .map(Value::Number)
            };
            whole.or_else(parsed).unwrap_or(value)
        }
    }
}

/// A multi-level header as one string: `('chunk', 'chunk', 'period')` is `chunk_period`.
fn flatten_header(header: &str) -> String {
    let Some(inner) = header
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .filter(|inner| inner.contains(','))
    else {
        return header.to_owned();
    };
    join_levels(
        inner
            .split(',')
            .map(|part| part.trim().trim_matches(['\'', '"'])),
    )
}

fn join_levels<'t>(parts: impl Iterator<Item = &'t str>) -> String {
    let mut parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.dedup();
    parts.join("_")
}

/// Rows of cells as rows by header.
fn zip_headers(headers: &[Value], rows: Vec<Value>) -> Vec<Value> {
    let name = |head: &Value| match head {
        Value::String(text) => text.clone(),
        Value::Array(levels) => join_levels(levels.iter().filter_map(Value::as_str)),
        other => other.to_string(),
    };
    let names: Vec<String> = headers.iter().map(name).collect();
    let row = |row: Value| match row {
        Value::Array(cells) => Value::Object(names.iter().cloned().zip(cells).collect()),
        other => other,
    };
    rows.into_iter().map(row).collect()
}

/// Rows from an object of columns, each a list or an object by row number. An object whose names are all numbers has rows, not
/// columns.
fn rows_from_columns(columns: Map<String, Value>) -> Option<Vec<Value>> {
    let is_number = |name: &String| name.parse::<u64>().is_ok();
    if !columns.is_empty()
        && columns.keys().all(is_number)
        && columns.values().all(Value::is_object)
    {
        return Some(columns.into_iter().map(|(_, row)| row).collect());
    }
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for (at, (name, column)) in columns.into_iter().enumerate() {
        let cells: Vec<Value> = match column {
            Value::Array(cells) => cells,
            Value::Object(cells) if cells.keys().all(is_number) => {
                cells.into_iter().map(|(_, cell)| cell).collect()
            }
            _ => return None,
        };
        if at == 0 {
            rows.resize_with(cells.len(), Map::new);
        }
        if cells.len() != rows.len() {
            return None;
        }
        for (row, cell) in rows.iter_mut().zip(cells) {
            row.insert(name.clone(), cell);
        }
    }
    Some(rows.into_iter().map(Value::Object).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_data_frame_orientations_give_the_same_rows() {
        let expected = json!([{"a": 1, "b_c": true}, {"a": 2, "b_c": null}]);
        for table in [
            json!([{"a": 1, "b_c": true}, {"a": 2, "b_c": null}]),
            json!({"a": {"0": 1, "1": 2}, "b_c": {"0": true, "1": null}}),
            json!({"a": [1, 2], "b_c": [true, null]}),
            json!({"0": {"a": 1, "b_c": true}, "1": {"a": 2, "b_c": null}}),
            json!({"columns": ["a", ["b", "b", "c"]], "index": [0, 1], "data": [[1, true], [2, null]]}),
            json!({"schema": {"fields": []}, "data": [{"a": 1, "b_c": true}, {"a": 2, "b_c": null}]}),
            json!({"('a', 'a')": {"0": "1", "1": "2"}, "('b', 'b', 'c')": {"0": "True", "1": ""}}),
        ] {
            assert_eq!(to_rows(&table), Ok(Some(expected.clone())), "{table}");
        }
        assert_eq!(to_rows(&json!({"a": {"x": 1}})), Ok(None));
        assert_eq!(to_rows(&json!("a")), Ok(None));
        assert!(
            to_rows(&json!({"a": vec![0; MAX_ROWS + 1]}))
                .unwrap_err()
                .contains("rows")
        );
    }

    #[test]
    fn number_like_ids_stay_text() {
        assert_eq!(
            infer_types(json!([{"id": "007", "n": "-3", "x": "1e-3", "s": "a"}])),
            json!([{"id": "007", "n": -3, "x": 0.001, "s": "a"}])
        );
    }
}
