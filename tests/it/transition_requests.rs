//! Databricks' transition requests, against a server in memory that speaks them as Databricks' REST reference and SDK document
//! them. No real Databricks was at hand: what a workspace does beyond its documents is not tested.

#![expect(clippy::unwrap_used, reason = "a test that can not go on should fail")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::support::bad_server::{self, BadServer, Request, Response, mlflow_error};
use crate::support::program::{Program, ProgramOutput, run_to_end};
use frontrunner::store::rest::endpoints::is_allowed_read;
use serde_json::{Value, json};

const TOKEN: &str = "dapi-secret-1234";

/// What the workspace holds.
#[derive(Default)]
struct Workspace {
    /// Each version's stage and tags.
    versions: BTreeMap<u64, (String, BTreeMap<String, String>)>,
    /// Open requests: version, stage, who, why.
    requests: Vec<(u64, String, String, String)>,
    /// Whether the server has no such requests, as MLflow's own.
    has_no_requests: bool,
}

impl Workspace {
    fn version(number: u64, (stage, tags): &(String, BTreeMap<String, String>)) -> Value {
        let tags: Vec<Value> = tags
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        json!({
            "name": "churn", "version": number.to_string(), "creation_timestamp": 1000 + number, "last_updated_timestamp": 2000,
            "user_id": "eve@example.org", "current_stage": stage, "source": format!("dbfs:/models/{number}"), "status": "READY",
            "run_id": "", "tags": tags,
        })
    }

    fn respond(&mut self, request: &Request) -> Response {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let query: BTreeMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let given = |key: &str| {
            body[key]
                .as_str()
                .map(str::to_owned)
                .or_else(|| query.get(key).cloned())
                .unwrap_or_default()
        };
        let (number, stage) = (
            given("version").parse::<u64>().unwrap_or_default(),
            given("stage"),
        );
        let ok = |value: Value| bad_server::json("200 OK", &value.to_string());
        if !request
            .headers
            .contains(&format!("authorization: bearer {TOKEN}"))
        {
            return mlflow_error("401 Unauthorized", "UNAUTHENTICATED", "no token");
        }
        let missing = || {
            mlflow_error(
                "404 Not Found",
                "RESOURCE_DOES_NOT_EXIST",
                "there is no such thing",
            )
        };
        let no_endpoint = || mlflow_error("404 Not Found", "ENDPOINT_NOT_FOUND", "No API found");
        let model =
            json!({"name": "churn", "creation_timestamp": 1000, "last_updated_timestamp": 2000});
        match (
            request.method.as_str(),
            path.trim_start_matches("/api/2.0/mlflow/"),
        ) {
            ("GET", "registered-models/search") => ok(json!({"registered_models": [model]})),
            ("GET", "registered-models/get") if given("name") == "churn" => {
                ok(json!({"registered_model": model}))
            }
            ("GET", "registered-models/get") => missing(),
            ("GET", "model-versions/search") => {
                let versions: Vec<Value> = self
                    .versions
                    .iter()
                    .map(|(number, version)| Self::version(*number, version))
                    .collect();
                ok(json!({"model_versions": versions}))
            }
            ("POST", "model-versions/set-tag") => {
                self.versions
                    .get_mut(&number)
                    .unwrap()
                    .1
                    .insert(given("key"), given("value"));
                ok(json!({}))
            }
            ("DELETE", "model-versions/delete-tag") => {
                self.versions
                    .get_mut(&number)
                    .unwrap()
                    .1
                    .remove(&given("key"));
                ok(json!({}))
            }
            ("POST", "model-versions/transition-stage") => {
                self.versions.get_mut(&number).unwrap().0 = stage;
                ok(json!({}))
            }
            (method, verb) if verb.starts_with("transition-requests/") && !self.has_no_requests => {
                let creator = query.get("creator").map(String::as_str);
                self.respond_to_transition_request(method, verb, (number, &stage, creator), &body)
            }
            _ => no_endpoint(),
        }
    }

    /// The endpoints of requests.
    fn respond_to_transition_request(
        &mut self,
        method: &str,
        verb: &str,
        (number, stage, creator): (u64, &str, Option<&str>),
        body: &Value,
    ) -> Response {
        let ok = |value: Value| bad_server::json("200 OK", &value.to_string());
        if verb.ends_with("/list") {
            let open = self.requests.iter().filter(|(of, ..)| *of == number).map(|(_, to, by, comment)| {
                json!({
                    "activity_type": "REQUESTED_TRANSITION", "creation_timestamp": 3000, "user_id": by, "comment": comment,
                    "from_stage": "None", "to_stage": to, "last_updated_timestamp": 3000, "id": "7",
                })
            });
            let open: Vec<Value> = open.collect();
            // A workspace leaves empty lists out.
            return ok(if open.is_empty() {
                json!({})
            } else {
                json!({"requests": open})
            });
        }
        if verb.ends_with("/create") {
            let (who, why) = (
                "ana@example.org".to_owned(),
                body["comment"].as_str().unwrap().to_owned(),
            );
            self.requests
                .push((number, stage.to_owned(), who.clone(), why));
            return ok(
                json!({"request": {"to_stage": stage, "user_id": who, "available_actions": ["CANCEL_TRANSITION_REQUEST"]}}),
            );
        }
        let is_meant = |(of, to, by, _): &(u64, String, String, String)| {
            *of == number && to == stage && (method == "POST" || creator == Some(by))
        };
        let Some(at) = self.requests.iter().position(is_meant) else {
            return mlflow_error(
                "404 Not Found",
                "RESOURCE_DOES_NOT_EXIST",
                "there is no such request",
            );
        };
        self.requests.remove(at);
        if verb.ends_with("/approve") {
            if body["archive_existing_versions"].as_bool().unwrap() {
                for (held, _) in self.versions.values_mut().filter(|(held, _)| held == stage) {
                    "Archived".clone_into(held);
                }
            }
            stage.clone_into(&mut self.versions.get_mut(&number).unwrap().0);
        }
        ok(json!({"activity": {"user_id": "ana@example.org"}}))
    }
}

/// A workspace with churn/1 in Production and churn/2 nowhere, and the program at it.
struct Fixture {
    program: Program,
    server: BadServer,
    workspace: Arc<Mutex<Workspace>>,
}

impl Fixture {
    fn new() -> Self {
        let mut workspace = Workspace::default();
        workspace
            .versions
            .insert(1, ("Production".to_owned(), BTreeMap::new()));
        workspace
            .versions
            .insert(2, ("None".to_owned(), BTreeMap::new()));
        let workspace = Arc::new(Mutex::new(workspace));
        let kept = Arc::clone(&workspace);
        let server = BadServer::start(move |asked| kept.lock().unwrap().respond(asked));
        let program = Program::new();
        let policy = "[model.\"churn\".approval]\nneeded = 1\nby_someone_else = true\nto = [\"Production\"]\n";
        let policy = format!("[model.\"churn\"]\noverrides = [\"ana\"]\n{policy}");
        std::fs::write(program.folder().join("frontrunner.toml"), policy).unwrap();
        Self {
            program,
            server,
            workspace,
        }
    }

    fn with_request_by(self, who: &str) -> Self {
        self.workspace.lock().unwrap().requests.push((
            2,
            "Production".to_owned(),
            who.to_owned(),
            "better AUC".to_owned(),
        ));
        self
    }

    fn run(&self, arguments: &[&str]) -> ProgramOutput {
        let mut command = self
            .program
            .command(&[arguments, &["--target", &self.server.url]].concat());
        command.env("MLFLOW_TRACKING_TOKEN", TOKEN);
        run_to_end(command)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.code, 0, "{arguments:?}: {output:?}");
        serde_json::from_str(&output.stdout).unwrap()
    }

    /// The open requests, and the stages of both versions.
    fn state(&self) -> (usize, [String; 2]) {
        let workspace = self.workspace.lock().unwrap();
        (
            workspace.requests.len(),
            [1, 2].map(|number| workspace.versions[&number].0.clone()),
        )
    }

    /// The approvals that churn/2 carries.
    fn approvals(&self) -> Vec<Value> {
        let workspace = self.workspace.lock().unwrap();
        let tags = workspace.versions[&2]
            .1
            .iter()
            .filter(|(key, _)| key.starts_with("frontrunner.approval."));
        tags.map(|(_, value)| serde_json::from_str(value).unwrap())
            .collect()
    }

    /// What was sent to change something: method, path with query, body.
    fn writes(&self) -> Vec<(String, String, Value)> {
        let seen = self
            .server
            .requests()
            .into_iter()
            .filter(|asked| !is_allowed_read(&asked.method, &asked.path));
        seen.map(|asked| {
            (
                asked.method,
                asked.path,
                serde_json::from_str(&asked.body).unwrap_or_default(),
            )
        })
        .collect()
    }
}

#[test]
fn request_is_made_once_listed_and_withdrawn() {
    let stage = Fixture::new();
    let plan = stage.run(&[
        "request",
        "churn/2",
        "--to",
        "Production",
        "--reason",
        "better AUC",
        "--plan",
    ]);
    assert!(
        plan.stdout.contains("transition-requests/create") && !plan.stdout.contains(TOKEN),
        "{plan:?}"
    );
    assert!(stage.writes().is_empty(), "a plan sends nothing");
    let made = stage.run(&[
        "request",
        "churn/2",
        "--to",
        "Production",
        "--reason",
        "better AUC",
        "--yes",
    ]);
    assert_eq!(made.code, 0, "{made:?}");
    let writes = stage.writes();
    let body =
        json!({"name": "churn", "version": "2", "stage": "Production", "comment": "better AUC"});
    assert_eq!(
        writes,
        [(
            "POST".to_owned(),
            "/api/2.0/mlflow/transition-requests/create".to_owned(),
            body
        )],
        "no tag, and no move"
    );
    let again = stage.json(&["request", "churn/2", "--to", "Production", "--yes"]);
    assert_eq!(
        (&again["applied"], &again["verified"]),
        (&json!(false), &json!(true))
    );

    let review = stage.json(&["review", "churn/2"]);
    assert_eq!(review["requests"][0]["by"], "ana@example.org");
    assert!(
        stage
            .run(&["review", "churn/2"])
            .stdout
            .contains("ana@example.org requests Production: better AUC")
    );
    let gates = stage.run(&["gates", "churn/2", "--json"]);
    assert_eq!(gates.code, 4, "{gates:?}");
    assert!(gates.stdout.contains("better AUC"), "{gates:?}");
    let promote = stage.run(&["promote", "churn/2", "--to", "Production", "--plan"]);
    assert!(
        promote
            .stdout
            .contains("requests Production: better AUC; answer the request with `review`"),
        "{promote:?}"
    );

    let entry = made
        .stdout
        .split("rollback --entry ")
        .nth(1)
        .unwrap()
        .trim();
    let undone = stage.run(&["rollback", "--entry", entry, "--yes"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(stage.state().0, 0);
    let (method, path, _) = stage.writes().pop().unwrap();
    assert_eq!(method, "DELETE");
    assert!(
        path.contains("transition-requests/delete?") && path.contains("creator=ana%40example.org"),
        "{path}"
    );
}

#[test]
fn approval_goes_through_the_server_and_counts() {
    let stage = Fixture::new().with_request_by("bo@example.org");
    let done = stage.json(&[
        "review",
        "churn/2",
        "--approve",
        "--archive-existing",
        "--reason",
        "fine",
        "--yes",
    ]);
    assert_eq!(
        (&done["applied"], &done["verified"]),
        (&json!(true), &json!(true)),
        "{done}"
    );
    assert_eq!(
        done["gates"][0]["verdict"], "pass",
        "the answer is the approval that the policy needs: {done}"
    );
    assert_eq!(
        stage.state(),
        (0, ["Archived".to_owned(), "Production".to_owned()])
    );
    let sent = stage
        .writes()
        .into_iter()
        .find(|(_, path, _)| path.ends_with("/approve"))
        .unwrap();
    let body = json!({"name": "churn", "version": "2", "stage": "Production", "archive_existing_versions": true, "comment": "fine"});
    assert_eq!(sent.2, body);
    let moved = stage
        .writes()
        .iter()
        .any(|(_, path, _)| path.contains("transition-stage"));
    assert!(!moved, "the server moves it by itself");
    assert_eq!(
        (
            stage.approvals().len(),
            &stage.approvals()[0]["by"],
            &stage.approvals()[0]["decision"]
        ),
        (1, &json!("ana"), &json!("approve"))
    );
    // The version goes back; whose request it was is not asked again.
    let back = [
        "rollback",
        "churn",
        "--override",
        "approvals",
        "--reason",
        "an incident",
        "--yes",
    ];
    assert_eq!(
        stage.run(&back).code,
        0,
        "the restored version has no approval"
    );
    assert_eq!(
        stage.state(),
        (0, ["Production".to_owned(), "None".to_owned()])
    );
    assert!(stage.approvals().is_empty());
}

#[test]
fn own_request_cannot_be_approved() {
    for who in ["ana@example.org", "Ana@example.org", "ana"] {
        let stage = Fixture::new().with_request_by(who);
        let refused = stage.run(&["review", "churn/2", "--approve", "--yes"]);
        assert_eq!(refused.code, 4, "{who}: {refused:?}");
        assert_eq!(
            stage.state(),
            (1, ["Production".to_owned(), "None".to_owned()])
        );
        assert!(stage.writes().is_empty());
    }
}

#[test]
fn rejection_goes_through_the_server_and_is_kept() {
    let stage = Fixture::new().with_request_by("bo@example.org");
    assert_eq!(
        stage.json(&[
            "review", "churn/2", "--reject", "--reason", "too slow", "--yes"
        ])["verified"],
        true
    );
    assert_eq!(
        stage.state(),
        (0, ["Production".to_owned(), "None".to_owned()])
    );
    let (_, path, body) = stage.writes().pop().unwrap();
    assert!(path.ends_with("/transition-requests/reject"), "{path}");
    assert_eq!(body["comment"], "too slow");
    let promote = stage.run(&["promote", "churn/2", "--to", "Production", "--yes"]);
    assert_eq!(promote.code, 4, "{promote:?}");
}

#[test]
fn approvals_are_stored_in_tags_without_server_requests() {
    let stage = Fixture::new();
    stage.workspace.lock().unwrap().has_no_requests = true;
    assert_eq!(
        stage.json(&["review", "churn/2", "--approve", "--yes"])["verified"],
        true
    );
    assert_eq!(stage.approvals().len(), 1);
    let refused = stage.run(&["request", "churn/2", "--to", "Production", "--yes"]);
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(
        refused.stderr.contains("no transition requests"),
        "{refused:?}"
    );
    let writes = stage.writes();
    assert!(
        writes.iter().all(|(_, path, _)| path.ends_with("set-tag")),
        "{writes:?}"
    );
}

#[test]
fn read_only_session_sends_only_allowed_requests() {
    let stage = Fixture::new().with_request_by("bo@example.org");
    let lines: [&[&str]; 4] = [
        &["gates", "churn/2"],
        &["review", "churn/2"],
        &["review", "churn/2", "--approve", "--yes"],
        &["request", "churn/1", "--to", "Staging", "--yes"],
    ];
    for line in lines {
        stage.run(&[line, &["--read-only"]].concat());
    }
    assert!(
        stage
            .server
            .requests()
            .iter()
            .any(|asked| asked.path.contains("transition-requests/list"))
    );
    assert!(stage.writes().is_empty(), "{:?}", stage.writes());
}
