//! Signatures, recomputed by the server from what it received.

use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};

use crate::support::bad_server::{self, BadServer, Request, Response};
use crate::support::program::{Program, ProgramOutput, run_to_end};

pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const SERVER_ARN: &str =
    "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/team";
const APP_ARN: &str = "arn:aws:sagemaker:us-west-2:123456789012:mlflow-app/app-1";

fn hex(bytes: &[u8]) -> String {
    let digits = |byte: &u8| {
        [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
    };
    bytes.iter().flat_map(digits).collect()
}

/// RFC 2104, for keys of at most a block.
fn hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

fn escape(text: &str) -> String {
    let escape_byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(escape_byte).collect()
}

/// The first thing that is wrong with a request's signature. Header values were made lower case when the request was read, so
/// the ARN and the token have to be in lower case.
fn check(request: &Request, token: &str) -> Result<(), String> {
    let header = |name: &str| {
        let line = request
            .headers
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(str::trim).ok_or_else(|| format!("no {name}"))
    };
    let authorization = header("authorization")?;
    let part = |name: &str| {
        let after = authorization
            .split_once(&format!("{name}="))
            .ok_or(format!("no {name}"))?
            .1;
        Ok::<_, String>(after.split(',').next().unwrap_or_default().trim())
    };
    let (scope, signed) = (part("credential")?, part("signedheaders")?);
    let arn = header("x-mlflow-sm-tracking-server-arn").or_else(|_| header("x-sm-mlflow-app-arn"));
    let (region, service) = match arn {
        Ok(arn) if arn.contains(":mlflow-app/") => ("us-west-2", "sagemaker"),
        Ok(_) => ("eu-central-1", "sagemaker-mlflow"),
        Err(_) => ("ap-south-1", "execute-api"),
    };
    for needed in ["host", "x-amz-date", "x-amz-content-sha256"] {
        if !signed.split(';').any(|name| name == needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    if arn.is_ok() && !signed.contains("-arn") {
        return Err("the ARN is not signed".to_owned());
    }
    if header("x-amz-security-token")? != token {
        return Err("another session".to_owned());
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if query.contains('+') {
        return Err("a plus sign in the query".to_owned());
    }
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    let path: Vec<String> = path.split('/').map(escape).collect();
    let mut lines = String::new();
    for name in signed.split(';') {
        let value = header(name)?;
        let value = match name {
            "x-amz-date" => value.to_uppercase(),
            _ => value.to_owned(),
        };
        lines += &format!("{name}:{value}\n");
    }
    let body = hex(&Sha256::digest(&request.body));
    if header("x-amz-content-sha256")? != body {
        return Err("another body".to_owned());
    }
    let (path, query) = (path.join("/"), pairs.join("&"));
    let canonical = [
        &request.method,
        path.as_str(),
        &query,
        &lines,
        signed,
        &body,
    ]
    .join("\n");
    let time = header("x-amz-date")?.to_uppercase();
    let day = &time[..8];
    if !scope.ends_with(&format!("/{day}/{region}/{service}/aws4_request")) {
        return Err(format!("the scope is {scope}"));
    }
    let digest = hex(&Sha256::digest(&canonical));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{day}/{region}/{service}/aws4_request\n{digest}");
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for step in [day, region, service, "aws4_request"] {
        key = hmac(&key, step);
    }
    if hex(&hmac(&key, &text)) == part("signature")? {
        Ok(())
    } else {
        Err(format!("the signature does not fit\n{canonical}"))
    }
}

pub struct Fixture {
    pub program: Program,
    pub server: BadServer,
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Fixture {
    pub fn new() -> Self {
        let wrong: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&wrong);
        let server = BadServer::start(move |request| match check(request, "session") {
            Ok(()) => respond(request),
            Err(why) => {
                kept.lock().unwrap().push(why.clone());
                bad_server::json(
                    "403 Forbidden",
                    r#"{"message": "The request signature we calculated does not match"}"#,
                )
            }
        });
        Self {
            program: Program::new(),
            server,
            wrong,
        }
    }

    /// Runs the program, whose requests have to be signed rightly.
    pub fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> ProgramOutput {
        let output = self.run_with_rejections(arguments, variables);
        let wrong = self.wrong.lock().unwrap();
        assert!(wrong.is_empty(), "{wrong:?}");
        output
    }

    /// Runs the program, of whose requests some may be rejected.
    pub fn run_with_rejections(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> ProgramOutput {
        let mut command = self.program.command(arguments);
        command
            .env("HOME", self.program.folder())
            .env("SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT", &self.server.url)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables.iter().copied());
        run_to_end(command)
    }
}

fn respond(request: &Request) -> Response {
    let path = request.path.split('?').next().unwrap();
    let name = "churn model *ü~";
    let model =
        serde_json::json!({"name": name, "aliases": [{"alias": "champion", "version": "1"}]});
    let version = serde_json::json!({"name": name, "version": "1", "status": "READY", "source": "s3://b/x", "current_stage": "None"});
    let body = match path.trim_start_matches("/api/2.0/mlflow/") {
        "registered-models/search" => serde_json::json!({"registered_models": [model]}),
        "registered-models/get" => serde_json::json!({"registered_model": model}),
        "model-versions/search" => serde_json::json!({"model_versions": [version]}),
        _ => serde_json::json!({"experiments": []}),
    };
    bad_server::json("200 OK", &body.to_string())
}

const KEYS: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", SECRET),
    ("AWS_SESSION_TOKEN", "session"),
];

#[test]
fn every_request_to_sagemaker_is_signed() {
    let fixture = Fixture::new();
    for arn in [SERVER_ARN, APP_ARN] {
        let output = fixture.run(
            &["--target", arn, "versions", "churn model *ü~", "--json"],
            &KEYS,
        );
        assert_eq!(output.code, 0, "{output:?}");
    }
    let plan = [
        "--target",
        SERVER_ARN,
        "promote",
        "churn model *ü~/1",
        "--to",
        "@x",
        "--yes",
    ];
    fixture.run(&plan, &KEYS);
    let writes = fixture.server.requests();
    assert!(
        writes
            .iter()
            .any(|asked| asked.method == "POST" && asked.path.ends_with("registered-models/alias"))
    );
}

#[test]
fn credentials_come_from_profiles_and_their_lack_is_explained() {
    let fixture = Fixture::new();
    let folder = fixture.program.folder().join(".aws");
    std::fs::create_dir_all(&folder).unwrap();
    let text = format!(
        "[team]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\naws_session_token = session\n"
    );
    std::fs::write(folder.join("credentials"), text).unwrap();
    std::fs::write(
        folder.join("config"),
        "[profile team]\nregion = ap-south-1\n",
    )
    .unwrap();
    let profile = ("AWS_PROFILE", "team");
    let open = |variables: &[(&str, &str)]| {
        fixture.run(&["--target", SERVER_ARN, "experiments"], variables)
    };
    assert_eq!(open(&[profile]).code, 0);
    for variables in [vec![], vec![("AWS_PROFILE", "other")]] {
        let output = open(&variables);
        assert!(output.stderr.contains("aws sso login"), "{output:?}");
        assert!(output.stderr.contains("AWS's chain"), "{output:?}");
    }
    // A gateway of AWS before a server of one's own: the region is the profile's.
    let url = fixture.server.url.clone();
    let gateway = [profile, ("MLFLOW_TRACKING_AWS_SIGV4", "true")];
    let output = fixture.run(&["--target", &url, "experiments"], &gateway);
    assert_eq!(output.code, 0, "{output:?}");
}
