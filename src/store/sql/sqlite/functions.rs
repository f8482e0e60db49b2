//! SQL functions for what SQLite does differently from the run table, and the SQL of windows with them.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

use crate::store::sql::window::WindowSql;
use crate::text::number::parse_number;
use crate::text::pattern::Pattern;

/// The number that a text parses as; NULL for NaN and for other texts.
const NUMBER: &str = "frontrunner_number";

/// Whether a text is a spelling of NaN.
const IS_NAN: &str = "frontrunner_is_nan";

/// Whether a text (the third argument) matches a pattern (the first), ignoring case if the second argument is 1.
const LIKE: &str = "frontrunner_like";

pub(super) static WINDOW: WindowSql = WindowSql {
    number: |text| format!("{NUMBER}({text})"),
    is_nan: |text| format!("{IS_NAN}({text})"),
    like: |text, pattern, ignore_case| {
        format!("{LIKE}({pattern}, {}, {text})", u8::from(ignore_case))
    },
    is_number: |value| format!("typeof({value}) IN ('integer', 'real')"),
    integer: |value| {
        format!(
            "(CASE WHEN typeof({value}) IN ('integer', 'real') THEN CAST({value} AS INTEGER) END)"
        )
    },
    is_set: |flag| format!("coalesce({flag}, 0) <> 0"),
    least: "min",
    greatest: "max",
    infinity: "9e999",
    now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    collation: "",
};

/// Adds the functions to a connection.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(NUMBER, 1, flags, |context| {
        Ok(number(context, 0).filter(|number| !number.is_nan()))
    })?;
    connection.create_scalar_function(IS_NAN, 1, flags, |context| {
        Ok(number(context, 0).is_some_and(f64::is_nan))
    })?;
    connection.create_scalar_function(LIKE, 3, flags, |context| {
        let pattern = context.get_or_create_aux(0, |value| {
            let ignore_case = matches!(context.get_raw(1), ValueRef::Integer(1));
            value.as_str().map(|text| Pattern::new(text, ignore_case))
        })?;
        Ok(bytes(context, 2).map(|text| pattern.matches(&String::from_utf8_lossy(text))))
    })
}

fn number(context: &Context<'_>, argument: usize) -> Option<f64> {
    std::str::from_utf8(bytes(context, argument)?)
        .ok()
        .and_then(parse_number)
}

fn bytes<'a>(context: &'a Context<'_>, argument: usize) -> Option<&'a [u8]> {
    match context.get_raw(argument) {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    }
}
