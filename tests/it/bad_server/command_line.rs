//! The program with bad servers: its exit code, one JSON error on stderr, nothing on stdout.

use std::process::Command;

use frontrunner::text::untrusted::is_hidden;
use serde_json::Value;

use crate::support::bad_server::{
    BadServer, Response, gzip_bomb, html, json, mlflow_error, response,
};

/// The credential that must not be in any output.
const CANARY: &str = "canary-7f3a9";

/// (name, response, exit code, code of the error)
fn cases() -> Vec<(&'static str, Option<Response>, i32, &'static str)> {
    let bomb = response("200 OK", &["Content-Encoding: gzip"], gzip_bomb(80 << 20));
    let hostile = format!("no \u{1b}[31mright\u{9b}2J\u{202e} {CANARY}\nnext");
    vec![
        ("no server", None, 6, "unreachable"),
        ("a hang-up", Some(Response::Bytes(vec![])), 6, "unreachable"),
        (
            "busy",
            Some(response(
                "503 Service Unavailable",
                &["Retry-After: 1000"],
                "",
            )),
            6,
            "busy",
        ),
        (
            "a gateway waited in vain",
            Some(html("504 Gateway Timeout")),
            6,
            "timed_out",
        ),
        ("401", Some(html("401 Unauthorized")), 5, "unauthenticated"),
        (
            "403",
            Some(mlflow_error("403 Forbidden", "PERMISSION_DENIED", &hostile)),
            5,
            "denied",
        ),
        (
            "404 with a code",
            Some(mlflow_error(
                "404 Not Found",
                "RESOURCE_DOES_NOT_EXIST",
                &hostile,
            )),
            3,
            "missing",
        ),
        ("404 page", Some(html("404 Not Found")), 1, "malformed"),
        (
            "400 with a code",
            Some(mlflow_error(
                "400 Bad Request",
                "INVALID_PARAMETER_VALUE",
                &hostile,
            )),
            2,
            "invalid",
        ),
        (
            "409",
            Some(mlflow_error("409 Conflict", "ABORTED", &hostile)),
            7,
            "conflict",
        ),
        (
            "500",
            Some(mlflow_error(
                "500 Internal Server Error",
                "INTERNAL_ERROR",
                &hostile,
            )),
            1,
            "broken",
        ),
        ("a login page", Some(html("200 OK")), 1, "malformed"),
        (
            "moved",
            Some(response(
                "302 Found",
                &["Location: https://evil.example/"],
                "",
            )),
            1,
            "malformed",
        ),
        (
            "a header that is none",
            Some(response(
                "302 Found",
                &["Location: https://evil.example/\u{1b}[2J"],
                "",
            )),
            6,
            "unreachable",
        ),
        (
            "cut JSON",
            Some(json("200 OK", r#"{"experiments":[{"name":"a"#)),
            1,
            "malformed",
        ),
        ("a gzip bomb", Some(bomb), 1, "too_large"),
    ]
}

fn program(url: &str, arguments: &[&str], folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
    command
        .args(arguments)
        .args(["--target", url])
        .current_dir(folder)
        .env_clear();
    command.envs([
        ("HOME", folder.as_os_str()),
        ("LANG", "C.UTF-8".as_ref()),
        ("MLFLOW_TRACKING_TOKEN", CANARY.as_ref()),
    ]);
    for name in ["CONFIG", "DATA", "CACHE"] {
        command.env(format!("FRONTRUNNER_{name}_DIR"), folder.join(name));
    }
    command
}

/// The error of the program with a bad server, or what is wrong with it.
fn check_case(
    arguments: &[&str],
    says: Option<Response>,
    exit: i32,
    code: &str,
) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let server = says.map(BadServer::always);
    let url = server
        .as_ref()
        .map_or("http://127.0.0.1:1", |server| &server.url);
    let output = program(url, arguments, folder.path()).output().unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    let fail = |what: &str| {
        Err(format!(
            "{what}; exit {:?}, stdout {out:?}, stderr {err}",
            output.status.code()
        ))
    };
    if output.status.code() != Some(exit) || !out.is_empty() {
        return fail(&format!("expected exit {exit} and no output"));
    }
    if err.lines().count() != 1
        || err
            .trim_end()
            .chars()
            .any(|c| c.is_control() || is_hidden(c))
        || err.contains(CANARY)
    {
        return fail("stderr is not one clean line without the secret");
    }
    let printed: Value = serde_json::from_str(&err).map_err(|error| format!("{error}: {err}"))?;
    let error = &printed["error"];
    let full = ["message", "cause", "next"]
        .iter()
        .all(|field| error[field].as_str().is_some_and(|text| text.len() > 5));
    if error["code"] != code || !full {
        fail(&format!(
            "expected code {code} with message, cause and next step"
        ))
    } else {
        Ok(())
    }
}

#[test]
fn bad_server_gives_exit_code_and_one_json_error() {
    let threads: Vec<_> = cases()
        .into_iter()
        .map(|(name, says, exit, code)| {
            std::thread::spawn(move || {
                let held = check_case(&["experiments", "--json"], says, exit, code);
                held.map_err(|why| format!("{name}: {why}"))
            })
        })
        .collect();
    let failures: Vec<_> = threads
        .into_iter()
        .filter_map(|thread| thread.join().unwrap().err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn all_reading_commands_fail_alike() {
    let commands: [&[&str]; 7] = [
        &["runs", "churn", "--json"],
        &["show", "0123456789abcdef", "--json"],
        &["best", "churn", "--goal", "acc max", "--json"],
        &["models", "--json"],
        &["versions", "shop", "--json"],
        &["lineage", "shop/1", "--json"],
        &["compare", "0123456789abcdef", "fedcba9876543210", "--json"],
    ];
    for command in commands {
        let refused = mlflow_error("403 Forbidden", "PERMISSION_DENIED", "no \u{1b}[31mright");
        check_case(command, Some(refused), 5, "denied")
            .unwrap_or_else(|why| panic!("{command:?}: {why}"));
    }
}

#[test]
fn text_error_has_three_clean_lines() {
    let folder = tempfile::tempdir().unwrap();
    let server = BadServer::always(mlflow_error(
        "403 Forbidden",
        "PERMISSION_DENIED",
        "no \u{1b}[31mright\u{7}",
    ));
    let output = program(&server.url, &["experiments"], folder.path())
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(5), [].as_slice())
    );
    let lines: Vec<_> = err.lines().collect();
    assert_eq!(lines.len(), 3, "{err}");
    assert!(
        lines[0].starts_with("error: ")
            && lines[1].contains("␛[31mright␇")
            && lines[2].starts_with("hint: "),
        "{err}"
    );
}
