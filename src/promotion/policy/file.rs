//! The policy's file: TOML, read with every mistake told at once.

use std::ops::Range;

use super::condition::{Condition, Origin};
use crate::diagnostics::{Mistake, Reader, Table, Value};
use crate::domain::{Goal, ModelName, Stage};
use crate::promotion::Place;
use crate::text::untrusted::clean;

/// A policy.
#[derive(Debug, Default)]
pub struct Policy {
    /// Whether nobody may write here.
    pub read_only: bool,
    /// What holds for which models, in the order of the file.
    pub models: Vec<ModelPolicy>,
}

/// What holds for the models whose name fits a pattern.
#[derive(Debug, Default)]
pub struct ModelPolicy {
    /// The pattern: `*` stands for anything, `?` for one character.
    pub pattern: String,
    /// The metric that decides.
    pub goal: Option<Goal>,
    /// Places that ask for the name typed.
    pub protected: Option<Vec<Place>>,
    /// Whether writes leave their record as tags.
    pub tags: Option<bool>,
    /// Who may go past a gate that did not pass.
    pub overrides: Vec<String>,
    /// The gates.
    pub gates: Vec<Gate>,
    /// The approvals that are needed.
    pub approval: Option<ApprovalRule>,
}

/// A gate.
#[derive(Debug)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// The places that it guards; none means every place where a version is served or tried.
    pub to: Vec<Place>,
    /// What must be true.
    pub condition: Condition,
    /// What to say when it is not.
    pub otherwise: Option<String>,
}

/// How many people have to say yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRule {
    /// So many.
    pub needed: usize,
    /// Who; nobody named means anybody.
    pub by: Vec<String>,
    /// The author of the run does not count.
    pub not_author: bool,
    /// Who promotes does not count.
    pub not_promoter: bool,
    /// The places that it guards; none means every one.
    pub to: Vec<Place>,
}

impl Gate {
    /// Whether it guards a place.
    #[must_use]
    pub fn is_for(&self, target: &Place) -> bool {
        guards(&self.to, target)
    }
}

impl ApprovalRule {
    /// Whether it guards a place.
    #[must_use]
    pub fn is_for(&self, target: &Place) -> bool {
        guards(&self.to, target)
    }
}

fn guards(to: &[Place], target: &Place) -> bool {
    if to.is_empty() {
        !matches!(target, Place::Stage(Stage::None | Stage::Archived))
    } else {
        to.contains(target)
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        Reader::read(text, Reader::policy)
    }

    /// What holds for a model: everything whose pattern fits.
    pub fn rules(&self, model: &ModelName) -> impl Iterator<Item = &ModelPolicy> {
        self.models
            .iter()
            .filter(|rules| fits(&rules.pattern, model.raw()))
    }

    /// The protected places of a model, where the policy names some.
    #[must_use]
    pub fn protected(&self, model: &ModelName) -> Option<Vec<Place>> {
        let named: Vec<&Vec<Place>> = self
            .rules(model)
            .filter_map(|rules| rules.protected.as_ref())
            .collect();
        (!named.is_empty()).then(|| named.into_iter().flatten().cloned().collect())
    }

    /// Whether records may be left as tags of a model's versions; nothing where the policy says nothing.
    #[must_use]
    pub fn tags(&self, model: &ModelName) -> Option<bool> {
        self.rules(model)
            .filter_map(|rules| rules.tags)
            .reduce(|a, b| a && b)
    }

    /// Whether somebody may go past a gate of a model.
    #[must_use]
    pub fn may_override(&self, model: &ModelName, who: &str) -> bool {
        self.rules(model)
            .any(|rules| rules.overrides.iter().any(|name| name == who))
    }
}

/// Whether a name fits a pattern of `*` and `?`.
fn fits(pattern: &str, name: &str) -> bool {
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

const TOP: &[&str] = &["read_only", "model"];
const OF_MODEL: &[&str] = &["goal", "protected", "tags", "overrides", "gate", "approval"];
const OF_GATE: &[&str] = &["name", "to", "require", "else"];
const OF_APPROVAL: &[&str] = &[
    "needed",
    "by",
    "by_someone_else",
    "not_author",
    "not_promoter",
    "to",
];

/// The parts of a policy's file.
trait Parts {
    fn policy(&mut self, table: &Table<'_>) -> Policy;
    fn model(&mut self, pattern: &str, table: &Table<'_>) -> ModelPolicy;
    fn gate(&mut self, span: &Range<usize>, table: &Table<'_>) -> Option<Gate>;
    fn approval(&mut self, table: &Table<'_>) -> ApprovalRule;
}

impl Parts for Reader<'_> {
    fn policy(&mut self, table: &Table<'_>) -> Policy {
        let mut policy = Policy::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "read_only" => policy.read_only = self.yes_or_no(value).unwrap_or(true),
                "model" => {
                    let Some(models) = self.table(value, "[model.\"iris-*\"]") else {
                        continue;
                    };
                    for (pattern, value) in models {
                        if let Some(table) = self.table(value, "[model.\"iris-*\"]") {
                            policy.models.push(self.model(pattern.get_ref(), table));
                        }
                    }
                }
                _ => drop(self.known(key, TOP)),
            }
        }
        policy
    }

    fn model(&mut self, pattern: &str, table: &Table<'_>) -> ModelPolicy {
        let mut model = ModelPolicy {
            pattern: pattern.to_owned(),
            ..ModelPolicy::default()
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "goal" => model.goal = self.parsed(value, str::parse::<Goal>),
                "protected" => model.protected = Some(places(self, value)),
                "tags" => model.tags = self.yes_or_no(value),
                "overrides" => {
                    model.overrides = self
                        .texts(value)
                        .into_iter()
                        .map(|(text, _)| text)
                        .collect()
                }
                "gate" => {
                    for gate in self.tables(value, "[[model.\"…\".gate]]") {
                        if let Some(gate) = self.gate(&gate.0, gate.1) {
                            let is_twice = model.gates.iter().any(|other| other.name == gate.name);
                            if is_twice {
                                self.wrong(
                                    &value.span(),
                                    &format!("two gates are called {}", gate.name),
                                    "a gate is overridden by its name: give each its own",
                                );
                            }
                            model.gates.push(gate);
                        }
                    }
                }
                "approval" => {
                    if let Some(table) = self.table(value, "[model.\"…\".approval]") {
                        model.approval = Some(self.approval(table));
                    }
                }
                _ => drop(self.known(key, OF_MODEL)),
            }
        }
        model
    }

    fn gate(&mut self, span: &Range<usize>, table: &Table<'_>) -> Option<Gate> {
        let (mut name, mut to, mut condition, mut otherwise, mut is_written) =
            (None, Vec::new(), None, None, false);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => name = self.text(value),
                "to" => to = places(self, value),
                "else" => otherwise = self.text(value),
                "require" => {
                    is_written = true;
                    let Some(source) = self.text(value) else {
                        continue;
                    };
                    match Condition::compile(
                        &source,
                        &Origin {
                            text: self.text,
                            span: value.span(),
                        },
                    ) {
                        Ok(compiled) => condition = Some(compiled),
                        Err(mistakes) => self.extend(mistakes),
                    }
                }
                _ => drop(self.known(key, OF_GATE)),
            }
        }
        if name.is_none() {
            self.wrong(span, "a gate without a name", "add name = \"…\"");
        }
        if !is_written {
            self.wrong(
                span,
                "a gate without a condition",
                "add require = \"…\", in CEL",
            );
        }
        Some(Gate {
            name: clean(&name?).into_owned(),
            to,
            condition: condition?,
            otherwise,
        })
    }

    fn approval(&mut self, table: &Table<'_>) -> ApprovalRule {
        let mut rule = ApprovalRule {
            needed: 1,
            by: Vec::new(),
            not_author: false,
            not_promoter: false,
            to: Vec::new(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "needed" => {
                    let number = value.get_ref().as_integer().and_then(|number| {
                        usize::from_str_radix(number.as_str(), number.radix()).ok()
                    });
                    match number {
                        Some(number @ 1..=100) => rule.needed = number,
                        _ => self.wrong(
                            &value.span(),
                            "needed is a number of people",
                            "from 1 to 100",
                        ),
                    }
                }
                "by" => {
                    rule.by = self
                        .texts(value)
                        .into_iter()
                        .map(|(text, _)| text)
                        .collect()
                }
                "by_someone_else" => {
                    if self.yes_or_no(value) == Some(true) {
                        (rule.not_author, rule.not_promoter) = (true, true);
                    }
                }
                "not_author" => rule.not_author |= self.yes_or_no(value).unwrap_or(true),
                "not_promoter" => rule.not_promoter |= self.yes_or_no(value).unwrap_or(true),
                "to" => rule.to = places(self, value),
                _ => drop(self.known(key, OF_APPROVAL)),
            }
        }
        if !rule.by.is_empty() && rule.by.len() < rule.needed {
            let span = table
                .iter()
                .find(|(key, _)| key.get_ref() == "by")
                .map_or(0..0, |(key, _)| key.span());
            self.wrong(
                &span,
                &format!(
                    "{} approvals are needed, and {} may give one",
                    rule.needed,
                    rule.by.len()
                ),
                "nothing could pass",
            );
        }
        rule
    }
}

fn places(reader: &mut Reader<'_>, value: &Value<'_>) -> Vec<Place> {
    let texts = reader.texts(value);
    texts
        .into_iter()
        .filter_map(|(text, span)| {
            Place::parse(&text)
                .map_err(|why| reader.wrong(&span, &why, ""))
                .ok()
        })
        .collect()
}
