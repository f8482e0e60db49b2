//! The room of runtime.
