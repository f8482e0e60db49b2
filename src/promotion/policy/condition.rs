//! One condition: compiled and checked once, judged on facts.

use std::ops::Range;

use cel::common::ast::{Expr, LiteralValue};
use cel::{Context, ExecutionError, IdedExpr, Program, Value};
use serde_json::Value as Json;

use super::declarations::{FUNCTIONS, ROOTS, fields_of};
use super::field_paths::{FieldPath, calls, field_paths};
use crate::diagnostics::Diagnostic;
use crate::diagnostics::suggest;
use crate::promotion::GateOutcome;
use crate::promotion::policy::PolicyFacts;
use crate::text::number::format_short;
use crate::text::untrusted::clean;

/// The longest condition that is read, in bytes: the parser's recursion is bounded by it.
const MAX_CONDITION_BYTES: usize = 4_000;

/// The deepest nesting of brackets that is read.
const MAX_NESTING: usize = 50;

/// The longest value that a verdict shows, in characters.
const MAX_SHOWN_CHARS: usize = 60;

/// Operators of arithmetic, as CEL's tree names them: the ones that can make a NaN out of numbers.
const ARITHMETIC: [&str; 5] = ["_+_", "_-_", "_*_", "_/_", "_%_"];

/// A condition that was compiled.
#[derive(Debug)]
pub struct Condition {
    source: String,
    program: Program,
    paths: Vec<FieldPath>,
}

/// What a condition says of facts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ConditionResult {
    pub outcome: GateOutcome,
    /// Why it did not pass, cleaned; empty for a pass and for a plain no.
    pub reason: String,
    /// The values that it saw, cleaned.
    pub values: Vec<(String, String)>,
}

/// Where a condition's text stands in the file, so that what CEL says of it can be placed there.
pub(super) struct SourceLocation<'t> {
    /// The file.
    pub text: &'t str,
    /// The string in it, with its quotes, in bytes.
    pub span: Range<usize>,
}

impl SourceLocation<'_> {
    /// Where the nth byte of the condition stands; the string's beginning where escapes moved it.
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
            clean(&what.into()).into_owned(),
            clean(&suggestion.into()).into_owned(),
        )
    }
}

impl Condition {
    /// Compiles a condition.
    ///
    /// # Errors
    /// Each mistake: of the syntax, in a name, in a type, as far as these can be known before facts are.
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
                    "a condition has at most {MAX_CONDITION_BYTES} bytes and {MAX_NESTING} brackets in brackets"
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

    /// As it is written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names and types that can't be right, whatever the facts are.
    fn check(&self, location: &SourceLocation<'_>) -> Vec<Diagnostic> {
        let at = |id: u64| {
            self.program
                .source_info()
                .offset_for(id)
                .map_or(0, |(start, _)| self.byte_offset(start))
        };
        let diagnostic = |id: u64, what: String, meant: String| {
            location.diagnostic(&self.source, at(id), what, meant)
        };
        // Where a path's nth name stands.
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
                    format!("nothing is called {}", names[0]),
                    suggest(names[0], ROOTS.iter().copied()),
                ));
                continue;
            }
            let wrong = (1..names.len()).find_map(|n| {
                Some((n, fields_of(&names[..n])?)).filter(|(n, keys)| !keys.contains(&names[*n]))
            });
            if let Some((n, keys)) = wrong {
                let what = format!("{} has no {}", names[..n].join("."), names[n]);
                let suggestion = suggest(names[n], keys.iter().copied());
                found.push(location.diagnostic(&self.source, name_at(path, n), what, suggestion));
            }
        }
        for (name, call) in calls(self.program.expression()) {
            let is_operator = !name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !is_operator && !FUNCTIONS.contains(&name) {
                found.push(diagnostic(
                    call.id,
                    format!("there is no function {name}"),
                    suggest(name, FUNCTIONS.iter().copied()),
                ));
            }
            if ARITHMETIC.contains(&name) && self.mixes_metric_and_integer(call) {
                let what = "metrics are decimal numbers, and CEL adds no whole number to them";
                found.push(diagnostic(
                    call.id,
                    what.to_owned(),
                    "write 1.0 for 1".to_owned(),
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
                "a condition is true or false, and this is neither",
                "compare it: … >= 0.9",
            ));
        }
        found
    }

    /// Whether an arithmetic call takes a metric and a whole number.
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

    /// ANTLR counts characters.
    fn byte_offset(&self, nth: u32) -> usize {
        let nth = usize::try_from(nth).unwrap_or(0);
        self.source
            .char_indices()
            .nth(nth)
            .map_or(self.source.len(), |(at, _)| at)
    }

    /// Judges facts.
    pub(super) fn evaluate(&self, facts: &PolicyFacts) -> ConditionResult {
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
        let result = |verdict, why: String| ConditionResult {
            outcome: verdict,
            reason: clean(&why).into_owned(),
            values: values.clone(),
        };
        match self.program.execute(&context) {
            Ok(Value::Bool(true)) => match self.nan_expression(&context) {
                Some(text) => result(GateOutcome::Absent, format!("{text} is no number (NaN)")),
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
                format!("the condition can't be judged: {error}"),
            ),
        }
    }

    /// What is not recorded of what the condition reads: the one that the evaluation stumbled over first.
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

    /// The arithmetic that came to NaN, if one did: a comparison with it may still have been negated into a pass.
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

/// What `has(champion)` is read as: CEL's own `has` asks for a field only.
const PRESENCE_PREFIX: &str = "has_";

/// `has(root)` as a name of the same length, so that places stay what they are.
fn rewrite_has_root(source: &str) -> String {
    let mut written = source.to_owned();
    for root in ROOTS {
        let call = format!("has({root})");
        written = written.replace(&call, &format!("{PRESENCE_PREFIX}{root} "));
    }
    written
}

/// The parser's words, and what can stand there: ANTLR lists tokens, which tell a person little.
fn explain_parse_error(message: &str) -> (String, String) {
    let message = message.trim_start_matches("Syntax error: ");
    match message.split_once(" expecting ") {
        Some((what, _)) => (
            what.replace("'<EOF>'", "the end"),
            "a value, a name or a bracket is missing or too much there".to_owned(),
        ),
        None => (message.to_owned(), String::new()),
    }
}

fn cel_value(value: &Json) -> Value {
    cel::to_value(value).unwrap_or(Value::Null)
}

/// A value for a person: numbers short, objects by their size.
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
    if text.chars().count() > MAX_SHOWN_CHARS {
        text.chars().take(MAX_SHOWN_CHARS).chain(['…']).collect()
    } else {
        text
    }
}

fn format_count(count: usize) -> String {
    if count == 1 {
        "1 item".to_owned()
    } else {
        format!("{count} items")
    }
}
