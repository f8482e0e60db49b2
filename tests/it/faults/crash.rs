//! The program is killed at each step: what it leaves behind is the truth, and can be finished or undone.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use frontrunner::ops::journal::Journal;
use frontrunner::promotion::Intent;
use frontrunner::promotion::journal::EntryState;
use frontrunner::store::rest::RestStore;
use frontrunner::store::{ConnectOptions, ReadStore};
use serde_json::Value;

use super::REQUEST_DELAY;
use crate::support::fault_proxy::FaultProxy;
use crate::support::mlflow::{Server, V3};
use crate::support::program::Program;

/// Promotes, with the line going dead after so many requests and the program killed then. Returns whether it was.
fn promote_and_kill(program: &Program, proxy: &FaultProxy, requests: usize) -> bool {
    proxy.hang_after(requests, requests % 2 == 1);
    let arguments = [
        "promote",
        "churn-classifier/6",
        "--to",
        "Production",
        "--archive-existing",
        "--yes",
        "--target",
        &proxy.url,
    ];
    let mut child = program
        .command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let killed = loop {
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        if proxy.is_hung() {
            // SIGKILL: nothing can be tidied up.
            child.kill().unwrap();
            break true;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    child.wait().unwrap();
    proxy.resume();
    killed
}

#[test]
fn recovery_is_correct_after_a_kill_at_any_step() {
    let program = Program::new();
    let server = Server::start(V3, program.folder());
    let proxy = FaultProxy::start(&server.url, 0, REQUEST_DELAY);
    let at = |arguments: &[&str]| program.run(&[arguments, &["--target", &proxy.url]].concat());
    let stages = || {
        let versions: Value =
            serde_json::from_str(&at(&["versions", "churn-classifier", "--json"]).stdout).unwrap();
        let stage = |version: &Value| {
            (
                version["version"].to_string().trim_matches('"').to_owned(),
                version["current_stage"].as_str().unwrap().to_owned(),
            )
        };
        versions
            .as_array()
            .unwrap()
            .iter()
            .map(stage)
            .collect::<BTreeMap<_, _>>()
    };
    let before = stages();
    let (mut kills, mut told) = (0, BTreeMap::<&str, usize>::new());
    for requests in 0.. {
        if !promote_and_kill(&program, &proxy, requests) {
            break;
        }
        kills += 1;
        let now = stages();
        let entries = Journal::with_path(program.journal())
            .entries(&store_origin(&proxy.url))
            .unwrap();
        let open = entries.iter().find(|entry| entry.is_unresolved());
        let Some(entry) = open else {
            assert_eq!(
                now, before,
                "killed after {requests} requests: something was changed, and there is no record"
            );
            *told.entry("nothing was begun").or_default() += 1;
            continue;
        };
        assert_eq!(entry.state, EntryState::Unfinished);
        let history = at(&["history", "churn-classifier", "--json"]).stdout;
        assert!(
            history.contains("(unfinished)"),
            "killed after {requests} requests: {history}"
        );
        *told
            .entry(if now == before {
                "unfinished, as before"
            } else {
                "unfinished, and done"
            })
            .or_default() += 1;
        if requests % 3 == 0 {
            // It can be finished ...
            let again = at(&[
                "promote",
                "churn-classifier/6",
                "--to",
                "Production",
                "--archive-existing",
                "--yes",
            ]);
            assert_eq!(
                (again.code, stages()["6"].as_str()),
                (0, "Production"),
                "killed after {requests} requests: {again:?}"
            );
        }
        // ... and undone.
        for entry in Journal::with_path(program.journal())
            .entries(&store_origin(&proxy.url))
            .unwrap()
            .iter()
            .rev()
        {
            if entry.undone_by.is_none()
                && !matches!(entry.plan.intent, Intent::Undo(_))
                && stages() != before
            {
                at(&[
                    "rollback",
                    "churn-classifier",
                    "--entry",
                    &entry.id,
                    "--yes",
                ]);
            }
        }
        assert_eq!(
            stages(),
            before,
            "killed after {requests} requests, and not undone"
        );
        // The next kill begins with a journal of its own.
        std::fs::remove_file(program.journal()).unwrap();
    }
    println!("killed {kills} times: {told:?}");
    assert!(kills > 8, "{kills}");
}

/// The identity of a server, as the journal has it.
fn store_origin(url: &str) -> String {
    RestStore::connect(&url.parse().unwrap(), &ConnectOptions::default())
        .unwrap()
        .origin()
        .to_owned()
}
