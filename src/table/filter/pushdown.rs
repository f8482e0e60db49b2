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

use super::super::{Attribute, ColumnKey};
use super::print::{plain_quote, write_number};
use super::tree::{Comparison, Field, Is, Node, Test};
use super::{Filter, Pushdown};

/// A part of a filter in MLflow's grammar.
struct Remote {
    clause: String,
    /// Whether all stores agree on it.
    exact: bool,
}

/// Splits a filter.
pub(super) fn split(root: &Node) -> Pushdown {
    let parts = match root {
        Node::All(parts) => parts.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut clauses = Vec::new();
    let mut local = Vec::new();
    for part in parts {
        let remote = remote(part);
        if remote.as_ref().is_none_or(|remote| !remote.exact) {
            local.push(part.clone());
        }
        clauses.extend(remote.map(|remote| remote.clause));
    }
    Pushdown {
        remote: (!clauses.is_empty()).then(|| clauses.join(" AND ")),
        local: (!local.is_empty()).then(|| Filter {
            root: Node::all(local),
        }),
    }
}

/// Questions that together find every run that passes.
pub(super) fn queries(root: &Node) -> Vec<String> {
    let sides = match root {
        Node::Any(sides) => sides.as_slice(),
        other => std::slice::from_ref(other),
    };
    sides
        .iter()
        .map(|side| split(side).remote)
        .collect::<Option<_>>()
        .unwrap_or_default()
}

fn remote(node: &Node) -> Option<Remote> {
    let exact = |clause: Option<String>| {
        clause.map(|clause| Remote {
            clause,
            exact: true,
        })
    };
    let inexact = |clause: Option<String>| {
        clause.map(|clause| Remote {
            clause,
            exact: false,
        })
    };
    match node {
        Node::Test(Field::Column(ColumnKey::Metric(key)), test) => {
            inexact(number_clause(&keyed("metrics", key.raw())?, test))
        }
        Node::Test(Field::Column(ColumnKey::Param(key)), test) => {
            exact(text_clause(&keyed("params", key.raw())?, test))
        }
        Node::Test(Field::Column(ColumnKey::Tag(key)), test) => {
            exact(text_clause(&keyed("tags", key.raw())?, test))
        }
        Node::Test(Field::Column(ColumnKey::Attribute(attribute)), test) => {
            let name = format!("attributes.{}", attribute.as_str());
            match attribute {
                Attribute::Status | Attribute::Name | Attribute::ArtifactUri => {
                    exact(text_clause(&name, test))
                }
                Attribute::RunId => {
                    exact(text_clause(&name, test).or_else(|| list_clause(&name, test)))
                }
                Attribute::Start | Attribute::End => inexact(number_clause(&name, test)),
                _ => None,
            }
        }
        Node::Test(Field::Dataset(field), test) => {
            let name = format!("dataset.{}", field.as_str());
            exact(text_clause(&name, test).or_else(|| list_clause(&name, test)))
        }
        Node::Is(is @ (Is::Running | Is::Scheduled | Is::Finished | Is::Failed | Is::Killed)) => {
            exact(Some(format!(
                "attributes.status = '{}'",
                is.as_str().to_ascii_uppercase()
            )))
        }
        // Only what says that it is running can be stalled; for how long it has been quiet is found here.
        Node::Is(Is::Stalled) => inexact(Some("attributes.status = 'RUNNING'".to_owned())),
        Node::Test(Field::Age | Field::Column(ColumnKey::Curve(..)), _)
        | Node::All(_)
        | Node::Any(_)
        | Node::Not(_)
        | Node::Word(_)
        | Node::Is(_) => None,
    }
}

/// A key in back-ticks, if they can hold it.
fn keyed(kind: &str, key: &str) -> Option<String> {
    let holds = !key.contains(['`', '"', '\'', '\\']) && !key.chars().any(char::is_control);
    holds.then(|| format!("{kind}.`{key}`"))
}

fn number_clause(name: &str, test: &Test) -> Option<String> {
    match test {
        // MLflow 2 takes a NaN for 0, and would lose it here; ends that are the largest f64 mean infinities.
        Test::Compares(Comparison::NotEqual, 0.0) => None,
        Test::Compares(comparison, value) if value.abs() < f64::MAX => Some(format!(
            "{name} {} {}",
            comparison.as_str(),
            write_number(*value)
        )),
        Test::Between {
            low,
            high,
            negated: false,
        } if low.abs() < f64::MAX && high.abs() < f64::MAX => Some(format!(
            "{name} >= {} AND {name} <= {}",
            write_number(*low),
            write_number(*high)
        )),
        _ => None,
    }
}

fn text_clause(name: &str, test: &Test) -> Option<String> {
    match test {
        Test::Equals { text, negated } => Some(format!(
            "{name} {}= {}",
            if *negated { "!" } else { "" },
            remote_text(text)?
        )),
        Test::Like {
            pattern,
            any_case,
            negated: false,
        } => {
            let plain = !pattern.contains(['\\', '[']) && (!any_case || pattern.is_ascii());
            let operator = if *any_case { "ILIKE" } else { "LIKE" };
            plain
                .then(|| remote_text(pattern))
                .flatten()
                .map(|pattern| format!("{name} {operator} {pattern}"))
        }
        _ => None,
    }
}

/// MLflow reads a list as Python does, escapes and all; MLflow 2 takes single quotes only.
fn list_clause(name: &str, test: &Test) -> Option<String> {
    let Test::OneOfTexts { texts, negated } = test else {
        return None;
    };
    let quoted = texts.iter().map(|text| {
        if text.contains(['\\', '\'']) {
            None
        } else {
            remote_text(text)
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
fn remote_text(text: &str) -> Option<String> {
    plain_quote(text).filter(|_| !text.chars().any(char::is_control) && !text.contains('\\'))
}

#[cfg(test)]
mod tests {
    use super::super::Filter;

    fn split(text: &str) -> (String, String) {
        let pushdown = Filter::parse(text).unwrap().pushdown();
        (
            pushdown.remote.unwrap_or_default(),
            pushdown
                .local
                .map(|local| local.to_string())
                .unwrap_or_default(),
        )
    }

    #[test]
    fn what_mlflow_can_say_is_pushed_and_the_rest_is_left() {
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
    fn what_stores_differ_in_or_do_not_know_stays_here() {
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
    fn an_or_is_asked_side_by_side_if_every_side_can_be_asked() {
        let queries = |text: &str| Filter::parse(text).unwrap().queries();
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
