//! Servers of one's own behind a login: MLflow's basic auth, which answers in plain text, and single sign-on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::bad_server::{self, BadServer, Request, Response};
use crate::support::program::{Program, ProgramOutput, run_to_end};

/// The only run that Ann may read.
const READABLE_RUN: &str = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";

/// MLflow's server with its own users. Ann may read; header values were made lower case when the request was read.
fn basic_auth(request: &Request) -> Response {
    let pair = STANDARD.encode("ann:s3cret/x").to_lowercase();
    let token = request.headers.contains("authorization: bearer good-token");
    if !token
        && !request
            .headers
            .contains(&format!("authorization: basic {pair}"))
    {
        return bad_server::response(
            "401 Unauthorized",
            &[
                "Content-Type: text/html; charset=utf-8",
                "WWW-Authenticate: Basic realm=\"mlflow\"",
            ],
            "You are not authenticated. Please see https://www.mlflow.org/docs/latest/auth/index.html for how to authenticate.",
        );
    }
    let path = request.path.split('?').next().unwrap();
    let body = match path {
        "/version" => return bad_server::response("200 OK", &[], "3.17.2"),
        "/api/2.0/mlflow/users/current" => {
            r#"{"is_basic_auth": true, "user": {"id": 2, "is_admin": false, "username": "ann"}}"#
        }
        "/api/2.0/mlflow/experiments/search" => {
            r#"{"experiments": [{"experiment_id": "1", "name": "churn", "lifecycle_stage": "active"}]}"#
        }
        "/api/2.0/mlflow/registered-models/search" => "{}",
        "/api/2.0/mlflow/runs/get" if request.path.contains(READABLE_RUN) => {
            r#"{"run": {"info": {"run_id": "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "experiment_id": "1", "status": "FINISHED", "lifecycle_stage": "active"}, "data": {}}}"#
        }
        _ => {
            return bad_server::response(
                "403 Forbidden",
                &["Content-Type: text/html; charset=utf-8"],
                "Permission denied",
            );
        }
    };
    bad_server::json("200 OK", body)
}

fn run(server: &BadServer, arguments: &[&str], variables: &[(&str, &str)]) -> ProgramOutput {
    let program = Program::new();
    let mut command = program.command(&[arguments, &["--target", &server.url]].concat());
    command
        .env("HOME", program.folder())
        .envs(variables.iter().copied());
    run_to_end(command)
}

const USER: (&str, &str) = ("MLFLOW_TRACKING_USERNAME", "ann");
const PASSWORD: (&str, &str) = ("MLFLOW_TRACKING_PASSWORD", "s3cret/x");

#[test]
fn wrong_and_missing_passwords_and_permissions_are_told_apart() {
    let server = BadServer::start(basic_auth);
    let wrong = ("MLFLOW_TRACKING_PASSWORD", "hunter2");
    for (arguments, variables, cause, cure) in [
        (
            vec!["experiments"],
            vec![],
            "You are not authenticated",
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN",
        ),
        (
            vec!["experiments"],
            vec![USER],
            "You are not authenticated",
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
        ),
        (
            vec!["experiments"],
            vec![USER, wrong],
            "You are not authenticated",
            "rejected the username or password",
        ),
        (
            vec!["experiments"],
            vec![("MLFLOW_TRACKING_TOKEN", "expired-token")],
            "You are not authenticated",
            "renew MLFLOW_TRACKING_TOKEN",
        ),
        // A user and password win over a token, as in MLflow's client.
        (
            vec!["experiments"],
            vec![USER, wrong, ("MLFLOW_TRACKING_TOKEN", "good-token")],
            "You are not authenticated",
            "rejected the username or password",
        ),
        (
            vec!["show", "0123456789abcdef0123456789abcdef"],
            vec![USER, PASSWORD],
            "Permission denied",
            "permission",
        ),
    ] {
        let output = run(&server, &arguments, &variables);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (5, ""),
            "{variables:?}: {output:?}"
        );
        assert!(
            output.stderr.contains(cause) && output.stderr.contains(cure),
            "{variables:?}: {output:?}"
        );
        assert!(!output.stderr.contains("hunter2") && !output.stderr.contains("expired-token"));
    }
    let known = run(&server, &["experiments"], &[USER, PASSWORD]);
    assert_eq!(known.code, 0, "{known:?}");
}

#[test]
fn denied_write_is_a_refusal_of_the_store() {
    let server = BadServer::start(basic_auth);
    let write = ["tag", READABLE_RUN, "checked=yes", "--yes"];
    let output = run(&server, &write, &[USER, PASSWORD]);
    assert_eq!(output.code, 5, "{output:?}");
    for text in ["nothing was changed", "Permission denied", "hint: "] {
        assert!(output.stderr.contains(text), "{text}: {output:?}");
    }
    let json = run(
        &server,
        &[&write[..], &["--json"]].concat(),
        &[USER, PASSWORD],
    );
    assert_eq!(json.code, 5, "{json:?}");
    assert!(json.stderr.contains(r#""code":"denied""#), "{json:?}");
}

#[test]
fn doctor_names_the_user_and_what_they_may_do() {
    let server = BadServer::start(basic_auth);
    let output = run(&server, &["doctor"], &[USER, PASSWORD]);
    assert!(
        output
            .stdout
            .contains("ann, no administrator: reads and writes need a permission"),
        "{output:?}"
    );
    assert!(!output.stdout.contains("s3cret"), "{output:?}");
}

#[test]
fn login_pages_are_recognized() {
    let page = "<html><body><form action=\"/login\"><input type=\"password\"></form></body></html>";
    let pages: [fn() -> Response; 6] = [
        || bad_server::html("200 OK"),
        || {
            bad_server::response(
                "200 OK",
                &["Content-Type: text/html"],
                "<form><input type=password></form>",
            )
        },
        || {
            bad_server::response(
                "200 OK",
                &["Content-Type: text/html"],
                "<script>location='https://login.microsoftonline.com/common'</script>",
            )
        },
        || {
            bad_server::response(
                "303 See Other",
                &["Location: https://idp.example.org/realms/main/protocol/openid-connect/auth?x=1"],
                "",
            )
        },
        || {
            bad_server::response(
                "302 Found",
                &["Location: https://sso.example.org/oauth2/authorize?x=1"],
                "",
            )
        },
        || {
            bad_server::response(
                "307 Temporary Redirect",
                &["Location: /login?next=%2Fapi"],
                "",
            )
        },
    ];
    for respond in pages {
        let server = BadServer::always(respond());
        let output = run(&server, &["experiments"], &[USER, PASSWORD]);
        assert_ne!(output.code, 0);
        assert!(
            output.stderr.contains("a login page") && output.stderr.contains("token_command"),
            "{output:?}"
        );
        // The credential went to the server itself, and nowhere else.
        assert!(
            server
                .requests()
                .iter()
                .all(|asked| asked.path.starts_with("/api/"))
        );
    }
    let server = BadServer::always(bad_server::response(
        "200 OK",
        &["Content-Type: text/html"],
        page,
    ));
    let output = run(&server, &["experiments"], &[]);
    assert!(
        output.stderr.contains("behind single sign-on"),
        "{output:?}"
    );
}

#[test]
fn what_proxies_and_other_frameworks_say_is_shown_as_text() {
    for (status, body, cause, cure) in [
        (
            "407 Proxy Authentication Required",
            "no",
            "the proxy asks for a login",
            "HTTPS_PROXY",
        ),
        (
            "401 Unauthorized",
            r#"{"detail": "token is too old"}"#,
            "  token is too old",
            "MLFLOW_TRACKING_TOKEN",
        ),
        (
            "403 Forbidden",
            r#"{"error": {"code": "Denied", "message": "no role"}}"#,
            "  no role",
            "permission",
        ),
    ] {
        let server = BadServer::always(bad_server::json(status, body));
        let output = run(
            &server,
            &["experiments"],
            &[("MLFLOW_TRACKING_TOKEN", "hunter2")],
        );
        assert_eq!(output.code, 5, "{status}: {output:?}");
        assert!(
            output.stderr.contains(cause) && output.stderr.contains(cure),
            "{status}: {output:?}"
        );
        assert!(!output.stderr.contains('{'), "{output:?}");
    }
}

#[test]
fn a_plan_does_not_look_for_a_registry_that_it_reads() {
    let server = BadServer::start(|request| {
        let path = request.path.split('?').next().unwrap();
        let body = match path.trim_start_matches("/api/2.0/mlflow/") {
            "/version" => return bad_server::response("200 OK", &[], "3.17.2"),
            "registered-models/get" => r#"{"registered_model": {"name": "churn"}}"#,
            "model-versions/search" => {
                r#"{"model_versions": [{"name": "churn", "version": "1", "status": "READY", "source": "s3://b/x"}]}"#
            }
            _ => "{}",
        };
        bad_server::json("200 OK", body)
    });
    let output = run(
        &server,
        &["promote", "churn/1", "--to", "@champion", "--plan"],
        &[],
    );
    assert_eq!(output.code, 0, "{output:?}");
    let requests = server.requests();
    let is_probe = |one: &&Request| one.path.contains("registered-models/search");
    assert_eq!(requests.iter().filter(is_probe).count(), 0, "{requests:#?}");
    // Once to find the version, and once for the plan.
    let models = requests
        .iter()
        .filter(|one| one.path.contains("registered-models/get"));
    assert_eq!(models.count(), 2, "{requests:#?}");
}

#[test]
fn what_is_wrong_with_a_proxy_is_not_taken_for_the_servers_fault() {
    let refusing = BadServer::always(bad_server::response(
        "407 Proxy Authentication Required",
        &["Proxy-Authenticate: Basic realm=x"],
        "",
    ));
    let program = Program::new();
    let run = |proxy: &str| {
        let mut command =
            program.command(&["experiments", "--target", "https://mlflow.example.org"]);
        command
            .env("HTTPS_PROXY", proxy)
            .env("MLFLOW_TRACKING_TOKEN", "hunter2");
        run_to_end(command)
    };
    let output = run(&refusing.url);
    assert_eq!(output.code, 5, "{output:?}");
    assert!(
        output.stderr.contains("the proxy asks for a login")
            && output.stderr.contains("the password of the proxy"),
        "{output:?}"
    );
    // The credential is for the server, behind TLS.
    let asked = refusing.requests();
    assert!(asked.iter().all(|one| one.method == "CONNECT"), "{asked:?}");
    assert!(asked.iter().all(|one| !one.headers.contains("hunter2")));

    let with_login = refusing.url.replace("://", "://user:secret-pw@");
    let output = run(&with_login);
    let line = format!(
        "proxy-authorization: basic {}",
        STANDARD.encode("user:secret-pw")
    )
    .to_lowercase();
    let asked = refusing.requests();
    assert!(
        asked.iter().any(|one| one.headers.contains(&line)),
        "{asked:?}"
    );
    assert!(!output.stderr.contains("secret-pw"), "{output:?}");

    let output = run("http://127.0.0.1:1");
    assert_eq!(output.code, 6, "{output:?}");
    assert!(
        output.stderr.contains("can't reach the proxy"),
        "{output:?}"
    );
}
