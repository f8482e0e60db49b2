//! Conditions: compiled and checked once, evaluated on facts.

use std::ops::Range;

use cel::common::ast::{Expr, LiteralValue};
use cel::{Context, ExecutionError, IdedExpr, Program, Value};
use serde_json::Value as Json;

use super::cost::is_affordable;
use super::declarations::{FUNCTIONS, ROOTS, fields_of};
use super::field_paths::{FieldPath, calls, field_paths};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::suggest;
use crate::promotion::policy::PolicyFacts;
use crate::promotion::{GateOutcome, truncate};
use crate::text::number::format_short;
use crate::text::untrusted::clean;

/// Limit of a condition in bytes; it bounds the parser's recursion.
const MAX_CONDITION_BYTES: usize = 4_000;

/// Limit of nested brackets.
const MAX_NESTING: usize = 50;

/// Limit of a value in a gate result, in characters.
const MAX_SHOWN_CHARS: usize = 60;

/// Arithmetic operators by their names in CEL's syntax tree: these can produce NaN.
const ARITHMETIC: [&str; 5] = ["_+_", "_-_", "_*_", "_/_", "_%_"];

/// A compiled condition.
#[derive(Debug)]
pub struct Condition {
    source: String,
    program: Program,
    paths: Vec<FieldPath>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ConditionResult {
    pub outcome: GateOutcome,
    /// Why it is absent or failed to evaluate, cleaned; empty for plain true and false.
    pub reason: String,
    /// Values that it read, cleaned.
    pub values: Vec<(String, String)>,
}

/// Location of a condition in its file, for diagnostics.
pub(super) struct SourceLocation<'t> {
    /// Text of the file.
    pub text: &'t str,
    /// Byte range of the quoted string.
    pub span: Range<usize>,
}

impl SourceLocation<'_> {
    /// Position of a byte of the condition; the start of the string if escapes shift positions.
    fn span_at(&self, source: &str, at: usize) -> Range<usize> {
        let written = self.text.get(self.span.clone()).unwrap_or_default();
        let start = written.find(source).map_or(self.span.start, |begin| {
            self.span.start + begin + at.min(source.len())
        });
        start..start
    }

    fn diagnostic(
        &self,
        source: &str,
        at: usize,
        what: impl Into<String>,
        suggestion: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::at_span(
            self.text,
            &self.span_at(source, at),
            clean(&what.into()),
            clean(&suggestion.into()),
        )
    }
}

impl Condition {
    ///
    /// # Errors
    /// Errors in syntax, names and types, as far as they show without facts.
    pub(super) fn compile(
        source: &str,
        location: &SourceLocation<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let depth = source
            .bytes()
            .fold((0_usize, 0_usize), |(now, most), byte| match byte {
                b'(' | b'[' | b'{' => (now + 1, most.max(now + 1)),
                b')' | b']' | b'}' => (now.saturating_sub(1), most),
                _ => (now, most),
            });
        if source.len() > MAX_CONDITION_BYTES || depth.1 > MAX_NESTING {
            return Err(vec![location.diagnostic(
                source,
                0,
                format!(
                    "a condition has at most {MAX_CONDITION_BYTES} bytes and {MAX_NESTING} nested brackets"
                ),
                "",
            )]);
        }
        let rewritten = rewrite_has_root(source);
        let program = Program::compile(&rewritten).map_err(|errors| {
            let locate = |error: &cel::ParseError| {
                let line = usize::try_from(error.pos.0).unwrap_or(1).max(1) - 1;
                let column = usize::try_from(error.pos.1).unwrap_or(1).max(1) - 1;
                let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
                let within = source.get(before..).unwrap_or_default();
                let at = before
                    + within
                        .char_indices()
                        .nth(column)
                        .map_or(within.len(), |(at, _)| at);
                let (what, suggestion) = explain_parse_error(&error.msg);
                location.diagnostic(source, at, what, suggestion)
            };
            errors.errors.iter().map(locate).collect::<Vec<_>>()
        })?;
        let condition = Self {
            source: source.to_owned(),
            paths: field_paths(program.expression()),
            program,
        };
        let diagnostics = condition.check(location);
        if diagnostics.is_empty() {
            Ok(condition)
        } else {
            Err(diagnostics)
        }
    }

    /// As written in the policy.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it reads the champion, or tests for one.
    pub(super) fn reads_champion(&self) -> bool {
        let name = |path: &FieldPath| path.names[0].trim_start_matches(PRESENCE_PREFIX).to_owned();
        self.paths.iter().any(|path| name(path) == "champion")
    }

    /// Names and types that are wrong for any facts.
    fn check(&self, location: &SourceLocation<'_>) -> Vec<Diagnostic> {
        let at = |id: u64| self.offset_of(id);
        let diagnostic = |id: u64, what: String, suggestion: String| {
            location.diagnostic(&self.source, at(id), what, suggestion)
        };
        let name_at = |path: &FieldPath, nth: usize| {
            let root = at(path.root);
            path.names[1..=nth].iter().fold(root, |from, name| {
                let rest = self.source.get(from..).unwrap_or_default();
                let behind = rest.find(['.', '[']).unwrap_or(0);
                from + behind + rest[behind..].find(name.as_str()).unwrap_or(0)
            })
        };
        let mut found = Vec::new();
        for path in &self.paths {
            let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
            if !ROOTS.contains(&names[0]) && !names[0].starts_with(PRESENCE_PREFIX) {
                found.push(diagnostic(
                    path.root,
                    format!("unknown name {}", names[0]),
                    suggest(names[0], ROOTS.iter().copied()),
                ));
                continue;
            }
            let wrong = (1..names.len()).find_map(|n| {
                Some((n, fields_of(&names[..n])?)).filter(|(n, keys)| !keys.contains(&names[*n]))
            });
            if let Some((n, keys)) = wrong {
                let what = format!("{} has no field {}", names[..n].join("."), names[n]);
                let suggestion = suggest(names[n], keys.iter().copied());
                found.push(location.diagnostic(&self.source, name_at(path, n), what, suggestion));
            }
        }
        found.extend(self.check_calls(location));
        found
    }

    fn check_calls(&self, location: &SourceLocation<'_>) -> Vec<Diagnostic> {
        let diagnostic = |id: u64, what: &str, suggestion: String| {
            location.diagnostic(&self.source, self.offset_of(id), what, suggestion)
        };
        let mut found = Vec::new();
        for (name, call) in calls(self.program.expression()) {
            let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !is_operator && !FUNCTIONS.contains(&name) {
                found.push(diagnostic(
                    call.id,
                    &format!("unknown function {name}"),
                    suggest(name, FUNCTIONS.iter().copied()),
                ));
            }
            if ARITHMETIC.contains(&name) && self.mixes_metric_and_integer(call) {
                let what = "metrics are decimal numbers, which CEL does not mix with integers";
                found.push(diagnostic(
                    call.id,
                    what,
                    "write 1.0 instead of 1".to_owned(),
                ));
            }
        }
        let root = self.program.expression();
        let is_value = match &root.expr {
            Expr::Literal(literal) => !matches!(literal, LiteralValue::Boolean(_)),
            Expr::Call(call) => ARITHMETIC.contains(&call.func_name.as_str()),
            Expr::List(_) | Expr::Map(_) => true,
            _ => false,
        };
        if is_value {
            found.push(location.diagnostic(
                &self.source,
                0,
                "a condition must be true or false",
                "compare it: … >= 0.9",
            ));
        }
        found
    }

    fn mixes_metric_and_integer(&self, call: &IdedExpr) -> bool {
        let Expr::Call(call) = &call.expr else {
            return false;
        };
        let is_whole = |part: &IdedExpr| {
            matches!(
                part.expr,
                Expr::Literal(LiteralValue::Int(_) | LiteralValue::UInt(_))
            )
        };
        let is_metric = |part: &IdedExpr| {
            self.paths.iter().any(|path| {
                path.node == part.id && path.names.get(1).is_some_and(|name| name == "metrics")
            })
        };
        call.args.iter().any(is_whole) && call.args.iter().any(is_metric)
    }

    /// Byte offset of a node.
    fn offset_of(&self, id: u64) -> usize {
        let offsets = self.program.source_info().offset_for(id);
        offsets.map_or(0, |(start, _)| self.byte_offset(start))
    }

    /// ANTLR counts characters, spans count bytes.
    fn byte_offset(&self, nth: u32) -> usize {
        let nth = usize::try_from(nth).unwrap_or(0);
        self.source
            .char_indices()
            .nth(nth)
            .map_or(self.source.len(), |(at, _)| at)
    }

    pub(super) fn evaluate(&self, facts: &PolicyFacts) -> ConditionResult {
        let lengths = facts.roots().values().map(longest);
        if !is_affordable(self.program.expression(), lengths.max().unwrap_or(0)) {
            return ConditionResult {
                outcome: GateOutcome::Fail,
                reason: "the condition takes too many steps: nest fewer macros".to_owned(),
                values: Vec::new(),
            };
        }
        let mut context = Context::default();
        for (name, value) in facts.roots() {
            context.add_variable_from_value(name.clone(), cel_value(value));
        }
        for root in ROOTS {
            context.add_variable_from_value(
                format!("{PRESENCE_PREFIX}{root}"),
                facts.lookup(&[(*root).to_owned()]).is_some(),
            );
        }
        let values = self.values(facts);
        let result = |outcome, reason: String| ConditionResult {
            outcome,
            reason: clean(&reason).into_owned(),
            values: values.clone(),
        };
        match self.program.execute(&context) {
            Ok(Value::Bool(true)) => match self.nan_expression(&context) {
                Some(text) => result(GateOutcome::Absent, format!("{text} is NaN")),
                None => result(GateOutcome::Pass, String::new()),
            },
            Ok(Value::Bool(false)) => result(GateOutcome::Fail, String::new()),
            Ok(_) => result(
                GateOutcome::Fail,
                "the condition is neither true nor false".to_owned(),
            ),
            Err(ExecutionError::NoSuchKey(key)) => result(
                GateOutcome::Absent,
                self.describe_missing(facts, Some(&key)),
            ),
            Err(ExecutionError::UndeclaredReference(name)) => result(
                GateOutcome::Absent,
                self.describe_missing(facts, Some(&name)),
            ),
            Err(error) => result(
                GateOutcome::Fail,
                format!("the condition could not be evaluated: {error}"),
            ),
        }
    }

    /// Names an absent value that the condition reads, preferably the one that stopped the evaluation.
    fn describe_missing(&self, facts: &PolicyFacts, key: Option<&str>) -> String {
        let absent = |path: &&FieldPath| {
            !path.is_presence_test
                && facts.lookup(&path.names).is_none()
                && !path.names[0].starts_with(PRESENCE_PREFIX)
        };
        let mut all: Vec<&FieldPath> = self.paths.iter().filter(absent).collect();
        all.sort_by_key(|path| !key.is_some_and(|key| path.names.iter().any(|name| name == key)));
        match all.as_slice() {
            [] => key.map_or_else(
                || "a value is not recorded".to_owned(),
                |key| format!("{key} is not recorded"),
            ),
            [first, ..] => format!(
                "{} {}",
                first.to_source(),
                facts.describe_absence(&first.names)
            ),
        }
    }

    fn values(&self, facts: &PolicyFacts) -> Vec<(String, String)> {
        let mut values: Vec<(String, String)> = Vec::new();
        for path in &self.paths {
            let (text, found) = match path.names[0].strip_prefix(PRESENCE_PREFIX) {
                Some(root) => (root.to_owned(), facts.lookup(&[root.to_owned()])),
                None => (path.to_source(), facts.lookup(&path.names)),
            };
            if values.iter().all(|(known, _)| *known != text) {
                let shown = match found {
                    None => "absent".to_owned(),
                    Some(_)
                        if path.is_presence_test || path.names[0].starts_with(PRESENCE_PREFIX) =>
                    {
                        "recorded".to_owned()
                    }
                    Some(value) => display_value(value),
                };
                values.push((text, clean(&shown).into_owned()));
            }
        }
        values
    }

    /// The condition, if arithmetic in it produced NaN: a negated comparison with NaN would pass.
    fn nan_expression(&self, context: &Context<'_, '_>) -> Option<String> {
        let is_nan = |expr: &IdedExpr| matches!(Value::resolve(expr, context), Ok(Value::Float(value)) if value.is_nan());
        calls(self.program.expression())
            .into_iter()
            .find(|(name, expr)| {
                (ARITHMETIC.contains(name) || matches!(*name, "double" | "max" | "min"))
                    && is_nan(expr)
            })
            .map(|_| self.source.clone())
    }
}

/// `has(champion)` becomes a variable with this prefix, since CEL's own `has` takes only fields.
const PRESENCE_PREFIX: &str = "has_";

/// Replaces `has(root)` by a name of the same length, so that positions stay valid.
fn rewrite_has_root(source: &str) -> String {
    let mut written = source.to_owned();
    for root in ROOTS {
        let call = format!("has({root})");
        written = written.replace(&call, &format!("{PRESENCE_PREFIX}{root} "));
    }
    written
}

/// Replaces ANTLR's lists of expected tokens by a hint.
fn explain_parse_error(message: &str) -> (String, String) {
    let message = message.trim_start_matches("Syntax error: ");
    match message.split_once(" expecting ") {
        Some((what, _)) => (
            what.replace("'<EOF>'", "the end"),
            "a value, a name or a bracket is missing or unexpected here".to_owned(),
        ),
        None => (message.to_owned(), String::new()),
    }
}

/// The length of the longest list, map or text in a value.
fn longest(value: &Json) -> usize {
    match value {
        Json::Array(all) => all.iter().map(longest).fold(all.len(), usize::max),
        Json::Object(all) => all.values().map(longest).fold(all.len(), usize::max),
        _ => 0,
    }
}

fn cel_value(value: &Json) -> Value {
    cel::to_value(value).unwrap_or(Value::Null)
}

/// Shortens numbers and long text, and counts objects.
fn display_value(value: &Json) -> String {
    let text = match value {
        Json::Number(number) if number.is_f64() => {
            format_short(number.as_f64().unwrap_or(f64::NAN))
        }
        Json::String(text) => text.clone(),
        Json::Array(all) if all.iter().any(Json::is_object) => format_count(all.len()),
        Json::Object(all) => format_count(all.len()),
        other => other.to_string(),
    };
    truncate(&text, MAX_SHOWN_CHARS)
}

fn format_count(count: usize) -> String {
    if count == 1 {
        "1 item".to_owned()
    } else {
        format!("{count} items")
    }
}
