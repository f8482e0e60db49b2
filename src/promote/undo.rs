//! Undo: a new intent that puts back what was there before.

use std::collections::BTreeMap;

use super::{Change, Intent, Plan};
use crate::domain::VersionNumber;

/// The intent that undoes a plan which was carried out; `created` is the version that it made.
///
/// A version that the plan deleted can't be put back: MLflow has overwritten where its model was.
#[must_use]
pub fn undo(entry: &str, plan: &Plan, created: Option<VersionNumber>) -> Intent {
    let (mut stages, mut aliases, mut made) = (Vec::new(), Vec::new(), BTreeMap::new());
    for change in plan.changes() {
        let touched = match &change {
            Change::Stage { version, .. } => vec![*version],
            Change::Alias { from, to, .. } => from.iter().chain(to).copied().collect(),
        };
        let known = touched.into_iter().filter_map(|version| Some((version, plan.ground.versions.get(&version)?.created)));
        made.extend(known);
        match change {
            Change::Stage { version, from, to } => stages.push((version, to, from)),
            Change::Alias { alias, from, to } => aliases.push((alias, to, from)),
        }
    }
    let (model, what) = (plan.intent.model().clone(), plan.intent.to_string());
    Intent::Undo { entry: entry.to_owned(), model, what, stages, aliases, created, made }
}
