//! The journal: the append-only record of every write made from here, and the one road on which a plan is carried out.
//!
//! ```text
//! preflight ─▶ begin (on the disk) ─▶ send step by step ─▶ read back ─▶ settle ─▶ read back ─▶ end
//! ```

mod as_of;
pub(crate) mod entry;
pub(crate) mod outcome;
pub(crate) mod record;
mod registry_diff;
mod timeline;
mod unrecorded;

pub use as_of::{Holder, holders_at};
pub use entry::{EntryState, JournalEntry, StepResult, last_undoable_entry};
pub use registry_diff::{HolderChange, registry_diff};
pub use timeline::{EventSource, TimelineEvent, timeline};
