//! Text: untrusted text and its cleaning, width and wrapping, numbers and quantities, shell quoting.

pub mod duration;
pub mod number;
pub mod quantity;
pub mod shell;
pub mod untrusted;
pub mod width;

pub use untrusted::Untrusted;
