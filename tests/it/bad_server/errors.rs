//! A table of responses: the error of a read, and whether a write may have been applied.

use std::time::Duration;

use frontrunner::domain::{StoreError, StoreErrorKind, StoreWrite};
use frontrunner::store::rest::{RestStore, Timeouts};
use frontrunner::store::{ConnectOptions, LifecycleFilter, ReadStore, WriteStore};
use tokio::task::JoinSet;
use url::Url;

use super::assert_clear_error;
use crate::support::bad_server::{
    BadServer, Response, gzip_bomb, html, json, mlflow_error, response,
};

/// The state of a write that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteOutcome {
    /// Not sent, so that it can be retried.
    NotSent,
    /// Refused by the server, and not applied.
    Refused,
    /// Perhaps applied.
    Unknown,
}
use WriteOutcome::{NotSent, Refused, Unknown};

/// A response, and the errors that it causes.
struct Case {
    name: &'static str,
    /// `None` for a port without a server.
    response: Option<Response>,
    kind: StoreErrorKind,
    /// A part of the message.
    message: &'static str,
    write: WriteOutcome,
    /// How often a read is sent.
    reads: usize,
}

fn case(
    name: &'static str,
    says: Response,
    kind: StoreErrorKind,
    expected_message: &'static str,
    write: WriteOutcome,
) -> Case {
    Case {
        name,
        response: Some(says),
        kind,
        message: expected_message,
        write,
        reads: 1,
    }
}

impl Case {
    /// Whether the client has to give up. Its patience is short then, and for nothing else than the server.
    fn is_silent(&self) -> bool {
        matches!(
            self.response,
            Some(Response::Silence | Response::Unfinished(_))
        )
    }
}

/// A read is retried after a transient error.
fn retried(mut case: Case) -> Case {
    case.reads = 3;
    case
}

fn connections() -> Vec<Case> {
    let cut = |head: &str| {
        Response::Bytes(
            format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{\"experiments\": [").into_bytes(),
        )
    };
    vec![
        Case {
            name: "no server",
            response: None,
            kind: StoreErrorKind::Unreachable,
            message: "refused",
            write: NotSent,
            reads: 0,
        },
        case(
            "silence",
            Response::Silence,
            StoreErrorKind::Timeout,
            "no response within 5 s",
            Unknown,
        ),
        case(
            "a body that stops",
            Response::Unfinished(truncated_response("1000")),
            StoreErrorKind::Timeout,
            "incomplete after",
            Unknown,
        ),
        retried(case(
            "a hang-up",
            Response::Bytes(vec![]),
            StoreErrorKind::Unreachable,
            "connection lost",
            Unknown,
        )),
        retried(case(
            "another protocol",
            Response::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            StoreErrorKind::Unreachable,
            "connection lost",
            Unknown,
        )),
        case(
            "a cut body",
            cut("Content-Length: 1000"),
            StoreErrorKind::InvalidResponse,
            "ended early",
            Unknown,
        ),
        case(
            "cut chunks",
            cut("Transfer-Encoding: chunked"),
            StoreErrorKind::InvalidResponse,
            "ended early",
            Unknown,
        ),
    ]
}

fn truncated_response(length: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{{\"experiments\": [").into_bytes()
}

fn statuses() -> Vec<Case> {
    use StoreErrorKind::{
        Busy, Conflict, InvalidRequest, NotFound, PermissionDenied, ResponseTooLarge, ServerError,
        Timeout, Unauthenticated,
    };
    let wait = |seconds: &str| {
        response(
            "503 Service Unavailable",
            &[&format!("Retry-After: {seconds}")],
            "waking up",
        )
    };
    let hostile = "no \u{1b}[31mright\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}\nsecond line";
    vec![
        case(
            "401",
            html("401 Unauthorized"),
            Unauthenticated,
            "401",
            Refused,
        ),
        case(
            "401 of MLflow",
            response("401 Unauthorized", &[], "You are not authenticated."),
            Unauthenticated,
            "not authenticated",
            Refused,
        ),
        case(
            "403",
            html("403 Forbidden"),
            PermissionDenied,
            "403",
            Refused,
        ),
        case(
            "403 of MLflow's edge",
            response("403 Forbidden", &[], "Invalid Host header"),
            PermissionDenied,
            "--allowed-hosts",
            Refused,
        ),
        case(
            "403 with a code",
            mlflow_error("403 Forbidden", "PERMISSION_DENIED", hostile),
            PermissionDenied,
            "no ␛[31mright␛]0;owned␇‹U+009B›2J‹U+202E›",
            Refused,
        ),
        case(
            "404 page",
            html("404 Not Found"),
            StoreErrorKind::InvalidResponse,
            "not an MLflow server",
            Refused,
        ),
        case(
            "404 of a gateway",
            json("404 Not Found", r#"{"detail":"Not Found"}"#),
            StoreErrorKind::InvalidResponse,
            "not an MLflow server",
            Refused,
        ),
        case(
            "404 with a code",
            mlflow_error("404 Not Found", "RESOURCE_DOES_NOT_EXIST", "No such thing"),
            NotFound,
            "No such thing",
            Refused,
        ),
        case(
            "400 with a code",
            mlflow_error("400 Bad Request", "INVALID_PARAMETER_VALUE", hostile),
            InvalidRequest,
            "no ␛[31mright",
            Refused,
        ),
        case("409", html("409 Conflict"), Conflict, "409", Refused),
        case(
            "exists",
            mlflow_error("400 Bad Request", "RESOURCE_ALREADY_EXISTS", "there is one"),
            Conflict,
            "there is one",
            Refused,
        ),
        case(
            "413",
            html("413 Payload Too Large"),
            ResponseTooLarge,
            "413",
            Refused,
        ),
        case(
            "500",
            html("500 Internal Server Error"),
            ServerError,
            "500",
            Unknown,
        ),
        case(
            "500 with a code",
            mlflow_error("500 Internal Server Error", "INTERNAL_ERROR", "disk full"),
            ServerError,
            "disk full",
            Unknown,
        ),
        case("502", html("502 Bad Gateway"), ServerError, "502", Unknown),
        case("504", html("504 Gateway Timeout"), Timeout, "504", Unknown),
        retried(case(
            "429",
            html("429 Too Many Requests"),
            Busy,
            "429",
            Unknown,
        )),
        retried(case("503, soon", wait("1"), Busy, "waking up", Unknown)),
        retried(case("503, odd", wait("-1"), Busy, "waking up", Unknown)),
        case(
            "503, much later",
            wait("1000000000000"),
            Busy,
            "waking up",
            Unknown,
        ),
        case(
            "moved",
            response("302 Found", &["Location: http://127.0.0.1:1/login"], ""),
            StoreErrorKind::InvalidResponse,
            "127.0.0.1:1/login",
            Unknown,
        ),
        case(
            "moved nowhere",
            response("308 Permanent Redirect", &[], ""),
            StoreErrorKind::InvalidResponse,
            "another address",
            Unknown,
        ),
        // A gateway with status 200 for everything: the code in the body decides.
        case(
            "200, denied",
            mlflow_error("200 OK", "PERMISSION_DENIED", "not you"),
            PermissionDenied,
            "not you",
            Refused,
        ),
        case(
            "200, broken",
            mlflow_error("200 OK", "INTERNAL_ERROR", "out of memory"),
            ServerError,
            "out of memory",
            Unknown,
        ),
        case(
            "400, out of time",
            mlflow_error("400 Bad Request", "DEADLINE_EXCEEDED", "too late"),
            Timeout,
            "too late",
            Unknown,
        ),
        retried(case(
            "400, busy",
            mlflow_error("400 Bad Request", "TEMPORARILY_UNAVAILABLE", "later"),
            Busy,
            "later",
            Unknown,
        )),
        case(
            "500, odd unbelievable",
            mlflow_error("599 \u{e9}", "SOMETHING_NEW", ""),
            ServerError,
            "SOMETHING_NEW",
            Unknown,
        ),
    ]
}

fn bodies() -> Vec<Case> {
    use StoreErrorKind::InvalidResponse;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_page =
        format!(r#"{{"experiments":[{{"name":{deep}}}],"model_version":{{"name":{deep}}}}}"#);
    let bomb = response("200 OK", &["Content-Encoding: gzip"], gzip_bomb(80 << 20));
    vec![
        case(
            "a login page",
            html("200 OK"),
            InvalidResponse,
            "a web page instead of JSON",
            Unknown,
        ),
        case(
            "nothing",
            json("200 OK", ""),
            InvalidResponse,
            "empty",
            Unknown,
        ),
        case(
            "204",
            response("204 No Content", &[], ""),
            InvalidResponse,
            "empty",
            Unknown,
        ),
        case(
            "text",
            response("200 OK", &[], "OK"),
            InvalidResponse,
            "not JSON",
            Unknown,
        ),
        case(
            "cut JSON",
            json("200 OK", r#"{"experiments":[{"name":"a"#),
            InvalidResponse,
            "unexpected JSON",
            Unknown,
        ),
        case(
            "broken JSON",
            json("200 OK", "{\n\"experiments\": [}\u{1b}[2J]}"),
            InvalidResponse,
            "line 2",
            Unknown,
        ),
        case(
            "a list",
            json("200 OK", r#"["a", "b"]"#),
            InvalidResponse,
            "unexpected JSON",
            Unknown,
        ),
        case(
            "no UTF-8",
            response(
                "200 OK",
                &[],
                b"{\"experiments\":[{\"name\":\"\xff\xfe\"}]}",
            ),
            InvalidResponse,
            "unexpected JSON",
            Unknown,
        ),
        case(
            "very deep JSON",
            json("200 OK", &deep_page),
            InvalidResponse,
            "unexpected JSON",
            Unknown,
        ),
        case(
            "no gzip",
            response("200 OK", &["Content-Encoding: gzip"], "{}"),
            InvalidResponse,
            "ended early",
            Unknown,
        ),
        case(
            "a gzip bomb",
            bomb,
            StoreErrorKind::ResponseTooLarge,
            "larger than 64 MiB",
            Unknown,
        ),
    ]
}

/// Checks a case with a reader and a writer; timeouts are short where the case is about them.
async fn check_case(case: Case) {
    let mut patience = Timeouts::default();
    if case.is_silent() {
        let short = Duration::from_secs(5);
        (patience.read, patience.write) = (short, short);
    }
    let Case {
        name,
        response: says,
        kind,
        message: expected_message,
        write,
        reads,
    } = case;
    let server = says.map(BadServer::always);
    let url = server
        .as_ref()
        .map_or("http://127.0.0.1:1", |server| &server.url);
    let store = RestStore::with_timeouts(
        &Url::parse(url).unwrap(),
        &ConnectOptions::default(),
        patience,
    )
    .unwrap();
    let fault = store
        .experiments(LifecycleFilter::All)
        .await
        .expect_err(name);
    assert_eq!(fault.kind, kind, "{name}: {fault}");
    assert!(
        fault.to_string().contains(expected_message),
        "{name}: {fault} does not contain {expected_message:?}"
    );
    assert_clear_error(name, &fault);
    let request_count = || server.as_ref().map_or(0, |server| server.requests().len());
    assert_eq!(request_count(), reads, "{name}: how often a read is sent");

    let tags = vec![frontrunner::domain::KeyValue::new(
        "frontrunner.intent",
        "x",
    )];
    let create = StoreWrite::CreateVersion {
        name: "shop".into(),
        source: "runs:/r/m".into(),
        run_id: "r".into(),
        tags,
    };
    let fault = store
        .writer()
        .unwrap()
        .write(&create)
        .await
        .expect_err(name);
    assert_eq!(write_outcome(&fault), write, "{name}: {fault:?}");
    assert_clear_error(name, &fault);
    assert_eq!(
        request_count(),
        reads + usize::from(server.is_some()),
        "{name}: a write is sent once, whatever happens"
    );
}

fn write_outcome(fault: &StoreError) -> WriteOutcome {
    match (fault.not_sent, fault.outcome_unknown) {
        (true, false) => NotSent,
        (false, true) => Unknown,
        (false, false) => Refused,
        (true, true) => panic!("never left and may be done: {fault:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn server_failures_give_clear_errors_and_true_write_outcomes() {
    let (silent, others): (Vec<_>, Vec<_>) = connections()
        .into_iter()
        .chain(statuses())
        .chain(bodies())
        .partition(Case::is_silent);
    let mut failures = Vec::new();
    // The silent ones by themselves: the work of all others would take their patience.
    for group in [others, silent] {
        let mut cases: JoinSet<()> = group.into_iter().map(check_case).collect();
        while let Some(done) = cases.join_next().await {
            failures.extend(
                done.err()
                    .map(|error| *error.into_panic().downcast::<String>().expect("a message")),
            );
        }
    }
    assert!(
        failures.is_empty(),
        "{} of the cases fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn request_is_retried_until_the_server_is_up() {
    let woken = std::sync::atomic::AtomicBool::new(false);
    let server = BadServer::start(move |_| {
        if woken.swap(true, std::sync::atomic::Ordering::SeqCst) {
            json(
                "200 OK",
                r#"{"experiments":[{"experiment_id":"7","name":"seven"}]}"#,
            )
        } else {
            response("503 Service Unavailable", &["Retry-After: 0"], "")
        }
    });
    let found = super::reader(&server.url)
        .experiments(LifecycleFilter::Active)
        .await
        .unwrap();
    assert_eq!(
        (found.len(), found[0].id.raw(), server.requests().len()),
        (1, "7", 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_after_is_reported() {
    let server = BadServer::always(response("429 Too Many Requests", &["Retry-After: 77"], ""));
    let fault = super::reader(&server.url)
        .experiments(LifecycleFilter::Active)
        .await
        .unwrap_err();
    assert_eq!(fault.retry_after, Some(77));
}
