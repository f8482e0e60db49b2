//! Servers that are down, slow, lying or hostile: every one of them is a typed fault in one clean line with a way on, no secret
//! goes anywhere, memory is bounded, and a write says whether it may have been carried out.

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

/// A reader of a server, as the program makes it.
fn reader(url: &str) -> Reader {
    Arc::new(RestStore::connect(&Url::parse(url).unwrap(), &ConnectOptions::default()).unwrap())
}

/// A fault is told in one line that a terminal can take, and says what to do next.
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
    assert!(fault.hint().len() > 10, "{name}: {line} has no advice");
}
