//! The logins of MLflow's own client, by its captures: the same configuration sends the same `Authorization`, with fewer requests.
//! Where the client falls back to another profile's token, we stop.

use super::{path_with, write_script};
use crate::support::bad_server::{self, BadServer, Request, Response};
use crate::support::program::{Program, ProgramOutput, run_to_end};

/// The configuration file of the captures.
const PROFILES: &str = "[DEFAULT]\nhost = HOST\ntoken = dapi-default\n[prod]\nhost = HOST/\ntoken = dapi-prod\n\
    [m2m]\nhost = HOST\nclient_id = cid2\nclient_secret = sec2\n[cli]\nhost = HOST\nauth_type = databricks-cli\n\
    [__settings__]\ndefault_profile = prod\n";

fn workspace(request: &Request) -> Response {
    let host = request
        .headers
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let host = host.unwrap_or_default();
    let body = match request.path.as_str() {
        "/oidc/.well-known/oauth-authorization-server" => {
            format!(r#"{{"token_endpoint": "http://{host}/oidc/v1/token"}}"#)
        }
        "/oidc/v1/token" => {
            r#"{"access_token": "m2m-token", "token_type": "Bearer", "expires_in": 3600}"#
                .to_owned()
        }
        _ => r#"{"experiments": []}"#.to_owned(),
    };
    bad_server::json("200 OK", &body)
}

/// Runs `experiments`; its end, and the credentials of its requests in lower case.
fn run(target: &str, variables: &[(&str, &str)]) -> (ProgramOutput, Vec<String>) {
    let (program, server) = (Program::new(), BadServer::start(workspace));
    let home = program.folder();
    std::fs::write(
        home.join(".databrickscfg"),
        PROFILES.replace("HOST", &server.url),
    )
    .unwrap();
    let bin = home.join("bin");
    let print = r#"echo '{"access_token": "u2m-token", "token_type": "Bearer", "expiry": "2099-01-01T00:00:00Z"}'"#;
    write_script(&bin, "databricks", print);
    let mut command = program.command(&["--target", target, "experiments"]);
    command.env("HOME", home).env("PATH", path_with(&bin));
    for (name, value) in variables {
        command.env(name, value.replace("HOST", &server.url));
    }
    let output = run_to_end(command);
    let authorization = |request: Request| {
        let mut lines = request.headers.lines();
        let line = lines.find_map(|line| line.strip_prefix("authorization: "));
        format!("{} {}", request.path, line.unwrap_or("none"))
    };
    (
        output,
        server.requests().into_iter().map(authorization).collect(),
    )
}

const SEARCH: &str = "/api/2.0/mlflow/experiments/search";

#[test]
fn each_configuration_sends_what_mlflows_client_sends() {
    let host = ("DATABRICKS_HOST", "HOST");
    for (name, target, variables, expected) in [
        ("default-cfg", "databricks", vec![], "bearer dapi-prod"),
        (
            "profile-prod",
            "databricks://prod",
            vec![],
            "bearer dapi-prod",
        ),
        (
            "env-host-token-beats-cfg",
            "databricks",
            vec![host, ("DATABRICKS_TOKEN", "envtok")],
            "bearer envtok",
        ),
        (
            "profile-cli",
            "databricks://cli",
            vec![],
            "bearer u2m-token",
        ),
        (
            "basic",
            "databricks",
            vec![
                host,
                ("DATABRICKS_USERNAME", "u:"),
                ("DATABRICKS_PASSWORD", "p"),
            ],
            "basic dto6ca==",
        ),
    ] {
        let (output, sent) = run(target, &variables);
        assert_eq!(output.code, 0, "{name}: {output:?}");
        assert_eq!(sent, [format!("{SEARCH} {expected}")], "{name}");
    }
}

#[test]
fn a_service_principal_of_a_profile_sends_what_mlflows_client_sends_once() {
    let variables = [("DATABRICKS_CONFIG_PROFILE", "m2m")];
    let (output, sent) = run("databricks", &variables);
    assert_eq!(output.code, 0, "{output:?}");
    // cid2:sec2
    let expected = [
        "/oidc/.well-known/oauth-authorization-server none".to_owned(),
        "/oidc/v1/token basic y2lkmjpzzwmy".to_owned(),
        format!("{SEARCH} bearer m2m-token"),
    ];
    assert_eq!(sent, expected);
}

#[test]
fn where_the_client_takes_another_profiles_token_nothing_is_sent() {
    let host = ("DATABRICKS_HOST", "HOST");
    for (name, target, variables) in [
        ("missing-profile", "databricks://stage", vec![]),
        (
            "azure-sp",
            "databricks",
            vec![
                host,
                ("ARM_CLIENT_ID", "a"),
                ("ARM_CLIENT_SECRET", "b"),
                ("ARM_TENANT_ID", "c"),
                ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:1"),
            ],
        ),
        (
            "azure-cli",
            "databricks",
            vec![
                host,
                ("DATABRICKS_AUTH_TYPE", "azure-cli"),
                ("PATH", "/nowhere"),
            ],
        ),
        (
            "two-auth",
            "databricks",
            vec![
                host,
                ("DATABRICKS_TOKEN", "t"),
                ("DATABRICKS_CLIENT_ID", "c"),
                ("DATABRICKS_CLIENT_SECRET", "s"),
            ],
        ),
        (
            "noauth-host-only",
            "databricks",
            vec![host, ("PATH", "/nowhere")],
        ),
    ] {
        let (output, sent) = run(target, &variables);
        assert_ne!(output.code, 0, "{name}: {output:?}");
        assert_eq!(sent, [] as [String; 0], "{name}");
        assert!(output.stderr.contains("hint: "), "{name}: {output:?}");
    }
}
