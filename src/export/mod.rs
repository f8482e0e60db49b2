//! What leaves the program: JSON with a documented shape, CSV, Markdown, tables for a terminal, and pictures.
//!
//! Nothing here lets text from a store drive a terminal: JSON escapes what a terminal acts upon, the rest is cleaned.

pub mod comparison;
pub mod json;
pub mod lineage;
pub mod picture;
pub mod records;
pub mod review;
mod sheet;

pub use sheet::Sheet;
