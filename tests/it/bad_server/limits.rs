//! Endless bodies, errors, files and listings: reading stops at the limit.

use std::time::Duration;

use frontrunner::domain::{ArtifactOwner, StoreError, StoreErrorKind};
use frontrunner::store::{LifecycleFilter, Reader, Resolution, RunQuery};

use super::{assert_clear_error, reader};
use crate::support::bad_server::{BadServer, Request, Response, json, mlflow_error, response};

/// The most that the socket buffers on both ends hold of an unread body: loopback buffers grow to a
/// few MiB.
const MAX_BUFFERED_BYTES: usize = 24 << 20;

fn endless_server(status: &str, begin: &str) -> BadServer {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n{begin}");
    BadServer::always(Response::Endless(head.into_bytes(), vec![b' '; 64 << 10]))
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_response_stops_at_the_limit() {
    let server = endless_server("200 OK", r#"{"experiments":["#);
    let fault = reader(&server.url)
        .experiments(LifecycleFilter::All)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::ResponseTooLarge, "{fault}");
    assert!(fault.hint().contains("filter"), "{}", fault.hint());
    assert_clear_error("endless", &fault);
    assert!(
        server.bytes_sent() < (64 << 20) + MAX_BUFFERED_BYTES,
        "{} bytes were taken",
        server.bytes_sent()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_error_response_stops_early() {
    let server = endless_server("500 Internal Server Error", "disk\u{1b}[2J full ");
    let fault = reader(&server.url)
        .experiments(LifecycleFilter::All)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::ServerError, "{fault}");
    assert_clear_error("an endless error", &fault);
    assert!(
        server.bytes_sent() < MAX_BUFFERED_BYTES,
        "{} bytes were taken",
        server.bytes_sent()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn preview_of_an_endless_file_stops_early() {
    let server = endless_server("200 OK", "the beginning");
    let preview = reader(&server.url)
        .preview(&ArtifactOwner::Run("r".into()), "a.txt", 1_000)
        .await
        .unwrap();
    assert_eq!((preview.bytes.len(), preview.is_truncated), (1_000, true));
    assert!(preview.bytes.starts_with(b"the beginning  "));
    assert!(
        server.bytes_sent() < MAX_BUFFERED_BYTES,
        "{} bytes were taken",
        server.bytes_sent()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn short_preview_keeps_the_server_error() {
    let server = BadServer::always(mlflow_error(
        "404 Not Found",
        "RESOURCE_DOES_NOT_EXIST",
        "No such artifact: 'a.txt'",
    ));
    let fault = reader(&server.url)
        .preview(&ArtifactOwner::Run("r".into()), "a.txt", 4)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::NotFound, "{fault}");
    assert!(fault.to_string().contains("No such artifact"), "{fault}");
}

/// Listings whose next token is a function of the last one.
fn listing_server(next: fn(&str) -> &'static str) -> BadServer {
    BadServer::start(move |asked| {
        if asked.path.contains("registered-models/get") {
            return json("200 OK", r#"{"registered_model":{"name":"shop"}}"#);
        }
        json(
            "200 OK",
            &format!(
                r#"{{"metrics":[{{"key":"m","value":1}}],"next_page_token":"{}"}}"#,
                next(&token(asked))
            ),
        )
    })
}

/// The page token in the query or the body of a request.
fn token(request: &Request) -> String {
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap_or_default();
    let in_query = request
        .path
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("page_token="));
    body["page_token"]
        .as_str()
        .or(in_query)
        .unwrap_or_default()
        .to_owned()
}

/// Every listing that a reader follows to its end.
async fn follow_all(reader: &Reader) -> Vec<(&'static str, StoreError)> {
    let run = ArtifactOwner::Run("r".into());
    let logged = ArtifactOwner::LoggedModel("m-1".into());
    vec![
        (
            "experiments",
            reader.experiments(LifecycleFilter::All).await.map(drop),
        ),
        ("models", reader.models().await.map(drop)),
        ("versions", reader.versions(&"shop".into()).await.map(drop)),
        (
            "versions of a run",
            reader.versions_of_run(&"r".into()).await.map(drop),
        ),
        (
            "logged models",
            reader
                .logged_models(&"1".into(), &"r".into())
                .await
                .map(drop),
        ),
        ("artifacts", reader.artifacts(&run, "").await.map(drop)),
        (
            "files of a logged model",
            reader.artifacts(&logged, "").await.map(drop),
        ),
        (
            "history",
            reader
                .histories(&["r".into()], "m", Resolution::Full)
                .await
                .map(drop),
        ),
    ]
    .into_iter()
    .map(|(name, done)| (name, done.expect_err(name)))
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_page_tokens_are_not_followed() {
    let rules: [fn(&str) -> &'static str; 2] = [
        |_| "again",
        |last| if last == "tick" { "tock" } else { "tick" },
    ];
    for rule in rules {
        let server = listing_server(rule);
        let faults = tokio::time::timeout(Duration::from_mins(1), follow_all(&reader(&server.url)))
            .await
            .expect("an end");
        for (name, fault) in faults {
            assert_eq!(
                fault.kind,
                StoreErrorKind::InvalidResponse,
                "{name}: {fault}"
            );
            assert!(
                fault.to_string().contains("the same page twice"),
                "{name}: {fault}"
            );
            assert_clear_error(name, &fault);
        }
        assert!(
            server.requests().len() < 40,
            "{} questions for 8 listings",
            server.requests().len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn self_referencing_page_is_an_invalid_response() {
    let server = listing_server(|_| "again");
    let reader = reader(&server.url);
    let query = RunQuery {
        experiments: vec!["1".into()],
        page_size: 10,
        ..RunQuery::default()
    };
    let first = reader.runs(&query, None).await.unwrap();
    let fault = reader.runs(&query, first.next.as_ref()).await.unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::InvalidResponse);
    assert_clear_error("runs", &fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_error_is_shortened_to_one_line() {
    let server = BadServer::always(response(
        "500 Internal Server Error",
        &[],
        "é".repeat(20_000),
    ));
    let fault = reader(&server.url)
        .experiments(LifecycleFilter::All)
        .await
        .unwrap_err();
    assert_clear_error("a long error", &fault);
}
