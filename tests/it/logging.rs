//! `--log FILE`: what it records, and the secrets that it leaves out.

use std::path::PathBuf;

use base64::Engine as _;

use crate::support::bad_server::{BadServer, Response};
use crate::support::program::{Program, run_to_end};

const SECRETS: [&str; 3] = ["planted-password", "planted-token", "planted-in-file"];

/// A server that refuses every request and repeats its headers, credentials included.
fn refusing_server() -> BadServer {
    BadServer::start(|request| {
        let body =
            serde_json::json!({ "error_code": "PERMISSION_DENIED", "message": request.headers })
                .to_string();
        let head = format!(
            "HTTP/1.1 403 Forbidden\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Response::Bytes((head + &body).into_bytes())
    })
}

fn log_file(program: &Program) -> PathBuf {
    program.folder().join("frontrunner.log")
}

/// Runs a subcommand against the server with variables, and returns the log so far.
fn log_of(program: &Program, target: &str, variables: &[(&str, &str)]) -> String {
    let log = log_file(program);
    let mut command = program.command(&[
        "experiments",
        "--target",
        target,
        "--log",
        log.to_str().unwrap(),
    ]);
    command
        .env("HOME", program.folder())
        .envs(variables.iter().copied());
    assert_ne!(run_to_end(command).code, 0);
    std::fs::read_to_string(log).unwrap()
}

#[test]
fn log_has_requests_and_errors_but_no_secrets() {
    let program = Program::new();
    let server = refusing_server();
    let [password, token, in_file] = SECRETS;
    log_of(&program, &server.url, &[("MLFLOW_TRACKING_TOKEN", token)]);
    log_of(
        &program,
        &server.url,
        &[
            ("MLFLOW_TRACKING_USERNAME", "ana"),
            ("MLFLOW_TRACKING_PASSWORD", password),
        ],
    );
    let folder = program.folder().join(".mlflow");
    std::fs::create_dir(&folder).unwrap();
    let credentials =
        format!("[mlflow]\nmlflow_tracking_username = ana\nmlflow_tracking_password = {in_file}\n");
    std::fs::write(folder.join("credentials"), credentials).unwrap();
    log_of(&program, &server.url, &[]);
    let in_url = server
        .url
        .replace("http://", &format!("http://ana:{password}@"));
    let log = log_of(&program, &format!("{in_url}/?token={token}"), &[]);

    for expected in [
        "started version=",
        "opening store kind=\"MLflow server\"",
        "method=POST path=\"/api/2.0/mlflow/",
        "status=403",
        "ERROR",
    ] {
        assert!(log.contains(expected), "{expected:?} is missing:\n{log}");
    }
    for secret in SECRETS {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("ana:{secret}"));
        assert!(
            !log.contains(secret) && !log.contains(&basic),
            "{secret} is in the log:\n{log}"
        );
    }
}

#[test]
fn log_file_that_cannot_be_opened_is_an_error() {
    let program = Program::new();
    let folder = program.folder().to_str().unwrap();
    let ended = program.run(&["experiments", "--log", folder]);
    assert_ne!(ended.code, 0);
    assert!(
        ended.stderr.contains("can't open the log file"),
        "{}",
        ended.stderr
    );
}

#[test]
fn variable_names_the_log_file() {
    let program = Program::new();
    let mut command =
        program.command(&["experiments", "--target", program.store().to_str().unwrap()]);
    command.env("FRONTRUNNER_LOG", log_file(&program));
    assert_eq!(run_to_end(command).code, 0);
    let log = std::fs::read_to_string(log_file(&program)).unwrap();
    assert!(log.contains("kind=\"SQLite file\""), "{log}");
}
