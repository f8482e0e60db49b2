//! The journal: the append-only record of every write made from here, and the one road on which a plan is carried out.

mod book;
mod entry;
mod history;
mod road;

pub use book::{Journal, JournalError, Pages};
pub use entry::{Entry, EntryState, StepResult};
pub use history::{Event, Origin, timeline};
pub use road::{Progress, Report, RoadError, Tell, carry_out, changes, read_registry, recover};
