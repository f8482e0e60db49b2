//! The journal: the append-only record of every write. `ops::apply` records each stage before it goes on:
//!
//! ```text
//! preflight ─▶ begin (on the disk) ─▶ send step by step ─▶ read back ─▶ settle ─▶ read back ─▶ end
//! ```

mod as_of;
pub(crate) mod entry;
mod last_move;
pub(crate) mod outcome;
pub(crate) mod record;
mod registry_diff;
mod registry_events;
mod timeline;
mod unrecorded;

pub use as_of::{Holder, holders_at};
pub use entry::{EntryState, JournalEntry, StepResult, Uptime, last_undoable_entry};
pub use last_move::{LastMove, last_move};
pub use registry_diff::{HolderChange, registry_diff};
pub use timeline::{EventSource, TimelineEvent, timeline};
