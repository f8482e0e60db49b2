//! Pieces that several screens are made of. They know nothing of MLflow.

pub mod chart;
pub mod graph;
pub mod grid;
pub mod sparkline;
pub mod text_field;
