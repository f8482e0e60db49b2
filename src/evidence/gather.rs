//! What one recogniser gathers from the documents that it looks at, and how what several say becomes one fact.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::belongs::names_version;
use super::deployment::deployment;
use super::paths::too_dear;
use super::report::{Deployment, Evidence, Fact, FactValue};
use super::rule::{Found, Rule, Take, reduced};
use super::{Find, Recogniser, Subject};
use crate::domain::Millis;

/// The most parts of a document that are looked at one by one.
const PARTS: usize = 1_000;

/// How long before a training a fact may have been made and still belong to it, in ms: data is validated before it is learned from.
const PIPELINE: Millis = 24 * 3_600_000;

/// Why a document is not this tool's, in words.
pub(super) const OF_ANOTHER: &str = "it is another's: what must be in it is not";

/// Why nothing was taken from a document.
pub(super) enum Untaken {
    /// It is about something else.
    OfAnother(String),
    /// It could not be looked at.
    Unread(String),
}

impl Untaken {
    pub(super) fn into_why(self) -> String {
        match self {
            Self::OfAnother(why) | Self::Unread(why) => why,
        }
    }
}

/// What one recogniser has found so far.
#[derive(Default)]
pub(super) struct Gathered<'r> {
    facts: BTreeMap<&'r str, Vec<One<'r>>>,
    deployments: Vec<Deployment>,
    /// Other names of the version, as documents before told.
    aliases: Vec<String>,
}

struct One<'r> {
    rule: &'r Rule,
    found: Found,
    from: String,
    stored: bool,
    at: Option<Millis>,
}

impl<'r> Gathered<'r> {
    /// Takes the facts of a document, or of the several that are in it.
    pub(super) fn take_all(
        &mut self,
        find: &'r Find,
        subject: Subject<'_>,
        from: &str,
        document: &Value,
    ) -> Result<(), Untaken> {
        if let Some(why) = too_dear(find.passes, document) {
            return Err(Untaken::Unread(why));
        }
        let mut seen = HashSet::new();
        let is_new = |part: &&Value| seen.insert(std::ptr::from_ref(*part));
        let parts: Vec<&Value> = find
            .split
            .iter()
            .flat_map(|path| path.all(document))
            .filter(is_new)
            .collect();
        if parts.is_empty() {
            return self.take(find, subject, from, document);
        }
        if parts.len() > PARTS {
            self.doubt(
                find,
                from,
                &format!(
                    "it has {} parts, and only {PARTS} were looked at",
                    parts.len()
                ),
            );
        }
        let taken: Vec<Result<(), Untaken>> = parts
            .into_iter()
            .take(PARTS)
            .map(|part| self.take(find, subject, from, part))
            .collect();
        if taken.iter().any(Result::is_ok) {
            Ok(())
        } else {
            taken
                .into_iter()
                .next()
                .unwrap_or_else(|| Err(Untaken::OfAnother("it is empty".into())))
        }
    }

    /// What a document says of the facts that should be something is not known, though it is there: then nobody may think that they
    /// are as they should be.
    pub(super) fn doubt(&mut self, find: &'r Find, from: &str, why: &str) {
        for (name, rule) in find.facts.iter().filter(|(_, rule)| rule.wanted.is_some()) {
            let found = Found::Unreadable(format!("{from}: {why}"));
            self.facts.entry(name.as_str()).or_default().push(One {
                rule,
                found,
                from: from.to_owned(),
                stored: find.place.is_stored(),
                at: None,
            });
        }
    }

    /// Takes the facts of a document.
    fn take(
        &mut self,
        find: &'r Find,
        subject: Subject<'_>,
        from: &str,
        document: &Value,
    ) -> Result<(), Untaken> {
        let of_another = |why: &str| Err(Untaken::OfAnother(why.to_owned()));
        if !find.when.iter().all(|path| path.is_there(document)) {
            return of_another(OF_ANOTHER);
        }
        if find.unless.iter().any(|path| path.is_there(document)) {
            return of_another("it is of another kind");
        }
        let parts: Vec<&Value> = match &find.each {
            Some(each) => each.all(document),
            None => vec![document],
        };
        if parts.len() > PARTS {
            return Err(Untaken::Unread(format!("it has more than {PARTS} parts")));
        }
        let is_joined = find.is_joined();
        let own: Vec<&Value> = parts
            .into_iter()
            .filter(|part| !is_joined || names_version(find, subject, &self.aliases, part))
            .collect();
        if own.is_empty() {
            return of_another(if is_joined {
                "it names neither this version nor what it was made from"
            } else {
                "it is empty"
            });
        }
        let before = (
            self.facts.values().map(Vec::len).sum::<usize>(),
            self.deployments.len(),
        );
        for part in own {
            self.aliases.extend(
                find.known_as
                    .iter()
                    .flat_map(|rule| rule.texts(part, document)),
            );
            let at = find
                .at
                .as_ref()
                .and_then(|rule| match rule.find(part, document) {
                    Found::Known(value) => value.as_i64(),
                    _ => None,
                });
            for (name, rule) in &find.facts {
                let found = rule.find(part, document);
                if found != Found::Absent {
                    self.facts.entry(name.as_str()).or_default().push(One {
                        rule,
                        found,
                        from: from.to_owned(),
                        stored: find.place.is_stored(),
                        at,
                    });
                }
            }
            if let Some(rule) = &find.deployment {
                self.deployments
                    .push(deployment(rule, part, document, from));
            }
        }
        if before
            == (
                self.facts.values().map(Vec::len).sum(),
                self.deployments.len(),
            )
        {
            return of_another("none of its facts is there");
        }
        Ok(())
    }

    pub(super) fn evidence(self, recogniser: &Recogniser, made: Option<Millis>) -> Evidence {
        let facts = self.facts.into_iter().map(|(name, all)| {
            let at = all.iter().filter_map(|one| one.at).min();
            let mut from: Vec<&str> = all.iter().map(|one| one.from.as_str()).collect();
            from.dedup();
            let from = if from.len() > 3 {
                format!("{}, {} and {} more", from[0], from[1], from.len() - 2)
            } else {
                from.join(", ")
            };
            let older = at
                .zip(made)
                .is_some_and(|(at, made)| at < made.saturating_sub(PIPELINE));
            let value = merged(&all);
            let wanted = all.iter().find_map(|one| one.rule.wanted.as_ref());
            let bad = wanted.is_some_and(|wanted| !is_wanted(&value, wanted));
            Fact {
                name: name.to_owned(),
                value,
                from,
                at,
                older,
                bad,
                judged: wanted.is_some(),
                stored: all.iter().all(|one| one.stored),
                tells: all.iter().find_map(|one| one.rule.tells),
            }
        });
        let facts: Vec<Fact> = facts.collect();
        Evidence {
            get: recogniser
                .get
                .iter()
                .find_map(|template| template.fill(&facts)),
            id: recogniser.id.clone(),
            name: recogniser.name.clone(),
            kind: recogniser.kind.clone(),
            facts,
            deployments: self.deployments,
        }
    }
}

/// Whether a fact is what it should be; what can't be read is not.
fn is_wanted(value: &FactValue, wanted: &Value) -> bool {
    match value {
        FactValue::Value(value) => {
            value == wanted
                || value
                    .as_f64()
                    .zip(wanted.as_f64())
                    .is_some_and(|(a, b)| a.total_cmp(&b).is_eq())
        }
        FactValue::Unreadable(_) => false,
    }
}

/// A fact of several documents: as the rule says; else they must agree. What is unreadable in one is unreadable, unless another
/// settles it: of truths that must all hold, one that does not.
fn merged(all: &[One<'_>]) -> FactValue {
    let (mut values, mut unreadable) = (Vec::new(), None);
    for one in all {
        match &one.found {
            Found::Known(value) => values.push(value.clone()),
            Found::Unreadable(why) => unreadable = unreadable.or(Some(why)),
            Found::Absent => {}
        }
    }
    let take = all.iter().find_map(|one| one.rule.merge);
    let settled = match take {
        Some(Take::All) => Some(false),
        Some(Take::Any) => Some(true),
        _ => None,
    };
    if let Some(why) = unreadable {
        let is_settled = settled.is_some_and(|settled| values.contains(&Value::Bool(settled)));
        return if is_settled {
            FactValue::Value(settled.into())
        } else {
            FactValue::Unreadable(why.clone())
        };
    }
    let Some(first) = values.first().cloned() else {
        return FactValue::Unreadable("nothing is there".into());
    };
    if take == Some(Take::List) {
        let mut flat: Vec<Value> = Vec::new();
        let each = |value: Value| {
            if let Value::Array(all) = value {
                all
            } else {
                vec![value]
            }
        };
        for value in values.into_iter().flat_map(each) {
            if !flat.contains(&value) {
                flat.push(value);
            }
        }
        return FactValue::Value(if flat.len() == 1 {
            flat.remove(0)
        } else {
            Value::Array(flat)
        });
    }
    match take {
        _ if values.iter().all(|value| *value == first) && take != Some(Take::Sum) => {
            FactValue::Value(first)
        }
        Some(take) => match reduced(take, values) {
            Found::Known(value) => FactValue::Value(value),
            _ => FactValue::Unreadable("what several documents say can't be put together".into()),
        },
        None => FactValue::Unreadable(format!("{} documents say different things", values.len())),
    }
}
