//! A workspace of Azure ML in memory, behind TLS as every address of it: MLflow's API of version 2 below the path of the workspace
//! and nothing else, with tokens of Entra ID from each of its sources.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{path_with, write_script};
use crate::support::bad_server::{self, BadServer, Request, Response, mlflow_error};
use crate::support::program::{Program, ProgramOutput, run_to_end};
use crate::support::tls_front::TlsFront;

const RESOURCE: &str =
    "subscriptions/s-1/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";
const RUN: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const SECRET: &str = "s3cret+&=";

/// Method, path below MLflow's, fields: all that the workspace takes.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "POST",
        "experiments/search",
        "max_results page_token filter order_by view_type",
    ),
    (
        "POST",
        "runs/search",
        "experiment_ids filter run_view_type max_results order_by page_token",
    ),
    ("GET", "runs/get", "run_id"),
    (
        "GET",
        "registered-models/search",
        "filter max_results order_by page_token",
    ),
    ("GET", "registered-models/get", "name"),
    (
        "GET",
        "model-versions/search",
        "filter max_results order_by page_token",
    ),
    (
        "POST",
        "model-versions/transition-stage",
        "name version stage archive_existing_versions",
    ),
    ("POST", "model-versions/set-tag", "name version key value"),
    ("DELETE", "model-versions/delete-tag", "name version key"),
];

fn ok(value: &Value) -> Response {
    bad_server::json("200 OK", &value.to_string())
}

fn has(request: &Request, line: &str) -> bool {
    request.headers.lines().any(|known| known == line)
}

struct Workspace {
    /// The stages of both versions.
    stages: [String; 2],
    /// Tokens that it takes.
    tokens: Vec<String>,
    violations: Vec<String>,
}

impl Workspace {
    fn respond(&mut self, request: &Request) -> Response {
        let is_known = |token: &String| has(request, &format!("authorization: bearer {token}"));
        if !self.tokens.iter().any(is_known) {
            return bad_server::json(
                "401 Unauthorized",
                r#"{"error": {"code": "UserError", "message": "Bearer token not provided or invalid."}}"#,
            );
        }
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let below = path.strip_prefix(&format!("/mlflow/v2.0/{RESOURCE}/api/2.0/mlflow/"));
        let mut fields: Value = serde_json::from_str(&request.body).unwrap_or_else(|_| json!({}));
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            fields[key.as_ref()] = json!(value);
        }
        let row = ALLOWED
            .iter()
            .find(|(method, known, _)| *method == request.method && Some(*known) == below);
        let is_allowed = row.is_some_and(|(.., known)| {
            let mut keys = fields.as_object().unwrap().keys();
            keys.all(|key| known.split(' ').any(|name| name == key))
        });
        if !is_allowed {
            self.violations
                .push(format!("{} {}", request.method, request.path));
            return mlflow_error("404 Not Found", "ENDPOINT_NOT_FOUND", "no such endpoint");
        }
        self.answer(below.unwrap_or_default(), &fields)
    }

    fn version(&self, number: usize) -> Value {
        json!({"name": "churn", "version": number.to_string(), "current_stage": self.stages[number - 1], "status": "READY",
            "creation_timestamp": 1_700_000_000_000_i64, "run_id": RUN, "user_id": "ann",
            "source": format!("azureml://experiments/churn/runs/{RUN}/artifacts/model")})
    }

    fn answer(&mut self, path: &str, fields: &Value) -> Response {
        let run = json!({
            "info": {"run_id": RUN, "run_uuid": RUN, "run_name": "base", "experiment_id": "7", "status": "FINISHED",
                "start_time": 1_700_000_000_000_i64, "end_time": 1_700_000_001_000_i64, "lifecycle_stage": "active"},
            "data": {"metrics": [{"key": "acc", "value": 0.5, "timestamp": 1_700_000_000_000_i64, "step": 0}], "params": [], "tags": []},
        });
        let model = json!({"name": "churn", "creation_timestamp": 1_700_000_000_000_i64,
            "latest_versions": [self.version(1), self.version(2)]});
        ok(&match path {
            "experiments/search" => {
                json!({"experiments": [{"experiment_id": "7", "name": "churn", "lifecycle_stage": "active"}]})
            }
            "runs/search" => json!({"runs": [run]}),
            "runs/get" => json!({"run": run}),
            "registered-models/search" => json!({"registered_models": [model]}),
            "registered-models/get" => json!({"registered_model": model}),
            "model-versions/search" => {
                json!({"model_versions": [self.version(1), self.version(2)]})
            }
            "model-versions/transition-stage" => {
                if fields["archive_existing_versions"] == true {
                    self.stages = self.stages.clone().map(|stage| {
                        if fields["stage"] == stage.as_str() {
                            "Archived".to_owned()
                        } else {
                            stage
                        }
                    });
                }
                let number: usize = fields["version"].as_str().unwrap().parse().unwrap();
                fields["stage"]
                    .as_str()
                    .unwrap()
                    .clone_into(&mut self.stages[number - 1]);
                json!({"model_version": self.version(number)})
            }
            _ => json!({}),
        })
    }
}

/// The sources of tokens, each by what its documentation asks for.
fn entra(request: &Request, issued: &mut usize) -> Response {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let parts = if request.method == "POST" {
        &request.body
    } else {
        query
    };
    let form: Vec<(String, String)> = url::form_urlencoded::parse(parts.as_bytes())
        .into_owned()
        .collect();
    let is = |key: &str, value: &str| {
        form.iter()
            .any(|(known, given)| known == key && given == value)
    };
    let resource = "https://management.azure.com";
    let scope = "https://management.azure.com/.default";
    let is_right = match (request.method.as_str(), path) {
        ("POST", "/tenant/oauth2/v2.0/token") => {
            let by_secret = is("client_secret", SECRET);
            let by_assertion = is("client_assertion", "federated-jwt")
                && is(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
            is("grant_type", "client_credentials")
                && is("scope", scope)
                && is("client_id", "client")
                && (by_secret || by_assertion)
        }
        ("GET", "/app-service") => {
            is("api-version", "2019-08-01")
                && is("resource", resource)
                && has(request, "x-identity-header: header-secret")
        }
        ("GET", "/azure-ml") => {
            is("api-version", "2017-09-01")
                && is("resource", resource)
                && is("clientid", "client")
                && has(request, "secret: msi-secret")
        }
        ("POST", "/cloud-shell") => is("resource", resource) && has(request, "metadata: true"),
        ("GET", "/metadata/identity/oauth2/token") => {
            is("api-version", "2018-02-01")
                && is("resource", resource)
                && has(request, "metadata: true")
        }
        _ => false,
    };
    if !is_right {
        return bad_server::json(
            "401 Unauthorized",
            r#"{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}"#,
        );
    }
    *issued += 1;
    let token = format!("entra-token-{issued}");
    ok(&json!({"access_token": token, "token_type": "Bearer", "expires_in": "3599"}))
}

struct Azure {
    program: Program,
    entra: BadServer,
    server: BadServer,
    front: TlsFront,
    state: Arc<Mutex<Workspace>>,
    /// A search path without `az`.
    path: String,
}

impl Azure {
    fn new() -> Self {
        let program = Program::new();
        let home = program.folder();
        let empty = home.join("empty");
        std::fs::create_dir_all(&empty).unwrap();
        std::fs::write(home.join("jwt"), "federated-jwt\n").unwrap();
        let state = Arc::new(Mutex::new(Workspace {
            stages: ["Production".to_owned(), "None".to_owned()],
            tokens: ["entra-token-1", "az-token"].map(str::to_owned).into(),
            violations: Vec::new(),
        }));
        let kept = Arc::clone(&state);
        let server = BadServer::start(move |request| kept.lock().unwrap().respond(request));
        let front = TlsFront::start(&server.url);
        std::fs::write(home.join("authority.pem"), &front.authority).unwrap();
        let issued = Mutex::new(0);
        Self {
            path: empty.to_str().unwrap().to_owned(),
            entra: BadServer::start(move |request| entra(request, &mut issued.lock().unwrap())),
            program,
            server,
            front,
            state,
        }
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> ProgramOutput {
        let target = format!("azureml://{}/mlflow/v1.0/{RESOURCE}", self.front.host);
        let home = self.program.folder();
        let mut command = self
            .program
            .command(&[arguments, &["--target", &target]].concat());
        command
            .env("HOME", home)
            .env("PATH", &self.path)
            .env(
                "MLFLOW_TRACKING_SERVER_CERT_PATH",
                home.join("authority.pem"),
            )
            .env("AZURE_AUTHORITY_HOST", &self.entra.url)
            .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")
            // Services of the machine itself are never asked through a proxy.
            .env("HTTP_PROXY", "http://127.0.0.1:1")
            .env("NO_PROXY", "localhost")
            .envs(variables.iter().copied());
        let output = run_to_end(command);
        for secret in [
            "s3cret",
            "entra-token",
            "az-token",
            "header-secret",
            "msi-secret",
            "federated-jwt",
        ] {
            let text = format!("{}{}", output.stdout, output.stderr);
            assert!(!text.contains(secret), "{output:?}");
        }
        output
    }

    /// Runs as a service principal.
    fn run_as_principal(&self, arguments: &[&str]) -> ProgramOutput {
        // The address of tokens is on this machine.
        let variables = [
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_CLIENT_SECRET", SECRET),
            ("HTTP_PROXY", ""),
        ];
        self.run(arguments, &variables)
    }

    fn assert_allowed(&self) {
        let state = self.state.lock().unwrap();
        assert_eq!(state.violations, [] as [String; 0]);
    }
}

#[test]
fn each_source_of_azures_chain_opens_the_workspace() {
    let printed = r#"[ "$*" = "account get-access-token --resource https://management.azure.com --output json" ] || exit 1
echo '{"accessToken": "az-token", "tokenType": "Bearer", "expiresOn": "2099-01-01 00:00:00.000000", "expires_on": 4070908800}'"#;
    let principal = [
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client"),
        ("HTTP_PROXY", ""),
    ];
    for name in [
        "AZURE_CLIENT_SECRET",
        "workload identity",
        "managed identity of this service",
        "managed identity of Azure ML",
        "Cloud Shell",
        "az",
        "managed identity of this machine",
    ] {
        let azure = Azure::new();
        let home = azure.program.folder();
        let address = |path: &str| format!("{}{path}", azure.entra.url);
        let bin = home.join("bin");
        write_script(&bin, "az", printed);
        let (with_az, jwt) = (path_with(&bin), home.join("jwt"));
        let (service, ml, shell) = (
            address("/app-service"),
            address("/azure-ml"),
            address("/cloud-shell"),
        );
        let variables: Vec<(&str, &str)> = match name {
            "AZURE_CLIENT_SECRET" => [&principal[..], &[("AZURE_CLIENT_SECRET", SECRET)]].concat(),
            "workload identity" => [
                &principal[..],
                &[("AZURE_FEDERATED_TOKEN_FILE", jwt.to_str().unwrap())],
            ]
            .concat(),
            "managed identity of this service" => vec![
                ("IDENTITY_ENDPOINT", &service),
                ("IDENTITY_HEADER", "header-secret"),
            ],
            "managed identity of Azure ML" => vec![
                ("MSI_ENDPOINT", &ml),
                ("MSI_SECRET", "msi-secret"),
                ("AZURE_CLIENT_ID", "client"),
            ],
            "Cloud Shell" => vec![("MSI_ENDPOINT", &shell)],
            "az" => vec![("PATH", &with_az)],
            _ => vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", &azure.entra.url)],
        };
        let output = azure.run(&["experiments", "--json"], &variables);
        assert_eq!(
            output.code,
            0,
            "{name}: {output:?}\n{:#?}",
            azure.entra.requests()
        );
        assert!(output.stdout.contains("churn"), "{name}: {output:?}");
        azure.assert_allowed();
        azure.state.lock().unwrap().tokens =
            vec!["entra-token-2".to_owned(), "az-token".to_owned()];
        let doctor = azure.run(&["doctor"], &variables);
        assert!(
            doctor.stdout.contains(&format!("ready from {name},")),
            "{name}: {doctor:?}"
        );
    }
}

#[test]
fn runs_and_versions_are_read_and_versions_are_promoted_by_stage() {
    for arguments in [
        vec!["best", "churn", "--goal", "acc max"],
        vec!["runs", "churn"],
        vec!["show", RUN],
        vec!["models"],
        vec!["lineage", "churn/1"],
        vec!["history", "churn"],
    ] {
        let azure = Azure::new();
        let output = azure.run_as_principal(&arguments);
        assert_eq!(output.code, 0, "{arguments:?}: {output:?}");
        azure.assert_allowed();
        assert_eq!(azure.entra.requests().len(), 1, "{arguments:?}");
    }
    let azure = Azure::new();
    let versions = azure.run_as_principal(&["versions", "churn"]);
    assert!(
        versions.stdout.contains("Production") && !versions.stdout.contains("aliases"),
        "{versions:?}"
    );
    azure.state.lock().unwrap().tokens = vec!["entra-token-2".to_owned()];
    let output = azure.run_as_principal(&["promote", "churn/2", "--to", "Production", "--yes"]);
    assert_eq!(output.code, 0, "{output:?}");
    azure.assert_allowed();
    let state = azure.state.lock().unwrap();
    assert_eq!(state.stages[1], "Production");
}

#[test]
fn what_azure_ml_lacks_is_named_before_anything_is_sent() {
    let azure = Azure::new();
    let alias = azure.run_as_principal(&["promote", "churn/2", "--to", "@champion", "--yes"]);
    assert_eq!(alias.code, 4, "{alias:?}");
    assert!(
        alias.stderr.contains("no aliases") && alias.stderr.contains("Production"),
        "{alias:?}"
    );
    let is_write = |one: &Request| one.path.contains("tag") || one.path.contains("transition");
    assert!(!azure.server.requests().iter().any(is_write));

    azure.state.lock().unwrap().tokens = vec!["entra-token-2".to_owned()];
    let out = azure.program.folder().join("files");
    let files = azure.run_as_principal(&["download", RUN, "--out", out.to_str().unwrap()]);
    assert_ne!(files.code, 0);
    assert!(
        files
            .stderr
            .contains("Azure ML has no files in MLflow's API")
            && files.stderr.contains("web pages"),
        "{files:?}"
    );

    azure.state.lock().unwrap().tokens = vec!["entra-token-3".to_owned()];
    let doctor = azure.run_as_principal(&["doctor"]);
    assert_eq!(doctor.code, 0, "{doctor:?}");
    let squeezed: Vec<&str> = doctor.stdout.split_whitespace().collect();
    let squeezed = squeezed.join(" ");
    for words in [
        "credential Entra ID, from the first of AZURE_CLIENT_SECRET,",
        "token ready from AZURE_CLIENT_SECRET, valid for",
        "product Azure ML",
        "logged models no",
        "aliases no: versions hold a stage",
        "files of runs no:",
    ] {
        assert!(squeezed.contains(words), "{words}: {squeezed}");
    }
    azure.assert_allowed();
}

#[test]
fn a_token_that_is_no_longer_valid_is_replaced_and_a_role_that_is_missing_is_named() {
    let azure = Azure::new();
    azure.state.lock().unwrap().tokens = vec!["entra-token-2".to_owned()];
    let output = azure.run_as_principal(&["experiments"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(azure.entra.requests().len(), 2);

    azure.state.lock().unwrap().tokens.clear();
    let output = azure.run_as_principal(&["experiments"]);
    assert_eq!(output.code, 5, "{output:?}");
    assert!(
        output.stderr.contains("AzureML Data Scientist"),
        "{output:?}"
    );
}

#[test]
fn what_is_wrong_with_azures_chain_is_named() {
    let azure = Azure::new();
    let principal = [
        ("AZURE_TENANT_ID", "tenant"),
        ("AZURE_CLIENT_ID", "client"),
        ("HTTP_PROXY", ""),
    ];
    for (variables, cause, cure) in [
        (
            [&principal[..], &[("AZURE_CLIENT_SECRET", "hunter2")]].concat(),
            "AADSTS7000215: Invalid client secret provided",
            "the secret has not expired",
        ),
        (
            [
                &principal[..],
                &[("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/jwt")],
            ]
            .concat(),
            "/nowhere/jwt",
            "az login",
        ),
        (
            vec![
                ("IDENTITY_ENDPOINT", "nonsense"),
                ("IDENTITY_HEADER", "header-secret"),
            ],
            "IDENTITY_ENDPOINT is not an address",
            "az login",
        ),
        (
            vec![("IDENTITY_ENDPOINT", "http://127.0.0.1:1")],
            "no IDENTITY_HEADER",
            "az login",
        ),
        (vec![], "no such program", "az login"),
        (
            vec![("AZUREML_CURRENT_CLOUD", "MARS")],
            "unknown cloud MARS",
            "PUBLIC",
        ),
    ] {
        for arguments in [["doctor"], ["experiments"]] {
            let output = azure.run(&arguments, &variables);
            assert_ne!(output.code, 0, "{output:?}");
            let text = format!("{}{}", output.stdout, output.stderr);
            assert!(
                text.contains(cause) && text.contains(cure),
                "{variables:?}: {text}"
            );
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    assert!(azure.server.requests().is_empty());
}
