//! Printing: a tree as text that is read as the same tree.

use std::fmt;

use super::super::ValueKind;
use super::super::column::quote_backticks;
use super::ast::{Condition, Expr, Field};
use super::parser::is_keyword;
use crate::text::duration::format_units;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(nodes) => write_joined(f, nodes, " AND ", |node| {
                matches!(node, Self::Or(_) | Self::And(_))
            }),
            Self::Or(nodes) => write_joined(f, nodes, " OR ", |node| matches!(node, Self::Or(_))),
            Self::Not(node) => {
                f.write_str("NOT ")?;
                write_operand(f, node, matches!(**node, Self::And(_) | Self::Or(_)))
            }
            Self::Condition(field, test) => {
                write!(
                    f,
                    "{field}{}",
                    ConditionDisplay {
                        test,
                        kind: field.values()
                    }
                )
            }
            Self::Search(word) if is_plain_word(word) => f.write_str(word),
            Self::Search(word) => f.write_str(&quote(word)),
            Self::Is(is) => write!(f, "is:{}", is.as_str()),
        }
    }
}

fn write_joined(
    f: &mut fmt::Formatter<'_>,
    nodes: &[Expr],
    separator: &str,
    needs_parens: impl Fn(&Expr) -> bool,
) -> fmt::Result {
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        write_operand(f, node, needs_parens(node))?;
    }
    Ok(())
}

fn write_operand(f: &mut fmt::Formatter<'_>, node: &Expr, needs_parens: bool) -> fmt::Result {
    if needs_parens {
        write!(f, "({node})")
    } else {
        write!(f, "{node}")
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Age => f.write_str("age"),
            Self::Dataset(field) => write!(f, "dataset.{}", field.as_str()),
            Self::Column(column) => f.write_str(&column.to_filter_string()),
        }
    }
}

/// A test of a field of a kind, with the space before it.
struct ConditionDisplay<'a> {
    test: &'a Condition,
    kind: ValueKind,
}

impl fmt::Display for ConditionDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: &f64| {
            if self.kind == ValueKind::Duration {
                format_units((*value as i64).max(0), 0)
            } else {
                format_number(*value)
            }
        };
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self.test {
            Condition::Equals { text, negated } => {
                write!(f, " {}= {}", if *negated { "!" } else { "" }, quote(text))
            }
            Condition::Like {
                pattern,
                ignore_case: any_case,
                negated,
            } => {
                write!(
                    f,
                    " {}{} {}",
                    not(negated),
                    if *any_case { "ILIKE" } else { "LIKE" },
                    quote(pattern)
                )
            }
            Condition::InTexts { texts, negated } => write!(
                f,
                " {}IN ({})",
                not(negated),
                join_list(texts, |text| quote(text))
            ),
            Condition::Compare(comparison, value) => {
                write!(f, " {} {}", comparison.as_str(), number(value))
            }
            Condition::Between { low, high, negated } => write!(
                f,
                " {}BETWEEN {} AND {}",
                not(negated),
                number(low),
                number(high)
            ),
            Condition::InNumbers { numbers, negated } => {
                write!(f, " {}IN ({})", not(negated), join_list(numbers, number))
            }
            Condition::IsNull { negated } => write!(f, " IS {}NULL", not(negated)),
        }
    }
}

fn join_list<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    items.iter().map(write).collect::<Vec<_>>().join(", ")
}

/// A finite number, in a spelling that MLflow's parser takes too: it knows no `+` in an exponent.
pub(super) fn format_number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// A text in single quotes, or in double ones when it holds a single one; in back-ticks when neither will do.
pub(super) fn quote(text: &str) -> String {
    quote_without_backticks(text).unwrap_or_else(|| quote_backticks(text))
}

/// A text in quotes of MLflow's grammar, in which nothing can be escaped; nothing when none can hold it.
pub(super) fn quote_without_backticks(text: &str) -> Option<String> {
    match (text.contains('\''), text.contains('"')) {
        // A backslash before the closing quote would hide it from a parser that sees another quote further on.
        _ if text.ends_with('\\') => None,
        (false, _) => Some(format!("'{text}'")),
        (true, false) => Some(format!("\"{text}\"")),
        (true, true) => None,
    }
}

fn is_plain_word(word: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !word.is_empty() && word.chars().all(plain) && !is_keyword(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{Attribute, ColumnKey};
    use super::super::Filter;
    use super::super::ast::{ComparisonOp, DatasetField, IsQualifier};
    use super::*;

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "['\"`\\\\a. %_(),=<>!-]{0,8}",
            Just("and".to_owned()),
            Just("is:running".to_owned())
        ]
    }

    fn any_number() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("numbers are finite", |v| v.is_finite()),
            (-1000_i32..1000).prop_map(f64::from)
        ]
    }

    fn any_condition(kind: ValueKind) -> BoxedStrategy<Condition> {
        let negated = any::<bool>();
        let null = negated
            .prop_map(|negated| Condition::IsNull { negated })
            .boxed();
        let texts = prop_oneof![
            (any_text(), negated).prop_map(|(text, negated)| Condition::Equals { text, negated }),
            (any_text(), negated, negated).prop_map(|(pattern, ignore_case, negated)| {
                Condition::Like {
                    pattern,
                    ignore_case,
                    negated,
                }
            }),
            (proptest::collection::vec(any_text(), 1..4), negated)
                .prop_map(|(texts, negated)| Condition::InTexts { texts, negated }),
        ];
        let number = if kind == ValueKind::Duration {
            (0..1_000_000_000_000_i64).prop_map(|ms| ms as f64).boxed()
        } else {
            any_number().boxed()
        };
        let numbers = prop_oneof![
            (
                proptest::sample::select(ComparisonOp::ALL.to_vec()),
                number.clone()
            )
                .prop_map(|(comparison, value)| Condition::Compare(comparison, value)),
            (number.clone(), number.clone(), negated)
                .prop_map(|(low, high, negated)| Condition::Between { low, high, negated }),
            (proptest::collection::vec(number, 1..4), negated)
                .prop_map(|(numbers, negated)| Condition::InNumbers { numbers, negated }),
        ];
        match kind {
            ValueKind::Text => prop_oneof![texts, null].boxed(),
            ValueKind::NumberOrText => prop_oneof![texts, numbers, null].boxed(),
            ValueKind::Number | ValueKind::Time | ValueKind::Duration => {
                prop_oneof![numbers, null].boxed()
            }
        }
    }

    pub(in super::super) fn any_expr() -> impl Strategy<Value = Expr> {
        let key = || {
            any_text()
                .prop_filter("a key has characters", |key| !key.is_empty())
                .prop_map(|key| key.as_str().into())
        };
        let field = prop_oneof![
            proptest::sample::select(Attribute::ALL.to_vec())
                .prop_map(|attribute| Field::Column(ColumnKey::Attribute(attribute))),
            key().prop_map(|key| Field::Column(ColumnKey::Metric(key))),
            key().prop_map(|key| Field::Column(ColumnKey::Param(key))),
            key().prop_map(|key| Field::Column(ColumnKey::Tag(key))),
            proptest::sample::select(DatasetField::ALL.to_vec()).prop_map(Field::Dataset),
            Just(Field::Age),
        ];
        let test = field.prop_flat_map(|field| {
            any_condition(field.values()).prop_map(move |test| Expr::Condition(field.clone(), test))
        });
        let leaf = prop_oneof![6 => test, 1 => any_text().prop_map(Expr::Search), 1 => proptest::sample::select(IsQualifier::ALL.to_vec()).prop_map(Expr::Is)];
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::and),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::or),
                inner.prop_map(|node| Expr::Not(Box::new(node))),
            ]
        })
    }

    proptest! {
        #[test]
        fn printed_filters_parse_back(node in any_expr()) {
            let text = node.to_string();
            let read = Filter::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error} at {}", error.offset)))?;
            prop_assert_eq!(&read.root, &node, "{}", text);
        }

        #[test]
        fn parser_handles_any_text(text in prop_oneof![any::<String>(), "(metrics\\.a|params\\.`|'| |=|in|between|not|\\(|\\)|,|1|2d|\"|is:){0,12}"]) {
            if let Err(error) = Filter::parse(&text) {
                prop_assert!(text.is_char_boundary(error.offset), "{} at {}", error.message, error.offset);
                prop_assert_eq!(crate::text::untrusted::clean(&error.message), error.message.as_str());
            }
        }
    }
}
