//! Logins: what is sent, how often, and what is said about credentials that are wrong, missing or ambiguous.

use super::workspace::{CLIENT, TOKEN};
use super::{Fixture, path_with, write_script};
use crate::support::bad_server::{self, BadServer};
use crate::support::program::{Program, run_to_end};

#[test]
fn four_logins_open_the_same_workspace() {
    let fixture = Fixture::new();
    let host = fixture.workspace.url().to_owned();
    fixture.write_profiles(&format!(
        "[DEFAULT]\nhost = https://wrong.example.org\ntoken = wrong\n[prod]\nhost = HOST/\ntoken = {TOKEN}\n[cli]\nhost = HOST\n"
    ));
    let bin = fixture.home().join("bin");
    let printed = format!(
        r#"echo '{{"access_token": "{TOKEN}", "token_type": "Bearer", "expiry": "2099-01-01T00:00:00Z"}}'; echo "$@" > args"#
    );
    write_script(&bin, "databricks", &printed);
    let path = path_with(&bin);
    let logins: [(&str, Vec<(&str, &str)>); 4] = [
        (
            "databricks",
            vec![("DATABRICKS_HOST", &host), ("DATABRICKS_TOKEN", TOKEN)],
        ),
        (
            "databricks",
            vec![
                ("DATABRICKS_HOST", &host),
                ("DATABRICKS_CLIENT_ID", CLIENT.0),
                ("DATABRICKS_CLIENT_SECRET", CLIENT.1),
            ],
        ),
        ("databricks://prod", vec![]),
        ("databricks://cli", vec![("PATH", &path)]),
    ];
    for (target, variables) in logins {
        let output = fixture.run_with(&["--target", target, "experiments", "--json"], &variables);
        assert_eq!(output.code, 0, "{target}: {output:?}");
        assert!(
            output.stdout.contains("/Users/ann@example.com/exp"),
            "{output:?}"
        );
    }
    let arguments = std::fs::read_to_string(fixture.home().join("args")).unwrap();
    assert_eq!(arguments.trim(), "auth token --profile cli");
    // One discovery, one token; the official client repeats the discovery before every call.
    assert_eq!(fixture.workspace.state.lock().unwrap().issued, 1);
    let discoveries = fixture.workspace.server.requests();
    let discoveries = discoveries
        .iter()
        .filter(|asked| asked.path.contains("/.well-known/"));
    assert_eq!(discoveries.count(), 1);
    fixture.workspace.assert_allowed();
}

#[test]
fn what_is_wrong_with_a_login_is_named() {
    let fixture = Fixture::new();
    let host = fixture.workspace.url().to_owned();
    fixture.write_profiles("[prod]\nhost = HOST\ntoken = dapi-expired-77\n");
    let open = |target: &str, variables: &[(&str, &str)]| {
        let output = fixture.run_with(&["--target", target, "experiments"], variables);
        assert_ne!(output.code, 0, "{output:?}");
        assert!(!output.stderr.contains("dapi-expired-77") && !output.stderr.contains("hunter2"));
        output.stderr
    };
    let here = ("DATABRICKS_HOST", host.as_str());
    for (target, variables, words) in [
        (
            "databricks://prod",
            vec![],
            ["was not sent", "create another one"],
        ),
        (
            "databricks://stage",
            vec![],
            [
                "no profile stage; its profiles are prod",
                "databricks://PROFILE",
            ],
        ),
        (
            "databricks",
            vec![],
            ["no profile DEFAULT", "name another profile"],
        ),
        (
            "databricks",
            vec![
                here,
                ("DATABRICKS_CLIENT_ID", "x"),
                ("DATABRICKS_CLIENT_SECRET", "hunter2"),
            ],
            [
                "invalid_client: Client authentication failed",
                "DATABRICKS_CLIENT_SECRET",
            ],
        ),
        (
            "databricks",
            vec![
                here,
                ("DATABRICKS_TOKEN", "hunter2"),
                ("DATABRICKS_CLIENT_ID", "x"),
                ("DATABRICKS_CLIENT_SECRET", "hunter2"),
            ],
            [
                "more than one login: pat and oauth-m2m",
                "DATABRICKS_AUTH_TYPE",
            ],
        ),
        (
            "databricks",
            vec![
                here,
                ("ARM_CLIENT_ID", "x"),
                ("ARM_CLIENT_SECRET", "hunter2"),
            ],
            ["but no azure_tenant_id", "ARM_TENANT_ID"],
        ),
        (
            "databricks-uc",
            vec![here, ("DATABRICKS_TOKEN", "hunter2")],
            ["it is a model registry", "--registry"],
        ),
        (
            "databricks",
            vec![here, ("DATABRICKS_CLI_PATH", "/nowhere/databricks")],
            ["no token or secret is configured", "databricks auth login"],
        ),
        (
            "databricks",
            vec![
                ("DATABRICKS_HOST", "http://workspace.example.org"),
                ("DATABRICKS_TOKEN", "hunter2"),
            ],
            ["is not https", "use the https address"],
        ),
    ] {
        let message = open(target, &variables);
        for word in words {
            assert!(message.contains(word), "{target} {variables:?}: {message}");
        }
    }
}

#[test]
fn doctor_lists_the_steps_of_a_login() {
    let fixture = Fixture::new();
    let output = fixture.run(&["doctor"]);
    assert_eq!(output.code, 0, "{output:?}");
    for words in [
        "configuration  the environment: http://127.0.0.1",
        "credential     personal access token of the environment",
        "registry",
        "databricks-uc (MLflow's default for this store)",
        "Databricks, models: Unity Catalog",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            squeezed(&output.stdout).contains(&squeezed(words)),
            "{words}: {}",
            output.stdout
        );
    }
    assert!(!output.stdout.contains(TOKEN));
    fixture.workspace.assert_allowed();

    let host = fixture.workspace.url().to_owned();
    let variables = [
        ("DATABRICKS_HOST", host.as_str()),
        ("DATABRICKS_CLIENT_ID", CLIENT.0),
        ("DATABRICKS_CLIENT_SECRET", "hunter2"),
    ];
    let output = fixture.run_with(&["doctor", "databricks"], &variables);
    assert_ne!(output.code, 0);
    assert!(
        output.stdout.contains("PROBLEM") && output.stdout.contains("invalid_client"),
        "{}",
        output.stdout
    );
    assert!(!output.stdout.contains("hunter2"));
}

#[test]
fn the_token_command_of_a_profile_runs_again_after_a_401() {
    let program = Program::new();
    let server = BadServer::start(|request| {
        if !request.headers.contains("authorization: bearer token-2") {
            return bad_server::response(
                "401 Unauthorized",
                &[
                    "Content-Type: text/html",
                    "WWW-Authenticate: Basic realm=\"mlflow\"",
                ],
                "You are not authenticated.",
            );
        }
        bad_server::json(
            "200 OK",
            r#"{"experiments": [{"experiment_id": "1", "name": "churn", "lifecycle_stage": "active"}]}"#,
        )
    });
    let bin = program.folder().join("bin");
    write_script(
        &bin,
        "print-token",
        "echo x >> calls; echo token-$(wc -l < calls | tr -d ' ')",
    );
    let command = bin.join("print-token");
    program.write_config(&format!(
        "[profile.team]\ntarget = \"{}\"\ntoken_command = [\"{}\"]\n",
        server.url,
        command.display()
    ));
    let output = run_to_end(program.command(&["--profile", "team", "experiments", "--json"]));
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(server.requests().len(), 2);
    assert_eq!(
        std::fs::read_to_string(program.folder().join("calls"))
            .unwrap()
            .lines()
            .count(),
        2
    );

    std::fs::remove_file(&command).unwrap();
    let output = run_to_end(program.command(&["--profile", "team", "experiments"]));
    assert!(
        output.stderr.contains("there is no such program"),
        "{output:?}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_busy_workspace_is_waited_for() {
    let fixture = Fixture::new();
    fixture.workspace.state.lock().unwrap().busy = 2;
    let found = fixture.json(&["experiments"]);
    assert_eq!(found[0]["experiment_id"], "42");
    assert_eq!(fixture.workspace.calls().len(), 3);
}

#[test]
fn a_wait_for_the_limit_of_requests_is_on_the_screen() {
    let fixture = Fixture::new();
    {
        let mut state = fixture.workspace.state.lock().unwrap();
        (state.busy, state.retry_after) = (1, "5".to_owned());
    }
    let pty = fixture.open_session();
    pty.wait_for(" s: rate limit");
    pty.wait_for("/Users/ann@example.com/exp");
    pty.wait_until("the end of the wait", || !pty.text().contains("rate limit"));
    fixture.workspace.assert_allowed();
}

#[test]
fn the_program_of_a_kubeconfig_prints_the_token() {
    let program = Program::new();
    let server = BadServer::start(|request| {
        if request.headers.contains("authorization: bearer kube-token") {
            bad_server::json("200 OK", r#"{"experiments": []}"#)
        } else {
            bad_server::response("401 Unauthorized", &["Content-Type: text/html"], "no")
        }
    });
    let bin = program.folder().join("bin");
    let print = r#"[ "$1 $CLUSTER" = "get-token eu" ] && [ -n "$KUBERNETES_EXEC_INFO" ] || { echo "error: wrong call" >&2; exit 1; }
echo '{"kind": "ExecCredential", "status": {"token": "kube-token", "expirationTimestamp": "2099-01-01T00:00:00Z"}}'"#;
    write_script(&bin, "cloud", print);
    let run = |argument: &str| {
        let config = format!(
            "current-context: b\ncontexts: [{{name: b, context: {{user: y}}}}]\nusers: [{{name: y, user: {{exec: \
             {{apiVersion: client.authentication.k8s.io/v1, command: {}, args: [{argument}], env: [{{name: CLUSTER, value: eu}}]}}}}}}]\n",
            bin.join("cloud").display()
        );
        std::fs::write(program.folder().join("kubeconfig"), config).unwrap();
        let mut command = program.command(&["--target", &server.url, "experiments", "--json"]);
        command.env("KUBECONFIG", program.folder().join("kubeconfig"));
        command.env("MLFLOW_TRACKING_AUTH", "kubernetes");
        run_to_end(command)
    };
    let known = run("get-token");
    assert_eq!(known.code, 0, "{known:?}");
    let wrong = run("nonsense");
    assert_eq!(wrong.code, 5, "{wrong:?}");
    assert!(wrong.stderr.contains("error: wrong call"), "{wrong:?}");
}

#[test]
fn kubernetes_tokens_and_namespaces_are_sent() {
    let program = Program::new();
    let server = BadServer::start(|request| {
        let is_known = request.headers.contains("authorization: bearer kube-token")
            && request.headers.contains("x-mlflow-workspace: vision");
        if is_known {
            bad_server::json("200 OK", r#"{"experiments": []}"#)
        } else {
            bad_server::response("401 Unauthorized", &["Content-Type: text/html"], "no")
        }
    });
    let config = "current-context: b\ncontexts: [{name: b, context: {user: y, namespace: vision}}]\nusers: [{name: y, user: {token: kube-token}}]\n";
    std::fs::write(program.folder().join("kubeconfig"), config).unwrap();
    let run = |auth: &str| {
        let mut command = program.command(&["--target", &server.url, "experiments", "--json"]);
        command.env("KUBECONFIG", program.folder().join("kubeconfig"));
        command.env("MLFLOW_TRACKING_AUTH", auth);
        run_to_end(command)
    };
    assert_eq!(run("kubernetes-namespaced").code, 0);
    assert_ne!(run("kubernetes").code, 0);
    let unknown = run("corporate-sso");
    assert!(
        unknown.stderr.contains("plug-in of Python") && unknown.stderr.contains("token_command"),
        "{unknown:?}"
    );
}
