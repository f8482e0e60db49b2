//! Unity Catalogs as registries, and registries apart from the tracking store.

use frontrunner::domain::{Lifecycle, StoreWrite, VersionNumber};
use frontrunner::store::{
    AccessMode, ConnectOptions, ReadStore, RunQuery, StoreTarget, open, with_registry,
};
use serde_json::json;

use super::Fixture;
use super::workspace::{MODEL, RUN};
use crate::support::bad_server::{self, BadServer, mlflow_error};
use crate::support::program::{Program, run_to_end};

#[test]
fn versions_are_promoted_by_alias_and_rolled_back() {
    let fixture = Fixture::new();
    let versions = fixture.json(&["versions", MODEL]);
    assert_eq!(versions[1]["version"], "1");
    assert_eq!(versions[1]["aliases"], json!(["champion"]));
    assert_eq!(versions[0]["tags"]["team"], "risk");
    let table = fixture.run(&["versions", MODEL]);
    assert!(
        !table.stdout.contains("stage") && table.stdout.contains("aliases"),
        "{table:?}"
    );
    let models = fixture.run(&["models", "--csv"]);
    assert!(
        models.stdout.contains("@champion=1") && !models.stdout.contains("production"),
        "{models:?}"
    );

    let version = format!("{MODEL}/2");
    fixture.json(&["promote", &version, "--to", "@champion", "--yes"]);
    assert_eq!(
        fixture.workspace.state.lock().unwrap().aliases["champion"],
        "2"
    );
    let undone = fixture.run(&["rollback", MODEL, "--yes"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(
        fixture.workspace.state.lock().unwrap().aliases["champion"],
        "1"
    );
    fixture.workspace.assert_allowed();
}

#[test]
fn read_only_sessions_send_reads_only() {
    let fixture = Fixture::new();
    for arguments in [
        vec!["best", "/Users/ann@example.com/exp", "--goal", "acc max"],
        vec!["lineage", "main.ml.churn@champion"],
        vec!["promote", "main.ml.churn/2", "--to", "@champion", "--plan"],
        vec!["rollback", MODEL, "--plan"],
        vec!["runs", "/Users/ann@example.com/exp"],
        vec!["show", RUN],
    ] {
        let output = fixture.run(&[&arguments[..], &["--read-only", "--json"]].concat());
        let is_ok = output.code == 0 || arguments[0] == "rollback";
        assert!(is_ok, "{arguments:?}: {output:?}");
    }
    fixture.workspace.assert_allowed();
    let calls = fixture.workspace.calls();
    let is_write = |call: &&String| {
        !call.starts_with("GET")
            && !call.ends_with("/search")
            && !call.ends_with("/credentials-for-read")
    };
    assert_eq!(calls.iter().find(is_write), None);
}

#[test]
fn what_unity_catalog_lacks_is_refused_before_anything_is_sent() {
    let fixture = Fixture::new();
    let stage = fixture.run(&["promote", "main.ml.churn/2", "--to", "Production", "--yes"]);
    assert!(
        stage.stderr.contains("no stages") && stage.stderr.contains("@champion"),
        "{stage:?}"
    );
    let register = fixture.run(&[
        "register",
        RUN,
        "--model",
        "main.ml.other",
        "--artifact",
        "model",
        "--yes",
    ]);
    assert_ne!(register.code, 0);
    let copy = fixture.run(&["copy", "main.ml.churn/2", "--to", "prod.ml.churn", "--yes"]);
    assert_eq!(copy.code, 4, "{copy:?}");
    assert!(
        copy.stderr.contains("needs an upload")
            && copy
                .stderr
                .contains(r#"copy_model_version("models:/main.ml.churn/2", "prod.ml.churn")"#),
        "{copy:?}"
    );
    let name = fixture.run(&["versions", "churn"]);
    assert!(name.stderr.contains("catalog.schema.model"), "{name:?}");
    assert!(
        register.stderr.contains("needs an upload")
            && register.stderr.contains("mlflow.register_model"),
        "{register:?}"
    );
    fixture.workspace.assert_allowed();
    assert!(
        !fixture
            .workspace
            .calls()
            .iter()
            .any(|call| call.ends_with("/create"))
    );
}

#[test]
fn the_plan_of_a_deletion_promises_no_undo_that_would_be_refused() {
    let fixture = Fixture::new();
    let output = fixture.run(&["delete", "main.ml.churn/2", "--plan"]);
    assert_eq!(output.code, 0, "{output:?}");
    let text = format!("{}{}", output.stdout, output.stderr);
    assert!(
        text.contains("undo can't register it again") && !text.contains("undo registers"),
        "{text}"
    );
}

#[test]
fn the_old_registry_of_a_workspace_has_stages_only() {
    let fixture = Fixture::new();
    let arguments = ["--registry", "databricks"];
    let output = fixture.run(
        &[
            &["promote", "main.ml.churn/2", "--to", "@champion", "--yes"][..],
            &arguments,
        ]
        .concat(),
    );
    assert!(output.stderr.contains("no aliases"), "{output:?}");
    let output = fixture.run(&[&["versions", MODEL][..], &arguments].concat());
    assert!(
        output.stdout.contains("stage") && !output.stdout.contains("aliases"),
        "{output:?}"
    );
    fixture.workspace.assert_allowed();
}

#[test]
fn files_are_read_through_signed_addresses() {
    let fixture = Fixture::new();
    let out = fixture.home().join("files");
    let output = fixture.run(&["download", RUN, "--out", out.to_str().unwrap()]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(std::fs::read_to_string(out.join("a.txt")).unwrap(), "hello");
    fixture.workspace.assert_allowed();
}

#[test]
fn models_can_be_in_another_store_than_runs() {
    let (runs, models) = (Program::new(), Program::new());
    let registry = models.store();
    let registry = registry.to_str().unwrap();
    let names =
        |program: &Program, arguments: &[&str]| program.json(&[&["models"], arguments].concat());
    assert_eq!(names(&runs, &["--registry", registry]), names(&models, &[]));
    let mut command = runs.command(&["doctor"]);
    command.env("MLFLOW_REGISTRY_URI", format!("sqlite:///{registry}"));
    let doctor = run_to_end(command);
    assert!(
        doctor.stdout.contains("(MLFLOW_REGISTRY_URI)"),
        "{doctor:?}"
    );
    let before = (runs.store_bytes(), models.store_bytes());
    let model = names(&runs, &["--registry", registry])[0]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    let version = format!("{model}/1");
    let output = runs.run(&[
        "promote",
        &version,
        "--to",
        "@trial",
        "--yes",
        "--registry",
        registry,
    ]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(runs.store_bytes(), before.0);
    let aliases = models.json(&["models"])[0]["aliases"].clone();
    assert!(aliases.to_string().contains("trial"), "{aliases}");
}

#[test]
fn the_open_catalog_has_aliases() {
    let program = Program::new();
    let server = BadServer::start(|request| {
        let path = request.path.split('?').next().unwrap();
        let ok = |value: serde_json::Value| bad_server::json("200 OK", &value.to_string());
        let model = json!({"name": "churn", "catalog_name": "main", "schema_name": "ml", "full_name": "main.ml.churn", "created_at": 1, "updated_at": 2,
            "aliases": [{"alias_name": "champion", "version_num": 1}]});
        let version = |number: u32| json!({"model_name": "churn", "catalog_name": "main", "schema_name": "ml", "version": number, "run_id": "", "status": "READY", "source": "file:/x"});
        assert!(request.headers.contains("authorization: bearer uc-token"));
        match (
            request.method.as_str(),
            path.trim_start_matches("/api/2.1/unity-catalog/"),
        ) {
            ("GET", "catalogs") => ok(json!({"catalogs": [{"name": "main"}]})),
            ("GET", "schemas") => ok(json!({"schemas": [{"name": "ml"}]})),
            ("GET", "models") => ok(json!({"registered_models": [model]})),
            ("GET", "models/main.ml.churn") => ok(model),
            ("GET", "models/main.ml.churn/versions") => {
                ok(json!({"model_versions": [version(1), version(2)]}))
            }
            ("PUT", "models/main.ml.churn/aliases/challenger") => {
                assert_eq!(
                    request.body,
                    r#"{"full_name":"main.ml.churn","alias":"challenger","version_num":2}"#
                );
                ok(json!({}))
            }
            _ => mlflow_error("404 Not Found", "NOT_FOUND", "not found"),
        }
    });
    let registry = format!("uc:{}", server.url);
    let run = |arguments: &[&str]| {
        let mut command = program.command(&[arguments, &["--registry", &registry]].concat());
        command.env("MLFLOW_UC_OSS_TOKEN", "uc-token");
        run_to_end(command)
    };
    let versions = run(&["versions", "main.ml.churn"]);
    assert!(versions.stdout.contains("@champion"), "{versions:?}");
    run(&["promote", "main.ml.churn/2", "--to", "@challenger", "--yes"]);
    let writes = server.requests();
    let writes: Vec<_> = writes
        .iter()
        .filter(|asked| asked.method != "GET")
        .collect();
    assert_eq!(writes.len(), 1, "{writes:?}");
    let tag = run(&["tag", "main.ml.churn/2", "a=b", "--yes"]);
    assert!(tag.stderr.contains("only aliases are written"), "{tag:?}");
}

#[tokio::test]
async fn writes_to_a_registry_apart_are_in_one_transaction() {
    let (runs, models) = (Program::new(), Program::new());
    let options = ConnectOptions::default();
    let handle = async |program: &Program| {
        let target = StoreTarget::Sqlite(program.store());
        open(&target, AccessMode::ReadWrite, &options)
            .await
            .unwrap()
    };
    let store = with_registry(handle(&runs).await, handle(&models).await);
    let (reader, writer) = (store.reader, store.writer.unwrap());
    let model = reader.models().await.unwrap().remove(0);
    let page = reader.runs(&RunQuery::default(), None).await.unwrap();
    let run = page.items[0].id.clone();
    let alias = StoreWrite::SetAlias {
        name: model.name.clone(),
        alias: "trial".into(),
        version: VersionNumber(1),
    };
    let delete = StoreWrite::DeleteRun { run: run.clone() };
    let has_alias = async |reader: &dyn ReadStore| {
        let model = reader.model(&model.name).await.unwrap();
        model
            .aliases
            .iter()
            .any(|(alias, _)| alias.raw() == "trial")
    };

    let transaction = writer.begin(&[&alias]).await.unwrap().unwrap();
    transaction.write(&alias).await.unwrap();
    assert!(has_alias(transaction.reader()).await);
    // A plan reads the run of a version from the other store.
    assert_eq!(transaction.reader().run(&run).await.unwrap().id, run);
    drop(transaction);
    assert!(!has_alias(reader.as_ref()).await);

    let transaction = writer.begin(&[&alias]).await.unwrap().unwrap();
    transaction.write(&alias).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(has_alias(reader.as_ref()).await);

    let transaction = writer.begin(&[&delete]).await.unwrap().unwrap();
    transaction.write(&delete).await.unwrap();
    drop(transaction);
    let lifecycle = reader.run(&run).await.unwrap().lifecycle;
    assert_eq!(lifecycle, Lifecycle::Active);
    assert!(writer.begin(&[&alias, &delete]).await.unwrap().is_none());
}
