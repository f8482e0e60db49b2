//! Promotion, end to end over a registry in memory: every plan, every mishap, every crash, and everybody else's changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helper that fails should fail the test")]

mod support;

#[path = "promotion/cases.rs"]
mod cases;
#[path = "promotion/crashes.rs"]
mod crashes;
#[path = "promotion/history.rs"]
mod history;
#[path = "promotion/mishaps.rs"]
mod mishaps;
#[path = "promotion/others.rs"]
mod others;
#[path = "promotion/properties.rs"]
mod properties;
#[path = "promotion/scenarios.rs"]
mod scenarios;
