//! The log of a W&B run. The first byte selects: a whole file, or records that get valid checksums, which the fuzzer would
//! never guess.
#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, ReadOnlyReason, ReadStore, Resolution, RunQuery,
    StoreTarget, open,
};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const FILE_HEADER: &[u8] = b":W&B\xe1\xbe\0";
const FULL_RECORD: u8 = 1;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    let folder = tempfile::tempdir_in(parent).unwrap();
    fs::create_dir_all(folder.path().join("wandb/run-20260101_000000-abc")).unwrap();
    folder
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    let log = if kind % 4 == 0 {
        data.to_vec()
    } else {
        with_checksums(rest)
    };
    let runs = FOLDER.path().join("wandb");
    fs::write(runs.join("run-20260101_000000-abc/run-abc.wandb"), log).unwrap();
    RUNTIME.block_on(async {
        let access = AccessMode::ReadOnly(ReadOnlyReason::Flag);
        let target = StoreTarget::Wandb(runs);
        let store = open(&target, access, &ConnectOptions::default())
            .await
            .unwrap();
        read(store.reader.as_ref()).await;
    });
});

/// Records, each with its length in two bytes before it, as a log of one block.
fn with_checksums(mut data: &[u8]) -> Vec<u8> {
    let mut log = FILE_HEADER.to_vec();
    while let [low, high, rest @ ..] = data {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (record, later) = rest.split_at(length);
        if log.len() + record.len() + 7 > 32 << 10 {
            break;
        }
        let checksummed = [&[FULL_RECORD], record].concat();
        log.extend(crc32fast::hash(&checksummed).to_le_bytes());
        log.extend((record.len() as u16).to_le_bytes());
        log.extend(checksummed);
        data = later;
    }
    log
}

async fn read(store: &dyn ReadStore) {
    let _ = store.experiments(LifecycleFilter::All).await;
    let query = RunQuery {
        page_size: 20,
        ..RunQuery::default()
    };
    let page = store.runs(&query, None).await.unwrap();
    for run in &page.items {
        let ids = [run.id.clone()];
        for metric in run.metrics.iter().take(3) {
            let _ = store
                .histories(&ids, metric.key.raw(), Resolution::Full)
                .await;
        }
    }
}
