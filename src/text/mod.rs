//! Text for display: cleaning of untrusted text, width, numbers, quantities, secrets, shell quoting.

pub mod duration;
pub mod number;
pub mod quantity;
pub mod secrets;
pub mod shell;
pub mod untrusted;
pub mod width;

pub use untrusted::Untrusted;
