//! Text: untrusted text and its cleaning, width and wrapping, numbers and quantities, shell quoting.

pub mod fit;
pub mod number;
pub mod quantity;
pub mod shell;
pub mod untrusted;

pub use untrusted::Untrusted;
