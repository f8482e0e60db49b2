//! The history of a model: its journal entries, and the changes that the registry shows.

use super::registry::read_model_snapshot;
use crate::domain::ModelName;
use crate::promotion::RegistrySnapshot;
use crate::promotion::journal::{JournalEntry, TimelineEvent, timeline};
use crate::store::{ReadStore, Result};

/// What happened to a model.
#[derive(Clone, Debug)]
pub struct ModelHistory {
    /// From the newest to the oldest.
    pub events: Vec<TimelineEvent>,
    /// The journal's entries about the model, oldest first. Undo needs them.
    pub entries: Vec<JournalEntry>,
    /// The registry now. A deleted model has a history in the journal only.
    pub snapshot: RegistrySnapshot,
}

/// Reads the history of a model. `entries` are all journal entries of the store.
///
/// # Errors
/// When the registry cannot be read. A missing model is not an error.
pub async fn model_history(
    reader: &dyn ReadStore,
    name: &ModelName,
    mut entries: Vec<JournalEntry>,
) -> Result<ModelHistory> {
    let snapshot = read_model_snapshot(reader, name).await?;
    let runs = snapshot
        .versions
        .iter()
        .map(|version| &version.run_id)
        .collect();
    entries.retain(|entry| entry.concerns_model(name.raw(), &runs));
    Ok(ModelHistory {
        events: timeline(&entries, snapshot.model.as_ref(), &snapshot.versions),
        entries,
        snapshot,
    })
}
