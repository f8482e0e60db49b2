//! The room of config.

pub mod theme;
