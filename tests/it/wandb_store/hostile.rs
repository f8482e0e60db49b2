//! Damaged and hostile files: the other runs are read anyway, and the damage is reported.

use std::fs;
use std::path::PathBuf;

use frontrunner::domain::{ArtifactOwner, Run, RunStatus, StoreErrorKind};
use frontrunner::store::{Resolution, StoreTarget};

use super::{copy_sample, folder_of, open_store, run, runs, samples};

/// Reads a run whose log has these bytes, next to a valid run.
async fn read_run_from(bytes: &[u8]) -> Run {
    let (folder, _) = copy_sample("0.19.11", "aaaa1111");
    let bad = folder.path().join("wandb/run-20300101_000000-bad");
    fs::create_dir_all(&bad).unwrap();
    fs::write(bad.join("run-bad.wandb"), bytes).unwrap();
    let store = open_store(folder.path()).await;
    let all = runs(&store).await;
    assert_eq!(all.len(), 2);
    assert!(
        all.iter()
            .any(|run| run.name.raw() == "forest-1" && run.metrics.len() > 10),
        "the good run is read"
    );
    assert!(
        store
            .reader
            .histories(&["bad".into()], "nothing", Resolution::Full)
            .await
            .unwrap()
            .is_empty()
    );
    run(&store, "bad").await
}

/// A record that fits into a block, with its protobuf and log framing.
fn frame_record(record: &[u8]) -> Vec<u8> {
    let mut log = b":W&B\xe1\xbe\0".to_vec();
    let summed = [&[1], record].concat();
    log.extend(crc32fast::hash(&summed).to_le_bytes());
    log.extend(u16::try_from(record.len()).unwrap().to_le_bytes());
    log.extend(summed);
    log
}

fn valid_log() -> Vec<u8> {
    fs::read(folder_of(&samples("0.19.11"), "bbbb2222").join("run-bbbb2222.wandb")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_file_is_reported_as_an_unreadable_run() {
    let zeros = vec![0; 100_000];
    for bytes in [
        &b"SQLite format 3\0 and so on"[..],
        b":W&B\xe1\xbe\x07rest",
        &zeros,
    ] {
        let bad = read_run_from(bytes).await;
        let why = bad
            .tag("wandb.unreadable")
            .map(|tag| tag.raw().to_owned())
            .unwrap_or_default();
        assert!(why.contains("not a W&B run log"), "{why}");
        assert!(bad.metrics.is_empty() && bad.start_time.is_some());
    }
    // An empty file is a run that just started.
    assert_eq!(read_run_from(b"").await.status, RunStatus::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn corrupt_block_is_skipped_and_reported() {
    let mut bytes = valid_log();
    let whole = read_run_from(&bytes).await;
    assert_eq!(whole.tag("wandb.damaged"), None);
    // After the run's record, which takes three blocks.
    bytes[80_000..80_100].fill(0xAA);
    let damaged = read_run_from(&bytes).await;
    assert!(damaged.tag("wandb.damaged").is_some());
    assert_eq!(
        (damaged.name.raw(), damaged.status),
        ("failed", RunStatus::Failed),
        "the records around it are read"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_records_are_skipped() {
    let garbage: Vec<u8> = (0..30_000_u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    assert!(
        read_run_from(&frame_record(&garbage))
            .await
            .metrics
            .is_empty()
    );
    // A history with a length of four gigabytes.
    assert!(
        read_run_from(&frame_record(
            b"\x12\xff\xff\xff\xff\x0f\x0a\xff\xff\xff\xff\x0f"
        ))
        .await
        .metrics
        .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn deeply_nested_value_is_ignored() {
    let deep = [b"{\"a\":".repeat(5_000), b"1".to_vec(), b"}".repeat(5_000)].concat();
    let varint = |mut number: usize| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let nested = |tag: &[u8], inside: &[u8]| [tag, &varint(inside.len()), inside].concat();
    let item = [nested(b"\x0a", b"deep"), nested(b"\x82\x01", &deep)].concat();
    let other = [nested(b"\x0a", b"loss"), nested(b"\x82\x01", b"0.5")].concat();
    let history = [nested(b"\x0a", &item), nested(b"\x0a", &other)].concat();
    let bad = read_run_from(&frame_record(&nested(b"\x12", &history))).await;
    assert_eq!(
        bad.metrics
            .iter()
            .map(|metric| metric.key.raw())
            .collect::<Vec<_>>(),
        ["loss"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_cannot_escape_and_pipes_do_not_block() {
    let (folder, log) = copy_sample("0.19.11", "aaaa1111");
    let files = log.with_file_name("files");
    fs::write(folder.path().join("secret"), "no").unwrap();
    std::os::unix::fs::symlink(folder.path().join("secret"), files.join("link")).unwrap();
    let store = open_store(folder.path()).await;
    let home = ArtifactOwner::Run("aaaa1111".into());
    for path in ["link", "../run-aaaa1111.wandb", "../../../secret"] {
        let fault = store.reader.preview(&home, path, 10).await.unwrap_err();
        assert_eq!(fault.kind, StoreErrorKind::InvalidRequest, "{path}");
    }
    let pipe = folder.path().join("wandb/run-20300101_000000-pipe");
    fs::create_dir_all(&pipe).unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(pipe.join("run-pipe.wandb"))
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(runs(&store).await.len(), 2);
}

#[test]
fn foreign_directory_is_not_a_store() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("wandb/__pycache__")).unwrap();
    let message = StoreTarget::parse(folder.path().to_str().unwrap())
        .unwrap_err()
        .to_string();
    assert!(message.contains("no W&B runs"), "{message}");
    assert_eq!(
        StoreTarget::discover(folder.path()),
        Err(frontrunner::store::StoreTargetError::NoStore)
    );
}

#[test]
fn default_target_prefers_the_mlflow_file() {
    let (folder, log) = copy_sample("0.16.6", "aaaa1111");
    let home = log
        .parent()
        .and_then(|run| run.parent())
        .map(PathBuf::from)
        .unwrap();
    assert_eq!(
        StoreTarget::discover(folder.path()),
        Ok(StoreTarget::Wandb(home))
    );
    fs::write(folder.path().join("mlflow.db"), "").unwrap();
    assert_eq!(
        StoreTarget::discover(folder.path()),
        Ok(StoreTarget::Sqlite(folder.path().join("mlflow.db")))
    );
}

/// 200 GB that take no space: what is in front of the hole is read, the hole is not read to its end.
#[tokio::test(flavor = "multi_thread")]
async fn sparse_log_is_not_read_to_its_end() {
    let (folder, log) = copy_sample("0.19.11", "aaaa1111");
    let file = fs::File::options().write(true).open(log).unwrap();
    file.set_len(200 << 30).unwrap();
    let store = open_store(folder.path()).await;
    let run = run(&store, "aaaa1111").await;
    assert!(run.name.raw() == "forest-1" && run.metrics.len() > 10);
    let damage = run.tag("wandb.damaged").unwrap().raw();
    let blocks: String = damage.chars().filter(char::is_ascii_digit).collect();
    assert!(blocks.parse::<u64>().unwrap() < 10_000, "{damage}");
}
