//! Servers that are down, slow, broken or hostile: each is a typed error in one clean line with a
//! hint, no secret leaks, memory is bounded, and the error of a write says whether it may have been
//! applied.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails should fail its test"
)]

mod command_line;
mod errors;
mod limits;
mod odd_payloads;
mod secrets;

use frontrunner::domain::StoreError;
use frontrunner::store::rest::RestStore;
use frontrunner::store::{ConnectOptions, Reader};
use frontrunner::text::untrusted::is_hidden;
use std::sync::Arc;
use url::Url;

/// A reader with the program's own options.
fn reader(url: &str) -> Reader {
    Arc::new(RestStore::connect(&Url::parse(url).unwrap(), &ConnectOptions::default()).unwrap())
}

/// An error is one line that is safe to print, with a hint.
fn assert_clear_error(name: &str, fault: &StoreError) {
    let line = fault.to_string();
    assert!(
        !line.chars().any(|c| c.is_control() || is_hidden(c)),
        "{name}: {line:?}"
    );
    assert!(
        line.contains(": ") && (20..=700).contains(&line.chars().count()),
        "{name}: {line}"
    );
    assert!(fault.hint().len() > 10, "{name}: {line} has no hint");
}
