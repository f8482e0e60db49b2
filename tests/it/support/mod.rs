//! What the tests share: real MLflow, in the versions that the project promises to work with; terminals to run programs in.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "each test uses a part of it, and a helper that fails should fail its test"
)]

pub mod bad_server;
pub mod client;
pub mod database;
pub mod driver;
pub mod fake_store;
pub mod fault_proxy;
pub mod messy_store;
pub mod metadata;
pub mod mlflow;
pub mod moto;
pub mod program;
pub mod pty;
pub mod recorder;
pub mod script_host;
pub mod snapshot;
pub mod sources;
pub mod tls_front;
pub mod wandb;
