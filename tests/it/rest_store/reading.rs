//! Reads, compared with MLflow's client.

use frontrunner::domain::{LoggedModelId, RunId, StoreErrorKind};
use frontrunner::store::{LifecycleFilter, Resolution, Result, RunQuery};
use serde_json::{Value, json};

use super::ServerFixture;
use crate::support::mlflow::V3;
use crate::support::snapshot::{assert_same_store, dump_store, versions_of_run};

/// Experiments, runs, histories, logged models, models and versions as a whole.
pub async fn full_dump_matches_client(store: &mut ServerFixture) {
    let expected_dump = store.client.dump_store();
    for (part, least) in [("experiments", 4), ("runs", 6), ("models", 3)] {
        assert!(
            expected_dump[part].as_array().unwrap().len() >= least,
            "the store has too few {part} to prove anything"
        );
    }
    assert_same_store(&dump_store(&store.reader).await, &expected_dump);
    let features = store.reader.features().await.unwrap();
    assert_eq!(features.product, format!("MLflow {}", store.version));
    assert!(!features.has_transition_requests);
    assert_eq!(
        (
            features.has_logged_models,
            features.has_registry,
            features.can_filter
        ),
        (store.version == V3, true, true)
    );
    assert_eq!(
        (store.reader.name(), store.reader.origin()),
        (store.server.url.as_str(), store.server.url.as_str())
    );
}

/// The client's results for a filter, an order and a lifecycle, in its order.
const SEARCH: &str = "
answer = [r.info.run_id for r in client.search_runs(
    experiments, filter_string=filter, order_by=order, run_view_type=getattr(ViewType, view), max_results=1000)]
";

/// Filters and orders that the server evaluates.
pub async fn queries_match_client(store: &mut ServerFixture) {
    let parent = format!("tags.`mlflow.parentRunId` = '{}'", store.id("parent"));
    let questions = [
        ("", vec![], LifecycleFilter::Active),
        ("", vec![], LifecycleFilter::Deleted),
        ("", vec!["metrics.loss DESC"], LifecycleFilter::All),
        (
            "",
            vec!["attributes.start_time ASC", "tags.`mlflow.runName` DESC"],
            LifecycleFilter::All,
        ),
        (
            "attributes.status = 'FAILED'",
            vec![],
            LifecycleFilter::Active,
        ),
        (
            "metrics.`val/acc` >= 0.5 and params.empty = ''",
            vec![],
            LifecycleFilter::Active,
        ),
        (
            "params.`größe` LIKE '%DROP TABLE%'",
            vec![],
            LifecycleFilter::Active,
        ),
        (
            parent.as_str(),
            vec!["metrics.`a b.c-d_e:f` ASC"],
            LifecycleFilter::Active,
        ),
    ];
    let mut found = 0;
    for (filter, order, view) in questions {
        let experiments = ["plain", "gone"].map(|name| store.id(name).to_owned());
        let name = match view {
            LifecycleFilter::Active => "ACTIVE_ONLY",
            LifecycleFilter::Deleted => "DELETED_ONLY",
            LifecycleFilter::All => "ALL",
        };
        let theirs = store.client.run(
            SEARCH,
            &json!({"experiments": experiments, "filter": filter, "order": order, "view": name}),
        );
        let query = RunQuery {
            experiments: experiments.iter().map(|id| id.as_str().into()).collect(),
            filter: Some(filter.to_owned()).filter(|filter| !filter.is_empty()),
            order_by: order.iter().map(|&clause| clause.to_owned()).collect(),
            lifecycle: view,
            page_size: 2,
        };
        let (mut ours, mut from) = (Vec::new(), None);
        loop {
            let page = store
                .reader
                .runs(&query, from.as_ref())
                .await
                .unwrap_or_else(|fault| panic!("{query:?}: {fault}"));
            ours.extend(page.items.iter().map(|run| run.id.raw().to_owned()));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(json!(ours), theirs, "{filter:?} {order:?} {view:?}");
        found += ours.len();
    }
    assert!(
        found > 15,
        "the queries find too few runs to prove anything"
    );
    histories_and_versions_match_client(store).await;
}

/// The client's history of one metric, in the order of step and time.
const HISTORY: &str = "
points = client.get_metric_history(run, key)
answer = [[p.step, p.timestamp] for p in sorted(points, key=lambda p: (p.step, p.timestamp))]
";

async fn histories_and_versions_match_client(store: &mut ServerFixture) {
    let runs: Vec<RunId> = ["parent", "numbers", "deleted"]
        .iter()
        .map(|name| store.id(name).into())
        .collect();
    for resolution in [Resolution::Full, Resolution::Points(100)] {
        let read = store
            .reader
            .histories(&runs, "loss", resolution)
            .await
            .unwrap();
        let of: Vec<_> = read.iter().map(|history| history.run.raw()).collect();
        assert_eq!(
            of,
            [store.id("numbers"), store.id("deleted")],
            "a run without the metric is left out: {resolution:?}"
        );
        for history in &read {
            let ours: Vec<_> = history
                .points
                .iter()
                .map(|point| json!([point.step, point.timestamp]))
                .collect();
            let mut theirs = store
                .client
                .run(HISTORY, &json!({"run": history.run.raw(), "key": "loss"}));
            if resolution != Resolution::Full && store.version != V3 {
                // MLflow 2 leaves out negative steps.
                theirs
                    .as_array_mut()
                    .unwrap()
                    .retain(|point| point[0].as_i64() >= Some(0));
            }
            assert_eq!(Value::Array(ours), theirs, "{resolution:?}");
        }
    }
    let search = "answer = sorted([v.name, int(v.version)] for v in pages(client.search_model_versions, filter_string=f\"run_id='{run}'\"))";
    for name in ["numbers", "parent"] {
        let theirs = store.client.run(search, &json!({"run": store.id(name)}));
        assert_eq!(
            json!(versions_of_run(&store.reader, &store.id(name).into()).await),
            theirs,
            "{name}"
        );
    }
}

fn error_kind<T>(answer: Result<T>) -> Option<StoreErrorKind> {
    answer.err().map(|fault| fault.kind)
}

/// Missing objects and invalid queries have different error kinds.
pub async fn missing_objects_are_not_found(store: &ServerFixture) {
    let reader = &store.reader;
    let missing = RunId::from("00000000000000000000000000000000");
    assert_eq!(
        error_kind(reader.run(&missing).await),
        Some(StoreErrorKind::NotFound)
    );
    assert_eq!(
        error_kind(reader.model(&"missing".into()).await),
        Some(StoreErrorKind::NotFound)
    );
    assert_eq!(
        error_kind(reader.versions(&"missing".into()).await),
        Some(StoreErrorKind::NotFound)
    );
    assert_eq!(reader.versions_of_run(&missing).await, Ok(vec![]));
    let logged = error_kind(
        reader
            .logged_model(&LoggedModelId::from("m-00000000000000000000000000000000"))
            .await,
    );
    let expected = if store.version == V3 {
        StoreErrorKind::NotFound
    } else {
        StoreErrorKind::Unsupported
    };
    assert_eq!(logged, Some(expected));
    let filter = Some("metrics.loss ==> \u{1b}[2J".to_owned());
    let query = RunQuery {
        experiments: vec![store.id("plain").into()],
        filter,
        page_size: 10,
        ..RunQuery::default()
    };
    let fault = reader.runs(&query, None).await.unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::InvalidRequest, "{fault}");
    assert!(
        !fault.to_string().chars().any(char::is_control),
        "{fault:?}"
    );
}
