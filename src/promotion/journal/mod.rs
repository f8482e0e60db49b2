//! The journal: the append-only record of every write made from here, and the one road on which a plan is carried out.
//!
//! ```text
//! preflight ─▶ begin (on the disk) ─▶ send step by step ─▶ read back ─▶ settle ─▶ read back ─▶ end
//! ```

pub(crate) mod entry;
pub(crate) mod fold;
mod gaps;
mod give_back;
mod held;
mod history;
pub(crate) mod line;
mod moved;
pub(crate) mod verdict;

pub use entry::{Entry, EntryState, StepResult};
pub use give_back::{give_back, last_change};
pub use held::{Held, held_at};
pub use history::{Event, Origin, timeline};
pub use moved::{Moved, moved};
