//! Undo: a new intent that puts back what was there before.

use super::{Intent, Plan};
use crate::domain::VersionNumber;

/// The intent that undoes a plan which was carried out; `created` is the version that it made.
#[must_use]
pub fn undo(entry: &str, plan: &Plan, created: Option<VersionNumber>) -> Intent {
    let _ = (entry, plan, created);
    unimplemented!()
}
