//! JSON that MLflow does not send: an odd value does not fail its page, and a response to another
//! request is an error.

use frontrunner::domain::StoreErrorKind;
use frontrunner::domain::{Lifecycle, RunStatus};
use frontrunner::store::{LifecycleFilter, RunQuery};

use super::{assert_clear_error, reader};
use crate::support::bad_server::{BadServer, html, json};

fn server_with_body(body: &str) -> BadServer {
    BadServer::always(json("200 OK", body))
}

fn query() -> RunQuery {
    RunQuery {
        experiments: vec!["1".into()],
        page_size: 10,
        ..RunQuery::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn experiment_with_odd_values_is_read() {
    let server = server_with_body(
        r#"{"experiments":[{"experiment_id":7,"name":null,"lifecycle_stage":3,"creation_time":"abc","last_update_time":"12",
        "tags":null,"extra":{"deep":[1,{}]}},{"name":["x"],"creation_time":{},"last_update_time":1.5},{}],"next_page_token":null}"#,
    );
    let found = reader(&server.url)
        .experiments(LifecycleFilter::All)
        .await
        .unwrap();
    assert_eq!(found.len(), 3);
    let first = &found[0];
    assert_eq!(
        (first.id.raw(), first.name.raw(), first.lifecycle),
        ("7", "", Lifecycle::Active)
    );
    assert_eq!(
        (first.creation_time, first.last_update_time),
        (None, Some(12))
    );
    assert!(found[1..].iter().all(|it| it.name.is_empty()
        && it.creation_time.is_none()
        && it.last_update_time.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn run_of_nulls_does_not_lose_its_page() {
    let server = server_with_body(
        r#"{"runs":[
        {"info":{"run_id":"bare"},"data":null,"inputs":null,"outputs":null},
        {"info":{"run_id":"nulls","run_name":null,"status":null,"start_time":null,"artifact_uri":null,"lifecycle_stage":null},
         "data":{"metrics":null,"params":null,"tags":null},
         "inputs":{"dataset_inputs":null,"model_inputs":null},"outputs":{"model_outputs":null}},
        {"info":{"run_id":"odd","status":"WAITING","start_time":"soon","end_time":true},
         "data":{"metrics":[{"key":null,"value":1},{"key":"s","value":"a lot"},{"key":"t","value":2,"step":null,"timestamp":"x"}],
                 "params":[{"key":"p","value":null},{"key":"q","value":7}],"tags":[{}]},
         "inputs":{"dataset_inputs":[{"tags":null,"dataset":null},{}]}}]}"#,
    );
    let page = reader(&server.url).runs(&query(), None).await.unwrap();
    let ids: Vec<_> = page.items.iter().map(|run| run.id.raw()).collect();
    assert_eq!((ids, page.next), (vec!["bare", "nulls", "odd"], None));
    let odd = &page.items[2];
    assert_eq!(
        (odd.status, odd.start_time, odd.end_time),
        (RunStatus::Unknown, None, None)
    );
    assert_eq!(odd.metrics.len(), 3);
    assert!(
        odd.metrics[1].value.get().is_nan(),
        "a value that is not a number is NaN"
    );
    assert_eq!((odd.metrics[2].step, odd.metrics[2].timestamp), (0, 0));
    let params: Vec<_> = odd
        .params
        .iter()
        .map(|pair| (pair.key.raw(), pair.value.raw()))
        .collect();
    assert_eq!(params, [("p", ""), ("q", "7")]);
    assert_eq!(odd.datasets.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_list_is_empty() {
    for body in [
        "{}",
        r#"{"experiments":null,"registered_models":null,"runs":null}"#,
        r#" {"other": 1}"#,
    ] {
        let server = server_with_body(body);
        let reader = reader(&server.url);
        assert_eq!(
            reader.experiments(LifecycleFilter::All).await.unwrap(),
            [],
            "{body}"
        );
        assert_eq!(reader.models().await.unwrap(), [], "{body}");
        assert_eq!(
            reader.runs(&query(), None).await.unwrap().items,
            [],
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_listing_is_an_invalid_response() {
    let bodies = [
        r#"{"experiments":"abc"}"#,
        r#"{"experiments":{"a":1}}"#,
        r#"{"experiments":[5]}"#,
        r#"{"experiments":["abc"]}"#,
        r#"{"experiments":[{"tags":"abc"}]}"#,
        r#"{"experiments":[{"tags":[7]}]}"#,
        r#"{"experiments":[{"creation_time":1e999}]}"#,
        r#"{"experiments":[{"creation_time":NaN}]}"#,
        r#"{"experiments":[],"experiments":[]}"#,
        r#"{"experiments":[]} {"experiments":[]}"#,
    ];
    for body in bodies {
        let server = server_with_body(body);
        let fault = reader(&server.url)
            .experiments(LifecycleFilter::All)
            .await
            .expect_err(body);
        assert_eq!(
            fault.kind,
            StoreErrorKind::InvalidResponse,
            "{body}: {fault}"
        );
        assert_clear_error(body, &fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn response_for_another_object_is_rejected() {
    let server = server_with_body(
        r#"{"run":{"info":{"run_id":"other\u001b[2J"}},"registered_model":{"name":"other\u001b[2J"},
        "model_versions":[{"name":"other","version":"1","run_id":"other"}],
        "models":[{"info":{"model_id":"m-other","source_run_id":"other"}}],"model":{"info":{"model_id":"m-other"}}}"#,
    );
    let reader = reader(&server.url);
    let faults = [
        reader.run(&"mine".into()).await.map(drop),
        reader.model(&"mine".into()).await.map(drop),
        reader.versions(&"mine".into()).await.map(drop),
        reader.logged_model(&"m-mine".into()).await.map(drop),
    ];
    for (at, fault) in faults.into_iter().enumerate() {
        let fault = fault.expect_err(&format!("question {at}"));
        assert_eq!(fault.kind, StoreErrorKind::InvalidResponse, "{fault}");
        assert!(fault.to_string().contains("other"), "{fault}");
        assert_clear_error("something else", &fault);
    }
    assert_eq!(reader.versions_of_run(&"mine".into()).await.unwrap(), []);
    assert_eq!(
        reader
            .logged_models(&"1".into(), &"mine".into())
            .await
            .unwrap(),
        []
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_response_is_invalid() {
    let server = server_with_body("{}");
    let reader = reader(&server.url);
    let run = reader.run(&"mine".into()).await.unwrap_err();
    let model = reader.model(&"mine".into()).await.unwrap_err();
    let logged = reader.logged_model(&"m-mine".into()).await.unwrap_err();
    for fault in [run, model, logged] {
        assert_eq!(fault.kind, StoreErrorKind::InvalidResponse, "{fault}");
        assert_clear_error("nothing", &fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn version_without_a_number_is_skipped() {
    let server = BadServer::start(|asked| {
        let numbers = ["3", "1e3", "-1", "٣", "99999999999999999999", "", "v2"];
        let version = |number: &&str| {
            format!(
                r#"{{"name":"shop","version":"{number}","current_stage":"Odd","aliases":null}}"#
            )
        };
        let versions = numbers.iter().map(version).collect::<Vec<_>>().join(",");
        let model = r#"{"name":"shop","aliases":[{"alias":"a","version":"3"},{"alias":"b","version":"x"},{}]}"#;
        json(
            "200 OK",
            &if asked.path.contains("model-versions") {
                format!(r#"{{"model_versions":[{versions}]}}"#)
            } else {
                format!(r#"{{"registered_model":{model}}}"#)
            },
        )
    });
    let versions = reader(&server.url).versions(&"shop".into()).await.unwrap();
    let summaries: Vec<_> = versions
        .iter()
        .map(|it| (it.version.0, it.stage_text.raw(), it.aliases.len()))
        .collect();
    assert_eq!(summaries, [(3, "Odd", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn server_kind_is_detected_without_a_version() {
    let gateway = BadServer::start(|asked| match asked.path.as_str() {
        "/version" => html("404 Not Found"),
        _ => json("200 OK", "{}"),
    });
    let features = reader(&gateway.url).features().await.unwrap();
    assert_eq!(
        (features.product.as_str(), features.has_registry),
        ("MLflow-compatible server", true)
    );
    assert!(features.has_transition_requests, "it may be Databricks");
    let page = BadServer::always(html("200 OK"));
    let fault = reader(&page.url).features().await.unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::InvalidResponse);
    assert_clear_error("a page", &fault);
}
