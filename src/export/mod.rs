//! Everything that leaves the program: JSON records, CSV, documents (text, Markdown, HTML), DOT and pictures.
//!
//! No store text can control a terminal: JSON escapes it, every other format cleans it.

pub mod comparison;
mod document;
pub mod json;
pub mod lineage;
pub mod picture;
pub mod records;
pub mod review;
mod sheet;
pub mod tables;

pub use document::{Document, Tone};
pub use sheet::Sheet;
