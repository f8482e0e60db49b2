//! The SQL of windows.

use crate::store::sql::window::WindowSql;

pub(super) static WINDOW: WindowSql = WindowSql {
    number,
    is_nan: |text| format!("coalesce({text} ~* '^\\s*[+-]?nan\\s*$', FALSE)"),
    // Without an escape character, as in the run table.
    like: |text, pattern, ignore_case| {
        let operator = if ignore_case { "ILIKE" } else { "LIKE" };
        format!("{text} {operator} {pattern} ESCAPE ''")
    },
    is_number: |_| "TRUE".to_owned(),
    integer: str::to_owned,
    is_set: |flag| format!("coalesce({flag}, FALSE)"),
    least: "least",
    greatest: "greatest",
    infinity: "CAST('Infinity' AS double precision)",
    now: "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)",
    // By bytes, whatever the collation of the database.
    collation: " COLLATE \"C\"",
};

/// The cast to a number fails on other texts and beyond the range of one, so it is made only within both.
fn number(text: &str) -> String {
    let digits = "^\\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?\\s*$";
    let exact = format!("CAST(regexp_replace({text}, '\\s', '', 'g') AS numeric)");
    let infinity = |sign: &str| format!("CAST('{sign}Infinity' AS double precision)");
    let (plus, minus) = (infinity(""), infinity("-"));
    format!(
        "(CASE WHEN length({text}) <= 80 AND {text} ~ '{digits}' THEN \
         (CASE WHEN {exact} > 1.7976931348623157e308 THEN {plus} WHEN {exact} < -1.7976931348623157e308 THEN {minus} \
         WHEN abs({exact}) < 2.3e-308 THEN CAST(0 AS double precision) ELSE CAST({exact} AS double precision) END) \
         WHEN {text} ~* '^\\s*[+]?inf(inity)?\\s*$' THEN {plus} WHEN {text} ~* '^\\s*-inf(inity)?\\s*$' THEN {minus} END)"
    )
}
