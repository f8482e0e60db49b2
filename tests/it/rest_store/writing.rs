//! Writing: ours to one model, MLflow's client's to its twin. Told by the client, the two stay the same after every write.

use frontrunner::domain::write::Tag;
use frontrunner::domain::{FaultKind, RegistryWrite, Stage, VersionNumber};
use frontrunner::store::Written;
use serde_json::{Value, json};

use super::Store;
use crate::support::mlflow::V3;
use crate::support::snapshot;

const APPLY: &str = include_str!("../sqlite_store/apply.py");

/// Two models that differ in nothing but their names, and a logged model that both will have.
const TWINS: &str = "
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

/// A model and its versions without what twins can't have in common.
const TELL: &str = "
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

/// A text that no terminal should see, and that JSON, addresses and SQL could trip over.
const HOSTILE: &str = "q' \" \\ / % + & \u{1b}[2J \u{202e} 精度\n\ttab line";
/// A new model's name, told of both twins.
const FRESH: &str = "neu 'größe' \u{1b}[2J %2F+&? of {who}";
const TOLD: [&str; 2] = ["{who}", FRESH];

fn create(name: &str, source: &str, run: &str, tags: Vec<Tag>) -> RegistryWrite {
    RegistryWrite::CreateVersion {
        name: name.into(),
        source: source.into(),
        run_id: run.into(),
        tags,
    }
}

fn transition(name: &str, number: u64, stage: Stage, archive_existing: bool) -> RegistryWrite {
    RegistryWrite::TransitionStage {
        name: name.into(),
        version: VersionNumber(number),
        stage,
        archive_existing,
    }
}

fn alias(name: &str, alias: &str, number: u64) -> RegistryWrite {
    RegistryWrite::SetAlias {
        name: name.into(),
        alias: alias.into(),
        version: VersionNumber(number),
    }
}

fn delete_alias(name: &str, alias: &str) -> RegistryWrite {
    RegistryWrite::DeleteAlias {
        name: name.into(),
        alias: alias.into(),
    }
}

fn set_tag(name: &str, number: u64, key: &str, value: &str) -> RegistryWrite {
    RegistryWrite::SetVersionTag {
        name: name.into(),
        version: VersionNumber(number),
        tag: Tag::new(key, value),
    }
}

fn delete_tag(name: &str, number: u64, key: &str) -> RegistryWrite {
    RegistryWrite::DeleteVersionTag {
        name: name.into(),
        version: VersionNumber(number),
        key: key.into(),
    }
}

fn delete_version(name: &str, number: u64) -> RegistryWrite {
    RegistryWrite::DeleteVersion {
        name: name.into(),
        version: VersionNumber(number),
    }
}

/// Every kind of write, with the turns that matter, to one of the twins.
fn good(who: &str, run: &str, logged: Option<&str>) -> Vec<RegistryWrite> {
    let fresh = FRESH.replace("{who}", who);
    let long = "k".repeat(250);
    let tags = vec![
        Tag::new("frontrunner.intent", HOSTILE),
        Tag::new(long.as_str(), ""),
        Tag::new("b", "v".repeat(4_000)),
    ];
    let mut writes = vec![
        RegistryWrite::CreateModel {
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
        set_tag(who, 1, "fresh/key", HOSTILE),
        set_tag(who, 1, "fresh/key", "over the old one"),
        set_tag(&fresh, 1, &long, HOSTILE),
        delete_tag(who, 1, "i"),
        delete_tag(&fresh, 1, &long),
        delete_version(who, 2),
        create(who, &format!("runs:/{run}/after"), run, vec![]),
    ];
    if let Some(id) = logged {
        writes.push(create(who, &format!("models:/{id}"), run, vec![]));
        writes.push(create(
            &fresh,
            &format!("models:/{id}"),
            run,
            vec![Tag::new("again", "1")],
        ));
    }
    writes
}

/// A server notes a logged model's versions by itself.
fn apply() -> String {
    APPLY.replace(
        "answer = apply",
        "link = lambda *given: None\nanswer = apply",
    )
}

/// What the client tells of both twins, and which of them the logged model knows.
fn tell(store: &mut Store, logged: &Value) -> [Value; 3] {
    let told = store
        .client
        .ask(TELL, &json!({"names_told": TOLD, "model": logged}));
    serde_json::from_value(told).unwrap()
}

pub async fn every_write_does_what_the_client_does(store: &mut Store) {
    let (run, experiment) = (store.id("child").to_owned(), store.id("plain").to_owned());
    let logged = store
        .client
        .ask(TWINS, &json!({"run": run, "experiment": experiment}));
    assert_eq!(logged.is_string(), store.version == V3);
    let (apply, mut last, mut silent) = (apply(), Value::Null, Vec::new());
    for (ours, theirs) in
        good("ours", &run, logged.as_str())
            .iter()
            .zip(good("theirs", &run, logged.as_str()))
    {
        let number = match store
            .writer
            .write(ours)
            .await
            .unwrap_or_else(|fault| panic!("{ours:?}: {fault}"))
        {
            Written::Version(number) => json!(number.0),
            Written::Done => Value::Null,
        };
        assert_eq!(
            number,
            store.client.ask(&apply, &json!({"write": theirs})),
            "{ours:?}"
        );
        let [one, other, _] = tell(store, &logged);
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
    let [.., known] = tell(store, &logged);
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
    for name in ["ours".to_owned(), FRESH.replace("{who}", "ours")] {
        let told = store
            .client
            .ask("answer = tell_versions(name)", &json!({"name": name}));
        let ours = store.reader.versions(&name.as_str().into()).await.unwrap();
        let ours: Value = ours.iter().map(snapshot::version).collect();
        assert_eq!(aliases_sorted(ours), aliases_sorted(told), "{name}");
    }
}

fn aliases_sorted(mut versions: Value) -> Value {
    for version in versions.as_array_mut().unwrap() {
        version["aliases"]
            .as_array_mut()
            .unwrap()
            .sort_by_key(Value::to_string);
    }
    versions
}

/// What MLflow refuses, and the kind of its refusal.
fn bad(run: &str) -> Vec<(RegistryWrite, FaultKind)> {
    use FaultKind::{Conflict, Invalid, Missing};
    let who = "ours";
    vec![
        (RegistryWrite::CreateModel { name: who.into() }, Conflict),
        (RegistryWrite::CreateModel { name: "".into() }, Invalid),
        (
            create("nobody", &format!("runs:/{run}/m"), run, vec![]),
            Missing,
        ),
        (
            create(
                who,
                &format!("runs:/{run}/m"),
                run,
                vec![Tag::new("k", "v".repeat(100_001))],
            ),
            Invalid,
        ),
        (transition(who, 99, Stage::Production, true), Missing),
        (transition("nobody", 1, Stage::Production, true), Missing),
        (transition(who, 5, Stage::Staging, false), Missing),
        (alias(who, "latest", 1), Invalid),
        (alias(who, "v3", 1), Invalid),
        (alias(who, "no spaces", 1), Invalid),
        (alias(who, "gone", 5), Missing),
        (alias("nobody", "a", 1), Missing),
        (delete_alias("nobody", "a"), Missing),
        (set_tag(who, 5, "a", "b"), Missing),
        (set_tag(who, 1, "a//b", "x"), Invalid),
        (delete_tag(who, 99, "a"), Missing),
        (delete_version(who, 5), Missing),
        (delete_version("nobody", 1), Missing),
    ]
}

pub async fn what_is_refused_leaves_no_trace(store: &mut Store) {
    let run = store.id("child").to_owned();
    let (apply, before) = (apply(), tell(store, &Value::Null));
    for (write, kind) in bad(&run) {
        assert!(
            store
                .client
                .attempt(&apply, &json!({"write": write}))
                .is_err(),
            "MLflow takes {write:?}"
        );
        let fault = store
            .writer
            .write(&write)
            .await
            .expect_err(&format!("{write:?} was taken"));
        assert_eq!(
            (fault.kind, fault.maybe_done, fault.never_left),
            (kind, false, false),
            "{write:?}: {fault:?}"
        );
        assert!(!fault.to_string().chars().any(char::is_control), "{fault}");
    }
    assert_eq!(
        tell(store, &Value::Null),
        before,
        "a refused write changed something"
    );
}

/// A run goes into the trash and comes back, each as often as it is asked for; the client says so after each.
pub async fn runs_go_and_come_back(store: &mut Store) {
    let run = store.id("child").to_owned();
    let delete = RegistryWrite::DeleteRun {
        run: run.as_str().into(),
    };
    let restore = RegistryWrite::RestoreRun {
        run: run.as_str().into(),
    };
    let lifecycle = "answer = client.get_run(run).info.lifecycle_stage";
    for (write, wanted) in [
        (&delete, "deleted"),
        (&delete, "deleted"),
        (&restore, "active"),
        (&restore, "active"),
    ] {
        assert_eq!(
            store.writer.write(write).await.unwrap(),
            Written::Done,
            "{write:?}"
        );
        assert_eq!(
            store.client.ask(lifecycle, &json!({"run": run})),
            wanted,
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
            wanted,
            "{write:?}"
        );
    }
    for write in [
        RegistryWrite::DeleteRun {
            run: "0".repeat(32).into(),
        },
        RegistryWrite::RestoreRun {
            run: "0".repeat(32).into(),
        },
    ] {
        let fault = store.writer.write(&write).await.unwrap_err();
        assert_eq!(
            (fault.kind, fault.maybe_done),
            (FaultKind::Missing, false),
            "{write:?}: {fault:?}"
        );
    }
}
