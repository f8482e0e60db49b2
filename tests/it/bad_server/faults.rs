//! One table of what servers do: what a read says of it, and whether a write may have been carried out.

use std::time::Duration;

use frontrunner::domain::{Fault, FaultKind, RegistryWrite};
use frontrunner::store::rest::{Patience, RestStore};
use frontrunner::store::{Connection, Read, View, Write};
use tokio::task::JoinSet;
use url::Url;

use super::assert_clear;
use crate::support::bad_server::{BadServer, Says, answer, gzip_bomb, html, json, told};

/// What is known of a write that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It never left this machine: it may be sent again.
    NeverLeft,
    /// The server said no: nothing was done.
    Refused,
    /// Nobody knows.
    MaybeDone,
}
use Outcome::{MaybeDone, NeverLeft, Refused};

/// What a server does, and what is to be made of it.
struct Case {
    name: &'static str,
    /// Nothing where nobody listens.
    says: Option<Says>,
    kind: FaultKind,
    /// What the line must tell.
    tells: &'static str,
    write: Outcome,
    /// How often a read is sent in all.
    reads: usize,
}

fn case(
    name: &'static str,
    says: Says,
    kind: FaultKind,
    tells: &'static str,
    write: Outcome,
) -> Case {
    Case {
        name,
        says: Some(says),
        kind,
        tells,
        write,
        reads: 1,
    }
}

/// What may pass by itself is asked for again.
fn passing(mut case: Case) -> Case {
    case.reads = 3;
    case
}

fn connections() -> Vec<Case> {
    let cut = |head: &str| {
        Says::Bytes(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{{\"experiments\": [").into_bytes())
    };
    vec![
        Case {
            name: "nobody listens",
            says: None,
            kind: FaultKind::Unreachable,
            tells: "refused",
            write: NeverLeft,
            reads: 0,
        },
        case(
            "silence",
            Says::Nothing,
            FaultKind::TimedOut,
            "no answer within 3 s",
            MaybeDone,
        ),
        case(
            "a body that stops",
            Says::Endless(cut_head("1000"), vec![]),
            FaultKind::TimedOut,
            "not complete within 3 s",
            MaybeDone,
        ),
        passing(case(
            "a hang-up",
            Says::Bytes(vec![]),
            FaultKind::Unreachable,
            "the connection broke",
            MaybeDone,
        )),
        passing(case(
            "another protocol",
            Says::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            FaultKind::Unreachable,
            "broke",
            MaybeDone,
        )),
        case(
            "a cut body",
            cut("Content-Length: 1000"),
            FaultKind::Malformed,
            "broke off",
            MaybeDone,
        ),
        case(
            "cut chunks",
            cut("Transfer-Encoding: chunked"),
            FaultKind::Malformed,
            "broke off",
            MaybeDone,
        ),
    ]
}

fn cut_head(length: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{{\"experiments\": [").into_bytes()
}

fn statuses() -> Vec<Case> {
    use FaultKind::{
        Broken, Busy, Conflict, Denied, Invalid, Missing, TimedOut, TooLarge, Unauthenticated,
    };
    let wait = |seconds: &str| {
        answer(
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
            answer("401 Unauthorized", &[], "You are not authenticated."),
            Unauthenticated,
            "not authenticated",
            Refused,
        ),
        case("403", html("403 Forbidden"), Denied, "403", Refused),
        case(
            "403 of MLflow's edge",
            answer("403 Forbidden", &[], "Invalid Host header"),
            Denied,
            "--allowed-hosts",
            Refused,
        ),
        case(
            "403 told",
            told("403 Forbidden", "PERMISSION_DENIED", hostile),
            Denied,
            "no ␛[31mright␛]0;owned␇‹U+009B›2J‹U+202E›",
            Refused,
        ),
        case(
            "404 page",
            html("404 Not Found"),
            FaultKind::Malformed,
            "there is no MLflow at this address",
            Refused,
        ),
        case(
            "404 of a gateway",
            json("404 Not Found", r#"{"detail":"Not Found"}"#),
            FaultKind::Malformed,
            "no MLflow",
            Refused,
        ),
        case(
            "404 told",
            told("404 Not Found", "RESOURCE_DOES_NOT_EXIST", "No such thing"),
            Missing,
            "No such thing",
            Refused,
        ),
        case(
            "400 told",
            told("400 Bad Request", "INVALID_PARAMETER_VALUE", hostile),
            Invalid,
            "no ␛[31mright",
            Refused,
        ),
        case("409", html("409 Conflict"), Conflict, "409", Refused),
        case(
            "exists",
            told("400 Bad Request", "RESOURCE_ALREADY_EXISTS", "there is one"),
            Conflict,
            "there is one",
            Refused,
        ),
        case(
            "413",
            html("413 Payload Too Large"),
            TooLarge,
            "413",
            Refused,
        ),
        case(
            "500",
            html("500 Internal Server Error"),
            Broken,
            "500",
            MaybeDone,
        ),
        case(
            "500 told",
            told("500 Internal Server Error", "INTERNAL_ERROR", "disk full"),
            Broken,
            "disk full",
            MaybeDone,
        ),
        case("502", html("502 Bad Gateway"), Broken, "502", MaybeDone),
        case(
            "504",
            html("504 Gateway Timeout"),
            TimedOut,
            "504",
            MaybeDone,
        ),
        passing(case(
            "429",
            html("429 Too Many Requests"),
            Busy,
            "429",
            MaybeDone,
        )),
        passing(case("503, soon", wait("1"), Busy, "waking up", MaybeDone)),
        passing(case("503, odd", wait("-1"), Busy, "waking up", MaybeDone)),
        case(
            "503, much later",
            wait("1000000000000"),
            Busy,
            "waking up",
            MaybeDone,
        ),
        case(
            "moved",
            answer("302 Found", &["Location: http://127.0.0.1:1/login"], ""),
            FaultKind::Malformed,
            "127.0.0.1:1/login",
            MaybeDone,
        ),
        case(
            "moved nowhere",
            answer("308 Permanent Redirect", &[], ""),
            FaultKind::Malformed,
            "somewhere else",
            MaybeDone,
        ),
        // A gateway that answers 200 to everything: the code in the body decides, as the status would have.
        case(
            "200, denied",
            told("200 OK", "PERMISSION_DENIED", "not you"),
            Denied,
            "not you",
            Refused,
        ),
        case(
            "200, broken",
            told("200 OK", "INTERNAL_ERROR", "out of memory"),
            Broken,
            "out of memory",
            MaybeDone,
        ),
        case(
            "400, out of time",
            told("400 Bad Request", "DEADLINE_EXCEEDED", "too late"),
            TimedOut,
            "too late",
            MaybeDone,
        ),
        passing(case(
            "400, busy",
            told("400 Bad Request", "TEMPORARILY_UNAVAILABLE", "later"),
            Busy,
            "later",
            MaybeDone,
        )),
        case(
            "500, odd unbelievable",
            told("599 \u{e9}", "SOMETHING_NEW", ""),
            Broken,
            "SOMETHING_NEW",
            MaybeDone,
        ),
    ]
}

fn bodies() -> Vec<Case> {
    use FaultKind::Malformed;
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_page =
        format!(r#"{{"experiments":[{{"name":{deep}}}],"model_version":{{"name":{deep}}}}}"#);
    let bomb = answer("200 OK", &["Content-Encoding: gzip"], gzip_bomb(80 << 20));
    vec![
        case(
            "a login page",
            html("200 OK"),
            Malformed,
            "a web page answered",
            MaybeDone,
        ),
        case("nothing", json("200 OK", ""), Malformed, "empty", MaybeDone),
        case(
            "204",
            answer("204 No Content", &[], ""),
            Malformed,
            "empty",
            MaybeDone,
        ),
        case(
            "text",
            answer("200 OK", &[], "OK"),
            Malformed,
            "not MLflow's JSON",
            MaybeDone,
        ),
        case(
            "cut JSON",
            json("200 OK", r#"{"experiments":[{"name":"a"#),
            Malformed,
            "not the JSON",
            MaybeDone,
        ),
        case(
            "broken JSON",
            json("200 OK", "{\n\"experiments\": [}\u{1b}[2J]}"),
            Malformed,
            "line 2",
            MaybeDone,
        ),
        case(
            "a list",
            json("200 OK", r#"["a", "b"]"#),
            Malformed,
            "not the JSON",
            MaybeDone,
        ),
        case(
            "no UTF-8",
            answer(
                "200 OK",
                &[],
                b"{\"experiments\":[{\"name\":\"\xff\xfe\"}]}",
            ),
            Malformed,
            "not the JSON",
            MaybeDone,
        ),
        case(
            "very deep JSON",
            json("200 OK", &deep_page),
            Malformed,
            "not the JSON",
            MaybeDone,
        ),
        case(
            "no gzip",
            answer("200 OK", &["Content-Encoding: gzip"], "{}"),
            Malformed,
            "broke off",
            MaybeDone,
        ),
        case(
            "a gzip bomb",
            bomb,
            FaultKind::TooLarge,
            "larger than 64 MiB",
            MaybeDone,
        ),
    ]
}

/// What a server does is asked for with a reader and a writer; only who waits on purpose waits less than everyone.
async fn hold(case: Case) {
    let Case {
        name,
        says,
        kind,
        tells,
        write,
        reads,
    } = case;
    let short = Duration::from_secs(3);
    let mut patience = Patience::default();
    if kind == FaultKind::TimedOut && tells.contains("3 s") {
        (patience.read, patience.write) = (short, short);
    }
    let server = says.map(BadServer::saying);
    let url = server
        .as_ref()
        .map_or("http://127.0.0.1:1", |server| &server.url);
    let store =
        RestStore::with_patience(&Url::parse(url).unwrap(), &Connection::default(), patience)
            .unwrap();
    let fault = store.experiments(View::All).await.expect_err(name);
    assert_eq!(fault.kind, kind, "{name}: {fault}");
    assert!(
        fault.to_string().contains(tells),
        "{name}: {fault} does not tell {tells:?}"
    );
    assert_clear(name, &fault);
    let asked = || server.as_ref().map_or(0, |server| server.seen().len());
    assert_eq!(asked(), reads, "{name}: how often a read is sent");

    let tags = vec![frontrunner::domain::write::Tag::new(
        "frontrunner.intent",
        "x",
    )];
    let create = RegistryWrite::CreateVersion {
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
    assert_eq!(outcome(&fault), write, "{name}: {fault:?}");
    assert_clear(name, &fault);
    assert_eq!(
        asked(),
        reads + usize::from(server.is_some()),
        "{name}: a write is sent once, whatever happens"
    );
}

fn outcome(fault: &Fault) -> Outcome {
    match (fault.never_left, fault.maybe_done) {
        (true, false) => NeverLeft,
        (false, true) => MaybeDone,
        (false, false) => Refused,
        (true, true) => panic!("never left and may be done: {fault:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_server_does_is_a_clear_fault_and_an_honest_write() {
    let mut cases: JoinSet<()> = connections()
        .into_iter()
        .chain(statuses())
        .chain(bodies())
        .map(hold)
        .collect();
    let mut failures = Vec::new();
    while let Some(done) = cases.join_next().await {
        failures.extend(
            done.err()
                .map(|error| *error.into_panic().downcast::<String>().expect("a message")),
        );
    }
    assert!(
        failures.is_empty(),
        "{} of the cases fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wakes_up_is_asked_again_and_answers() {
    let woken = std::sync::atomic::AtomicBool::new(false);
    let server = BadServer::start(move |_| {
        if woken.swap(true, std::sync::atomic::Ordering::SeqCst) {
            json(
                "200 OK",
                r#"{"experiments":[{"experiment_id":"7","name":"seven"}]}"#,
            )
        } else {
            answer("503 Service Unavailable", &["Retry-After: 0"], "")
        }
    });
    let found = super::reader(&server.url)
        .experiments(View::Active)
        .await
        .unwrap();
    assert_eq!(
        (found.len(), found[0].id.raw(), server.seen().len()),
        (1, "7", 2)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_to_wait_is_told() {
    let server = BadServer::saying(answer("429 Too Many Requests", &["Retry-After: 77"], ""));
    let fault = super::reader(&server.url)
        .experiments(View::Active)
        .await
        .unwrap_err();
    assert_eq!(fault.retry_after, Some(77));
}
