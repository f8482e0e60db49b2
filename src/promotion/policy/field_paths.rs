//! Field paths of a condition, `candidate.metrics['val/acc']`, from CEL's syntax tree.

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldPath {
    /// Root first.
    pub names: Vec<String>,
    /// Last node.
    pub node: u64,
    /// Node of the first name.
    pub root: u64,
    /// Whether the condition only tests that it exists.
    pub is_presence_test: bool,
}

impl FieldPath {
    /// In CEL's syntax.
    pub fn to_source(&self) -> String {
        let mut names = self.names.iter();
        let root = names.next().cloned().unwrap_or_default();
        names.fold(root, |text, name| {
            let is_plain =
                !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if is_plain {
                format!("{text}.{name}")
            } else {
                format!("{text}['{name}']")
            }
        })
    }
}

/// The longest paths that start with a free name, in order. Names bound by macros are not free.
pub(super) fn field_paths(expr: &IdedExpr) -> Vec<FieldPath> {
    let mut found = Vec::new();
    walk(expr, &mut Vec::new(), &mut |expr, bound| {
        let Some((names, is_test, root)) = path_names(expr) else {
            return true;
        };
        if !bound.contains(&names[0]) && !names[0].starts_with(['@', '#']) {
            found.push(FieldPath {
                names,
                node: expr.id,
                root,
                is_presence_test: is_test,
            });
        }
        false
    });
    found
}

/// All calls with their function names.
pub(super) fn calls(expr: &IdedExpr) -> Vec<(&str, &IdedExpr)> {
    let mut found = Vec::new();
    walk(expr, &mut Vec::new(), &mut |expr, _| {
        if let Expr::Call(call) = &expr.expr {
            found.push((call.func_name.as_str(), expr));
        }
        true
    });
    found
}

/// Names of a path, whether it is only tested, and the node of its first name; `None` if the expression is not a path.
fn path_names(expr: &IdedExpr) -> Option<(Vec<String>, bool, u64)> {
    match &expr.expr {
        Expr::Ident(name) => Some((vec![name.clone()], false, expr.id)),
        Expr::Select(select) => {
            let (mut all, _, root) = path_names(&select.operand)?;
            all.push(select.field.clone());
            Some((all, select.test, root))
        }
        Expr::Call(call) if call.func_name == "_[_]" => match call.args.as_slice() {
            [of, key] => {
                let Expr::Literal(LiteralValue::String(key)) = &key.expr else {
                    return None;
                };
                let (mut all, is_test, root) = path_names(of)?;
                all.push(key.inner().to_owned());
                Some((all, is_test, root))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Visits nodes top down with the names that macros bind there; children only where `visit` returns true.
fn walk<'e>(
    expr: &'e IdedExpr,
    bound: &mut Vec<String>,
    visit: &mut impl FnMut(&'e IdedExpr, &[String]) -> bool,
) {
    if !visit(expr, bound) {
        return;
    }
    match &expr.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .for_each(|part| walk(part, bound, visit)),
        Expr::Select(select) => walk(&select.operand, bound, visit),
        Expr::List(list) => list
            .elements
            .iter()
            .for_each(|part| walk(part, bound, visit)),
        Expr::Comprehension(all) => {
            walk(&all.iter_range, bound, visit);
            let outer = bound.len();
            bound.extend(
                [all.iter_var.clone(), all.accu_var.clone()]
                    .into_iter()
                    .chain(all.iter_var2.clone()),
            );
            for part in [&all.accu_init, &all.loop_cond, &all.loop_step, &all.result] {
                walk(part, bound, visit);
            }
            bound.truncate(outer);
        }
        _ => {}
    }
}
