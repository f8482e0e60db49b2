//! The room of demo.
