//! Text for display: cleaning of untrusted text, width, excerpts, natural order, numbers, quantities, secrets, shell
//! quoting.

pub mod anonymize;
pub mod duration;
pub mod excerpt;
pub mod list;
pub mod natural;
pub mod number;
pub mod pattern;
pub mod quantity;
pub mod secrets;
pub mod shell;
pub mod untrusted;
pub mod width;

pub use untrusted::Untrusted;
