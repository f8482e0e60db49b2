//! What leaves the program as text: JSON with a documented shape, CSV, Markdown, and tables for a terminal.
//!
//! Nothing here lets text from a store drive a terminal: JSON escapes what a terminal acts upon, the rest is cleaned.

pub mod json;
pub mod records;
mod sheet;

pub use sheet::Sheet;
