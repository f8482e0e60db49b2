//! Widgets that several screens share. They are independent of MLflow.

pub mod chart;
pub mod graph;
pub mod grid;
pub mod sparkline;
pub mod text_field;
