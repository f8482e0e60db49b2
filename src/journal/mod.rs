//! The journal: the append-only record of every write made from here, and the one road on which a plan is carried out.
//!
//! ```text
//! preflight ─▶ begin (on the disk) ─▶ send step by step ─▶ read back ─▶ settle ─▶ read back ─▶ end
//! ```

mod book;
mod entry;
mod fold;
mod gaps;
mod give_back;
mod held;
mod history;
mod line;
mod moved;
mod read;
mod recover;
mod road;
mod send;
mod verdict;

pub use book::{Clock, Journal, JournalError};
pub use entry::{Entry, EntryState, StepResult};
pub use give_back::{give_back, last_change};
pub use held::{Held, held_at};
pub use history::{Event, Origin, timeline};
pub use moved::{Moved, moved};
pub use read::{changes, read_model, read_registry};
pub use recover::recover;
pub use road::{Progress, Report, RoadError, carry_out};
