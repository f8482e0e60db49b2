//! Writes compared with MLflow's client: made to two copies of a store, one by each, MLflow's client
//! reads the same from both, and continues with ours.

use super::*;
use crate::sqlite_store::writing::{APPLY, invalid_writes, now, valid_writes};
use crate::support::metadata;
use frontrunner::domain::{KeyValue, Stage, StoreErrorKind, StoreWrite};
use frontrunner::store::{WriteResponse, Writer};

async fn writer_of(root: &Path) -> Writer {
    let opened = open_store(root, AccessMode::ReadWrite).await;
    opened.writer.expect("a writer")
}

/// What a client says of its store, with `now` for times since the test began.
fn dump(client: &mut MlflowClient, since: i64) -> Value {
    fn replace(value: &mut Value, since: i64) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let is_time = ["created", "updated"].contains(&key.as_str());
                    if is_time && value.as_i64().is_some_and(|time| time >= since) {
                        *value = "now".into();
                    }
                    replace(value, since);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| replace(item, since)),
            _ => {}
        }
    }
    let mut dump = client.dump_store();
    replace(&mut dump, since);
    dump
}

async fn assert_writes_match_client(version: &'static str) {
    let store = filled_store(version);
    let ((_one, ours), (_other, theirs)) = (store.copy(), store.copy());
    let since = now();
    let writer = writer_of(&ours).await;
    let (mut ours_client, mut theirs_client) =
        (client_of(version, &ours), client_of(version, &theirs));
    let logged = store.dump["logged_models"].as_array().unwrap();
    let logged = logged.iter().find(|model| model["name"] == "made");
    let logged = logged.map(|model| model["id"].as_str().unwrap());
    for write in valid_writes(store.id("numbers"), logged) {
        let expected = theirs_client.run(APPLY, &json!({"write": write}));
        let response = writer.write(&write).await;
        let response = match response.unwrap_or_else(|error| panic!("{write:?}: {error}")) {
            WriteResponse::CreatedVersion(number) => json!(number.0),
            WriteResponse::Done => Value::Null,
        };
        assert_eq!(response, expected, "{write:?}");
    }
    assert_same_store(
        &dump(&mut ours_client, since),
        &dump(&mut theirs_client, since),
    );
    let reader = reader_of(&ours).await;
    assert_same_store(&dump_store(&reader).await, &ours_client.dump_store());
    let temporary: Vec<_> = all_files(&ours)
        .into_keys()
        .filter(|path| path.to_string_lossy().contains("frontrunner-"))
        .collect();
    assert_eq!(temporary, Vec::<PathBuf>::new());
    // MLflow continues with our copy as with its own.
    let next = "answer = [int(client.create_model_version(name, 's3://next').version) for name in ('shop', 'fresh')]
client.set_registered_model_alias('shop', 'champion', '1')
client.transition_model_version_stage('shop', '1', 'Production', True)
client.update_model_version('shop', '1', 'about')";
    assert_eq!(
        ours_client.run(next, &json!({})),
        theirs_client.run(next, &json!({}))
    );
    assert_same_store(
        &dump(&mut ours_client, since),
        &dump(&mut theirs_client, since),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_reads_our_writes_as_its_own() {
    assert_writes_match_client(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_reads_our_writes_as_its_own() {
    assert_writes_match_client(V2).await;
}

async fn assert_refused(writer: &Writer, root: &Path, write: &StoreWrite) -> StoreErrorKind {
    let before = all_files(root);
    let error = writer.write(write).await;
    let error = error.expect_err(&format!("{write:?} was accepted"));
    assert!(!error.outcome_unknown, "{write:?}: {error:?}");
    assert!(!error.to_string().chars().any(char::is_control), "{error}");
    assert!(all_files(root) == before, "{write:?} left a trace");
    error.kind
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_leave_no_trace() {
    let store = filled_store(V3);
    let (_folder, root) = store.copy();
    let writer = writer_of(&root).await;
    for write in invalid_writes() {
        assert_refused(&writer, &root, &write).await;
    }
    for name in ["per%20cent", "..", "back\\slash"] {
        let write = StoreWrite::CreateModel { name: name.into() };
        let kind = assert_refused(&writer, &root, &write).await;
        assert_eq!(kind, StoreErrorKind::InvalidRequest);
    }
    // `a/b` is a tag of the version, so `a` is a folder; and `i` is a file.
    for key in ["a", "i/j"] {
        let write = metadata::set_tag(metadata::version("shop", 1), key, "x");
        let kind = assert_refused(&writer, &root, &write).await;
        assert_eq!(kind, StoreErrorKind::InvalidRequest, "{key}");
    }
    let run = store.id("running");
    for write in [
        StoreWrite::DeleteRun { run: run.into() },
        metadata::set_tag(metadata::run(run), "mlflow.runName", "new"),
    ] {
        let kind = assert_refused(&writer, &root, &write).await;
        assert_eq!(kind, StoreErrorKind::Unsupported);
    }
}

/// Ours and MLflow's versions, created at the same time, all get numbers of their own.
#[tokio::test(flavor = "multi_thread")]
async fn racing_programs_create_distinct_versions() {
    let store = filled_store(V3);
    let (_folder, root) = store.copy();
    let (writer, other) = (writer_of(&root).await, writer_of(&root).await);
    let write = |source: String| StoreWrite::CreateVersion {
        name: "no versions".into(),
        source: source.into(),
        run_id: "".into(),
        tags: vec![KeyValue::new("frontrunner.intent", "x")],
    };
    let mut client = client_of(V3, &root);
    let theirs = std::thread::spawn(move || {
        // MLflow gives up after three attempts, at the latest number each time.
        let create = "def create(i):
    while True:
        try:
            return int(client.create_model_version('no versions', f'theirs-{i}').version)
        except mlflow.exceptions.MlflowException as error:
            assert 'Giving up' in str(error), error
answer = [create(i) for i in range(10)]";
        client.run(create, &json!({}))
    });
    let mut numbers = Vec::new();
    for i in 0..20 {
        let (a, b) = (write(format!("a-{i}")), write(format!("b-{i}")));
        let created = tokio::join!(writer.write(&a), other.write(&b));
        for response in [created.0, created.1] {
            match response.unwrap() {
                WriteResponse::CreatedVersion(number) => numbers.push(number.0),
                WriteResponse::Done => panic!("no number"),
            }
        }
    }
    let theirs = theirs.join().unwrap();
    numbers.extend(
        theirs
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_u64().unwrap()),
    );
    numbers.sort_unstable();
    let count = numbers.len();
    numbers.dedup();
    assert_eq!((count, numbers.len()), (50, 50));
    let versions = reader_of(&root).await.versions(&"no versions".into()).await;
    assert_eq!(versions.unwrap().len(), 50);
}

/// A folder that can't be written has no writer, and the reason says so.
#[tokio::test(flavor = "multi_thread")]
async fn read_only_sessions_have_no_writer_and_create_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("mlruns");
    std::fs::create_dir_all(root.join("0")).unwrap();
    std::fs::write(
        root.join("0/meta.yaml"),
        "experiment_id: '0'\nname: Default\n",
    )
    .unwrap();
    let before = all_files(&root);
    let opened = open_store(&root, AccessMode::ReadOnly(ReadOnlyReason::Flag)).await;
    assert_eq!(opened.writer.err(), Some(ReadOnlyReason::Flag));
    dump_store(&opened.reader).await;
    opened.reader.revision().await.unwrap();
    assert!(all_files(&root) == before, "MLflow would create .trash/");
}

/// A promotion through the program, verified by it and read back by MLflow.
#[test]
fn program_promotes_and_mlflow_reads_it_back() {
    let store = filled_store(V3);
    let program = Program::new();
    std::fs::remove_file(program.store()).unwrap();
    copy_folder(&store.folder.path().join("mlruns"), program.folder());
    let promote = [
        "promote",
        "shop/4",
        "--to",
        "Production",
        "--archive-existing",
        "--yes",
    ];
    let ended = program.run(&[&promote[..], &["--confirm", "shop"]].concat());
    let ended = if ended.code == 0 {
        ended
    } else {
        program.run(&promote)
    };
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = program.run(&["promote", "shop/4", "--to", "@challenger", "--yes"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let mut client = client_of(V3, &program.folder().join("mlruns"));
    let ask = "answer = [[int(v.version), v.current_stage] for v in client.search_model_versions(\"name='shop'\")]
answer = [sorted(answer), client.get_model_version_by_alias('shop', 'challenger').version]";
    let answer = client.run(ask, &json!({}));
    let stages = answer[0].as_array().unwrap();
    let in_production: Vec<_> = stages
        .iter()
        .filter(|one| one[1] == Stage::Production.as_str())
        .collect();
    assert_eq!(in_production, [&json!([4, "Production"])], "{answer}");
    assert!(answer[1] == "4" || answer[1] == 4, "{answer}");
}
