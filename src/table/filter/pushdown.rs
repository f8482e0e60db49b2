//! Push-down: the part of a filter that a store can do, in MLflow's grammar.
//!
//! A part is pushed only if no store loses a run by it that passes here. Where stores differ the part is pushed *and*
//! kept: metrics, where MLflow 2 takes NaN for 0, and times, where a run without one has 0. What stays here:
//!
//! * `IS NULL`, which MLflow 2 doesn't take, and everything that is not MLflow's;
//! * `user_id`, which readers fill from a tag where MLflow has none;
//! * patterns with a backslash or `[`, which some databases read in their own way, and `ILIKE` with letters beyond
//!   ASCII, of which SQLite doesn't know the case;
//! * texts and keys that MLflow's quotes can't hold.

use super::super::column_kind::RemoteSupport;
use super::ast::{ComparisonOp, Condition, Expr, Field, IsQualifier};
use super::print::{format_number, quote_without_backticks};
use super::{Filter, Pushdown};

/// A part of a filter in MLflow's grammar.
struct RemoteClause {
    clause: String,
    /// Whether all stores agree on it.
    is_exact: bool,
}

/// Splits a filter.
pub(super) fn split(root: &Expr) -> Pushdown {
    let operands = match root {
        Expr::And(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut clauses = Vec::new();
    let mut residual = Vec::new();
    for part in operands {
        let remote = remote_clause(part);
        if remote.as_ref().is_none_or(|remote| !remote.is_exact) {
            residual.push(part.clone());
        }
        clauses.extend(remote.map(|remote| remote.clause));
    }
    Pushdown {
        remote: (!clauses.is_empty()).then(|| clauses.join(" AND ")),
        residual: (!residual.is_empty()).then(|| Filter {
            root: Expr::and(residual),
        }),
    }
}

/// Questions that together find every run that passes.
pub(super) fn remote_queries(root: &Expr) -> Vec<String> {
    let operands = match root {
        Expr::Or(sides) => sides.as_slice(),
        other => std::slice::from_ref(other),
    };
    operands
        .iter()
        .map(|side| split(side).remote)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

fn remote_clause(node: &Expr) -> Option<RemoteClause> {
    let exact = |clause: Option<String>| {
        clause.map(|clause| RemoteClause {
            clause,
            is_exact: true,
        })
    };
    let inexact = |clause: Option<String>| {
        clause.map(|clause| RemoteClause {
            clause,
            is_exact: false,
        })
    };
    match node {
        Expr::Condition(Field::Column(column), test) => {
            let name = column.to_remote_string()?;
            match column.kind().remote {
                RemoteSupport::Never => None,
                RemoteSupport::Number => inexact(number_clause(&name, test)),
                RemoteSupport::Text => exact(text_clause(&name, test)),
                RemoteSupport::TextOrList => {
                    exact(text_clause(&name, test).or_else(|| list_clause(&name, test)))
                }
            }
        }
        Expr::Condition(Field::Dataset(field), test) => {
            let name = format!("dataset.{}", field.as_str());
            exact(text_clause(&name, test).or_else(|| list_clause(&name, test)))
        }
        Expr::Is(
            is @ (IsQualifier::Running
            | IsQualifier::Scheduled
            | IsQualifier::Finished
            | IsQualifier::Failed
            | IsQualifier::Killed),
        ) => exact(Some(format!(
            "attributes.status = '{}'",
            is.as_str().to_ascii_uppercase()
        ))),
        // Only what says that it is running can be stalled; for how long it has been quiet is found here.
        Expr::Is(IsQualifier::Stalled) => inexact(Some("attributes.status = 'RUNNING'".to_owned())),
        Expr::Condition(Field::Age, _)
        | Expr::And(_)
        | Expr::Or(_)
        | Expr::Not(_)
        | Expr::Search(_)
        | Expr::Is(_) => None,
    }
}

fn number_clause(name: &str, test: &Condition) -> Option<String> {
    match test {
        // MLflow 2 takes a NaN for 0, and would lose it here; ends that are the largest f64 mean infinities.
        Condition::Compare(ComparisonOp::NotEqual, 0.0) => None,
        Condition::Compare(comparison, value) if value.abs() < f64::MAX => Some(format!(
            "{name} {} {}",
            comparison.as_str(),
            format_number(*value)
        )),
        Condition::Between {
            low,
            high,
            negated: false,
        } if low.abs() < f64::MAX && high.abs() < f64::MAX => Some(format!(
            "{name} >= {} AND {name} <= {}",
            format_number(*low),
            format_number(*high)
        )),
        _ => None,
    }
}

fn text_clause(name: &str, test: &Condition) -> Option<String> {
    match test {
        Condition::Equals { text, negated } => Some(format!(
            "{name} {}= {}",
            if *negated { "!" } else { "" },
            quote_remote(text)?
        )),
        Condition::Like {
            pattern,
            ignore_case: any_case,
            negated: false,
        } => {
            let plain = !pattern.contains(['\\', '[']) && (!any_case || pattern.is_ascii());
            let operator = if *any_case { "ILIKE" } else { "LIKE" };
            plain
                .then(|| quote_remote(pattern))
                .flatten()
                .map(|pattern| format!("{name} {operator} {pattern}"))
        }
        _ => None,
    }
}

/// MLflow reads a list as Python does, escapes and all; MLflow 2 takes single quotes only.
fn list_clause(name: &str, test: &Condition) -> Option<String> {
    let Condition::InTexts { texts, negated } = test else {
        return None;
    };
    let quoted = texts.iter().map(|text| {
        if text.contains(['\\', '\'']) {
            None
        } else {
            quote_remote(text)
        }
    });
    let quoted = quoted.collect::<Option<Vec<String>>>()?;
    Some(format!(
        "{name} {}IN ({})",
        if *negated { "NOT " } else { "" },
        quoted.join(", ")
    ))
}

/// A text in quotes that MLflow's own parser takes for one text.
fn quote_remote(text: &str) -> Option<String> {
    quote_without_backticks(text)
        .filter(|_| !text.chars().any(char::is_control) && !text.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::super::Filter;

    fn split(text: &str) -> (String, String) {
        let pushdown = Filter::parse(text).unwrap().pushdown();
        (
            pushdown.remote.unwrap_or_default(),
            pushdown
                .residual
                .map(|local| local.to_string())
                .unwrap_or_default(),
        )
    }

    #[test]
    fn mlflow_parts_are_pushed_down_and_the_rest_stays() {
        for (filter, remote, local) in [
            ("", "", ""),
            (
                "params.opt = 'adam' AND resnet",
                "params.`opt` = 'adam'",
                "resnet",
            ),
            ("tags.`a b` LIKE \"it's%\"", "tags.`a b` LIKE \"it's%\"", ""),
            ("is:running", "attributes.status = 'RUNNING'", ""),
            ("is:stalled", "attributes.status = 'RUNNING'", "is:stalled"),
            (
                "run_id IN ('a', 'b')",
                "attributes.run_id IN ('a', 'b')",
                "",
            ),
            ("dataset.name NOT IN ('a')", "dataset.name NOT IN ('a')", ""),
            (
                "metrics.acc > 1e-7",
                "metrics.`acc` > 1e-7",
                "metrics.acc > 1e-7",
            ),
            (
                "metrics.a BETWEEN 1 AND 2",
                "metrics.`a` >= 1 AND metrics.`a` <= 2",
                "metrics.a BETWEEN 1 AND 2",
            ),
            (
                "start_time >= 5",
                "attributes.start_time >= 5",
                "start_time >= 5",
            ),
        ] {
            assert_eq!(
                split(filter),
                (remote.to_owned(), local.to_owned()),
                "{filter}"
            );
        }
    }

    #[test]
    fn unsupported_or_ambiguous_parts_are_not_pushed_down() {
        for filter in [
            "metrics.acc != 0",
            "metrics.acc <= 1.7976931348623157e308",
            "params.lr < 0.1",
            "params.lr IS NULL",
            "params.lr IN ('a')",
            "dataset.name IN ('iris', \"it's\")",
            "params.lr NOT LIKE 'a'",
            "params.p = `it's \"x\"`",
            "params.p LIKE '50\\%'",
            "params.p ILIKE 'größe'",
            "tags.`a``b` = 'x'",
            "user_id = 'ada'",
            "age < 2d",
            "params.a = 'x' OR params.b = 'y'",
            "NOT params.a = 'x'",
        ] {
            let (remote, local) = split(filter);
            assert_eq!(remote, "", "{filter}");
            assert_eq!(Filter::parse(&local), Filter::parse(filter), "{filter}");
        }
    }

    #[test]
    fn or_becomes_one_query_per_operand_if_all_are_remote() {
        let queries = |text: &str| Filter::parse(text).unwrap().remote_queries();
        let both = ["metrics.`acc` > 0.9", "params.`opt` = 'adam'"];
        assert_eq!(queries("metrics.acc > 0.9 OR params.opt = 'adam'"), both);
        assert_eq!(
            queries("(metrics.acc > 0.9 AND is:nan) OR params.opt = 'adam'"),
            both,
            "more than what passes is no harm"
        );
        assert_eq!(queries("metrics.acc > 0.9 AND zebra"), [both[0]]);
        for local in [
            "zebra",
            "metrics.acc > 0.9 OR zebra",
            "NOT metrics.acc > 0.9",
            "age < 2d",
        ] {
            assert!(queries(local).is_empty(), "{local}");
        }
    }
}
