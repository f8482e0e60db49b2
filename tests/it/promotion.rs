//! Promotion, end to end over a registry in memory: every plan, every mishap, every crash, and everybody else's changes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helper that fails should fail the test"
)]

pub mod cases;
mod concurrent_writers;
mod crashes;
mod failures;
mod history;
mod properties;
mod scenarios;
