//! How many requests a command sends, with which tokens, and how it waits for the limits of a workspace.

use std::collections::BTreeMap;

use super::workspace::{CLIENT, MODEL, RUN, TOKEN};
use super::{Fixture, path_with, write_script};
use crate::support::program::ProgramOutput;

const EXPERIMENT: &str = "/Users/ann@example.com/exp";

/// Runs the program as a service principal.
fn run_by_oauth(fixture: &Fixture, arguments: &[&str]) -> ProgramOutput {
    let variables = [
        ("DATABRICKS_HOST", fixture.workspace.url()),
        ("DATABRICKS_CLIENT_ID", CLIENT.0),
        ("DATABRICKS_CLIENT_SECRET", CLIENT.1),
        ("MLFLOW_TRACKING_URI", "databricks"),
    ];
    fixture.run_with(arguments, &variables)
}

/// All requests, with how often each came.
fn counts(fixture: &Fixture) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in fixture.workspace.server.requests() {
        *counts
            .entry(format!(
                "{} {} {}",
                request.method, request.path, request.body
            ))
            .or_default() += 1;
    }
    counts
}

fn count(fixture: &Fixture, words: &str) -> usize {
    let all = counts(fixture);
    let found = all.iter().filter(|(request, _)| request.contains(words));
    found.map(|(_, count)| count).sum()
}

#[test]
fn a_workspace_without_a_registry_of_its_own_is_opened() {
    for arguments in [
        vec!["best", EXPERIMENT, "--goal", "acc max"],
        vec!["runs", EXPERIMENT],
        vec!["doctor"],
        vec!["lineage", "main.ml.churn@champion"],
    ] {
        let fixture = Fixture::new();
        fixture.workspace.state.lock().unwrap().is_registry_disabled = true;
        let output = fixture.run(&arguments);
        assert_eq!(output.code, 0, "{arguments:?}: {output:?}");
        let own = count(&fixture, "/mlflow/registered-models/");
        assert_eq!(own, 0, "{arguments:?}");
    }
}

#[test]
fn runs_and_models_share_one_login() {
    let fixture = Fixture::new();
    let output = run_by_oauth(&fixture, &["lineage", "main.ml.churn@champion"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(fixture.workspace.state.lock().unwrap().issued, 1);
    assert_eq!(count(&fixture, "/.well-known/"), 1);

    let bin = fixture.home().join("bin");
    let print = format!(
        r#"echo "$@" >> args; echo '{{"access_token": "{TOKEN}", "expiry": "2099-01-01T00:00:00Z"}}'"#
    );
    write_script(&bin, "databricks", &print);
    fixture.write_profiles("[cli]\nhost = HOST\n");
    let path = path_with(&bin);
    let arguments = ["--target", "databricks://cli", "versions", MODEL];
    let output = fixture.run_with(&arguments, &[("PATH", &path)]);
    assert_eq!(output.code, 0, "{output:?}");
    let runs = std::fs::read_to_string(fixture.home().join("args")).unwrap();
    assert_eq!(runs, "auth token --profile cli\n");
    fixture.workspace.assert_allowed();
}

#[test]
fn tokens_that_are_issued_elsewhere_are_found() {
    let fixture = Fixture::new();
    fixture.workspace.state.lock().unwrap().oidc = "/oidc/accounts/acc-1";
    let output = run_by_oauth(&fixture, &["experiments"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(count(&fixture, "/.well-known/"), 3);
}

#[test]
fn a_token_that_expires_in_the_middle_of_a_promotion_is_replaced() {
    for rejects_by_403 in [false, true] {
        // Before the plan, among its reads, and among the writes.
        for valid_calls in [1, 6, 16, 18] {
            let fixture = Fixture::new();
            {
                let mut state = fixture.workspace.state.lock().unwrap();
                state.rejects_by_403 = rejects_by_403;
                state.valid_calls = Some(valid_calls);
            }
            let arguments = ["promote", "main.ml.churn/2", "--to", "@champion", "--yes"];
            let output = run_by_oauth(&fixture, &arguments);
            assert_eq!(output.code, 0, "{rejects_by_403} {valid_calls}: {output:?}");
            let state = fixture.workspace.state.lock().unwrap();
            assert_eq!((state.issued, state.aliases["champion"].as_str()), (2, "2"));
        }
    }
}

#[test]
fn a_rejected_token_is_sent_again_only_if_there_is_another_one() {
    let fixture = Fixture::new();
    let bin = fixture.home().join("bin");
    let path = path_with(&bin);
    fixture.write_profiles("[cli]\nhost = HOST\n");
    let run = |script: &str| {
        let before = fixture.workspace.calls().len();
        write_script(&bin, "databricks", script);
        let arguments = ["--target", "databricks://cli", "experiments"];
        let output = fixture.run_with(&arguments, &[("PATH", &path)]);
        (output, fixture.workspace.calls().len() - before)
    };
    // A version that keeps its token, and does not know how to get another one.
    let (output, calls) = run(
        r#"case "$*" in *--force-refresh*) exit 1;; esac; echo '{"access_token": "old-token"}'"#,
    );
    assert_eq!((output.code, calls), (5, 1), "{output:?}");
    assert!(
        output.stderr.contains("databricks auth login") && !output.stderr.contains("old-token"),
        "{output:?}"
    );
    let refreshing = format!(
        r#"case "$*" in *--force-refresh*) token={TOKEN};; *) token=old-token;; esac
echo "{{\"access_token\": \"$token\"}}""#
    );
    let (output, calls) = run(&refreshing);
    assert_eq!((output.code, calls), (0, 2), "{output:?}");
}

#[test]
fn limits_hold_writes_up_and_do_not_fail_them() {
    let fixture = Fixture::new();
    fixture.workspace.state.lock().unwrap().busy_at = Some("registered-models/alias");
    let arguments = ["promote", "main.ml.churn/2", "--to", "@champion", "--yes"];
    let output = fixture.run(&arguments);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(
        count(
            &fixture,
            "POST /api/2.0/mlflow/unity-catalog/registered-models/alias"
        ),
        2
    );
    let state = fixture.workspace.state.lock().unwrap();
    assert_eq!(state.aliases["champion"], "2");
}

#[test]
fn a_wait_can_be_a_date() {
    let fixture = Fixture::new();
    let date = std::time::SystemTime::now() + std::time::Duration::from_secs(4);
    let date = jiff::Timestamp::try_from(date).unwrap();
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    let header = printer.timestamp_to_rfc9110_string(&date).unwrap();
    {
        let mut state = fixture.workspace.state.lock().unwrap();
        (state.busy, state.retry_after) = (1, header);
    }
    let started = std::time::Instant::now();
    fixture.json(&["experiments"]);
    assert!(started.elapsed() >= std::time::Duration::from_secs(2));
    assert_eq!(fixture.workspace.calls().len(), 2);
}

#[test]
fn a_wait_that_is_too_long_is_reported_instead() {
    let fixture = Fixture::new();
    {
        let mut state = fixture.workspace.state.lock().unwrap();
        (state.busy, state.retry_after) = (1, "600".to_owned());
        state.is_token_busy = true;
    }
    let output = fixture.run(&["experiments"]);
    assert_eq!(output.code, 6, "{output:?}");
    assert!(output.stderr.contains("wait for 600 s"), "{output:?}");
    assert_eq!(fixture.workspace.calls().len(), 1);

    let output = run_by_oauth(&fixture, &["experiments"]);
    assert_eq!(output.code, 6, "{output:?}");
    // The secret is not the cause.
    assert!(!output.stderr.contains("SECRET"), "{output:?}");
    assert_eq!(count(&fixture, "/oidc/v1/token"), 1);
}

#[test]
fn nothing_is_asked_twice() {
    for arguments in [
        vec!["best", EXPERIMENT, "--goal", "acc max"],
        vec!["show", RUN],
        vec!["models"],
        vec!["versions", MODEL],
        vec!["history", MODEL],
    ] {
        let fixture = Fixture::new();
        fixture.json(&arguments);
        let twice: Vec<_> = counts(&fixture)
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .collect();
        assert_eq!(twice, [], "{arguments:?}");
        fixture.workspace.assert_allowed();
    }
}

#[test]
fn a_version_is_found_without_reading_all_of_them() {
    let fixture = Fixture::new();
    fixture.json(&["lineage", "main.ml.churn@champion"]);
    // Once to find it, once for its lineage.
    assert_eq!(count(&fixture, "registered-models/get?"), 2);
    // As the holder of the alias, and with the versions of its run.
    assert_eq!(
        count(&fixture, "model-versions/get?name=main.ml.churn&version=2"),
        2
    );
}

#[test]
fn a_service_principal_of_azure_sends_the_tokens_that_the_workspace_needs() {
    let fixture = Fixture::new();
    let url = fixture.workspace.url().to_owned();
    let variables = [
        ("DATABRICKS_HOST", url.as_str()),
        ("ARM_CLIENT_ID", CLIENT.0),
        ("ARM_CLIENT_SECRET", CLIENT.1),
        ("ARM_TENANT_ID", "tenant"),
        ("AZURE_AUTHORITY_HOST", url.as_str()),
        (
            "DATABRICKS_AZURE_RESOURCE_ID",
            "/subscriptions/s/workspaces/w",
        ),
        ("MLFLOW_TRACKING_URI", "databricks"),
    ];
    let output = fixture.run_with(&["versions", MODEL], &variables);
    assert_eq!(output.code, 0, "{output:?}");
    let requests = fixture.workspace.server.requests();
    let calls = requests.iter().filter(|one| one.path.contains("/api/"));
    for call in calls {
        for line in [
            "authorization: bearer entra-databricks",
            "x-databricks-azure-workspace-resource-id: /subscriptions/s/workspaces/w",
            "x-databricks-azure-sp-management-token: entra-management",
        ] {
            assert!(call.headers.lines().any(|known| known == line), "{call:?}");
        }
    }
    assert_eq!(count(&fixture, "/tenant/oauth2/token"), 2);
    let wrong = variables.map(|(name, value)| match name {
        "ARM_CLIENT_SECRET" => (name, "hunter2"),
        _ => (name, value),
    });
    let output = fixture.run_with(&["versions", MODEL], &wrong);
    assert!(
        output.stderr.contains("AADSTS7000215") && output.stderr.contains("secret has not expired"),
        "{output:?}"
    );
    assert!(!output.stderr.contains("hunter2"));
}
