//! Undo: a new intent that puts back what was there before.

use std::collections::BTreeMap;

use super::{Intent, Plan, RegistryChange};
use crate::domain::{REDACTED_SOURCE, VersionNumber};

/// The intent that undoes a plan which was carried out; `created` is the version that it made.
///
/// A version that the plan deleted can't be put back: MLflow has overwritten where its model was. Where its run and its source are
/// known, the intent is to register them again, as a new version.
#[must_use]
pub fn undo_intent(entry_id: &str, plan: &Plan, created_version: Option<VersionNumber>) -> Intent {
    let (mut stages, mut aliases, mut lifecycles, mut requests) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut version_created_at = BTreeMap::new();
    let changes = plan.changes();
    if changes.is_empty()
        && let Some(reregister) = reregister_intent(plan)
    {
        return reregister;
    }
    let mut touched: Vec<VersionNumber> = plan
        .metadata
        .iter()
        .filter_map(|said| said.key.version())
        .collect();
    for change in changes {
        match change {
            RegistryChange::Stage { version, from, to } => {
                touched.push(version);
                stages.push((version, to, from));
            }
            RegistryChange::Alias { alias, from, to } => {
                touched.extend(from.iter().chain(&to));
                aliases.push((alias, to, from));
            }
            RegistryChange::Run { run, from, to } => lifecycles.push((run, to, from)),
            RegistryChange::Request {
                version,
                stage,
                is_open: true,
            } => requests.push((version, stage)),
            // Whose request it was is not ours to ask again.
            RegistryChange::Request { is_open: false, .. } => {}
        }
    }
    version_created_at.extend(touched.into_iter().filter_map(|version| {
        Some((
            version,
            plan.preconditions.versions.get(&version)?.created_at,
        ))
    }));
    let metadata = plan
        .metadata
        .iter()
        .map(super::MetadataChange::inverse)
        .collect();
    let (subject, description) = (plan.subject(), plan.intent.to_string());
    Intent::Undo {
        entry_id: entry_id.to_owned(),
        subject,
        description,
        stages,
        aliases,
        created_version,
        version_created_at,
        metadata,
        lifecycles,
        requests,
    }
}

/// Registering again what a deleted version was made from, where that is known.
fn reregister_intent(plan: &Plan) -> Option<Intent> {
    let version = plan.deleted_versions().next()?;
    let facts = plan.preconditions.versions.get(&version)?;
    let is_known = !facts.run_id.is_empty()
        && !facts.source.is_empty()
        && facts.source.raw() != REDACTED_SOURCE;
    let model = plan.intent.model()?.clone();
    let (run, source) = (facts.run_id.clone(), facts.source.clone());
    is_known.then_some(Intent::Register {
        run,
        source,
        model,
        allow_duplicate: false,
        replaces: Some(version),
    })
}
