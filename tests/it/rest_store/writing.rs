//! Writes to a model, compared with the client's writes to its twin: both are equal after every
//! write.

use frontrunner::domain::KeyValue;
use frontrunner::domain::{Stage, StoreErrorKind, StoreWrite, VersionNumber};
use frontrunner::store::WriteResponse;
use serde_json::{Value, json};

use super::ServerFixture;
use crate::support::metadata;
use crate::support::mlflow::V3;
use crate::support::snapshot;

const APPLY: &str = include_str!("../sqlite_store/apply.py");

/// Two models that differ only in their names, and a logged model for both.
const CREATE_TWIN_MODELS: &str = "
for name in ('ours', 'theirs'):
    client.create_registered_model(name)
    for i in range(5):
        client.create_model_version(name, f'runs:/{run}/model', run, tags={'i': str(i)})
    client.delete_model_version(name, '5')
    client.transition_model_version_stage(name, '1', 'Production')
    client.transition_model_version_stage(name, '2', 'Production')
    client.set_registered_model_alias(name, 'Champion', '2')
answer = client.create_logged_model(experiment, name='for both', source_run_id=run).model_id if IS_3 else None
";

/// A model and its versions, without the values that differ between twins.
const DUMP_TWINS: &str = "
def tell(name):
    versions = sorted((tell_version(v) for v in all_versions if v.name == name), key=lambda v: v['version'])
    told = [tell_model(client.get_registered_model(name))] + versions
    return [{k: v for k, v in one.items() if k not in ('name', 'created', 'updated')} for one in told]

def versions_of(model):
    tags = client.get_logged_model(model).tags if model else {}
    return sorted([one['name'], int(one['version'])] for one in json.loads(tags.get('mlflow.modelVersions', '[]')))

all_versions = pages(client.search_model_versions)
known = {m.name for m in pages(client.search_registered_models)}
answer = [{name: tell(name.format(who=who)) for name in names_told if name.format(who=who) in known} for who in ('ours', 'theirs')]
answer.append(versions_of(model))
";

/// Text with control characters, and with characters special to JSON, URLs and SQL.
const HOSTILE_TEXT: &str = "q' \" \\ / % + & \u{1b}[2J \u{202e} 精度\n\ttab line";
/// A placeholder for the name of a new model.
const NEW_MODEL_NAME: &str = "neu 'größe' \u{1b}[2J %2F+&? of {who}";
const DUMPED_MODELS: [&str; 2] = ["{who}", NEW_MODEL_NAME];

fn create(name: &str, source: &str, run: &str, tags: Vec<KeyValue>) -> StoreWrite {
    StoreWrite::CreateVersion {
        name: name.into(),
        source: source.into(),
        run_id: run.into(),
        tags,
    }
}

fn transition(name: &str, number: u64, stage: Stage, archive_existing: bool) -> StoreWrite {
    StoreWrite::TransitionStage {
        name: name.into(),
        version: VersionNumber(number),
        stage,
        archive_existing,
    }
}

fn alias(name: &str, alias: &str, number: u64) -> StoreWrite {
    StoreWrite::SetAlias {
        name: name.into(),
        alias: alias.into(),
        version: VersionNumber(number),
    }
}

fn delete_alias(name: &str, alias: &str) -> StoreWrite {
    StoreWrite::DeleteAlias {
        name: name.into(),
        alias: alias.into(),
    }
}

fn set_tag(name: &str, number: u64, key: &str, value: &str) -> StoreWrite {
    metadata::set_tag(metadata::version(name, number), key, value)
}

fn delete_tag(name: &str, number: u64, key: &str) -> StoreWrite {
    metadata::delete_tag(metadata::version(name, number), key)
}

fn delete_version(name: &str, number: u64) -> StoreWrite {
    StoreWrite::DeleteVersion {
        name: name.into(),
        version: VersionNumber(number),
    }
}

/// Every kind of write, with its edge cases, to one of the twins.
fn valid_writes(who: &str, run: &str, logged: Option<&str>) -> Vec<StoreWrite> {
    let fresh = NEW_MODEL_NAME.replace("{who}", who);
    let long = "k".repeat(250);
    let tags = vec![
        KeyValue::new("frontrunner.intent", HOSTILE_TEXT),
        KeyValue::new(long.as_str(), ""),
        KeyValue::new("b", "v".repeat(4_000)),
    ];
    let mut writes = vec![
        StoreWrite::CreateModel {
            name: fresh.as_str().into(),
        },
        create(who, &format!("runs:/{run}/a/model"), run, tags),
        create(&fresh, &format!("runs:/{run}/größe 'q' %2F"), run, vec![]),
        create(&fresh, &format!("runs:/{run}/again"), run, vec![]),
        transition(who, 3, Stage::Production, true),
        transition(who, 4, Stage::Staging, false),
        transition(who, 6, Stage::Staging, true),
        transition(who, 1, Stage::None, false),
        transition(who, 3, Stage::Archived, false),
        alias(who, "champion", 4),
        alias(who, "champion", 6),
        alias(who, "challenger_2-x", 1),
        delete_alias(who, "Champion"),
        delete_alias(who, "was-never-there"),
        alias(&fresh, "champion", 1),
        set_tag(who, 1, "fresh/key", HOSTILE_TEXT),
        set_tag(who, 1, "fresh/key", "over the old one"),
        set_tag(&fresh, 1, &long, HOSTILE_TEXT),
        delete_tag(who, 1, "i"),
        delete_tag(&fresh, 1, &long),
        metadata::describe(metadata::version(who, 1), HOSTILE_TEXT),
        metadata::set_tag(metadata::model(who), "fresh/key", HOSTILE_TEXT),
        metadata::set_tag(metadata::model(who), "fresh/key", "over the old one"),
        metadata::delete_tag(metadata::model(who), "fresh/key"),
        metadata::describe(metadata::model(&fresh), HOSTILE_TEXT),
        delete_version(who, 2),
        create(who, &format!("runs:/{run}/after"), run, vec![]),
    ];
    if let Some(id) = logged {
        writes.push(create(who, &format!("models:/{id}"), run, vec![]));
        writes.push(create(
            &fresh,
            &format!("models:/{id}"),
            run,
            vec![KeyValue::new("again", "1")],
        ));
    }
    writes
}

/// The server records the versions of a logged model automatically.
fn apply_script() -> String {
    APPLY.replace(
        "answer = apply",
        "link = lambda *given: None\nanswer = apply",
    )
}

/// The client's view of both twins, and the versions of the logged model.
fn dump_twins(store: &mut ServerFixture, logged: &Value) -> [Value; 3] {
    let dump = store.client.run(
        DUMP_TWINS,
        &json!({"names_told": DUMPED_MODELS, "model": logged}),
    );
    serde_json::from_value(dump).unwrap()
}

pub async fn writes_match_client(store: &mut ServerFixture) {
    let (run, experiment) = (store.id("child").to_owned(), store.id("plain").to_owned());
    let logged = store.client.run(
        CREATE_TWIN_MODELS,
        &json!({"run": run, "experiment": experiment}),
    );
    assert_eq!(logged.is_string(), store.version == V3);
    let (apply, mut last, mut silent) = (apply_script(), Value::Null, Vec::new());
    for (ours, theirs) in valid_writes("ours", &run, logged.as_str())
        .iter()
        .zip(valid_writes("theirs", &run, logged.as_str()))
    {
        let number = match store
            .writer
            .write(ours)
            .await
            .unwrap_or_else(|fault| panic!("{ours:?}: {fault}"))
        {
            WriteResponse::CreatedVersion(number) => json!(number.0),
            WriteResponse::Done => Value::Null,
        };
        assert_eq!(
            number,
            store.client.run(&apply, &json!({"write": theirs})),
            "{ours:?}"
        );
        let [one, other, _] = dump_twins(store, &logged);
        assert_eq!(one, other, "after {ours:?}");
        if one == last {
            silent.push(ours.clone());
        }
        last = one;
    }
    assert_eq!(
        silent,
        [delete_alias("ours", "was-never-there")],
        "every other write shows"
    );
    let [.., known] = dump_twins(store, &logged);
    let of = |who: &str| {
        known
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one[0].as_str().unwrap().ends_with(who))
            .count()
    };
    assert_eq!(
        (of("ours"), of("theirs")),
        if store.version == V3 { (2, 2) } else { (0, 0) },
        "{known}"
    );
    for name in ["ours".to_owned(), NEW_MODEL_NAME.replace("{who}", "ours")] {
        let expected_versions = store
            .client
            .run("answer = tell_versions(name)", &json!({"name": name}));
        let ours = store.reader.versions(&name.as_str().into()).await.unwrap();
        let ours: Value = ours.iter().map(snapshot::version).collect();
        assert_eq!(
            with_sorted_aliases(ours),
            with_sorted_aliases(expected_versions),
            "{name}"
        );
    }
}

fn with_sorted_aliases(mut versions: Value) -> Value {
    for version in versions.as_array_mut().unwrap() {
        version["aliases"]
            .as_array_mut()
            .unwrap()
            .sort_by_key(Value::to_string);
    }
    versions
}

/// Writes that MLflow refuses, and the kinds of the errors.
fn invalid_writes(run: &str) -> Vec<(StoreWrite, StoreErrorKind)> {
    use StoreErrorKind::{Conflict, InvalidRequest, NotFound};
    let who = "ours";
    vec![
        (StoreWrite::CreateModel { name: who.into() }, Conflict),
        (StoreWrite::CreateModel { name: "".into() }, InvalidRequest),
        (
            create("missing", &format!("runs:/{run}/m"), run, vec![]),
            NotFound,
        ),
        (
            create(
                who,
                &format!("runs:/{run}/m"),
                run,
                vec![KeyValue::new("k", "v".repeat(100_001))],
            ),
            InvalidRequest,
        ),
        (transition(who, 99, Stage::Production, true), NotFound),
        (transition("missing", 1, Stage::Production, true), NotFound),
        (transition(who, 5, Stage::Staging, false), NotFound),
        (alias(who, "latest", 1), InvalidRequest),
        (alias(who, "v3", 1), InvalidRequest),
        (alias(who, "no spaces", 1), InvalidRequest),
        (alias(who, "gone", 5), NotFound),
        (alias("missing", "a", 1), NotFound),
        (delete_alias("missing", "a"), NotFound),
        (set_tag(who, 5, "a", "b"), NotFound),
        (set_tag(who, 1, "a//b", "x"), InvalidRequest),
        (delete_tag(who, 99, "a"), NotFound),
        (
            metadata::set_tag(metadata::model("missing"), "a", "b"),
            NotFound,
        ),
        (
            metadata::set_tag(metadata::run(run), "a//b", "x"),
            InvalidRequest,
        ),
        (
            metadata::set_tag(metadata::run(&"0".repeat(32)), "a", "b"),
            NotFound,
        ),
        (delete_version(who, 5), NotFound),
        (delete_version("missing", 1), NotFound),
    ]
}

pub async fn refused_writes_leave_no_trace(store: &mut ServerFixture) {
    let run = store.id("child").to_owned();
    let (apply, before) = (apply_script(), dump_twins(store, &Value::Null));
    for (write, kind) in invalid_writes(&run) {
        assert!(
            store
                .client
                .try_run(&apply, &json!({"write": write}))
                .is_err(),
            "MLflow takes {write:?}"
        );
        let fault = store
            .writer
            .write(&write)
            .await
            .expect_err(&format!("{write:?} was taken"));
        assert_eq!(
            (fault.kind, fault.outcome_unknown, fault.not_sent),
            (kind, false, false),
            "{write:?}: {fault:?}"
        );
        assert!(!fault.to_string().chars().any(char::is_control), "{fault}");
    }
    assert_eq!(
        dump_twins(store, &Value::Null),
        before,
        "a refused write changed something"
    );
}

/// A run is deleted and restored, each twice; the client reports the same state.
pub async fn runs_are_deleted_and_restored(store: &mut ServerFixture) {
    let run = store.id("child").to_owned();
    let delete = StoreWrite::DeleteRun {
        run: run.as_str().into(),
    };
    let restore = StoreWrite::RestoreRun {
        run: run.as_str().into(),
    };
    let lifecycle = "answer = client.get_run(run).info.lifecycle_stage";
    for (write, expected) in [
        (&delete, "deleted"),
        (&delete, "deleted"),
        (&restore, "active"),
        (&restore, "active"),
    ] {
        assert_eq!(
            store.writer.write(write).await.unwrap(),
            WriteResponse::Done,
            "{write:?}"
        );
        assert_eq!(
            store.client.run(lifecycle, &json!({"run": run})),
            expected,
            "{write:?}"
        );
        assert_eq!(
            store
                .reader
                .run(&run.as_str().into())
                .await
                .unwrap()
                .lifecycle
                .as_str(),
            expected,
            "{write:?}"
        );
    }
    for write in [
        StoreWrite::DeleteRun {
            run: "0".repeat(32).into(),
        },
        StoreWrite::RestoreRun {
            run: "0".repeat(32).into(),
        },
    ] {
        let fault = store.writer.write(&write).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.outcome_unknown),
            (StoreErrorKind::NotFound, false),
            "{write:?}: {fault:?}"
        );
    }
}

/// Tags, description and name of a run are changed and put back; the client reads each change.
pub async fn runs_are_described_and_tagged(store: &mut ServerFixture) {
    let run = store.id("child").to_owned();
    let of_run = || metadata::run(&run);
    let read = "run = client.get_run(run)
answer = [run.info.run_name, run.data.tags]";
    let before = store.client.run(read, &json!({"run": run}));
    let name = before[0].as_str().unwrap();
    for (write, key, expected) in [
        (
            metadata::set_tag(of_run(), "a/b", HOSTILE_TEXT),
            "a/b",
            Some(HOSTILE_TEXT),
        ),
        (metadata::set_tag(of_run(), "a/b", ""), "a/b", Some("")),
        (metadata::delete_tag(of_run(), "a/b"), "a/b", None),
        (
            metadata::describe(of_run(), HOSTILE_TEXT),
            "mlflow.note.content",
            Some(HOSTILE_TEXT),
        ),
        (
            metadata::describe(of_run(), ""),
            "mlflow.note.content",
            None,
        ),
        (
            metadata::set_tag(of_run(), "mlflow.runName", "größe"),
            "mlflow.runName",
            Some("größe"),
        ),
        (
            metadata::set_tag(of_run(), "mlflow.runName", name),
            "mlflow.runName",
            Some(name),
        ),
    ] {
        assert_eq!(
            store.writer.write(&write).await.unwrap(),
            WriteResponse::Done,
            "{write:?}"
        );
        let now = store.client.run(read, &json!({"run": run}));
        assert_eq!(
            now[1].get(key).and_then(Value::as_str),
            expected,
            "{write:?}"
        );
        if key == "mlflow.runName" {
            assert_eq!(now[0].as_str(), expected, "{write:?}");
        }
    }
    assert_eq!(store.client.run(read, &json!({"run": run})), before);
}
