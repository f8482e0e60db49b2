//! A filter as a condition for a database.

use super::ast::{Condition, Expr, Field, IsQualifier};
use super::eval::max_f64_to_infinity;
use crate::domain::{NumberTest, RunCondition, RunField, RunStatus, TextTest};

/// The tag in which a nested run names its parent.
const PARENT_TAG: &str = "mlflow.parentRunId";

/// Converts all of a filter, or returns the first part for which a database would have to read every text of every run, or
/// know the other runs or the time.
pub(super) fn convert(expr: &Expr) -> Result<RunCondition, String> {
    let all = |parts: &[Expr]| parts.iter().map(convert).collect::<Result<Vec<_>, _>>();
    match expr {
        Expr::And(parts) => all(parts).map(RunCondition::All),
        Expr::Or(parts) => all(parts).map(RunCondition::Any),
        Expr::Not(part) => Ok(RunCondition::Not(convert(part)?.into())),
        Expr::Condition(Field::Column(column), condition) => {
            let field = column.run_field().ok_or_else(|| expr.to_string())?;
            Ok(convert_condition(field, condition))
        }
        Expr::Is(qualifier) => convert_qualifier(*qualifier).ok_or_else(|| expr.to_string()),
        Expr::Condition(Field::Dataset(_) | Field::Age, _) | Expr::Search(_) => {
            Err(expr.to_string())
        }
    }
}

fn convert_qualifier(qualifier: IsQualifier) -> Option<RunCondition> {
    let status = match qualifier {
        IsQualifier::Running => RunStatus::Running,
        IsQualifier::Scheduled => RunStatus::Scheduled,
        IsQualifier::Finished => RunStatus::Finished,
        IsQualifier::Failed => RunStatus::Failed,
        IsQualifier::Killed => RunStatus::Killed,
        IsQualifier::Nested => {
            return Some(RunCondition::IsPresent(RunField::TextTag(
                PARENT_TAG.into(),
            )));
        }
        IsQualifier::Stalled
        | IsQualifier::Nan
        | IsQualifier::Inf
        | IsQualifier::Best
        | IsQualifier::Parent
        | IsQualifier::Deleted => return None,
    };
    Some(RunCondition::Text {
        field: RunField::Status,
        test: TextTest::Equals(status.as_str().to_owned()),
        negated: false,
    })
}

fn convert_condition(field: RunField, condition: &Condition) -> RunCondition {
    let text = |field, test, negated: &bool| RunCondition::Text {
        field,
        test,
        negated: *negated,
    };
    let number = |field, test, negated| RunCondition::Number {
        field,
        test,
        negated,
    };
    match condition {
        Condition::Equals { text: to, negated } => {
            text(field, TextTest::Equals(to.clone()), negated)
        }
        Condition::Like {
            pattern,
            ignore_case,
            negated,
        } => {
            let test = TextTest::Like {
                pattern: pattern.clone(),
                ignore_case: *ignore_case,
            };
            text(field, test, negated)
        }
        Condition::InTexts { texts, negated } => text(field, TextTest::In(texts.clone()), negated),
        Condition::Compare(comparison, to) => {
            let test = NumberTest::Compare(*comparison, max_f64_to_infinity(*to));
            number(field, test, false)
        }
        Condition::Between { low, high, negated } => {
            let (low, high) = (max_f64_to_infinity(*low), max_f64_to_infinity(*high));
            number(field, NumberTest::Between(low, high), *negated)
        }
        Condition::InNumbers { numbers, negated } => {
            number(field, NumberTest::In(numbers.clone()), *negated)
        }
        Condition::IsNull { negated: true } => RunCondition::IsPresent(field),
        Condition::IsNull { negated: false } => {
            RunCondition::Not(RunCondition::IsPresent(field).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Filter;

    #[test]
    fn parts_that_no_database_evaluates_are_named() {
        let convert = |text: &str| Filter::parse(text).unwrap().to_run_condition();
        for text in [
            "metrics.acc > 0.9 OR NOT params.lr = 'x'",
            "is:running AND tags.`a b` LIKE 'x%'",
            "duration > 1h AND is:nested",
        ] {
            assert!(convert(text).is_ok(), "{text}");
        }
        for (text, part) in [
            ("metrics.acc > 0.9 AND is:best", "is:best"),
            ("params.lr = 'x' OR resnet", "resnet"),
            ("dataset.name = 'iris'", "dataset.name = 'iris'"),
        ] {
            assert_eq!(convert(text), Err(part.to_owned()));
        }
    }
}
