//! The cost of a condition: macros such as `all` and `map` repeat their body for every element, also within each other.

use cel::IdedExpr;
use cel::common::ast::Expr;

/// The most steps of one evaluation: about a second.
const MAX_STEPS: u64 = 5_000_000;

/// Whether evaluating a condition is bounded, where no list or map of the facts is longer than `longest`.
pub(super) fn is_affordable(expr: &IdedExpr, longest: usize) -> bool {
    let longest = u64::try_from(longest).unwrap_or(u64::MAX);
    let size = longest.saturating_add(literal_elements(expr)).max(1);
    steps(expr, size) <= MAX_STEPS
}

/// Steps, where every list is as long as the longest. A sum of lists is as long as its parts together.
fn steps(expr: &IdedExpr, size: u64) -> u64 {
    let sum = |parts: &[&IdedExpr]| {
        parts
            .iter()
            .fold(1_u64, |total, part| total.saturating_add(steps(part, size)))
    };
    match &expr.expr {
        Expr::Comprehension(all) => {
            let length = size.saturating_mul(1 + sums(&all.iter_range));
            let once = sum(&[&all.iter_range, &all.accu_init, &all.result]);
            let each = sum(&[&all.loop_cond, &all.loop_step]);
            once.saturating_add(length.saturating_mul(each))
        }
        _ => sum(&children(expr)),
    }
}

/// How often lists are joined in an expression.
fn sums(expr: &IdedExpr) -> u64 {
    let own = matches!(&expr.expr, Expr::Call(call) if call.func_name == "_+_");
    let parts = children(expr).into_iter().map(sums);
    parts.fold(u64::from(own), u64::saturating_add)
}

fn literal_elements(expr: &IdedExpr) -> u64 {
    let own = match &expr.expr {
        Expr::List(list) => list.elements.len() as u64,
        Expr::Map(map) => map.entries.len() as u64,
        _ => 0,
    };
    let parts = children(expr).into_iter().map(literal_elements);
    parts.fold(own, u64::saturating_add)
}

fn children(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Comprehension(all) => vec![
            &all.iter_range,
            &all.accu_init,
            &all.loop_cond,
            &all.loop_step,
            &all.result,
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cel::Program;

    #[test]
    fn nested_macros_are_bounded() {
        let affordable = |source: &str, longest| {
            is_affordable(Program::compile(source).unwrap().expression(), longest)
        };
        for source in [
            "l.all(a, l.all(b, l.all(c, l.all(d, true))))",
            "size(l.map(a, l.map(b, l.map(c, l.map(d, d))))) > 0",
            "[1, 2, 3].all(a, l.exists(b, l.exists(c, l.exists(d, d == a))))",
        ] {
            assert!(!affordable(source, 200), "{source}");
        }
        for source in [
            "l.all(a, a > 0)",
            "l.filter(a, a > 0).size() > 1",
            "1 + 1 == 2",
        ] {
            assert!(affordable(source, 20_000), "{source}");
        }
        assert!(affordable("l.all(a, l.exists(b, a == b))", 300));
    }
}
