//! Torn, empty and odd files: each marks one run and hides nothing else.

use super::*;
use crate::support::snapshot;
use frontrunner::domain::{Lifecycle, RunStatus};
use frontrunner::store::LifecycleFilter;

/// Sets a file's time back, so that it is not taken for one that is being written.
fn age(path: &Path) {
    let time = std::time::SystemTime::now() - std::time::Duration::from_mins(1);
    std::fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    age(path);
}

/// Damages the run `parent`, and checks what is said of it and that all other runs are as before.
async fn assert_marks_one_run(file: &str, bytes: &[u8], problem: &str) -> Run {
    let store = filled_store(V3);
    let (_folder, root) = store.copy();
    write(&store.run_dir(&root, "parent").join(file), bytes);
    let reader = reader_of(&root).await;
    let runs = snapshot::runs(&reader, LifecycleFilter::All, 100).await;
    let mut damaged = None;
    for run in runs {
        if run.id.raw() == store.id("parent") {
            let note = run
                .tag("frontrunner.unreadable")
                .map(frontrunner::text::Untrusted::raw);
            assert_eq!(note, Some(problem), "{file}");
            damaged = Some(run);
            continue;
        }
        let theirs = store.dump["runs"].as_array().unwrap();
        let theirs = theirs.iter().find(|one| one["id"] == run.id.raw());
        let ours = json!({"runs": [snapshot::run(&run)]});
        assert_same_store(&ours, &json!({"runs": [theirs.unwrap()]}));
    }
    assert_eq!(
        reader
            .experiments(LifecycleFilter::All)
            .await
            .unwrap()
            .len(),
        store.dump["experiments"].as_array().unwrap().len()
    );
    damaged.unwrap_or_else(|| panic!("{file}: the run is hidden"))
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_metadata_marks_its_run() {
    for (bytes, problem) in [
        (&b""[..], "meta.yaml: empty"),
        (b"  \n", "meta.yaml: empty"),
        (b"\xff\xfe", "meta.yaml: not UTF-8"),
    ] {
        let run = assert_marks_one_run("meta.yaml", bytes, problem).await;
        assert_eq!(run.status, RunStatus::Unknown);
        assert_eq!(run.lifecycle, Lifecycle::Active);
        // The name is in a tag, too.
        assert_eq!(run.name.raw(), "parent");
        assert_eq!(run.datasets.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_values_mark_their_run() {
    for (file, bytes, problem) in [
        ("metrics/loss", &b""[..], "metrics/loss: empty"),
        (
            "metrics/loss",
            b"1 high 0\n",
            "metrics/loss: 1 unreadable line",
        ),
        (
            "params/50%",
            b"x",
            "params/50%: not a name that MLflow uses",
        ),
        ("params/x", b"a\xffb", "params/x: not UTF-8"),
        ("tags/x~", b"x", "tags/x~: not a name that MLflow uses"),
        ("inputs/x/meta.yaml", b"", "inputs/x/meta.yaml: empty"),
        (
            "inputs/x/meta.yaml",
            b"source_type: DATASET\nsource_id: ../../x\n",
            "datasets/../../x/meta.yaml: missing",
        ),
    ] {
        let run = assert_marks_one_run(file, bytes, problem).await;
        assert_eq!(
            (run.name.raw(), run.datasets.len()),
            ("parent", 2),
            "{file}"
        );
    }
    let lines = b"1 0.5 1\n2 0.25 2\n3 x 3\n4 0.";
    let problem = "metrics/loss: 2 unreadable lines";
    let run = assert_marks_one_run("metrics/loss", lines, problem).await;
    assert_eq!(run.metric("loss").unwrap().get().to_string(), "0.25");
}

/// What is not a run, or is no file, is not shown as one, and nothing blocks on it.
#[tokio::test(flavor = "multi_thread")]
async fn stray_folders_and_pipes_are_passed_over() {
    let store = filled_store(V2);
    let (_folder, root) = store.copy();
    let experiment = root.join(store.id("plain"));
    for path in [".git/config", ".ipynb_checkpoints/x", "123/artifacts/x"] {
        write(&root.join(path), b"x");
        write(&experiment.join(path), b"x");
    }
    write(&root.join("models/.DS_Store"), b"x");
    write(&root.join("models/stray/x"), b"x");
    for path in ["tags/pipe", "pipe"] {
        let path = store.run_dir(&root, "parent").join(path);
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    }
    let reader = reader_of(&root).await;
    let mut dump = dump_store(&reader).await;
    for run in dump["runs"].as_array_mut().unwrap() {
        if run["id"] == store.id("parent") {
            let tag = run["tags"].as_object_mut().unwrap();
            let tag = tag.remove("frontrunner.unreadable");
            assert_eq!(tag, Some("tags/pipe: not a regular file".into()));
        }
    }
    assert_same_store(&dump, &store.dump);
}

/// A copy keeps the file of its origin, and both are shown.
#[tokio::test(flavor = "multi_thread")]
async fn copies_of_runs_are_told_apart() {
    let store = filled_store(V2);
    let (_folder, root) = store.copy();
    let original = store.run_dir(&root, "child");
    let copy = original.with_file_name("a-copy");
    copy_folder(&original, &copy);
    let reader = reader_of(&root).await;
    let run = reader.run(&"a-copy".into()).await.unwrap();
    let problem = format!("meta.yaml: is a copy of run {}", store.id("child"));
    assert_eq!(run.tag("frontrunner.unreadable").unwrap().raw(), problem);
    let run = reader.run(&store.id("child").into()).await.unwrap();
    assert_eq!(run.tag("frontrunner.unreadable"), None);
    // In another experiment, the original is the one that is read by its id.
    let other = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut other =
        other.filter(|path| path.join("meta.yaml").is_file() && !path.ends_with(store.id("plain")));
    copy_folder(&original, &other.next().unwrap());
    let run = reader.run(&store.id("child").into()).await.unwrap();
    assert_eq!(run.experiment_id.raw(), store.id("plain"));
}

#[tokio::test(flavor = "multi_thread")]
async fn torn_experiments_models_and_versions_are_marked() {
    let store = filled_store(V2);
    let (_folder, root) = store.copy();
    write(&root.join(store.id("plain")).join("meta.yaml"), b"");
    write(&root.join("models/shop/meta.yaml"), b"{");
    write(&root.join("models/shop/version-3/meta.yaml"), b"");
    write(&root.join("models/shop/aliases/odd"), b"x");
    let reader = reader_of(&root).await;
    let experiments = reader.experiments(LifecycleFilter::All).await.unwrap();
    let marked: Vec<_> = experiments
        .iter()
        .filter(|one| {
            one.tags
                .iter()
                .any(|tag| tag.key.raw() == "frontrunner.unreadable")
        })
        .map(|one| (one.name.raw(), one.run_count))
        .collect();
    assert_eq!(marked, [(store.id("plain"), Some(6))]);
    let shop = reader.model(&"shop".into()).await.unwrap();
    assert!(
        shop.tags
            .iter()
            .any(|tag| tag.key.raw() == "frontrunner.unreadable")
    );
    assert_eq!(shop.version_for_alias("champion").unwrap().0, 2);
    let versions = reader.versions(&"shop".into()).await.unwrap();
    let numbers: Vec<_> = versions.iter().map(|one| one.version.0).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    assert!(versions[1].tag("frontrunner.unreadable").is_some());
    assert_eq!(reader.models().await.unwrap().len(), 5);
}

/// `runs` lists all runs, and one line names what is unreadable.
#[test]
fn program_names_what_is_unreadable() {
    let store = filled_store(V3);
    let program = Program::new();
    std::fs::remove_file(program.store()).unwrap();
    copy_folder(&store.folder.path().join("mlruns"), program.folder());
    let root = program.folder().join("mlruns");
    write(&store.run_dir(&root, "parent").join("metrics/loss"), b"");
    for format in [&[][..], &["--json"], &["--jsonl"]] {
        let ended = program.run(&[&["runs", "plain"], format].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        let id = &store.id("parent")[..8];
        let note = format!("1 run has unreadable files: {id}: metrics/loss: empty\n");
        assert!(ended.stderr.contains(&note), "{format:?}: {ended:?}");
    }
}
