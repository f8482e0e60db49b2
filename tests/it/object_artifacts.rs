//! Artifacts in object stores that a SQLite file names, read without a server.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::support::bad_server::{BadServer, Request, Response, response};
use crate::support::moto::S3Server;
use crate::support::program::{Program, ProgramOutput, run_to_end};

/// A demo store in which the artifacts of a run are elsewhere.
struct Store {
    program: Program,
    run: String,
}

impl Store {
    fn new(location: &str) -> Self {
        let program = Program::new();
        let database = Connection::open(program.store()).unwrap();
        let sql =
            "SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' ORDER BY run_uuid LIMIT 1";
        let run: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
        let sql = "UPDATE runs SET artifact_uri = ?1 WHERE run_uuid = ?2";
        database.execute(sql, [location, &run]).unwrap();
        Self { program, run }
    }

    /// A command without credentials of this machine.
    fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.program.command(arguments);
        let home = self.program.folder();
        command.env("HOME", home).env("NO_PROXY", "127.0.0.1");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(variables.iter().copied());
        command
    }

    fn download(&self, path: &str, variables: &[(&str, &str)]) -> ProgramOutput {
        let out = self.program.folder().join("out");
        let _ = std::fs::remove_dir_all(&out);
        let out = out.to_str().unwrap();
        let arguments = ["download", &self.run, path, "--out", out];
        let arguments: Vec<&str> = arguments
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        run_to_end(self.command(&arguments, variables))
    }

    /// The downloaded files, without the manifest.
    fn files(&self) -> BTreeMap<String, String> {
        let root = self.program.folder().join("out");
        let mut found = BTreeMap::new();
        collect_files(&root, &root, &mut found);
        found.remove("SHA256SUMS");
        found
    }
}

fn collect_files(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            found.insert(name.to_owned(), std::fs::read_to_string(&path).unwrap());
        }
    }
}

fn texts(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    let texts = files
        .iter()
        .map(|(name, text)| ((*name).into(), (*text).into()));
    texts.collect()
}

const KEYS: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "word"),
];

#[test]
fn artifacts_in_s3_are_listed_and_read() {
    let server = S3Server::start();
    let long = "x".repeat(300_000);
    server.upload(
        "models",
        &[
            ("1/r/artifacts/notes.txt", "top"),
            ("1/r/artifacts/empty.txt", ""),
            // A marker of a folder, as Amazon's console makes it.
            ("1/r/artifacts/model/", ""),
            ("1/r/artifacts/model/MLmodel", "flavors: {}"),
            ("1/r/artifacts/model/data/größe 1 +%.bin", &long),
            ("1/r/artifacts2/other.txt", "not of this run"),
        ],
    );
    let store = Store::new("s3://models/1/r/artifacts");
    let endpoint = ("MLFLOW_S3_ENDPOINT_URL", server.url.as_str());
    let variables = [KEYS[0], KEYS[1], endpoint];
    let ended = store.download("", &variables);
    assert_eq!(ended.code, 0, "{ended:?}");
    let all = texts(&[
        ("notes.txt", "top"),
        ("empty.txt", ""),
        ("model/MLmodel", "flavors: {}"),
        ("model/data/größe 1 +%.bin", &long),
    ]);
    assert_eq!(store.files(), all);
    let ended = store.download("model/MLmodel", &variables);
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = store.download("absent", &variables);
    assert_eq!(ended.code, 3, "{ended:?}");
    let ended = store.download("../artifacts2/other.txt", &variables);
    assert_ne!(ended.code, 0, "{ended:?}");

    // The server's own destination resolves what only it knows.
    let store = Store::new("mlflow-artifacts:/1/r/artifacts");
    let ended = store.download("", &variables);
    assert!(
        ended.stderr.contains("MLFLOW_ARTIFACTS_DESTINATION"),
        "{ended:?}"
    );
    let destination = ("MLFLOW_ARTIFACTS_DESTINATION", "s3://models");
    let ended = store.download("", &[KEYS[0], KEYS[1], endpoint, destination]);
    assert_eq!((ended.code, store.files()), (0, all), "{ended:?}");
}

#[test]
fn missing_credentials_are_an_error_of_the_artifacts_alone() {
    let store = Store::new("s3://models/1/r/artifacts");
    let ended = store.download("", &[]);
    assert_ne!(ended.code, 0);
    assert!(
        ended.stderr.contains("no AWS credentials found"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("hint: set AWS_PROFILE"), "{ended:?}");
    let shown = run_to_end(store.command(&["show", &store.run], &[]));
    assert_eq!(shown.code, 0, "{shown:?}");
}

/// Lists `a/` with a file and a folder `sub` in it, as S3 and Google do.
const S3_LISTING: &str = "<ListBucketResult><Contents><Key>a/f.txt</Key><Size>4</Size>\
    <LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>\"e\"</ETag></Contents></ListBucketResult>";

const AZURE_LISTING: &str = "<EnumerationResults><Blobs><Blob><Name>a/f.txt</Name><Properties>\
    <Last-Modified>Mon, 01 Jan 2024 00:00:00 GMT</Last-Modified><Content-Length>4</Content-Length>\
    <Content-Type>text/plain</Content-Type><Etag>e</Etag></Properties></Blob></Blobs><NextMarker/></EnumerationResults>";

/// A store of one file, `a/f.txt`, behind `root`.
fn one_file(root: &'static str, listing: &'static str) -> BadServer {
    BadServer::start(move |request: &Request| -> Response {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        // Google's API takes the key as one segment.
        let path = path.replace("%2F", "/").replace("%2E", ".");
        let headers = [
            "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT",
            "ETag: \"e\"",
            "x-ms-blob-type: BlockBlob",
        ];
        if path.trim_end_matches('/') == root && query.contains("prefix=a%2F") {
            response("200 OK", &headers, listing)
        } else if path == format!("{root}/a/f.txt") {
            response("200 OK", &headers, "text")
        } else {
            response("404 Not Found", &[], "")
        }
    })
}

fn assert_one_file(store: &Store, variables: &[(&str, &str)]) {
    let ended = store.download("", variables);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(store.files(), texts(&[("f.txt", "text")]));
}

#[test]
fn profiles_of_aws_are_read() {
    let server = one_file("/b", S3_LISTING);
    let store = Store::new("s3://b/a");
    let folder = store.program.folder();
    std::fs::create_dir(folder.join(".aws")).unwrap();
    let printer = folder.join("print-keys");
    let keys = r#"{"Version": 1, "AccessKeyId": "printed", "SecretAccessKey": "hunter2"}"#;
    std::fs::write(&printer, keys).unwrap();
    let config = format!(
        "[profile team]\nregion = eu-west-3\nendpoint_url = {}\n[profile cmd]\nregion = eu-west-3\n\
         credential_process = cat {}\n",
        server.url,
        printer.display()
    );
    std::fs::write(folder.join(".aws/config"), config).unwrap();
    let credentials = "[team]\naws_access_key_id = kept\naws_secret_access_key = hunter2\n";
    std::fs::write(folder.join(".aws/credentials"), credentials).unwrap();
    let has_signed_as = |id: &str, region: &str| {
        let credential = format!("credential={id}/").to_lowercase();
        let requests = server.requests();
        requests.iter().any(|request| {
            let headers = request.headers.to_lowercase();
            headers.contains(&credential) && headers.contains(region)
        })
    };
    assert_one_file(&store, &[("AWS_PROFILE", "team")]);
    assert!(has_signed_as("kept", "eu-west-3"));
    let endpoint = ("MLFLOW_S3_ENDPOINT_URL", server.url.as_str());
    assert_one_file(&store, &[("AWS_PROFILE", "cmd"), endpoint]);
    assert!(has_signed_as("printed", "eu-west-3"));
    let unsigned = ("MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION", "unsigned");
    assert_one_file(&store, &[endpoint, unsigned]);
    let ended = store.download("", &[("AWS_PROFILE", "nobody"), endpoint]);
    assert!(
        ended.stderr.contains("AWS profile nobody does not exist"),
        "{ended:?}"
    );
}

#[test]
fn artifacts_in_google_cloud_storage_are_read() {
    let server = one_file("/b", S3_LISTING);
    let store = Store::new("gs://b/a");
    assert_one_file(&store, &[("STORAGE_EMULATOR_HOST", &server.url)]);
}

#[test]
fn artifacts_in_azure_are_read() {
    let server = one_file("/dev/c", AZURE_LISTING);
    let connection = format!(
        "DefaultEndpointsProtocol=http;AccountName=dev;AccountKey=a2V5;BlobEndpoint={}/dev;",
        server.url
    );
    for location in [
        "wasbs://c@dev.blob.core.windows.net/a",
        "abfss://c@dev.dfs.core.windows.net/a",
    ] {
        let store = Store::new(location);
        assert_one_file(&store, &[("AZURE_STORAGE_CONNECTION_STRING", &connection)]);
    }
    let requests = server.requests();
    assert!(
        requests
            .iter()
            .all(|request| request.headers.contains("sharedkey dev:"))
    );
}
