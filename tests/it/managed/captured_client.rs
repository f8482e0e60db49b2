//! What MLflow's own client sent, asked of our client: the same method, path, query and body, and no more requests.
//!
//! `captures/` has what MLflow 3.17.2 sent to a local server for each question, and what that server answered. Each question is
//! asked again here of a server that gives the same answers (with the names and aliases that the registry of a workspace would have).
//! [`DIFFERENCES`] lists what is not the same, with the reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use frontrunner::domain::{ArtifactOwner, KeyValue, ModelName, Stage, StoreWrite, VersionNumber};
use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, RegistryTarget, Resolution, RunQuery, StoreHandle,
    StoreTarget, open, open_registry,
};

use super::workspace::{CLIENT, RUN, TOKEN};
use crate::support::bad_server::{self, BadServer, Request, Response};
use crate::support::metadata;
use crate::support::program::{Program, run_to_end};

/// A request, its query or body as fields.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    /// `GET /api/…`, without the query.
    call: String,
    fields: BTreeMap<String, Value>,
}

/// A part in which both clients differ.
enum Part {
    /// A request that only MLflow's client sends.
    Request(&'static str),
    /// A field that only MLflow's client sends, or sends another value of.
    Field(&'static str),
    /// All requests of the question: the same thing is asked in another way, in as many requests at most.
    Way,
}

struct Difference {
    /// The question; empty for all.
    question: &'static str,
    part: Part,
    reason: &'static str,
}

const fn differs(question: &'static str, part: Part, reason: &'static str) -> Difference {
    Difference {
        question,
        part,
        reason,
    }
}

const DIFFERENCES: &[Difference] = &[
    differs(
        "",
        Part::Field("run_uuid"),
        "the old name of run_id, which servers since MLflow 1 don't need",
    ),
    differs(
        "search_model_versions",
        Part::Field("max_results"),
        "smaller pages, so that no response is larger than what is read of one",
    ),
    differs(
        "search_registered_models",
        Part::Field("max_results"),
        "the limit of MLflow's server instead of its default",
    ),
    differs(
        "set_alias",
        Part::Request("registered-models/get"),
        "the client looks whether the model is a prompt; a plan has read the model already",
    ),
    differs(
        "delete_alias",
        Part::Request("registered-models/get"),
        "as for set_alias",
    ),
    differs(
        "set_model_version_tag",
        Part::Request("registered-models/get"),
        "as for set_alias",
    ),
    differs(
        "delete_model_version_tag",
        Part::Request("registered-models/get"),
        "as for set_alias",
    ),
    differs(
        "transition_stage",
        Part::Request("registered-models/get"),
        "as for set_alias",
    ),
    differs(
        "update_model_version",
        Part::Request("registered-models/get"),
        "as for set_alias",
    ),
    differs(
        "delete_model_version",
        Part::Request("registered-models/get"),
        "as for set_alias",
    ),
    differs(
        "create_registered_model",
        Part::Field("description"),
        "set by a write of its own, so that each can be undone",
    ),
    differs(
        "create_registered_model",
        Part::Field("tags"),
        "as its description",
    ),
    differs(
        "create_model_version",
        Part::Field("description"),
        "set by a write of its own, so that each can be undone",
    ),
    differs(
        "create_model_version",
        Part::Field("model_id"),
        "the client sends it for models of MLflow 3 only if it is given; a source names it",
    ),
    differs(
        "list_artifacts",
        Part::Way,
        "MLflow's own list instead of two requests for the workspace's files, after reading the run",
    ),
    differs(
        "download_artifact",
        Part::Way,
        "one signed address instead of six requests; see files_are_read_through_signed_addresses",
    ),
];

/// A question with the client's requests and their answers.
#[derive(Clone)]
struct Captured {
    question: String,
    requests: Vec<Value>,
}

/// The client needs more than one question for what is one here, with the tags and aliases that its listings leave out.
const COMBINED: &[(&str, &[&str])] = &[
    ("search_registered_models", &["get_registered_model"]),
    (
        "search_model_versions",
        &["get_registered_model", "get_model_version"],
    ),
];

/// The questions of a capture, in which those of [`COMBINED`] have the requests of others too if the registry needs them.
fn captures(text: &str, is_catalog: bool) -> Vec<Captured> {
    let all = parse_captures(text);
    let requests_of = |name: &str| -> Vec<Value> {
        let of_name = all.iter().filter(|one| one.question == name);
        of_name.flat_map(|one| one.requests.clone()).collect()
    };
    let combine = |one: &Captured| {
        let more = COMBINED.iter().filter(|(name, _)| *name == one.question);
        // Only the model of a registry with stages is read apart from its versions.
        let more = more.flat_map(|(_, more)| more.iter()).filter(|more| {
            is_catalog
                || one.question == "search_model_versions" && **more == "get_registered_model"
        });
        let mut combined = one.clone();
        combined
            .requests
            .extend(more.flat_map(|name| requests_of(name)));
        combined
    };
    all.iter().map(combine).collect()
}

fn parse_captures(text: &str) -> Vec<Captured> {
    let parse = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        Captured {
            question: line["question"].as_str().unwrap().to_owned(),
            requests: line["requests"].as_array().unwrap().clone(),
        }
    };
    text.lines().map(parse).collect()
}

fn asked(method: &str, path: &str, body: &Value) -> Asked {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut fields: BTreeMap<String, Value> = url::form_urlencoded::parse(query.as_bytes())
        .map(|(key, value)| (key.into_owned(), json!(value)))
        .collect();
    match body {
        Value::Object(body) => fields.extend(body.clone()),
        Value::Null => {}
        other => drop(fields.insert("body".to_owned(), other.clone())),
    }
    Asked {
        call: format!("{method} {path}"),
        fields,
    }
}

fn asked_by_client(request: &Value) -> Asked {
    let text = |key: &str| request[key].as_str().unwrap();
    asked(text("method"), text("path"), &request["body"])
}

fn asked_by_us(request: &Request) -> Asked {
    let body = serde_json::from_str(&request.body).unwrap_or_else(|_| match &request.body {
        body if body.is_empty() => Value::Null,
        body => json!(body),
    });
    asked(&request.method, &request.path, &body)
}

/// A server that gives the answers of the capture to the current question.
struct Replay {
    server: BadServer,
    current: Arc<Mutex<Captured>>,
}

impl Replay {
    fn start() -> Self {
        let current = Arc::new(Mutex::new(Captured {
            question: String::new(),
            requests: Vec::new(),
        }));
        let kept = Arc::clone(&current);
        let server = BadServer::start(move |request| answer(&kept.lock().unwrap(), request));
        Self { server, current }
    }

    fn choose(&self, captured: &Captured) -> usize {
        *self.current.lock().unwrap() = captured.clone();
        self.server.requests().len()
    }

    fn since(&self, start: usize) -> Vec<Asked> {
        self.server.requests()[start..]
            .iter()
            .map(asked_by_us)
            .collect()
    }
}

fn answer(current: &Captured, request: &Request) -> Response {
    let call = asked_by_us(request).call;
    let found = current
        .requests
        .iter()
        .find(|known| asked_by_client(known).call == call);
    let host = request
        .headers
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let host = host.unwrap_or_default();
    let body = match (found, call.as_str()) {
        (Some(known), _) => known["response"].clone(),
        (None, "GET /api/2.0/mlflow/artifacts/list") => json!({"files": [{"path": "a.txt"}]}),
        (None, "POST /api/2.0/mlflow/artifacts/credentials-for-read") => {
            json!({"credential_infos": [{"signed_uri": "http://HOST/signed/a.txt?sig=1"}]})
        }
        (None, _) => {
            return bad_server::mlflow_error(
                "404 Not Found",
                "ENDPOINT_NOT_FOUND",
                "the client did not ask this",
            );
        }
    };
    let body = match body {
        Value::String(text) => text,
        body => body.to_string(),
    };
    bad_server::json("200 OK", &body.replace("HOST", host))
}

/// What is left of a request when the differences are taken away.
fn without_differences(question: &str, request: &Asked) -> Option<Asked> {
    let mut left = request.clone();
    let of_question = DIFFERENCES
        .iter()
        .filter(|one| one.question.is_empty() || one.question == question);
    for difference in of_question {
        match difference.part {
            Part::Request(end) if request.call.ends_with(end) => return None,
            Part::Field(name) => drop(left.fields.remove(name)),
            Part::Request(_) | Part::Way => {}
        }
    }
    Some(left)
}

fn is_login(request: &Asked) -> bool {
    request.call.contains("/.well-known/") || request.call.contains("/oidc/")
}

fn has_another_way(question: &str) -> bool {
    DIFFERENCES
        .iter()
        .any(|one| one.question == question && matches!(one.part, Part::Way))
}

/// Compares what was sent for a question; `None` if it is the same.
fn compare(captured: &Captured, ours: &[Asked]) -> Option<String> {
    let question = captured.question.as_str();
    let client: Vec<Asked> = captured.requests.iter().map(asked_by_client).collect();
    if ours.len() > client.len() {
        return Some(format!("{question}: more requests: {ours:#?}"));
    }
    if has_another_way(question) {
        return None;
    }
    let left = |requests: &[Asked]| -> Vec<Asked> {
        let others = requests.iter().filter(|request| !is_login(request));
        let mut left: Vec<Asked> = others
            .filter_map(|request| without_differences(question, request))
            .collect();
        // Reads that don't need each other are sent at the same time.
        left.sort_by(|a, b| a.call.cmp(&b.call));
        left
    };
    let (left_of_client, left_of_ours) = (left(&client), left(ours));
    (left_of_client != left_of_ours)
        .then(|| format!("{question}:\nclient: {left_of_client:#?}\nours: {left_of_ours:#?}"))
}

fn write_of(question: &str, name: &ModelName) -> Option<StoreWrite> {
    let (name, version) = (name.clone(), VersionNumber(1));
    let tag = |key: &str, value: &str| KeyValue::new(key, value);
    Some(match question {
        "create_registered_model" => StoreWrite::CreateModel { name },
        "create_model_version" => StoreWrite::CreateVersion {
            name,
            source: "models:/m-1".into(),
            run_id: RUN.into(),
            tags: vec![tag("x", "y")],
        },
        "set_alias" => StoreWrite::SetAlias {
            name,
            alias: "champion".into(),
            version,
        },
        "delete_alias" => StoreWrite::DeleteAlias {
            name,
            alias: "champion".into(),
        },
        "set_model_version_tag" => metadata::set_tag(metadata::version(name.raw(), 1), "k", "v"),
        "delete_model_version_tag" => metadata::delete_tag(metadata::version(name.raw(), 1), "k"),
        "transition_stage" => StoreWrite::TransitionStage {
            name,
            version,
            stage: Stage::Production,
            archive_existing: false,
        },
        "update_model_version" => metadata::describe(metadata::version(name.raw(), 1), "newd"),
        "delete_model_version" => StoreWrite::DeleteVersion { name, version },
        _ => return None,
    })
}

/// Asks the stores a question; false for one that our client never asks alone.
async fn ask(question: &str, runs: &StoreHandle, models: &StoreHandle, name: &ModelName) -> bool {
    if let Some(write) = write_of(question, name) {
        if models.reader.refusal(&write).is_some() {
            return false;
        }
        models.writer.as_ref().unwrap().write(&write).await.unwrap();
        return true;
    }
    let run = ArtifactOwner::Run(RUN.into());
    match question {
        "search_experiments" => {
            let found = runs.reader.experiments(LifecycleFilter::Active).await;
            assert_eq!(found.unwrap().len(), 1);
        }
        "search_runs" => {
            let query = RunQuery {
                experiments: vec!["42".into()],
                filter: Some("metrics.acc > 0.1".to_owned()),
                order_by: vec!["start_time DESC".to_owned()],
                page_size: 1_000,
                ..RunQuery::default()
            };
            assert_eq!(runs.reader.runs(&query, None).await.unwrap().items.len(), 1);
        }
        "get_run" => assert_eq!(runs.reader.run(&RUN.into()).await.unwrap().id.raw(), RUN),
        "metric_history" => {
            let ids = [RUN.into()];
            let read = runs.reader.histories(&ids, "acc", Resolution::Full);
            assert_eq!(read.await.unwrap().len(), 1);
        }
        "list_artifacts" => drop(runs.reader.artifacts(&run, "").await.unwrap()),
        "download_artifact" => {
            let preview = runs.reader.preview(&run, "a.txt", 100).await.unwrap();
            assert!(!preview.bytes.is_empty());
        }
        "get_registered_model" => drop(models.reader.model(name).await.unwrap()),
        "search_registered_models" => {
            assert_eq!(models.reader.models().await.unwrap().len(), 1);
        }
        "search_model_versions" => {
            assert_eq!(models.reader.versions(name).await.unwrap().len(), 1);
        }
        _ => return false,
    }
    true
}

async fn open_both(
    replay: &Replay,
    registry: &str,
    login: &[(&str, &str)],
) -> (StoreHandle, StoreHandle) {
    let lookup = |name: &str| match name {
        "DATABRICKS_HOST" => Some(replay.server.url.clone()),
        name => {
            let known = login.iter().find(|(known, _)| *known == name)?;
            Some(known.1.to_owned())
        }
    };
    let options = ConnectOptions::from_env(lookup, None).unwrap();
    let mode = AccessMode::ReadWrite;
    let runs = open(
        &StoreTarget::parse("databricks").unwrap(),
        mode.clone(),
        &options,
    )
    .await;
    let registry = RegistryTarget::parse(registry).unwrap();
    let models = open_registry(&registry, mode, &options).await;
    (runs.unwrap(), models.unwrap())
}

/// Asks all questions of a capture; the names of those that were asked, and the requests of both clients.
async fn replay(
    capture: &str,
    registry: &str,
    login: &[(&str, &str)],
    name: &str,
) -> (Vec<String>, [usize; 2]) {
    let replay = Replay::start();
    let (runs, models) = open_both(&replay, registry, login).await;
    let (mut questions, mut counts, mut wrong) = (Vec::new(), [0, 0], Vec::new());
    for captured in captures(capture, registry == "databricks-uc") {
        let start = replay.choose(&captured);
        if !ask(&captured.question, &runs, &models, &name.into()).await {
            continue;
        }
        let ours = replay.since(start);
        wrong.extend(compare(&captured, &ours));
        counts = [counts[0] + captured.requests.len(), counts[1] + ours.len()];
        questions.push(captured.question);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    (questions, counts)
}

const TOKEN_LOGIN: [(&str, &str); 1] = [("DATABRICKS_TOKEN", TOKEN)];

#[tokio::test]
async fn databricks_and_unity_catalog_are_asked_as_by_mlflows_client() {
    let capture = include_str!("captures/unity-catalog.jsonl");
    let (questions, [client, ours]) =
        replay(capture, "databricks-uc", &TOKEN_LOGIN, "main.ml.churn").await;
    assert_eq!(questions.len(), 16, "{questions:?}");
    // The client discovers the workspace before each of its calls.
    assert_eq!([client, ours], [58, 20]);
}

#[tokio::test]
async fn the_registry_of_a_workspace_is_asked_as_by_mlflows_client() {
    let capture = include_str!("captures/workspace-registry.jsonl");
    let (questions, [client, ours]) = replay(capture, "databricks", &TOKEN_LOGIN, "churn").await;
    assert_eq!(questions.len(), 16, "{questions:?}");
    assert_eq!([client, ours], [56, 18]);
}

#[tokio::test]
async fn the_login_of_a_service_principal_is_that_of_mlflows_client_without_its_repetitions() {
    let login = [
        ("DATABRICKS_CLIENT_ID", CLIENT.0),
        ("DATABRICKS_CLIENT_SECRET", CLIENT.1),
    ];
    let capture = include_str!("captures/oauth.jsonl");
    let (questions, [client, ours]) = replay(capture, "databricks-uc", &login, "a.b.c").await;
    assert_eq!(questions.len(), 4, "{questions:?}");
    assert_eq!([client, ours], [15, 6]);
}

/// The command that asks a question, and that of the program.
const COMMANDS: &[(&str, &[&str])] = &[
    ("search_experiments", &["experiments"]),
    ("search_model_versions", &["versions", "churn m"]),
    (
        "set_alias",
        &["promote", "churn m/1", "--to", "@champion", "--yes"],
    ),
];

/// AWS's library takes its keys from the environment of a process, so that the program asks. It asks for more than the client
/// where a command needs more; what both ask has the same method, path, query and body.
fn replay_signed(capture: &str, target: &str, variables: &[(&str, &str)], is_arn: bool) {
    let program = Program::new();
    let all = parse_captures(capture);
    for (question, arguments) in COMMANDS {
        let server = BadServer::start(aws_answer);
        let captured = all.iter().find(|one| one.question == *question).unwrap();
        let url = server.url.clone();
        let target = if is_arn { target } else { &url };
        let mut command = program.command(&[&["--target", target], *arguments].concat());
        command
            .env("HOME", program.folder())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", &server.url)
            .envs(variables.iter().copied());
        let output = run_to_end(command);
        let ours: Vec<Asked> = server.requests().iter().map(asked_by_us).collect();
        for client in captured.requests.iter().map(asked_by_client) {
            let mut client = without_differences(question, &client);
            if *question == "search_experiments"
                && let Some(client) = &mut client
            {
                // Its filter is the user's; `experiments` has none.
                client.fields.remove("filter");
            }
            let is_same = |ours: &Asked| without_differences(question, ours) == client;
            let is_sent = client.is_none() || ours.iter().any(is_same);
            assert!(is_sent, "{question}: {client:#?}\n{ours:#?}\n{output:?}");
        }
    }
}

fn aws_answer(request: &Request) -> Response {
    let path = request.path.split('?').next().unwrap();
    let model = json!({"name": "churn m", "aliases": []});
    let version = json!({"name": "churn m", "version": "1", "status": "READY", "source": "s3://b/x", "current_stage": "None"});
    let body = match path.trim_start_matches("/api/2.0/mlflow/") {
        "registered-models/search" => json!({"registered_models": [model]}),
        "registered-models/get" => json!({"registered_model": model}),
        "model-versions/search" => json!({"model_versions": [version]}),
        _ => json!({"experiments": []}),
    };
    bad_server::json("200 OK", &body.to_string())
}

#[test]
fn servers_behind_aws_are_asked_as_by_mlflows_client() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "us-east-1"),
    ];
    let arn = "arn:aws:sagemaker:us-west-2:123456789012:mlflow-tracking-server/my-server";
    replay_signed(include_str!("captures/sagemaker.jsonl"), arn, &keys, true);
    let gateway = [&keys[..], &[("MLFLOW_TRACKING_AWS_SIGV4", "true")]].concat();
    replay_signed(include_str!("captures/sigv4.jsonl"), "", &gateway, false);
}

#[test]
fn each_listed_difference_is_needed() {
    let texts = [
        include_str!("captures/unity-catalog.jsonl"),
        include_str!("captures/workspace-registry.jsonl"),
    ];
    let all: Vec<Captured> = texts.iter().flat_map(|text| parse_captures(text)).collect();
    for difference in DIFFERENCES {
        let of_question = all
            .iter()
            .filter(|one| difference.question.is_empty() || one.question == difference.question);
        let is_sent = of_question.flat_map(|one| &one.requests).any(|request| {
            let request = asked_by_client(request);
            match difference.part {
                Part::Request(end) => request.call.ends_with(end),
                // Ours alone has it.
                Part::Field("model_id") | Part::Way => true,
                Part::Field(name) => request.fields.contains_key(name),
            }
        });
        assert!(is_sent, "{}", difference.reason);
    }
}
