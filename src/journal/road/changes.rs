//! What changed between a plan and now, in words.

use std::collections::BTreeSet;

use crate::domain::{Stage, VersionNumber};
use crate::promote::{Plan, Reading};

/// The differences between what a plan was made from and what is there now.
#[must_use]
pub fn changes(plan: &Plan, now: &Reading) -> Vec<String> {
    let name = plan.intent.model().clean();
    let mut words = Vec::new();
    if now.origin != plan.origin {
        words.push("another store answers at this address".to_owned());
    }
    let found = now.state();
    let numbers: BTreeSet<_> = plan.before.stages.keys().chain(found.stages.keys()).collect();
    for number in numbers {
        let said = |stage: Option<&Stage>| stage.map_or_else(|| "not there".to_owned(), |stage| format!("in {stage}"));
        let (then, is) = (plan.before.stages.get(number), found.stages.get(number));
        if then != is {
            words.push(format!("{name}/{number} was {}, is {}", said(then), said(is)));
        }
    }
    let holder = |version: Option<&VersionNumber>| version.map_or_else(|| "nobody".to_owned(), |v| format!("{name}/{v}"));
    let aliases: BTreeSet<_> = plan.before.aliases.keys().chain(found.aliases.keys()).collect();
    for alias in aliases {
        let (then, is) = (plan.before.aliases.get(alias), found.aliases.get(alias));
        if then != is {
            words.push(format!("@{} was at {}, is at {}", alias.clean(), holder(then), holder(is)));
        }
    }
    if words.is_empty() {
        // Who holds which place is the same: then a version was replaced by another of its number, or the run changed.
        words.push(format!("the facts of {name} or of the run are not the same any more"));
    }
    words
}
