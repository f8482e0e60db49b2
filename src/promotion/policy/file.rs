//! The policy file: TOML; parsing reports all errors at once.

use std::ops::Range;

use super::condition::{Condition, SourceLocation};
use super::merge::PolicySource;
use crate::diagnostics::{Diagnostic, TomlReader, TomlTable, TomlValue};
use crate::domain::{Goal, ModelName, Slot, Stage};
use crate::text::untrusted::clean;

/// A parsed policy.
#[derive(Debug, Default)]
pub struct Policy {
    /// Whether all writes are refused.
    pub is_read_only: bool,
    /// Sections in the order of the files.
    pub models: Vec<ModelPolicy>,
    /// The files that were merged, in their order; none for a policy that was parsed from a text.
    pub sources: Vec<PolicySource>,
}

/// Rules for the models whose name matches a pattern.
#[derive(Debug, Default)]
pub struct ModelPolicy {
    /// Index of its file among [`Policy::sources`].
    pub source: usize,
    /// Glob with `*` for any text and `?` for one character.
    pub pattern: String,
    /// Metric that ranks runs, with its direction.
    pub goal: Option<Goal>,
    /// Slots that need the model's name typed.
    pub protected_slots: Option<Vec<Slot>>,
    /// Whether writes leave record tags.
    pub writes_tags: Option<bool>,
    /// Users user can override gates.
    pub override_users: Vec<String>,
    /// In the order of the file.
    pub gates: Vec<Gate>,
    /// Required approvals.
    pub approval: Option<ApprovalRule>,
}

/// A named condition for slots.
#[derive(Debug)]
pub struct Gate {
    /// Cleaned; overrides refer to it.
    pub name: String,
    /// Guarded slots; empty for all but None and Archived.
    pub slots: Vec<Slot>,
    /// Must evaluate to true.
    pub condition: Condition,
    /// Replaces the condition's text in the reason.
    pub failure_message: Option<String>,
}

/// Who must approve a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRule {
    /// Number of approvals.
    pub required: usize,
    /// Users whose approval counts; empty for all.
    pub approvers: Vec<String>,
    /// Ignores the author of the run.
    pub excludes_author: bool,
    /// Ignores the promoter.
    pub excludes_promoter: bool,
    /// Guarded slots; empty for all but None and Archived.
    pub slots: Vec<Slot>,
}

impl Gate {
    /// Whether it guards a slot.
    #[must_use]
    pub fn applies_to(&self, slot: &Slot) -> bool {
        slots_include(&self.slots, slot)
    }
}

impl ApprovalRule {
    /// Whether it guards a slot.
    #[must_use]
    pub fn applies_to(&self, slot: &Slot) -> bool {
        slots_include(&self.slots, slot)
    }
}

fn slots_include(slots: &[Slot], slot: &Slot) -> bool {
    if slots.is_empty() {
        !matches!(slot, Slot::Stage(Stage::None | Stage::Archived))
    } else {
        slots.contains(slot)
    }
}

impl Policy {
    /// Parses a policy file.
    ///
    /// # Errors
    /// All errors, in the order of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        TomlReader::parse(text, TomlReader::read_policy)
    }

    /// All sections whose pattern matches the model.
    pub fn rules_for(&self, model: &ModelName) -> impl Iterator<Item = &ModelPolicy> {
        self.models
            .iter()
            .filter(|rules| matches_glob(&rules.pattern, model.raw()))
    }

    /// The protected slots of a model. The user's policies replace those of the settings, a project's add to them.
    #[must_use]
    pub fn protected_slots(&self, model: &ModelName, settings: Vec<Slot>) -> Vec<Slot> {
        let listed = |is_project: bool| {
            let rules = self
                .rules_for(model)
                .filter(move |rules| self.is_project(rules) == is_project);
            rules.filter_map(|rules| rules.protected_slots.as_ref())
        };
        let mut slots = if listed(false).next().is_some() {
            listed(false).flatten().cloned().collect()
        } else {
            settings
        };
        for slot in listed(true).flatten() {
            if !slots.contains(slot) {
                slots.push(slot.clone());
            }
        }
        slots
    }

    /// Whether writes leave record tags; `None` if no section sets it, false if any forbids it. A project's policy counts if
    /// no other one sets it.
    #[must_use]
    pub fn writes_tags(&self, model: &ModelName) -> Option<bool> {
        let set = |is_project: bool| {
            self.rules_for(model)
                .filter(|rules| self.is_project(rules) == is_project)
                .filter_map(|rules| rules.writes_tags)
                .reduce(|a, b| a && b)
        };
        set(false).or_else(|| set(true))
    }

    /// Whether a user can override any gate of a model.
    #[must_use]
    pub fn can_override(&self, model: &ModelName, user: &str) -> bool {
        self.rules_for(model).any(|rules| rules.can_override(user))
    }
}

impl ModelPolicy {
    pub(super) fn can_override(&self, user: &str) -> bool {
        self.override_users.iter().any(|name| name == user)
    }
}

fn matches_glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

const TOP_KEYS: &[&str] = &["read_only", "model"];
const MODEL_KEYS: &[&str] = &["goal", "protected", "tags", "overrides", "gate", "approval"];
const GATE_KEYS: &[&str] = &["name", "to", "require", "else"];
const APPROVAL_KEYS: &[&str] = &[
    "needed",
    "by",
    "by_someone_else",
    "not_author",
    "not_promoter",
    "to",
];

/// Sections of a policy file.
trait PolicyReader {
    fn read_policy(&mut self, table: &TomlTable<'_>) -> Policy;
    fn read_model_policy(&mut self, pattern: &str, table: &TomlTable<'_>) -> ModelPolicy;
    fn read_gate(&mut self, span: &Range<usize>, table: &TomlTable<'_>) -> Option<Gate>;
    fn read_approval_rule(&mut self, table: &TomlTable<'_>) -> ApprovalRule;
}

impl PolicyReader for TomlReader<'_> {
    fn read_policy(&mut self, table: &TomlTable<'_>) -> Policy {
        let mut policy = Policy::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "read_only" => policy.is_read_only = self.expect_bool(value).unwrap_or(true),
                "model" => {
                    let Some(models) = self.expect_table(value, "[model.\"iris-*\"]") else {
                        continue;
                    };
                    for (pattern, value) in models {
                        if let Some(table) = self.expect_table(value, "[model.\"iris-*\"]") {
                            policy
                                .models
                                .push(self.read_model_policy(pattern.get_ref(), table));
                        }
                    }
                }
                _ => drop(self.expect_known_key(key, TOP_KEYS)),
            }
        }
        policy
    }

    fn read_model_policy(&mut self, pattern: &str, table: &TomlTable<'_>) -> ModelPolicy {
        let mut model = ModelPolicy {
            pattern: pattern.to_owned(),
            ..ModelPolicy::default()
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "goal" => model.goal = self.expect_parsed(value, str::parse::<Goal>),
                "protected" => model.protected_slots = Some(read_slots(self, value)),
                "tags" => model.writes_tags = self.expect_bool(value),
                "overrides" => {
                    model.override_users = self
                        .expect_strings(value)
                        .into_iter()
                        .map(|(text, _)| text)
                        .collect();
                }
                "gate" => {
                    for gate in self.expect_tables(value, "[[model.\"…\".gate]]") {
                        if let Some(gate) = self.read_gate(&gate.0, gate.1) {
                            let is_twice = model.gates.iter().any(|other| other.name == gate.name);
                            if is_twice {
                                self.push_error(
                                    &value.span(),
                                    &format!("duplicate gate name {}", gate.name),
                                    "give each gate its own name: overrides refer to it",
                                );
                            }
                            model.gates.push(gate);
                        }
                    }
                }
                "approval" => {
                    if let Some(table) = self.expect_table(value, "[model.\"…\".approval]") {
                        model.approval = Some(self.read_approval_rule(table));
                    }
                }
                _ => drop(self.expect_known_key(key, MODEL_KEYS)),
            }
        }
        model
    }

    fn read_gate(&mut self, span: &Range<usize>, table: &TomlTable<'_>) -> Option<Gate> {
        let (mut name, mut to, mut condition, mut failure_message, mut has_condition) =
            (None, Vec::new(), None, None, false);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => name = self.expect_string(value),
                "to" => to = read_slots(self, value),
                "else" => failure_message = self.expect_string(value),
                "require" => {
                    has_condition = true;
                    let Some(source) = self.expect_string(value) else {
                        continue;
                    };
                    match Condition::compile(
                        &source,
                        &SourceLocation {
                            text: self.text,
                            span: value.span(),
                        },
                    ) {
                        Ok(compiled) => condition = Some(compiled),
                        Err(diagnostics) => self.extend(diagnostics),
                    }
                }
                _ => drop(self.expect_known_key(key, GATE_KEYS)),
            }
        }
        if name.is_none() {
            self.push_error(span, "this gate has no name", "add name = \"…\"");
        }
        if !has_condition {
            self.push_error(
                span,
                "this gate has no condition",
                "add require = \"…\", in CEL",
            );
        }
        Some(Gate {
            name: clean(&name?).into_owned(),
            slots: to,
            condition: condition?,
            failure_message,
        })
    }

    fn read_approval_rule(&mut self, table: &TomlTable<'_>) -> ApprovalRule {
        let mut rule = ApprovalRule {
            required: 1,
            approvers: Vec::new(),
            excludes_author: false,
            excludes_promoter: false,
            slots: Vec::new(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "needed" => {
                    let number = value.get_ref().as_integer().and_then(|number| {
                        usize::from_str_radix(number.as_str(), number.radix()).ok()
                    });
                    match number {
                        Some(number @ 1..=100) => rule.required = number,
                        _ => self.push_error(
                            &value.span(),
                            "needed must be a number of approvals",
                            "from 1 to 100",
                        ),
                    }
                }
                "by" => {
                    rule.approvers = self
                        .expect_strings(value)
                        .into_iter()
                        .map(|(text, _)| text)
                        .collect();
                }
                "by_someone_else" => {
                    if self.expect_bool(value) == Some(true) {
                        (rule.excludes_author, rule.excludes_promoter) = (true, true);
                    }
                }
                "not_author" => rule.excludes_author |= self.expect_bool(value).unwrap_or(true),
                "not_promoter" => rule.excludes_promoter |= self.expect_bool(value).unwrap_or(true),
                "to" => rule.slots = read_slots(self, value),
                _ => drop(self.expect_known_key(key, APPROVAL_KEYS)),
            }
        }
        if !rule.approvers.is_empty() && rule.approvers.len() < rule.required {
            let span = table
                .iter()
                .find(|(key, _)| key.get_ref() == "by")
                .map_or(0..0, |(key, _)| key.span());
            self.push_error(
                &span,
                &format!(
                    "{} approvals are needed, but only {} users are approvers",
                    rule.required,
                    rule.approvers.len()
                ),
                "no version could pass",
            );
        }
        rule
    }
}

fn read_slots(reader: &mut TomlReader<'_>, value: &TomlValue<'_>) -> Vec<Slot> {
    let texts = reader.expect_strings(value);
    texts
        .into_iter()
        .filter_map(|(text, span)| {
            text.parse::<Slot>()
                .map_err(|error| reader.push_error(&span, &error, ""))
                .ok()
        })
        .collect()
}
