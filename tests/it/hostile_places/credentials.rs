//! Credentials reach one origin only, and rejected credentials are distinguished from missing ones.

use std::process::Command;

use crate::support::bad_server::{BadServer, html, json};
use crate::support::program::{Program, run_to_end};

const TOKEN: &str = "canary-token";

fn empty_server() -> BadServer {
    BadServer::always(json("200 OK", r#"{"experiments": []}"#))
}

fn experiments(program: &Program, first: &BadServer, second: &str) -> Command {
    let mut command = program.command(&[
        "experiments",
        "--json",
        "--target",
        &first.url,
        "--with",
        second,
    ]);
    command.env("HOME", program.folder());
    command
}

fn headers(server: &BadServer) -> String {
    let requests = server.requests();
    assert!(!requests.is_empty());
    requests
        .iter()
        .map(|request| request.headers.as_str())
        .collect()
}

#[test]
fn second_store_gets_no_credentials_of_the_first() {
    let program = Program::new();
    std::fs::create_dir(program.folder().join(".mlflow")).unwrap();
    let cases: [(&[(&str, &str)], &str); 3] = [
        (
            &[
                ("MLFLOW_TRACKING_TOKEN", TOKEN),
                ("MLFLOW_WORKSPACE", "team"),
            ],
            "",
        ),
        (
            &[
                ("MLFLOW_TRACKING_USERNAME", "ana"),
                ("MLFLOW_TRACKING_PASSWORD", TOKEN),
            ],
            "",
        ),
        (
            &[],
            "[mlflow]\nmlflow_tracking_username = ana\nmlflow_tracking_password = x-canary\n",
        ),
    ];
    for (variables, file) in cases {
        std::fs::write(program.folder().join(".mlflow/credentials"), file).unwrap();
        let (first, second) = (empty_server(), empty_server());
        let mut command = experiments(&program, &first, &second.url);
        command.envs(variables.iter().copied());
        let ended = run_to_end(command);
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(headers(&first).contains("authorization: "));
        let sent = headers(&second);
        assert!(
            !sent.contains("authorization") && !sent.contains("x-mlflow-workspace"),
            "{sent}"
        );
    }
}

#[test]
fn second_store_takes_the_secret_that_its_profile_names() {
    let program = Program::new();
    let (first, second) = (empty_server(), empty_server());
    program.write_config(&format!(
        "[profile.other]\ntarget = {:?}\ntoken_variable = \"OTHER_TOKEN\"\n",
        second.url
    ));
    let mut command = experiments(&program, &first, "@other");
    command.envs([
        ("MLFLOW_TRACKING_TOKEN", TOKEN),
        ("OTHER_TOKEN", "other-canary"),
    ]);
    let ended = run_to_end(command);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(headers(&first).contains(&format!("bearer {TOKEN}")));
    assert!(headers(&second).contains("bearer other-canary"));
    let ended = run_to_end(experiments(&program, &first, "@other"));
    assert!(
        ended.stderr.contains("OTHER_TOKEN, which is not set"),
        "{ended:?}"
    );
}

#[test]
fn rejected_credentials_are_told_from_missing_ones() {
    let program = Program::new();
    let server = BadServer::always(html("401 Unauthorized"));
    let hint = |variables: &[(&str, &str)]| {
        let mut command = program.command(&["experiments", "--target", &server.url]);
        command
            .env("HOME", program.folder())
            .envs(variables.iter().copied());
        let ended = run_to_end(command);
        assert_eq!(ended.code, 5, "{ended:?}");
        ended.stderr
    };
    assert!(hint(&[]).contains("hint: set MLFLOW_TRACKING_USERNAME"));
    assert!(hint(&[("MLFLOW_TRACKING_TOKEN", TOKEN)]).contains("rejected the token"));
    let wrong = hint(&[
        ("MLFLOW_TRACKING_USERNAME", "ana"),
        ("MLFLOW_TRACKING_PASSWORD", "no"),
    ]);
    assert!(
        wrong.contains("rejected the username or password"),
        "{wrong}"
    );
}

#[test]
fn doctor_warns_of_unsafe_connections() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::new();
    let credentials = program.folder().join(".mlflow/credentials");
    std::fs::create_dir(credentials.parent().unwrap()).unwrap();
    std::fs::write(&credentials, "").unwrap();
    let doctor = |target: &str, mode: u32| {
        std::fs::set_permissions(&credentials, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut command = program.command(&["doctor", target]);
        command.env("HOME", program.folder());
        command.envs([
            ("MLFLOW_TRACKING_TOKEN", TOKEN),
            ("MLFLOW_TRACKING_INSECURE_TLS", "true"),
        ]);
        run_to_end(command).stdout
    };
    let plain = doctor("http://mlflow.invalid", 0o644);
    assert!(
        plain.contains("sent unencrypted") && plain.contains("chmod 600"),
        "{plain}"
    );
    let local = doctor("http://127.0.0.1:1", 0o600);
    assert!(
        !local.contains("unencrypted") && !local.contains("chmod"),
        "{local}"
    );
    assert!(doctor("https://mlflow.invalid", 0o600).contains("certificates are not verified"));
}

#[test]
fn every_command_warns_of_a_token_over_plain_http() {
    let program = Program::new();
    let server = empty_server();
    let stderr = |host: &str, token: &str| {
        let url = server.url.replace("127.0.0.1", host);
        let mut command = program.command(&["experiments", "--json", "--target", &url]);
        command
            .env("HOME", program.folder())
            .env("MLFLOW_TRACKING_TOKEN", token);
        let ended = run_to_end(command);
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.stderr
    };
    let warning = "warning: credentials are sent unencrypted, over http";
    // Linux sends this address to the machine itself, but it names no machine in particular.
    assert!(stderr("0.0.0.0", TOKEN).contains(warning));
    assert_eq!(stderr("0.0.0.0", ""), "");
    assert_eq!(stderr("127.0.0.1", TOKEN), "");
    assert_eq!(stderr("localhost", TOKEN), "");
}
