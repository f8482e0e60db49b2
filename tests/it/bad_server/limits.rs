//! Servers without an end: bodies, errors, files and listings are left as soon as there is enough of them.

use std::time::Duration;

use frontrunner::domain::{ArtifactHome, Fault, FaultKind};
use frontrunner::store::{Reader, Resolution, RunQuery, View};

use super::{assert_clear, reader};
use crate::support::bad_server::{Asked, BadServer, Says, answer, json, told};

/// What the systems on both ends may hold of a body that nobody reads any more: loopback buffers grow to some MiB.
const ON_THE_WAY: usize = 24 << 20;

fn endless(status: &str, begin: &str) -> BadServer {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n\r\n{begin}");
    BadServer::saying(Says::Endless(head.into_bytes(), vec![b' '; 64 << 10]))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_is_left_at_its_limit() {
    let server = endless("200 OK", r#"{"experiments":["#);
    let fault = reader(&server.url)
        .experiments(View::All)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::TooLarge, "{fault}");
    assert!(fault.advice().contains("filter"), "{}", fault.advice());
    assert_clear("endless", &fault);
    assert!(
        server.sent() < (64 << 20) + ON_THE_WAY,
        "{} bytes were taken",
        server.sent()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_error_is_left_much_earlier() {
    let server = endless("500 Internal Server Error", "disk\u{1b}[2J full ");
    let fault = reader(&server.url)
        .experiments(View::All)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Broken, "{fault}");
    assert_clear("an endless error", &fault);
    assert!(
        server.sent() < ON_THE_WAY,
        "{} bytes were taken",
        server.sent()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_leaves_an_endless_file_after_its_beginning() {
    let server = endless("200 OK", "the beginning");
    let preview = reader(&server.url)
        .preview(&ArtifactHome::Run("r".into()), "a.txt", 1_000)
        .await
        .unwrap();
    assert_eq!((preview.bytes.len(), preview.truncated), (1_000, true));
    assert!(preview.bytes.starts_with(b"the beginning  "));
    assert!(
        server.sent() < ON_THE_WAY,
        "{} bytes were taken",
        server.sent()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_of_few_bytes_is_refused_in_the_words_of_the_server() {
    let server = BadServer::saying(told(
        "404 Not Found",
        "RESOURCE_DOES_NOT_EXIST",
        "No such artifact: 'a.txt'",
    ));
    let fault = reader(&server.url)
        .preview(&ArtifactHome::Run("r".into()), "a.txt", 4)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Missing, "{fault}");
    assert!(fault.to_string().contains("No such artifact"), "{fault}");
}

/// Listings that go on with the token that this gives to the last one.
fn listings(next: fn(&str) -> &'static str) -> BadServer {
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

/// The token that a question has, in its query or in its body.
fn token(asked: &Asked) -> String {
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap_or_default();
    let in_query = asked
        .path
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("page_token="));
    body["page_token"]
        .as_str()
        .or(in_query)
        .unwrap_or_default()
        .to_owned()
}

/// Every listing that a reader follows to its end by itself.
async fn follow_all(reader: &Reader) -> Vec<(&'static str, Fault)> {
    let run = ArtifactHome::Run("r".into());
    let logged = ArtifactHome::LoggedModel("m-1".into());
    vec![
        ("experiments", reader.experiments(View::All).await.map(drop)),
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
                .histories(&["r".into()], "m", Resolution::Exact)
                .await
                .map(drop),
        ),
    ]
    .into_iter()
    .map(|(name, done)| (name, done.expect_err(name)))
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_pages_again_and_again_are_not_followed() {
    let rules: [fn(&str) -> &'static str; 2] = [
        |_| "again",
        |last| if last == "tick" { "tock" } else { "tick" },
    ];
    for rule in rules {
        let server = listings(rule);
        let faults = tokio::time::timeout(Duration::from_mins(1), follow_all(&reader(&server.url)))
            .await
            .expect("an end");
        for (name, fault) in faults {
            assert_eq!(fault.kind, FaultKind::Malformed, "{name}: {fault}");
            assert!(
                fault.to_string().contains("again and again"),
                "{name}: {fault}"
            );
            assert_clear(name, &fault);
        }
        assert!(
            server.seen().len() < 40,
            "{} questions for 8 listings",
            server.seen().len()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_runs_that_leads_to_itself_is_malformed() {
    let server = listings(|_| "again");
    let reader = reader(&server.url);
    let query = RunQuery {
        experiments: vec!["1".into()],
        page_size: 10,
        ..RunQuery::default()
    };
    let first = reader.runs(&query, None).await.unwrap();
    let fault = reader.runs(&query, first.next.as_ref()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Malformed);
    assert_clear("runs", &fault);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_error_is_told_in_a_line() {
    let server = BadServer::saying(answer("500 Internal Server Error", &[], "é".repeat(20_000)));
    let fault = reader(&server.url)
        .experiments(View::All)
        .await
        .unwrap_err();
    assert_clear("a long error", &fault);
}
