//! The room of export.
