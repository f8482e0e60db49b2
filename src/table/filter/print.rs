//! Printing: a tree as text that is read as the same tree.

use std::fmt;

use super::super::ColumnKey;
use super::super::span::write_span;
use super::parser::is_keyword;
use super::tree::{Field, Kind, Node, Test};

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(nodes) => join(f, nodes, " AND ", |node| {
                matches!(node, Self::Any(_) | Self::All(_))
            }),
            Self::Any(nodes) => join(f, nodes, " OR ", |node| matches!(node, Self::Any(_))),
            Self::Not(node) => {
                f.write_str("NOT ")?;
                part(f, node, matches!(**node, Self::All(_) | Self::Any(_)))
            }
            Self::Test(field, test) => {
                write!(
                    f,
                    "{field}{}",
                    Written {
                        test,
                        kind: field.kind()
                    }
                )
            }
            Self::Word(word) if is_plain_word(word) => f.write_str(word),
            Self::Word(word) => f.write_str(&quote(word)),
            Self::Is(is) => write!(f, "is:{}", is.as_str()),
        }
    }
}

fn join(
    f: &mut fmt::Formatter<'_>,
    nodes: &[Node],
    between: &str,
    closed: impl Fn(&Node) -> bool,
) -> fmt::Result {
    for (at, node) in nodes.iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        part(f, node, closed(node))?;
    }
    Ok(())
}

fn part(f: &mut fmt::Formatter<'_>, node: &Node, closed: bool) -> fmt::Result {
    if closed {
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
            Self::Column(ColumnKey::Attribute(attribute)) => f.write_str(attribute.as_str()),
            Self::Column(ColumnKey::Metric(key)) => write!(f, "metrics.{}", quote_key(key.raw())),
            Self::Column(ColumnKey::Param(key)) => write!(f, "params.{}", quote_key(key.raw())),
            Self::Column(ColumnKey::Tag(key)) => write!(f, "tags.{}", quote_key(key.raw())),
            // The language has no words for curves: no filter is parsed to one.
            Self::Column(key @ ColumnKey::Curve(..)) => f.write_str(&key.spelled()),
        }
    }
}

/// A test of a field of a kind, with the space before it.
struct Written<'a> {
    test: &'a Test,
    kind: Kind,
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value: &f64| {
            if self.kind == Kind::Span {
                write_span(*value as i64)
            } else {
                write_number(*value)
            }
        };
        let not = |negated: &bool| if *negated { "NOT " } else { "" };
        match self.test {
            Test::Equals { text, negated } => {
                write!(f, " {}= {}", if *negated { "!" } else { "" }, quote(text))
            }
            Test::Like {
                pattern,
                any_case,
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
            Test::OneOfTexts { texts, negated } => write!(
                f,
                " {}IN ({})",
                not(negated),
                list(texts, |text| quote(text))
            ),
            Test::Compares(comparison, value) => {
                write!(f, " {} {}", comparison.as_str(), number(value))
            }
            Test::Between { low, high, negated } => write!(
                f,
                " {}BETWEEN {} AND {}",
                not(negated),
                number(low),
                number(high)
            ),
            Test::OneOfNumbers { numbers, negated } => {
                write!(f, " {}IN ({})", not(negated), list(numbers, number))
            }
            Test::Null { negated } => write!(f, " IS {}NULL", not(negated)),
        }
    }
}

fn list<T>(items: &[T], write: impl Fn(&T) -> String) -> String {
    items.iter().map(write).collect::<Vec<_>>().join(", ")
}

/// A finite number, in a spelling that MLflow's parser takes too: it knows no `+` in an exponent.
pub(super) fn write_number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// A text in single quotes, or in double ones when it holds a single one; in back-ticks when neither will do.
pub(super) fn quote(text: &str) -> String {
    plain_quote(text).unwrap_or_else(|| back_tick(text))
}

/// A text in quotes of MLflow's grammar, in which nothing can be escaped; nothing when none can hold it.
pub(super) fn plain_quote(text: &str) -> Option<String> {
    match (text.contains('\''), text.contains('"')) {
        // A backslash before the closing quote would hide it from a parser that sees another quote further on.
        _ if text.ends_with('\\') => None,
        (false, _) => Some(format!("'{text}'")),
        (true, false) => Some(format!("\"{text}\"")),
        (true, true) => None,
    }
}

/// A text in back-ticks.
pub(super) fn back_tick(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

/// A key, in back-ticks unless it is letters, digits, underscores and dots.
pub(super) fn quote_key(key: &str) -> String {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if key.split('.').all(is_name) {
        key.to_owned()
    } else {
        back_tick(key)
    }
}

fn is_plain_word(word: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !word.is_empty() && word.chars().all(plain) && !is_keyword(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::Attribute;
    use super::super::Filter;
    use super::super::tree::{Comparison, DatasetField, Is};
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

    fn any_test(kind: Kind) -> BoxedStrategy<Test> {
        let negated = any::<bool>();
        let null = negated.prop_map(|negated| Test::Null { negated }).boxed();
        let texts = prop_oneof![
            (any_text(), negated).prop_map(|(text, negated)| Test::Equals { text, negated }),
            (any_text(), negated, negated).prop_map(|(pattern, any_case, negated)| Test::Like {
                pattern,
                any_case,
                negated
            }),
            (proptest::collection::vec(any_text(), 1..4), negated)
                .prop_map(|(texts, negated)| Test::OneOfTexts { texts, negated }),
        ];
        let number = if kind == Kind::Span {
            (0..1_000_000_000_000_i64).prop_map(|ms| ms as f64).boxed()
        } else {
            any_number().boxed()
        };
        let numbers = prop_oneof![
            (
                proptest::sample::select(Comparison::ALL.to_vec()),
                number.clone()
            )
                .prop_map(|(comparison, value)| Test::Compares(comparison, value)),
            (number.clone(), number.clone(), negated)
                .prop_map(|(low, high, negated)| Test::Between { low, high, negated }),
            (proptest::collection::vec(number, 1..4), negated)
                .prop_map(|(numbers, negated)| Test::OneOfNumbers { numbers, negated }),
        ];
        match kind {
            Kind::Text => prop_oneof![texts, null].boxed(),
            Kind::Either => prop_oneof![texts, numbers, null].boxed(),
            Kind::Number | Kind::Time | Kind::Span => prop_oneof![numbers, null].boxed(),
        }
    }

    pub(in super::super) fn any_node() -> impl Strategy<Value = Node> {
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
            any_test(field.kind()).prop_map(move |test| Node::Test(field.clone(), test))
        });
        let leaf = prop_oneof![6 => test, 1 => any_text().prop_map(Node::Word), 1 => proptest::sample::select(Is::ALL.to_vec()).prop_map(Node::Is)];
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Node::all),
                proptest::collection::vec(inner.clone(), 2..4).prop_map(Node::any),
                inner.prop_map(|node| Node::Not(Box::new(node))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_as_the_same(node in any_node()) {
            let text = node.to_string();
            let read = Filter::parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error} at {}", error.at)))?;
            prop_assert_eq!(&read.root, &node, "{}", text);
        }

        #[test]
        fn no_text_makes_the_parser_stumble(text in prop_oneof![any::<String>(), "(metrics\\.a|params\\.`|'| |=|in|between|not|\\(|\\)|,|1|2d|\"|is:){0,12}"]) {
            if let Err(error) = Filter::parse(&text) {
                prop_assert!(text.is_char_boundary(error.at), "{} at {}", error.message, error.at);
                prop_assert_eq!(crate::text::untrusted::clean(&error.message), error.message.as_str());
            }
        }
    }
}
