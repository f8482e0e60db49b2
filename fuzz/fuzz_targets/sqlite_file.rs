//! A SQLite file: opened and read as the screens and the command line do.
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

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let parent = if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    };
    tempfile::tempdir_in(parent).unwrap()
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
});

fuzz_target!(|data: &[u8]| {
    let path = FOLDER.path().join("mlflow.db");
    fs::write(&path, data).unwrap();
    RUNTIME.block_on(async {
        let access = AccessMode::ReadOnly(ReadOnlyReason::Flag);
        let target = StoreTarget::Sqlite(path);
        if let Ok(store) = open(&target, access, &ConnectOptions::default()).await {
            read(store.reader.as_ref()).await;
        }
    });
});

async fn read(store: &dyn ReadStore) {
    let _ = store.experiments(LifecycleFilter::All).await;
    let query = RunQuery {
        page_size: 20,
        ..RunQuery::default()
    };
    if let Ok(page) = store.runs(&query, None).await {
        for run in page.items.iter().take(3) {
            let _ = store.run(&run.id).await;
            let _ = store.versions_of_run(&run.id).await;
            if let Some(metric) = run.metrics.first() {
                let ids = [run.id.clone()];
                let _ = store
                    .histories(&ids, metric.key.raw(), Resolution::Points(50))
                    .await;
            }
        }
    }
    if let Ok(models) = store.models().await {
        for model in models.iter().take(3) {
            let _ = store.versions(&model.name).await;
        }
    }
    let _ = store.prompts().await;
}
