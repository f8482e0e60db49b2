//! The room of config.
