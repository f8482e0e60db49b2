//! Credentials are sent to one server only, never to another host, and never displayed.

use std::sync::Arc;

use frontrunner::domain::{StoreError, StoreWrite, VersionNumber};
use frontrunner::store::rest::RestStore;
use frontrunner::store::{ConnectOptions, LifecycleFilter, ReadStore, RunQuery, WriteStore};
use secrecy::SecretString;
use url::Url;

use super::assert_clear_error;
use crate::support::bad_server::{
    BadServer, Request, Response, html, json, mlflow_error, response,
};

const SECRET: &str = "hunter2/canary+9f";
/// `ana:hunter2/canary+9f` in HTTP's Basic encoding.
const BASIC: &str = "YW5hOmh1bnRlcjIvY2FuYXJ5Kzlm";

fn identities() -> [(&'static str, ConnectOptions); 2] {
    let secret = || Some(SecretString::from(SECRET));
    [
        (
            "token",
            ConnectOptions {
                token: secret(),
                ..ConnectOptions::default()
            },
        ),
        (
            "basic",
            ConnectOptions {
                username: Some("ana".to_owned()),
                password: secret(),
                ..ConnectOptions::default()
            },
        ),
    ]
}

fn store(url: &str, connection: &ConnectOptions) -> RestStore {
    RestStore::connect(&Url::parse(url).unwrap(), connection).unwrap()
}

fn alias() -> StoreWrite {
    StoreWrite::SetAlias {
        name: "shop".into(),
        alias: "champion".into(),
        version: VersionNumber(1),
    }
}

/// The credentials of a request, as they were sent.
fn authorization(request: &Request) -> Option<&str> {
    request
        .headers
        .lines()
        .find_map(|line| line.strip_prefix("authorization: "))
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_never_forward_credentials() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        for (name, connection) in identities() {
            let thief = BadServer::always(json("200 OK", "{}"));
            let location = format!("Location: {}/api/2.0/mlflow/experiments/search", thief.url);
            let server = BadServer::always(response(status, &[&location], html_body()));
            let store = store(&server.url, &connection);
            for fault in [
                store.experiments(LifecycleFilter::All).await.unwrap_err(),
                store.writer().unwrap().write(&alias()).await.unwrap_err(),
            ] {
                assert!(
                    fault.to_string().contains(&thief.url),
                    "{status}: {fault} does not say where"
                );
                assert_clear_error(status, &fault);
            }
            assert_eq!(
                server
                    .requests()
                    .iter()
                    .filter(|asked| authorization(asked).is_some())
                    .count(),
                2,
                "{name}"
            );
            assert_eq!(thief.requests().len(), 0, "{name}: {status} was followed");
        }
    }
}

fn html_body() -> &'static str {
    "<html>elsewhere</html>"
}

/// Responses that echo parts of a request: (name, response).
fn echoing_responses(header: &str) -> Vec<(&'static str, Response)> {
    let before_the_cut = "x".repeat(490);
    vec![
        (
            "in MLflow's words",
            mlflow_error(
                "403 Forbidden",
                "PERMISSION_DENIED",
                &format!("{header} may not"),
            ),
        ),
        (
            "in other words",
            response(
                "500 Internal Server Error",
                &[],
                format!("headers: {header}"),
            ),
        ),
        (
            "by a gateway with 200",
            mlflow_error("200 OK", "PERMISSION_DENIED", header),
        ),
        (
            "where a message is cut",
            mlflow_error(
                "403 Forbidden",
                "PERMISSION_DENIED",
                &format!("{before_the_cut}{header}"),
            ),
        ),
        (
            "where a text is cut",
            response(
                "500 Internal Server Error",
                &[],
                format!("{before_the_cut}{header}"),
            ),
        ),
        (
            "as a place",
            response(
                "302 Found",
                &[&format!("Location: /login?who={header}")],
                "",
            ),
        ),
        (
            "as an address spells it",
            response(
                "302 Found",
                &["Location: /login?token=hunter2%2Fcanary%2B9f"],
                "",
            ),
        ),
        ("as a code", mlflow_error("400 Bad Request", header, "")),
        ("as a page", html("403 Forbidden")),
    ]
}

/// Fails if the error contains the secret, or a guessable part of it.
fn assert_no_secret(name: &str, fault: &StoreError) {
    let all = format!("{fault} {fault:?} {} {}", fault.why.raw(), fault.what);
    for secret in [SECRET, BASIC, "hunter2%2Fcanary%2B9f"] {
        let begins = secret
            .char_indices()
            .filter(|(at, _)| *at >= 5)
            .map(|(at, _)| &secret[..at]);
        let leaked: Vec<_> = begins.filter(|begin| all.contains(begin)).collect();
        assert!(leaked.is_empty(), "{name}: {fault} contains {leaked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn echoed_secrets_are_redacted() {
    for (who, connection) in identities() {
        let probe = BadServer::always(html("403 Forbidden"));
        store(&probe.url, &connection)
            .experiments(LifecycleFilter::All)
            .await
            .unwrap_err();
        // The recorded headers are in lower case, so the original value is restored.
        let header = match who {
            "token" => format!("Bearer {SECRET}"),
            _ => format!("Basic {BASIC} ana:{SECRET}"),
        };
        assert_eq!(
            authorization(&probe.requests()[0]).map(|sent| sent[..6].to_owned()),
            Some(header[..6].to_lowercase())
        );
        for (name, says) in echoing_responses(&header) {
            let server = BadServer::always(says);
            let store = store(&server.url, &connection);
            let query = RunQuery {
                experiments: vec!["1".into()],
                page_size: 1,
                ..RunQuery::default()
            };
            let writer = store.writer().unwrap();
            let faults = [
                store.experiments(LifecycleFilter::All).await.unwrap_err(),
                store.runs(&query, None).await.unwrap_err(),
                store.features().await.unwrap_err(),
                store.run(&"r".into()).await.unwrap_err(),
                writer.write(&alias()).await.unwrap_err(),
            ];
            for fault in faults {
                assert_no_secret(&format!("{who}, {name}"), &fault);
                assert_clear_error(name, &fault);
            }
            assert!(
                !writer.describe(&alias()).contains("hunter"),
                "a plan contains the secret"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn store_name_and_session_show_no_secret() {
    for (_, connection) in identities() {
        let store = Arc::new(store(
            "http://127.0.0.1:1/team?api_key=hunter2#x",
            &connection,
        ));
        assert_eq!(
            (store.name(), store.origin()),
            ("http://127.0.0.1:1/team", "http://127.0.0.1:1/team")
        );
        assert!(!format!("{connection:?}").contains("hunter"));
    }
}
