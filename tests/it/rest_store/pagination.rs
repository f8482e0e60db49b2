//! Listings longer than a page: the client creates one object of each kind, and its row is copied
//! in the database, because creating thousands takes too long.

use std::collections::BTreeSet;

use frontrunner::domain::RunId;
use frontrunner::store::{LifecycleFilter, Resolution};
use rusqlite::Connection;
use serde_json::json;

use super::ServerFixture;
use crate::support::mlflow::V3;

/// More than a page of 1,000.
const RUN_COUNT: usize = 1_050;
/// More than a page of logged models, which MLflow limits to 100.
const LOGGED_MODEL_COUNT: usize = 130;
/// More than a page of a history.
const POINT_COUNT: usize = 26_000;

/// One model with one version; the names of its copies end in numbers.
const FILL: &str = "
client.create_registered_model('many')
client.create_model_version('many', f'runs:/{run}/model', run)
client.log_metric(run, 'long', 0.0, timestamp=0, step=0)
answer = client.create_logged_model(experiment, name='many', source_run_id=run).model_id if IS_3 else None
";

/// The client's listing of all pages.
const LIST: &str = "
answer = {
    'experiments': [e.experiment_id for e in pages(client.search_experiments, view_type=ViewType.ALL)],
    'models': [m.name for m in pages(client.search_registered_models) if m.tags.get('mlflow.prompt.is_prompt') != 'true'],
    'versions': [v.version for v in pages(client.search_model_versions, filter_string=\"name='many'\")],
    'of run': [f'{v.name} {v.version}' for v in pages(client.search_model_versions, filter_string=f\"run_id='{run}'\")],
    'logged': [m.model_id for m in pages(client.search_logged_models, experiment_ids=[experiment],
                                         filter_string=f\"source_run_id='{run}'\")] if IS_3 else [],
}
";

/// Copies the rows of a table that match `which`, with some columns computed from the number `i`.
fn copy_rows(db: &Connection, table: &str, which: &str, count: usize, anew: &[(&str, &str)]) {
    let mut columns = db
        .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
        .unwrap();
    let columns: Vec<String> = columns
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let replacement = |column: &String| {
        anew.iter()
            .find(|(name, _)| name == column)
            .map_or(column.clone(), |(_, value)| (*value).to_owned())
    };
    let values: Vec<String> = columns.iter().map(replacement).collect();
    let copied = db.execute(
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO {table} ({}) SELECT {} FROM {table}, n WHERE {which}",
            columns.join(", "),
            values.join(", ")
        ),
        [],
    );
    assert_eq!(copied.unwrap(), count - 1, "{table}");
}

fn fill(db: &mut Connection, run: &str, experiment: &str, logged: Option<&str>) {
    db.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    let whole = db.transaction().unwrap();
    let which = format!("experiment_id = {experiment}");
    copy_rows(
        &whole,
        "experiments",
        &which,
        RUN_COUNT,
        &[("experiment_id", "1000000 + i"), ("name", "'many ' || i")],
    );
    copy_rows(
        &whole,
        "registered_models",
        "name = 'many'",
        RUN_COUNT,
        &[("name", "'many ' || i")],
    );
    copy_rows(
        &whole,
        "model_versions",
        "name = 'many'",
        RUN_COUNT,
        &[("version", "i")],
    );
    let which = format!("run_uuid = '{run}' AND key = 'long'");
    copy_rows(
        &whole,
        "metrics",
        &which,
        POINT_COUNT,
        &[("step", "i"), ("timestamp", "i"), ("value", "i * 7 % 97")],
    );
    if let Some(id) = logged {
        copy_rows(
            &whole,
            "logged_models",
            &format!("model_id = '{id}'"),
            LOGGED_MODEL_COUNT,
            &[("model_id", "printf('m-%032x', i)")],
        );
    }
    whole.commit().unwrap();
}

/// Fails for an item that is listed twice.
fn unique_set<T: Into<String>>(what: &str, items: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    let items: Vec<String> = items.into_iter().map(Into::into).collect();
    let all: BTreeSet<_> = items.iter().cloned().collect();
    assert_eq!(all.len(), items.len(), "{what}: an item is listed twice");
    all
}

pub async fn listings_are_paginated(store: &mut ServerFixture) {
    let (run, experiment) = (store.id("child").to_owned(), store.id("empty").to_owned());
    let logged = store
        .client
        .run(FILL, &json!({"run": run, "experiment": experiment}));
    fill(
        &mut Connection::open(store.folder.path().join("mlflow.db")).unwrap(),
        &run,
        &experiment,
        logged.as_str(),
    );
    let listed = store
        .client
        .run(LIST, &json!({"run": run, "experiment": experiment}));
    let theirs = |what: &str| {
        unique_set(
            what,
            listed[what]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it.as_str().map_or(it.to_string(), str::to_owned)),
        )
    };
    let (reader, id) = (&store.reader, RunId::from(run.as_str()));

    let experiments = reader.experiments(LifecycleFilter::All).await.unwrap();
    assert_eq!(
        unique_set("experiments", experiments.iter().map(|it| it.id.raw())),
        theirs("experiments")
    );
    assert!(experiments.len() > RUN_COUNT);
    let models = reader.models().await.unwrap();
    assert_eq!(
        unique_set("models", models.iter().map(|it| it.name.raw())),
        theirs("models")
    );
    assert!(models.len() > RUN_COUNT);

    let versions = reader.versions(&"many".into()).await.unwrap();
    assert_eq!(
        unique_set("versions", versions.iter().map(|it| it.version.to_string())),
        theirs("versions")
    );
    assert!(
        versions.len() == RUN_COUNT
            && versions.is_sorted_by_key(|it| std::cmp::Reverse(it.version)),
        "newest first"
    );
    let of_run = reader.versions_of_run(&id).await.unwrap();
    assert_eq!(
        unique_set(
            "of run",
            of_run
                .iter()
                .map(|it| format!("{} {}", it.name.raw(), it.version))
        ),
        theirs("of run")
    );

    let history = reader
        .histories(std::slice::from_ref(&id), "long", Resolution::Full)
        .await
        .unwrap()
        .remove(0);
    assert!(
        history.points.len() == POINT_COUNT && history.points.is_sorted_by_key(|point| point.step),
        "{}",
        history.points.len()
    );
    if store.version == V3 {
        let models = reader
            .logged_models(&experiment.as_str().into(), &id)
            .await
            .unwrap();
        assert_eq!(
            unique_set("logged", models.iter().map(|it| it.id.raw())),
            theirs("logged")
        );
        assert_eq!(models.len(), LOGGED_MODEL_COUNT);
    }
}
