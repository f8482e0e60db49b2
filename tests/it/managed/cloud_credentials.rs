//! Where credentials of AWS come from: each source of its chain against a server in memory that takes only what the source's
//! documentation says. Addresses are replaced by AWS's own variables.

use serde_json::json;

use super::aws::{Fixture, SECRET, SERVER_ARN};
use super::write_script;
use crate::support::bad_server::{self, BadServer, Request, Response};

const EXPIRATION: &str = "2099-01-01T00:00:00Z";

fn ok(value: &serde_json::Value) -> Response {
    bad_server::json("200 OK", &value.to_string())
}

fn keys() -> serde_json::Value {
    json!({
        "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": SECRET, "Token": "session",
        "Expiration": EXPIRATION, "LastUpdated": "2020-01-01T00:00:00Z",
    })
}

fn has(request: &Request, line: &str) -> bool {
    request.headers.lines().any(|known| known == line)
}

/// The sources of credentials that AWS reaches over HTTP.
fn aws_source(request: &Request) -> Response {
    let path = request.path.split('?').next().unwrap();
    match (request.method.as_str(), path) {
        ("GET", "/container") if has(request, "authorization: container-token") => ok(&keys()),
        ("PUT", "/latest/api/token") => bad_server::response(
            "200 OK",
            &["x-aws-ec2-metadata-token-ttl-seconds: 21600"],
            "imds-token",
        ),
        ("GET", "/latest/meta-data/iam/security-credentials/")
            if has(request, "x-aws-ec2-metadata-token: imds-token") =>
        {
            bad_server::response("200 OK", &[], "machine-role")
        }
        ("GET", "/latest/meta-data/iam/security-credentials/machine-role") => ok(&keys()),
        ("GET", "/federation/credentials")
            if has(request, "x-amz-sso_bearer_token: sso-token")
                && request.path.contains("role_name=reader")
                && request.path.contains("account_id=123456789012") =>
        {
            ok(
                &json!({"roleCredentials": {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": SECRET,
                "sessionToken": "session", "expiration": 4_070_908_800_000_i64}}),
            )
        }
        ("POST", "/") if request.body.contains("Action=AssumeRole") => {
            assert!(request.body.contains("role%2Fml"), "{request:?}");
            let body = format!(
                "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>\
                 <AccessKeyId>AKIDEXAMPLE</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>\
                 <SessionToken>session</SessionToken><Expiration>{EXPIRATION}</Expiration></Credentials>\
                 <AssumedRoleUser><AssumedRoleId>A:s</AssumedRoleId><Arn>arn:aws:sts::1:assumed-role/ml/s</Arn>\
                 </AssumedRoleUser></AssumeRoleResult></AssumeRoleResponse>"
            );
            bad_server::response("200 OK", &["Content-Type: text/xml"], body)
        }
        _ => bad_server::response("403 Forbidden", &[], "denied"),
    }
}

const AWS_CONFIG: &str = "[profile sso]\nsso_session = team\nsso_account_id = 123456789012\nsso_role_name = reader\n\
    [sso-session team]\nsso_region = eu-central-1\nsso_start_url = https://team.awsapps.com/start\n\
    [profile role]\nrole_arn = arn:aws:iam::123456789012:role/ml\nsource_profile = base\n\
    [profile base]\nregion = eu-central-1\n[profile process]\ncredential_process = CREDENTIALS\n";

/// The SHA-1 of `team`, by which the cache of the session is named.
const SSO_CACHE: &str = ".aws/sso/cache/d25187dc137f35c88bc80ec8c3ffbdb17b5eb873.json";

fn prepare_aws(fixture: &Fixture) {
    let home = fixture.program.folder();
    std::fs::create_dir_all(home.join(".aws/sso/cache")).unwrap();
    let printed = json!({"Version": 1, "AccessKeyId": "AKIDEXAMPLE", "SecretAccessKey": SECRET,
        "SessionToken": "session", "Expiration": EXPIRATION});
    write_script(home, "credentials", &format!("echo '{printed}'"));
    let script = home.join("credentials");
    let config = AWS_CONFIG.replace("CREDENTIALS", script.to_str().unwrap());
    std::fs::write(home.join(".aws/config"), config).unwrap();
    let base = "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base\n";
    std::fs::write(home.join(".aws/credentials"), base).unwrap();
    let token = json!({"accessToken": "sso-token", "expiresAt": EXPIRATION, "region": "eu-central-1",
        "startUrl": "https://team.awsapps.com/start"});
    std::fs::write(home.join(SSO_CACHE), token.to_string()).unwrap();
}

#[test]
fn each_source_of_awss_chain_signs_requests() {
    let fixture = Fixture::new();
    prepare_aws(&fixture);
    let source = BadServer::start(aws_source);
    let container = format!("{}/container", source.url);
    let role = "arn:aws:iam::123456789012:role/ml";
    let base: [(&str, &str); 2] = [
        ("AWS_ACCESS_KEY_ID", "AKIDBASE"),
        ("AWS_SECRET_ACCESS_KEY", "base"),
    ];
    let sources: [(&str, Vec<(&str, &str)>); 6] = [
        (
            "container",
            vec![
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token"),
            ],
        ),
        (
            "instance",
            vec![
                ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &source.url),
                ("AWS_EC2_METADATA_DISABLED", "false"),
            ],
        ),
        (
            "role of SageMaker",
            [
                &base[..],
                &[
                    ("SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN", role),
                    ("AWS_ENDPOINT_URL_STS", &source.url),
                ],
            ]
            .concat(),
        ),
        (
            "role of a profile",
            vec![
                ("AWS_PROFILE", "role"),
                ("AWS_ENDPOINT_URL_STS", &source.url),
            ],
        ),
        (
            "SSO",
            vec![
                ("AWS_PROFILE", "sso"),
                ("AWS_ENDPOINT_URL_SSO", &source.url),
            ],
        ),
        ("process", vec![("AWS_PROFILE", "process")]),
    ];
    for (name, variables) in sources {
        let arguments = ["--target", SERVER_ARN, "experiments"];
        let output = fixture.run(&arguments, &variables);
        assert_eq!(
            output.code,
            0,
            "{name}: {output:?}\n{:#?}",
            source.requests()
        );
    }
}

#[test]
fn what_is_wrong_with_awss_chain_is_named() {
    let fixture = Fixture::new();
    prepare_aws(&fixture);
    let source = BadServer::start(|_| {
        let error = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
            <Message>not authorized to perform sts:AssumeRole</Message></Error></ErrorResponse>";
        bad_server::response("403 Forbidden", &["Content-Type: text/xml"], error)
    });
    let expired = json!({"accessToken": "x", "expiresAt": "2020-01-01T00:00:00Z", "region": "eu-central-1",
        "startUrl": "https://team.awsapps.com/start"});
    std::fs::write(
        fixture.program.folder().join(SSO_CACHE),
        expired.to_string(),
    )
    .unwrap();
    let container = format!("{}/container", source.url);
    for (variables, cause) in [
        (vec![("AWS_PROFILE", "sso")], "expired"),
        (
            vec![
                ("AWS_PROFILE", "role"),
                ("AWS_ENDPOINT_URL_STS", source.url.as_str()),
            ],
            "AccessDenied",
        ),
        (
            vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.as_str())],
            "http credential provider: StatusCode(403)",
        ),
        (vec![("AWS_PROFILE", "nobody")], "nobody"),
        (vec![], "there are none: not in the environment"),
    ] {
        let output = fixture.run(&["--target", SERVER_ARN, "experiments"], &variables);
        assert_ne!(output.code, 0);
        let message = output.stderr.to_lowercase();
        assert!(
            message.contains(&cause.to_lowercase()),
            "{variables:?}: {message}"
        );
        assert!(
            message.contains("hint: sign in with `aws sso login`"),
            "{message}"
        );
    }
    assert!(fixture.server.requests().is_empty());
}

#[test]
fn half_of_a_pair_of_keys_is_not_passed_over() {
    let fixture = Fixture::new();
    prepare_aws(&fixture);
    for (variable, value) in [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ] {
        // The profile has a whole pair, of somebody else.
        let variables = [(variable, value), ("AWS_PROFILE", "base")];
        let output = fixture.run(&["--target", SERVER_ARN, "experiments"], &variables);
        assert_eq!(output.code, 5, "{output:?}");
        assert!(
            output
                .stderr
                .contains(&format!("{variable} is set without"))
                && !output.stderr.contains("hunter2"),
            "{output:?}"
        );
    }
    assert!(fixture.server.requests().is_empty());
}

#[test]
fn keys_that_expire_in_the_middle_are_replaced() {
    let fixture = Fixture::new();
    prepare_aws(&fixture);
    let home = fixture.program.folder();
    let print = format!(
        r#"echo x >> {calls}
if [ "$(wc -l < {calls})" -gt 1 ]; then session=session; else session=expired; fi
echo "{{\"Version\": 1, \"AccessKeyId\": \"AKIDEXAMPLE\", \"SecretAccessKey\": \"{SECRET}\", \"SessionToken\": \"$session\", \"Expiration\": \"{EXPIRATION}\"}}""#,
        calls = home.join("calls").display()
    );
    write_script(home, "credentials", &print);
    let variables = [("AWS_PROFILE", "process")];
    let output = fixture.run_with_rejections(&["--target", SERVER_ARN, "experiments"], &variables);
    assert_eq!(output.code, 0, "{output:?}");
    let calls = std::fs::read_to_string(home.join("calls")).unwrap();
    assert_eq!(calls.lines().count(), 2);
    // The first is rejected by a 403.
    assert_eq!(fixture.server.requests().len(), 2);
}
