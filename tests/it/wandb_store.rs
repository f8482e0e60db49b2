//! Local runs written by wandb itself, compared with wandb's own reader. Nothing is written, and no
//! file can do harm.
//!
//! Runs of old versions are samples that `wandb_store/fill.py` created with them; the newest wandb
//! creates its own during the tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

mod against_wandb;
mod command_line;
mod hostile;
mod legacy_runs;
mod live_runs;

use std::fs;
use std::path::{Path, PathBuf};

use frontrunner::domain::{Run, RunId};
use frontrunner::store::{AccessMode, ConnectOptions, RunQuery, StoreHandle, StoreTarget, open};

/// The sample runs of a version of wandb.
fn samples(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/wandb_store/samples")
        .join(version)
}

async fn open_store(path: &Path) -> StoreHandle {
    let target = StoreTarget::parse(path.to_str().unwrap()).unwrap();
    assert!(matches!(target, StoreTarget::Wandb(_)), "{target:?}");
    open(&target, AccessMode::ReadWrite, &ConnectOptions::default())
        .await
        .unwrap()
}

/// All runs of a folder.
async fn runs(store: &StoreHandle) -> Vec<Run> {
    store
        .reader
        .runs(&RunQuery::default(), None)
        .await
        .unwrap()
        .items
}

async fn run(store: &StoreHandle, id: &str) -> Run {
    store.reader.run(&RunId::from(id)).await.unwrap()
}

/// The folder of a run.
fn folder_of(home: &Path, id: &str) -> PathBuf {
    let is_it = |path: &PathBuf| {
        path.is_dir() && !path.is_symlink() && path.to_str().unwrap().ends_with(&format!("-{id}"))
    };
    fs::read_dir(home)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(is_it)
        .unwrap_or_else(|| panic!("no run {id} in {}", home.display()))
}

/// A copy of a sample in its own folder, and the path of its log.
fn copy_sample(version: &str, id: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let from = folder_of(&samples(version), id);
    let run = folder.path().join("wandb").join(from.file_name().unwrap());
    fs::create_dir_all(run.join("files")).unwrap();
    let log = format!("run-{id}.wandb");
    fs::copy(from.join(&log), run.join(&log)).unwrap();
    (folder, run.join(log))
}
