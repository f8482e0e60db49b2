//! What leaves the program as text: JSON with a documented shape, CSV, Markdown, and tables for a terminal.
//!
//! Nothing here lets text from a store drive a terminal: JSON escapes what a terminal acts upon, the rest is cleaned.

mod comparison;
mod csv;
pub mod json;
mod markdown;
mod plain;
pub mod records;
mod sheet;

pub use comparison::comparison_markdown;
pub use sheet::Sheet;
