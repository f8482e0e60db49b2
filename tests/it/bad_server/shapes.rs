//! Answers that are JSON and yet not what MLflow says: one odd value takes no page away, and what can't be meant is refused.

use frontrunner::domain::FaultKind;
use frontrunner::domain::{Lifecycle, RunStatus};
use frontrunner::store::{RunQuery, View};

use super::{assert_clear, reader};
use crate::support::bad_server::{BadServer, html, json};

fn says(body: &str) -> BadServer {
    BadServer::saying(json("200 OK", body))
}

fn query() -> RunQuery {
    RunQuery {
        experiments: vec!["1".into()],
        page_size: 10,
        ..RunQuery::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_values_of_an_experiment_are_read_as_far_as_they_can_be() {
    let server = says(
        r#"{"experiments":[{"experiment_id":7,"name":null,"lifecycle_stage":3,"creation_time":"abc","last_update_time":"12",
        "tags":null,"extra":{"deep":[1,{}]}},{"name":["x"],"creation_time":{},"last_update_time":1.5},{}],"next_page_token":null}"#,
    );
    let found = reader(&server.url).experiments(View::All).await.unwrap();
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
async fn a_run_of_nulls_keeps_its_page() {
    let server = says(
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
        "a value that is no number is none"
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
async fn no_list_is_an_empty_one() {
    for body in [
        "{}",
        r#"{"experiments":null,"registered_models":null,"runs":null}"#,
        r#" {"other": 1}"#,
    ] {
        let server = says(body);
        let reader = reader(&server.url);
        assert_eq!(reader.experiments(View::All).await.unwrap(), [], "{body}");
        assert_eq!(reader.models().await.unwrap(), [], "{body}");
        assert_eq!(
            reader.runs(&query(), None).await.unwrap().items,
            [],
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_listing_is_malformed() {
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
        let server = says(body);
        let fault = reader(&server.url)
            .experiments(View::All)
            .await
            .expect_err(body);
        assert_eq!(fault.kind, FaultKind::Malformed, "{body}: {fault}");
        assert_clear(body, &fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_about_something_else_is_not_taken() {
    let server = says(
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
        assert_eq!(fault.kind, FaultKind::Malformed, "{fault}");
        assert!(fault.to_string().contains("other"), "{fault}");
        assert_clear("something else", &fault);
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
async fn an_answer_about_nothing_is_malformed() {
    let server = says("{}");
    let reader = reader(&server.url);
    let run = reader.run(&"mine".into()).await.unwrap_err();
    let model = reader.model(&"mine".into()).await.unwrap_err();
    let logged = reader.logged_model(&"m-mine".into()).await.unwrap_err();
    for fault in [run, model, logged] {
        assert_eq!(fault.kind, FaultKind::Malformed, "{fault}");
        assert_clear("nothing", &fault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_whose_number_is_none_is_left_out() {
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
    let told: Vec<_> = versions
        .iter()
        .map(|it| (it.version.0, it.stage_text.raw(), it.aliases.len()))
        .collect();
    assert_eq!(told, [(3, "Odd", 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_is_can_be_found_out_without_its_version() {
    let gateway = BadServer::start(|asked| match asked.path.as_str() {
        "/version" => html("404 Not Found"),
        _ => json("200 OK", "{}"),
    });
    let features = reader(&gateway.url).features().await.unwrap();
    assert_eq!(
        (features.product.as_str(), features.registry),
        ("a server that speaks MLflow", true)
    );
    let page = BadServer::saying(html("200 OK"));
    let fault = reader(&page.url).features().await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Malformed);
    assert_clear("a page", &fault);
}
