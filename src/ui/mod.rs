//! The room of ui.
