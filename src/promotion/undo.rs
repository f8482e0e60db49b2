//! Undo: the intent that restores what a recorded write changed, or one slot of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Intent, MetadataChange, Plan, RegistryChange, Subject};
use crate::domain::{Alias, Lifecycle, Millis, REDACTED_SOURCE, RunId, Slot, Stage, VersionNumber};

/// What an undo restores, and what it expects to find: any other value means that the registry changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Journal entry to undo.
    #[serde(rename = "entry")]
    pub entry_id: String,
    /// On the wire: a field `model` or `runs`.
    #[serde(flatten)]
    pub subject: Subject,
    /// The undone intent in words, cleaned.
    #[serde(rename = "what")]
    pub description: String,
    /// Versions to move back.
    pub stages: Vec<Restore<VersionNumber, Stage>>,
    /// Aliases to point back; `None` for an alias that does not exist.
    pub aliases: Vec<Restore<Alias, Option<VersionNumber>>>,
    /// A version to delete because the entry created it.
    #[serde(rename = "created")]
    pub created_version: Option<VersionNumber>,
    /// Creation times of the versions above: another time means another version with that number.
    #[serde(rename = "made", default)]
    pub version_created_at: BTreeMap<VersionNumber, Option<Millis>>,
    /// Tags and descriptions to restore, each from the value that the entry wrote.
    #[serde(rename = "said", default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<MetadataChange>,
    /// Runs to delete or restore.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifecycles: Vec<Restore<RunId, Lifecycle>>,
    /// Transition requests to withdraw: version and requested stage.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<(VersionNumber, Stage)>,
}

/// One value to restore. The journal has it as an array: `["3", "Production", "Staging"]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(K, V, V)", into = "(K, V, V)")]
#[serde(bound(
    serialize = "K: Clone + Serialize, V: Clone + Serialize",
    deserialize = "K: Deserialize<'de>, V: Deserialize<'de>"
))]
pub struct Restore<K, V> {
    /// Version, alias or run.
    pub target: K,
    /// Value that the undone write left.
    pub expected: V,
    /// Value before that write.
    pub restored: V,
}

impl<K, V> From<(K, V, V)> for Restore<K, V> {
    fn from((target, expected, restored): (K, V, V)) -> Self {
        Self {
            target,
            expected,
            restored,
        }
    }
}

impl<K, V> From<Restore<K, V>> for (K, V, V) {
    fn from(restore: Restore<K, V>) -> Self {
        (restore.target, restore.expected, restore.restored)
    }
}

impl Undo {
    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
            && self.aliases.is_empty()
            && self.created_version.is_none()
            && self.metadata.is_empty()
            && self.lifecycles.is_empty()
            && self.requests.is_empty()
    }

    /// Keeps the part that concerns a slot.
    #[must_use]
    pub fn restricted_to(mut self, slot: &Slot) -> Self {
        let is_slot = |stage| *slot == Slot::Stage(stage);
        self.stages
            .retain(|stage| is_slot(stage.expected) || is_slot(stage.restored));
        self.aliases
            .retain(|alias| *slot == Slot::Alias(alias.target.clone()));
        Self {
            description: format!("{} ({slot} only)", self.description),
            created_version: None,
            metadata: Vec::new(),
            lifecycles: Vec::new(),
            requests: Vec::new(),
            ..self
        }
    }
}

/// The intent that undoes an applied plan; `created_version` is the version that it created.
///
/// MLflow overwrites the source of a deleted version, so a deletion cannot be undone: the intent then registers the same
/// run and source as a new version, where both are known.
#[must_use]
pub fn undo_intent(entry_id: &str, plan: &Plan, created_version: Option<VersionNumber>) -> Intent {
    let changes = plan.changes();
    if changes.is_empty()
        && let Some(reregister) = reregister_intent(plan)
    {
        return reregister;
    }
    let mut undo = Undo {
        entry_id: entry_id.to_owned(),
        subject: plan.subject(),
        description: plan.intent.to_string(),
        stages: Vec::new(),
        aliases: Vec::new(),
        created_version,
        version_created_at: BTreeMap::new(),
        metadata: plan.metadata.iter().map(MetadataChange::inverse).collect(),
        lifecycles: Vec::new(),
        requests: Vec::new(),
    };
    let mut touched: Vec<VersionNumber> = plan
        .metadata
        .iter()
        .filter_map(|change| change.key.version)
        .collect();
    for change in changes {
        match change {
            RegistryChange::Stage { version, from, to } => {
                touched.push(version);
                undo.stages.push((version, to, from).into());
            }
            RegistryChange::Alias { alias, from, to } => {
                touched.extend(from.iter().chain(&to));
                undo.aliases.push((alias, to, from).into());
            }
            RegistryChange::Run { run, from, to } => undo.lifecycles.push((run, to, from).into()),
            RegistryChange::Request {
                version,
                stage,
                is_open: true,
            } => undo.requests.push((version, stage)),
            // A request that was answered belongs to its requester: only they can open it again.
            RegistryChange::Request { is_open: false, .. } => {}
        }
    }
    let created_at = |version| {
        Some((
            version,
            plan.preconditions.versions.get(&version)?.created_at,
        ))
    };
    undo.version_created_at = touched.into_iter().filter_map(created_at).collect();
    Intent::Undo(undo)
}

fn reregister_intent(plan: &Plan) -> Option<Intent> {
    let version = plan.deleted_versions().next()?;
    let facts = plan.preconditions.versions.get(&version)?;
    let is_known = !facts.run_id.is_empty()
        && !facts.source.is_empty()
        && facts.source.raw() != REDACTED_SOURCE;
    let model = plan.intent.model()?.clone();
    is_known.then(|| Intent::Register {
        run: facts.run_id.clone(),
        source: facts.source.clone(),
        model,
        allow_duplicate: false,
        replaces: Some(version),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restricting_to_a_slot_drops_the_rest() {
        let whole = Undo {
            entry_id: "e".into(),
            subject: Subject::Model("iris".into()),
            description: "w".into(),
            stages: vec![
                (VersionNumber(3), Stage::Production, Stage::None).into(),
                (VersionNumber(2), Stage::Archived, Stage::Staging).into(),
            ],
            aliases: vec![("champion".into(), Some(VersionNumber(3)), None).into()],
            created_version: Some(VersionNumber(3)),
            version_created_at: BTreeMap::new(),
            metadata: Vec::new(),
            lifecycles: Vec::new(),
            requests: Vec::new(),
        };
        let part = whole.restricted_to(&Slot::Stage(Stage::Production));
        assert_eq!(
            (part.stages.len(), part.aliases.len(), part.created_version),
            (1, 0, None)
        );
    }
}
