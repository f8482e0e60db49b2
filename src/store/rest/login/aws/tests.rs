//! Signatures, against those of AWS's own client.

use super::*;

/// Whose signature a request gets.
struct Signer {
    service: &'static str,
    region: &'static str,
    token: Option<&'static str>,
    /// A header that the service needs.
    header: Option<(&'static str, &'static str)>,
}

const APP: Signer = Signer {
    service: "sagemaker",
    region: "eu-central-1",
    token: Some("SESSTOKEN"),
    header: Some((
        "x-sm-mlflow-app-arn",
        "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app-ABC123",
    )),
};

const SERVER: Signer = Signer {
    service: "sagemaker-mlflow",
    region: "us-west-2",
    token: Some("SESSTOKEN"),
    header: Some((
        "x-mlflow-sm-tracking-server-arn",
        "arn:aws:sagemaker:us-west-2:123456789012:mlflow-tracking-server/my-server",
    )),
};

/// A key of a user has no session.
const SERVER_BY_KEY: Signer = Signer {
    token: None,
    ..SERVER
};

const GATEWAY: Signer = Signer {
    service: "execute-api",
    region: "ap-south-1",
    token: Some("T/+="),
    header: None,
};

const GATEWAY_BY_KEY: Signer = Signer {
    token: None,
    ..GATEWAY
};

fn signed(signer: &Signer, method: reqwest::Method, url: &str, body: &str) -> Request {
    let mut request = Request::new(method, url.parse().unwrap());
    let headers = request.headers_mut();
    if let Some((name, value)) = signer.header {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert("user-agent", HeaderValue::from_static("frontrunner"));
    if !body.is_empty() {
        *request.body_mut() = Some(body.to_owned().into());
    }
    let identity = SigningIdentity {
        credentials: Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            signer.token.map(str::to_owned),
            None,
            "test",
        ),
        region: signer.region.into(),
        service: signer.service,
    };
    // 20261128T152601Z
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_879_561);
    identity.sign(&mut request, now).unwrap();
    request
}

/// The signatures are those of botocore 1.44 over the same requests.
#[test]
fn signatures_are_those_of_botocore() {
    for (signer, method, url, body, signature) in BOTOCORE {
        let request = signed(signer, method.parse().unwrap(), url, body);
        let authorization = request.headers()["authorization"].to_str().unwrap();
        assert!(
            authorization.ends_with(&format!("Signature={signature}")),
            "{url}: {authorization}, expected {signature}"
        );
        let token = signer.token.map(|_| "x-amz-security-token");
        let names = ["host", "x-amz-content-sha256", "x-amz-date"].into_iter();
        let names = names
            .chain(token)
            .chain(signer.header.map(|(name, _)| name));
        let names: Vec<&str> = names.collect();
        let names = format!("SignedHeaders={},", names.join(";"));
        assert!(authorization.contains(&names), "{authorization}");
    }
}

type Row = (
    &'static Signer,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// Signer, method, address as it is before signing, body, signature.
const BOTOCORE: [Row; 13] = [
    (
        &APP,
        "GET",
        r"https://mlflow.sagemaker.eu-central-1.app.aws/api/2.0/mlflow/registered-models/get?name=my+exp+%2B+%C3%A9%2F%C3%BC",
        "",
        "a81f6f20ecaabb6f4df633d3e0a1a424f84af5ad34108238c1f4420a8920bd4e",
    ),
    (
        &APP,
        "GET",
        r"https://mlflow.sagemaker.eu-central-1.app.aws/api/2.0/mlflow/registered-models/search?max_results=1000&filter=name+=+'churn+m'",
        "",
        "824e7a923c57a0dc6d3d6c46579ae4c6a53f5066c42b06fbc71dd8f2f1e71060",
    ),
    (
        &APP,
        "POST",
        r"https://mlflow.sagemaker.eu-central-1.app.aws/api/2.0/mlflow/runs/search",
        r#"{"experiment_ids":["42"],"filter":"tags.`x y` = '1+1'"}"#,
        "2ff7264015acbfd921b51525b314d713585778848edbc5e01640cb4fb79180d5",
    ),
    (
        &APP,
        "GET",
        r"https://mlflow.sagemaker.eu-central-1.app.aws/api/2.0/mlflow/logged-models/m-%C3%A9%20x/artifacts/directories",
        "",
        "740828426dfbfcc84d112c620d6da1cb29e895295d2708b67017121c4ccbd0d1",
    ),
    (
        &APP,
        "DELETE",
        r"http://127.0.0.1:8080/base/api/2.0/mlflow/registered-models/alias",
        r#"{"name":"churn m","alias":"champion"}"#,
        "28e5a77d6485a2bba9ea5da3256340c5c193390c357b9c3498ca75b429256447",
    ),
    (
        &SERVER,
        "GET",
        r"https://us-west-2.experiments.sagemaker.aws/api/2.0/mlflow/registered-models/get?name=a%2Fb%3Ac%25d%2Be*f%7Eg%27h%22i%26j%3Dk%3Fl%23m+%E2%82%AC%F0%9F%98%80",
        "",
        "385f66cdfb54b9cf0ad8c5198ab7f8a56f82498967f02c5e6c995468e0d6c554",
    ),
    (
        &SERVER_BY_KEY,
        "GET",
        r"https://us-west-2.experiments.sagemaker.aws/api/2.0/mlflow/model-versions/search?filter=name+%3D+%27a%2Fb%3Ac%25d%2Be*f%7Eg%27h%22i%26j%3Dk%3Fl%23m+%E2%82%AC%F0%9F%98%80%27&max_results=1000&page_token=a%2Bb%2Fc%3D%3D",
        "",
        "cc107f2ffe031ae89d79bc43297806d8b4605cfd4eef924cb984b481e117fc00",
    ),
    (
        &SERVER_BY_KEY,
        "DELETE",
        r"https://us-west-2.experiments.sagemaker.aws/api/2.0/mlflow/registered-models/alias",
        r#"{"name":"日本","alias":"champion"}"#,
        "40e6566388c6008d9f17d497219e8d2a2e7cc63dae1d489eb52edbbd3a36af38",
    ),
    (
        &GATEWAY_BY_KEY,
        "GET",
        r"https://gateway.example.org:8443/team/api/2.0/mlflow/registered-models/get?name=",
        "",
        "6a309ed6aaae48c056cbb582ab81c69750dc916fac9506eec0ba9645aefba7cd",
    ),
    (
        &GATEWAY,
        "GET",
        r"https://gateway.example.org:8443/team/api/2.0/mlflow/runs/get?run_id=00000000000000000000000000000000",
        "",
        "5382a367f95cd0309f8c2b30bb70ce4e47b6728ce965c5a39c533372dc6a9356",
    ),
    (
        &GATEWAY,
        "GET",
        r"https://gateway.example.org:8443/team/api/2.0/mlflow/logged-models/m-a%2Fb%25c/artifacts/directories?artifact_directory_path=a+b%2F%C3%BC",
        "",
        "129cc48c269e94afb52522ece83b854bac3c48bbc3cc372fb6e7dff9baa790c5",
    ),
    (
        &GATEWAY_BY_KEY,
        "GET",
        r"https://gateway.example.org:8443/team%20%C3%A9/x%20y/api/2.0/mlflow/runs/get?run_id=1",
        "",
        "2f548f8a16baf9aca134fa3e2f92367c303a98620163b8964c633c5d1b4fe9b6",
    ),
    (
        &GATEWAY_BY_KEY,
        "GET",
        r"https://gateway.example.org:8443/api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids=b&run_ids=a&run_ids=B&metric_key=&max_results=1",
        "",
        "bb787fce193cdcc05b0328c65112ead904b062c3cbf658615230340b8850f2a0",
    ),
];
