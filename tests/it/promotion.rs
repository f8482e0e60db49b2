//! Promotion end to end over a registry in memory: plans, failures, crashes and concurrent changes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helper that fails should fail the test"
)]

pub mod cases;
mod changed_facts;
mod concurrent_writers;
mod crashes;
mod failures;
mod history;
mod properties;
mod scenarios;
