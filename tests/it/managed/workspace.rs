//! A small Databricks workspace in memory. It takes the requests that MLflow's protos define and no others: each method and path
//! with its fields, by which every query and body is checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::bad_server::{self, BadServer, Request, Response, mlflow_error};

/// Method, path below the host, fields.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "POST",
        "/api/2.0/mlflow/experiments/search",
        "max_results page_token filter order_by view_type",
    ),
    (
        "POST",
        "/api/2.0/mlflow/runs/search",
        "experiment_ids filter run_view_type max_results order_by page_token",
    ),
    ("GET", "/api/2.0/mlflow/runs/get", "run_id run_uuid"),
    (
        "GET",
        "/api/2.0/mlflow/metrics/get-history",
        "run_id run_uuid metric_key page_token max_results",
    ),
    (
        "GET",
        "/api/2.0/mlflow/artifacts/list",
        "run_id run_uuid path page_token",
    ),
    (
        "POST",
        "/api/2.0/mlflow/artifacts/credentials-for-read",
        "run_id path page_token",
    ),
    (
        "POST",
        "/api/2.0/mlflow/logged-models/search",
        "experiment_ids filter max_results order_by page_token datasets",
    ),
    (
        "GET",
        "/api/2.0/mlflow/registered-models/search",
        "filter max_results order_by page_token",
    ),
    ("GET", "/api/2.0/mlflow/registered-models/get", "name"),
    (
        "GET",
        "/api/2.0/mlflow/model-versions/search",
        "filter max_results order_by page_token",
    ),
    (
        "GET",
        "/api/2.0/mlflow/transition-requests/list",
        "name version",
    ),
    (
        "GET",
        "/api/2.0/mlflow/unity-catalog/registered-models/search",
        "max_results page_token",
    ),
    (
        "GET",
        "/api/2.0/mlflow/unity-catalog/registered-models/get",
        "name",
    ),
    (
        "GET",
        "/api/2.0/mlflow/unity-catalog/model-versions/search",
        "filter max_results page_token",
    ),
    (
        "GET",
        "/api/2.0/mlflow/unity-catalog/model-versions/get",
        "name version",
    ),
    (
        "POST",
        "/api/2.0/mlflow/unity-catalog/model-versions/create",
        "name source run_id description run_tracking_server_id feature_deps tags model_version_dependencies model_id",
    ),
    (
        "POST",
        "/api/2.0/mlflow/unity-catalog/model-versions/generate-temporary-credentials",
        "name version operation",
    ),
    (
        "POST",
        "/api/2.0/mlflow/unity-catalog/model-versions/finalize",
        "name version",
    ),
    (
        "POST",
        "/api/2.0/mlflow/unity-catalog/registered-models/create",
        "name tags description deployment_job_id",
    ),
    (
        "POST",
        "/api/2.0/mlflow/unity-catalog/registered-models/alias",
        "name alias version",
    ),
    (
        "DELETE",
        "/api/2.0/mlflow/unity-catalog/registered-models/alias",
        "name alias",
    ),
    (
        "POST",
        "/api/2.0/mlflow/unity-catalog/model-versions/set-tag",
        "name version key value",
    ),
    (
        "DELETE",
        "/api/2.0/mlflow/unity-catalog/model-versions/delete-tag",
        "name version key",
    ),
    (
        "PATCH",
        "/api/2.0/mlflow/unity-catalog/model-versions/update",
        "name version description",
    ),
    (
        "PATCH",
        "/api/2.0/mlflow/unity-catalog/registered-models/update",
        "name new_name description deployment_job_id",
    ),
];

/// The personal token, the client's id and secret, and the run of both versions.
pub const TOKEN: &str = "dapi-0123456789";
pub const CLIENT: (&str, &str) = ("client-1", "s3cret/with+signs=");
pub const RUN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
pub const MODEL: &str = "main.ml.churn";

/// What the workspace holds.
pub struct Workspace {
    pub aliases: BTreeMap<String, String>,
    pub tags: BTreeMap<(String, String), String>,
    /// Tokens that it accepts.
    pub tokens: BTreeSet<String>,
    /// How many tokens it issued.
    pub issued: usize,
    /// How many requests are answered by 429 first.
    pub busy: usize,
    /// What these ask to wait for, as a header.
    pub retry_after: String,
    /// Whether no token is issued for now.
    pub is_token_busy: bool,
    /// The end of a path whose next request is answered by 429.
    pub busy_at: Option<&'static str>,
    /// After this many more calls, the tokens that were issued so far are rejected.
    pub valid_calls: Option<usize>,
    /// Whether a rejected token is a 403, as for personal tokens, and not a 401.
    pub rejects_by_403: bool,
    /// Whether the old registry of the workspace is disabled.
    pub is_registry_disabled: bool,
    /// The path below which tokens are issued.
    pub oidc: &'static str,
    /// Requests that the protos do not allow.
    pub violations: Vec<String>,
}

impl Default for Workspace {
    fn default() -> Self {
        let tags = [(("1", "team"), "risk"), (("2", "team"), "risk")];
        Self {
            aliases: [("champion".to_owned(), "1".to_owned())].into(),
            tags: tags
                .map(|((version, key), value)| {
                    ((version.to_owned(), key.to_owned()), value.to_owned())
                })
                .into(),
            tokens: [TOKEN.to_owned()].into(),
            issued: 0,
            busy: 0,
            retry_after: "1".to_owned(),
            is_token_busy: false,
            busy_at: None,
            valid_calls: None,
            rejects_by_403: false,
            is_registry_disabled: false,
            oidc: "/oidc",
            violations: Vec::new(),
        }
    }
}

pub struct RunningWorkspace {
    pub server: BadServer,
    pub state: Arc<Mutex<Workspace>>,
}

impl RunningWorkspace {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(Workspace::default()));
        let kept = Arc::clone(&state);
        let server = BadServer::start(move |request| kept.lock().unwrap().respond(request));
        Self { server, state }
    }

    pub fn url(&self) -> &str {
        &self.server.url
    }

    /// Method and path without its query, of every request that is not a login's.
    pub fn calls(&self) -> Vec<String> {
        let name = |request: &Request| {
            let path = request.path.split('?').next().unwrap().to_owned();
            format!("{} {path}", request.method)
        };
        let all = self.server.requests();
        all.iter()
            .map(name)
            .filter(|call| call.contains("/api/"))
            .collect()
    }

    pub fn assert_allowed(&self) {
        let state = self.state.lock().unwrap();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
    }
}

fn ok(value: &Value) -> Response {
    bad_server::json("200 OK", &value.to_string())
}

/// The query or the body as fields.
fn fields_of(request: &Request) -> Value {
    let query = request.path.split_once('?').map_or("", |(_, query)| query);
    let mut fields: Value = serde_json::from_str(&request.body).unwrap_or_else(|_| json!({}));
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        fields[key.as_ref()] = json!(value);
    }
    fields
}

impl Workspace {
    fn respond(&mut self, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap();
        let host = request
            .headers
            .lines()
            .find_map(|line| line.strip_prefix("host: "));
        let host = format!("http://{}", host.unwrap_or_default());
        match (request.method.as_str(), path) {
            ("GET", "/.well-known/databricks-config") => {
                return ok(
                    &json!({"oidc_endpoint": format!("{host}{}", self.oidc), "account_id": "acc-1",
                    "workspace_id": "123456", "cloud": "aws"}),
                );
            }
            ("GET", path)
                if path == format!("{}/.well-known/oauth-authorization-server", self.oidc) =>
            {
                return ok(&json!({"token_endpoint": format!("{host}{}/v1/token", self.oidc)}));
            }
            ("POST", path) if path == format!("{}/v1/token", self.oidc) => {
                return self.issue(request);
            }
            ("POST", "/tenant/oauth2/token") => return self.issue_of_azure(request),
            ("GET", "/signed/a.txt") => {
                assert!(
                    !request.headers.contains("authorization:"),
                    "the signature is the permission"
                );
                assert!(request.headers.contains("x-amz-z: 1"));
                return bad_server::response("200 OK", &[], "hello");
            }
            _ => {}
        }
        if let Some(left) = &mut self.valid_calls {
            if *left == 0 {
                self.tokens.clear();
                self.valid_calls = None;
            } else {
                *left -= 1;
            }
        }
        let authorized = self.tokens.iter().any(|token| {
            let line = format!("authorization: bearer {}", token.to_lowercase());
            request.headers.lines().any(|known| known == line)
        });
        if !authorized && self.rejects_by_403 {
            return bad_server::json(
                "403 Forbidden",
                r#"{"error_code": "403", "message": "Invalid Token"}"#,
            );
        }
        if !authorized {
            return bad_server::response(
                "401 Unauthorized",
                &["Content-Type: text/html"],
                "Credential was not sent or was of an unsupported type",
            );
        }
        let fields = fields_of(request);
        self.check(request, path, &fields);
        let is_busy_path = self.busy_at.is_some_and(|end| path.ends_with(end));
        if self.busy > 0 || is_busy_path {
            self.busy = self.busy.saturating_sub(1);
            self.busy_at = self.busy_at.filter(|_| !is_busy_path);
            let retry_after = format!("Retry-After: {}", self.retry_after);
            return bad_server::response(
                "429 Too Many Requests",
                &["Content-Type: application/json", &retry_after],
                r#"{"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}"#,
            );
        }
        self.answer(&host, request.method.as_str(), path, &fields)
    }

    fn issue(&mut self, request: &Request) -> Response {
        if self.is_token_busy {
            let headers = ["Content-Type: application/json", "Retry-After: 600"];
            return bad_server::response("429 Too Many Requests", &headers, "{}");
        }
        let pair = STANDARD
            .encode(format!("{}:{}", CLIENT.0, CLIENT.1))
            .to_lowercase();
        let is_known = request
            .headers
            .contains(&format!("authorization: basic {pair}"));
        if !is_known || request.body != "grant_type=client_credentials&scope=all-apis" {
            return bad_server::json(
                "401 Unauthorized",
                r#"{"error": "invalid_client", "error_description": "Client authentication failed"}"#,
            );
        }
        self.issued += 1;
        let token = format!("oauth-{}", self.issued);
        self.tokens.insert(token.clone());
        ok(&json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}))
    }

    /// A token of Entra ID for a service principal: for Databricks, or for the management of Azure.
    fn issue_of_azure(&mut self, request: &Request) -> Response {
        let form: BTreeMap<_, _> = url::form_urlencoded::parse(request.body.as_bytes()).collect();
        let is = |key: &str, value: &str| form.get(key).is_some_and(|given| given == value);
        if !is("grant_type", "client_credentials") || !is("client_secret", CLIENT.1) {
            return bad_server::json(
                "401 Unauthorized",
                r#"{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."}"#,
            );
        }
        let token = if is("resource", "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d") {
            self.tokens.insert("entra-databricks".to_owned());
            "entra-databricks"
        } else {
            assert!(is("resource", "https://management.azure.com"), "{form:?}");
            "entra-management"
        };
        ok(&json!({"access_token": token, "token_type": "Bearer", "expires_in": "3599"}))
    }

    /// Lists are arrays, numbers are numbers, all else is text; a query belongs to a read and a body to a write or a search.
    fn check_types(&mut self, request: &Request) {
        let body: Value = match request.body.as_str() {
            "" => json!({}),
            body => serde_json::from_str(body).unwrap_or(Value::Null),
        };
        let is_right = |(key, value): (&String, &Value)| match key.as_str() {
            "max_results" => value.is_u64(),
            "archive_existing_versions" => value.is_boolean(),
            "experiment_ids" | "order_by" | "path" | "paths" | "tags" => value.is_array(),
            _ => value.is_string(),
        };
        let fields_are_right = body
            .as_object()
            .is_some_and(|fields| fields.iter().all(is_right));
        let has_query = request.path.contains('?');
        let is_read = request.method == "GET";
        if !fields_are_right || is_read && !request.body.is_empty() || !is_read && has_query {
            let line = format!("{} {} {}", request.method, request.path, request.body);
            self.violations.push(line);
        }
    }

    fn check(&mut self, request: &Request, path: &str, fields: &Value) {
        self.check_types(request);
        let row = ALLOWED
            .iter()
            .find(|(method, known, _)| *method == request.method && *known == path);
        let unknown = match row {
            None => vec!["the path".to_owned()],
            Some((.., known)) => fields
                .as_object()
                .unwrap()
                .keys()
                .filter(|key| !known.split(' ').any(|name| name == key.as_str()))
                .cloned()
                .collect(),
        };
        if !unknown.is_empty() {
            let line = format!(
                "{} {}: {}",
                request.method,
                request.path,
                unknown.join(", ")
            );
            self.violations.push(line);
        }
    }

    fn version(&self, number: &str, is_whole: bool) -> Value {
        let mut version = json!({
            "name": MODEL, "version": number, "creation_timestamp": 1_700_000_000_000_i64, "last_updated_timestamp": 1_700_000_000_000_i64,
            "user_id": "ann@example.com", "source": format!("dbfs:/databricks/mlflow-tracking/42/{RUN}/artifacts/model"), "run_id": RUN,
            "status": "READY", "storage_location": "s3://bucket/x",
        });
        if is_whole {
            let aliases = self.aliases.iter().filter(|(_, holder)| *holder == number);
            version["aliases"] = aliases
                .map(|(alias, _)| json!({"alias": alias, "version": number}))
                .collect();
            let tags = self.tags.iter().filter(|((of, _), _)| of == number);
            version["tags"] = tags
                .map(|((_, key), value)| json!({"key": key, "value": value}))
                .collect();
        }
        version
    }

    fn model(&self, is_whole: bool) -> Value {
        let mut model = json!({"name": MODEL, "creation_timestamp": 1_700_000_000_000_i64, "last_updated_timestamp": 1_700_000_000_000_i64, "user_id": "ann@example.com"});
        if is_whole {
            let alias =
                |(alias, version): (&String, &String)| json!({"alias": alias, "version": version});
            model["aliases"] = self.aliases.iter().map(alias).collect();
        }
        model
    }

    fn answer(&mut self, host: &str, method: &str, path: &str, fields: &Value) -> Response {
        let given = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
        let missing = |what: &str| mlflow_error("404 Not Found", "RESOURCE_DOES_NOT_EXIST", what);
        let uc = path
            .trim_start_matches("/api/2.0/mlflow/")
            .trim_start_matches("unity-catalog/");
        let run = json!({
            "info": {"run_id": RUN, "run_uuid": RUN, "run_name": "base", "experiment_id": "42", "status": "FINISHED", "start_time": 1_700_000_000_000_i64,
                "end_time": 1_700_000_001_000_i64, "artifact_uri": format!("dbfs:/databricks/mlflow-tracking/42/{RUN}/artifacts"), "lifecycle_stage": "active"},
            "data": {"metrics": [{"key": "acc", "value": 0.5, "timestamp": 1_700_000_000_000_i64, "step": 0}], "params": [], "tags": []},
        });
        match (method, uc) {
            ("POST", "experiments/search") => ok(&json!({"experiments": [{
                "experiment_id": "42", "name": "/Users/ann@example.com/exp", "artifact_location": "dbfs:/databricks/mlflow-tracking/42", "lifecycle_stage": "active"}]})),
            ("POST", "runs/search") => ok(&json!({"runs": [run]})),
            ("GET", "runs/get") if given("run_id") == RUN => ok(&json!({"run": run})),
            ("GET", "artifacts/list") => {
                let name = if given("path") == "model" {
                    "model/MLmodel"
                } else {
                    "a.txt"
                };
                ok(&json!({"files": [{"path": name, "is_dir": false, "file_size": 5}]}))
            }
            ("POST", "artifacts/credentials-for-read") => ok(&json!({"credential_infos": [{
                "run_id": RUN, "path": fields["path"][0], "signed_uri": format!("{host}/signed/a.txt?sig=1"),
                "headers": [{"name": "x-amz-z", "value": "1"}], "type": "AWS_PRESIGNED_URL"}]})),
            ("GET", "registered-models/search")
                if self.is_registry_disabled && !path.contains("/unity-catalog/") =>
            {
                mlflow_error(
                    "403 Forbidden",
                    "PERMISSION_DENIED",
                    "The workspace model registry is disabled.",
                )
            }
            ("GET", "registered-models/search") => {
                ok(&json!({"registered_models": [self.model(false)]}))
            }
            ("GET", "registered-models/get") if given("name") == MODEL => {
                ok(&json!({"registered_model": self.model(true)}))
            }
            ("GET", "model-versions/search") => {
                let filter = given("filter");
                let is_meant = filter.contains(MODEL) || filter.contains(RUN);
                let numbers: &[&str] = if is_meant { &["1", "2"] } else { &[] };
                let versions: Vec<Value> = numbers
                    .iter()
                    .map(|number| self.version(number, false))
                    .collect();
                ok(&json!({"model_versions": versions}))
            }
            ("GET", "model-versions/get") if ["1", "2"].contains(&given("version").as_str()) => {
                ok(&json!({"model_version": self.version(&given("version"), true)}))
            }
            ("POST", "registered-models/alias") => {
                self.aliases.insert(given("alias"), given("version"));
                ok(&json!({}))
            }
            ("DELETE", "registered-models/alias") => {
                self.aliases.remove(&given("alias"));
                ok(&json!({}))
            }
            ("POST", "model-versions/set-tag") => {
                self.tags
                    .insert((given("version"), given("key")), given("value"));
                // MLflow's client takes this for an empty object.
                bad_server::response("200 OK", &["Content-Type: text/plain"], "200 OK")
            }
            ("DELETE", "model-versions/delete-tag") => {
                self.tags.remove(&(given("version"), given("key")));
                ok(&json!({}))
            }
            ("GET", "transition-requests/list") | ("POST", "logged-models/search") => {
                ok(&json!({}))
            }
            _ => missing(&format!("nothing at {path}")),
        }
    }
}
