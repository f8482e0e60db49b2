//! Undo: a new intent that puts back what was there before.

use std::collections::BTreeMap;

use super::{Change, Intent, Plan};
use crate::domain::{REDACTED_SOURCE, VersionNumber};

/// The intent that undoes a plan which was carried out; `created` is the version that it made.
///
/// A version that the plan deleted can't be put back: MLflow has overwritten where its model was. Where its run and its source are
/// known, the intent is to register them again, as a new version.
#[must_use]
pub fn undo(entry: &str, plan: &Plan, created: Option<VersionNumber>) -> Intent {
    let (mut stages, mut aliases, mut lifecycles, mut requests) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut made = BTreeMap::new();
    let changes = plan.changes();
    if changes.is_empty()
        && let Some(again) = again(plan)
    {
        return again;
    }
    let mut touched: Vec<VersionNumber> = plan
        .said
        .iter()
        .filter_map(|said| said.topic.version())
        .collect();
    for change in changes {
        match change {
            Change::Stage { version, from, to } => {
                touched.push(version);
                stages.push((version, to, from));
            }
            Change::Alias { alias, from, to } => {
                touched.extend(from.iter().chain(&to));
                aliases.push((alias, to, from));
            }
            Change::Run { run, from, to } => lifecycles.push((run, to, from)),
            Change::Request {
                version,
                asked,
                is_open: true,
            } => requests.push((version, asked)),
            // Whose request it was is not ours to ask again.
            Change::Request { is_open: false, .. } => {}
        }
    }
    made.extend(
        touched
            .into_iter()
            .filter_map(|version| Some((version, plan.ground.versions.get(&version)?.created))),
    );
    let said = plan.said.iter().map(super::Said::back).collect();
    let (subject, what) = (plan.subject(), plan.intent.to_string());
    Intent::Undo {
        entry: entry.to_owned(),
        subject,
        what,
        stages,
        aliases,
        created,
        made,
        said,
        lifecycles,
        requests,
    }
}

/// Registering again what a deleted version was made from, where that is known.
fn again(plan: &Plan) -> Option<Intent> {
    let version = plan.deleted().next()?;
    let facts = plan.ground.versions.get(&version)?;
    let is_known =
        !facts.run.is_empty() && !facts.source.is_empty() && facts.source.raw() != REDACTED_SOURCE;
    let model = plan.intent.model()?.clone();
    let (run, source) = (facts.run.clone(), facts.source.clone());
    is_known.then_some(Intent::Register {
        run,
        source,
        model,
        again: false,
        instead_of: Some(version),
    })
}
