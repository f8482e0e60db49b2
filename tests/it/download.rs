//! `download`: files of runs and models in a new folder, with a manifest that `sha256sum -c` accepts.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::bad_server::{BadServer, Request, Response, json, response};
use crate::support::mlflow::{Server, V3, python, run_script};
use crate::support::program::{Program, run_to_end};

/// All files below a folder, but no hidden ones that a download left behind.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Checks the manifest with coreutils, and that it names every other file.
fn assert_manifest(folder: &Path) {
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "SHA256SUMS"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(check.status.success(), "{check:?}");
    let manifest = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    assert_eq!(manifest.lines().count() + 1, files(folder).len());
}

/// A store with a run whose artifacts are in `artifacts`, and a version of its model.
const CREATE_STORE: &str = r#"
import sys, mlflow
folder = sys.argv[1]
mlflow.set_tracking_uri(f"sqlite:///{folder}/store.db")
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("churn", artifact_location=folder + "/artifacts"), run_name="base")
client.log_text(run.info.run_id, "top", "notes.txt")
client.log_text(run.info.run_id, "flavors: {}", "model/MLmodel")
client.log_text(run.info.run_id, "weights", "model/data/größe 1 \\ a.bin")
client.create_registered_model("churn")
client.create_model_version("churn", run.info.artifact_uri + "/model", run.info.run_id)
client.set_registered_model_alias("churn", "champion", "1")
client.create_model_version("churn", "s3://elsewhere/model")
print(run.info.run_id, run.info.artifact_uri)
"#;

struct LocalStore {
    program: Program,
    run: String,
    artifacts: std::path::PathBuf,
}

impl LocalStore {
    fn new() -> Self {
        let program = Program::new();
        let folder = program.folder().display().to_string();
        let printed = run_script(V3, CREATE_STORE, &[&folder]);
        let (run, artifacts) = printed.trim().split_once(' ').unwrap();
        Self {
            run: run.to_owned(),
            artifacts: artifacts.trim_start_matches("file://").into(),
            program,
        }
    }

    fn download(&self, arguments: &[&str]) -> crate::support::program::ProgramOutput {
        let target = ["download", "--target", "store.db"];
        self.program.run(&[&target, arguments].concat())
    }
}

#[test]
fn runs_folders_and_models_are_downloaded_with_a_manifest() {
    let store = LocalStore::new();
    let folder = |name: &str| store.program.folder().join(name);

    let ended = store.download(&[&store.run, "--out", "all/of it"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(
        ended.stdout.starts_with("downloaded 3 files ("),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("sha256sum -c SHA256SUMS"),
        "{ended:?}"
    );
    assert_manifest(&folder("all/of it"));
    let mut downloaded = files(&folder("all/of it"));
    downloaded.remove("SHA256SUMS");
    assert_eq!(downloaded, files(&store.artifacts));

    for (arguments, expected) in [
        (
            vec!["base", "model"],
            vec!["model/MLmodel", "model/data/größe 1 \\ a.bin"],
        ),
        (vec!["base", "model/MLmodel"], vec!["model/MLmodel"]),
        (vec!["churn/1"], vec!["MLmodel", "data/größe 1 \\ a.bin"]),
        (
            vec!["churn@champion", "data/"],
            vec!["data/größe 1 \\ a.bin"],
        ),
    ] {
        let out = format!("out {}", arguments.join("-").replace('/', "-"));
        let ended = store.download(&[&arguments[..], &["--out", &out, "--json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        assert_manifest(&folder(&out));
        let value: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        let paths = value["files"].as_array().unwrap().iter();
        let paths: Vec<&str> = paths.map(|file| file["path"].as_str().unwrap()).collect();
        assert_eq!(paths, expected, "{arguments:?}");
        assert_eq!(value["files"][0]["sha256"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn nothing_is_replaced_and_mistakes_have_exit_codes() {
    let store = LocalStore::new();
    let folder = store.program.folder();
    std::fs::create_dir_all(folder.join("out/model")).unwrap();
    std::fs::write(folder.join("out/model/MLmodel"), "mine").unwrap();
    symlink(folder, folder.join("linked")).unwrap();
    std::fs::create_dir(folder.join("with link")).unwrap();
    symlink(folder, folder.join("with link/model")).unwrap();
    for (arguments, code, message) in [
        (vec!["base", "--out", "out"], 1, "MLmodel exists already"),
        (vec!["base", "--out", "with link"], 1, "is no folder"),
        (
            vec!["base", "--out", "store.db"],
            1,
            "cannot write store.db",
        ),
        (
            vec!["base", "nowhere", "--out", "new"],
            3,
            "no such file or folder",
        ),
        (vec!["base", "../x", "--out", "new"], 2, "without `..`"),
        (vec!["nobody", "--out", "new"], 3, ""),
        (vec!["churn/9", "--out", "new"], 3, "9"),
        (vec!["churn/2", "--out", "new"], 1, "s3://elsewhere/model"),
        (vec!["base"], 2, "--out"),
    ] {
        let ended = store.download(&arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(message), "{arguments:?}: {ended:?}");
    }
    assert_eq!(files(&folder.join("out")).len(), 1, "nothing was written");
    assert!(!folder.join("model").exists() && !folder.join("new/notes.txt").exists());
    // The user's own link to a folder is what they named.
    let ended = store.download(&["base", "notes.txt", "--out", "linked", "--read-only"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(std::fs::read(folder.join("notes.txt")).unwrap(), b"top");
}

#[test]
fn link_out_of_the_artifacts_is_not_followed() {
    let store = LocalStore::new();
    symlink("/etc/hostname", store.artifacts.join("zz")).unwrap();
    let ended = store.download(&["base", "--out", "new"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.stderr.contains("outside the artifact folder"),
        "{ended:?}"
    );
    let left = files(&store.program.folder().join("new"));
    assert!(
        !left.contains_key("SHA256SUMS") && !left.contains_key("zz"),
        "{left:?}"
    );
    assert_eq!(left["notes.txt"], b"top", "what has its name is complete");
}

const RUN: &str = "0123456789abcdef0123456789abcdef";

/// A server with one run and the given listings; each file is `1234` unless the rule answers.
fn hostile_server(
    listed: serde_json::Value,
    rule: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
) -> BadServer {
    BadServer::start(move |request| {
        if request.path.starts_with("/version") {
            return response("200 OK", &[], "3.17.2");
        }
        if request.path.contains("/runs/get") {
            let run = serde_json::json!({"run": {"info": {"run_id": RUN, "experiment_id": "1",
                "status": "FINISHED", "lifecycle_stage": "active", "artifact_uri": "x"}, "data": {}}});
            return json("200 OK", &run.to_string());
        }
        if request.path.contains("/artifacts/list") {
            return json("200 OK", &serde_json::json!({"files": listed}).to_string());
        }
        if request.path.starts_with("/get-artifact") {
            return rule(request).unwrap_or_else(|| response("200 OK", &[], "1234"));
        }
        json("404 Not Found", "{}")
    })
}

#[test]
fn servers_cannot_choose_where_files_go() {
    let program = Program::new();
    for path in ["../x", "/tmp/x", "a/../../x", "", "..", "a/b", "x\u{0}"] {
        let listed = serde_json::json!([
            {"path": "good", "is_dir": false, "file_size": 4},
            {"path": path, "is_dir": false, "file_size": 4},
        ]);
        let server = hostile_server(listed, |_| None);
        let out = program.folder().join("a/b/out");
        let out = out.to_str().unwrap();
        let ended = program.run(&["download", RUN, "--out", out, "--target", &server.url]);
        assert_eq!(ended.code, 1, "{path:?}: {ended:?}");
        assert!(ended.stderr.contains("unsafe path"), "{path:?}: {ended:?}");
        assert!(!Path::new(out).exists(), "{path:?}");
    }
    assert!(!program.folder().join("a").exists());
}

#[test]
fn folder_inside_itself_comes_to_an_end() {
    let program = Program::new();
    let server = BadServer::start(|request| {
        let path = request.path.split("path=").nth(1).unwrap_or_default();
        let inner = if path.is_empty() {
            "d".to_owned()
        } else {
            format!("{}/d", path.replace("%2F", "/"))
        };
        if request.path.contains("/artifacts/list") {
            let files = serde_json::json!({"files": [{"path": inner, "is_dir": true}]});
            return json("200 OK", &files.to_string());
        }
        if request.path.contains("/runs/get") {
            let run = serde_json::json!({"run": {"info": {"run_id": RUN, "experiment_id": "1",
                "status": "FINISHED", "lifecycle_stage": "active"}, "data": {}}});
            return json("200 OK", &run.to_string());
        }
        response("200 OK", &[], "3.17.2")
    });
    let ended = program.run(&["download", RUN, "--out", "new", "--target", &server.url]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains("inside each other"), "{ended:?}");
}

#[test]
fn partial_files_never_have_their_names() {
    let program = Program::new();
    let listed = serde_json::json!([{"path": "model.bin", "is_dir": false, "file_size": 4}]);
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n12".to_vec();
    // Without a length, only the listing shows that the response ended early.
    let short = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n12".to_vec();
    for (bytes, message) in [
        (cut, "ended early"),
        (short, "2 bytes, and 4 in the store's listing"),
    ] {
        let bytes = Response::Bytes(bytes);
        let server = hostile_server(listed.clone(), move |_| Some(bytes.clone()));
        let ended = program.run(&["download", RUN, "--out", "out", "--target", &server.url]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(ended.stderr.contains(message), "{ended:?}");
        assert_eq!(files(&program.folder().join("out")), BTreeMap::new());
    }
    let server = hostile_server(listed, |_| None);
    let ended = program.run(&["download", RUN, "--out", "out", "--target", &server.url]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_manifest(&program.folder().join("out"));
}

#[test]
fn artifact_named_like_the_manifest_keeps_its_name() {
    let program = Program::new();
    let listed = serde_json::json!([
        {"path": "SHA256SUMS", "is_dir": false, "file_size": 4},
        {"path": "SHA256SUMS-2", "is_dir": false},
    ]);
    let server = hostile_server(listed, |_| None);
    let ended = program.run(&["download", RUN, "--out", "out", "--target", &server.url]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("-c SHA256SUMS-3"), "{ended:?}");
    assert_eq!(files(&program.folder().join("out"))["SHA256SUMS"], b"1234");
}

const LOG_FILES: &str = r#"
import sys, mlflow, pathlib
url, folder = sys.argv[1:]
mlflow.set_tracking_uri(url)
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("big"), run_name="big").info.run_id
big = pathlib.Path(folder) / "big.bin"
with big.open("wb") as file:
    for part in range(256):
        file.write(bytes([part]) * (1 << 20))
client.log_artifact(run, str(big), "deep/er")
big.unlink()
client.log_text(run, "", "empty.txt")
model = pathlib.Path(folder) / "model"
(model / "data").mkdir(parents=True)
(model / "MLmodel").write_text("flavors: {}")
(model / "data" / "w+1 & 2%.bin").write_text("weights")
logged = client.create_logged_model("1", name="m", source_run_id=run).model_id
client.log_model_artifacts(logged, str(model))
client.finalize_logged_model(logged, "READY")
client.create_registered_model("big")
client.create_model_version("big", f"models:/{logged}", run, model_id=logged)
client.set_registered_model_alias("big", "champion", "1")
print(run, logged)
"#;

/// The most resident memory that a program has, in kB.
fn peak_memory(mut command: Command) -> u64 {
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let mark = mark.and_then(|mark| mark.split_whitespace().next()?.parse().ok());
        peak = peak.max(mark.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn mlflow_server_streams_files_of_any_size() {
    let program = Program::new();
    let folder = program.folder().join("server");
    std::fs::create_dir(&folder).unwrap();
    let _ = python(V3);
    let server = Server::start(V3, &folder);
    let printed = run_script(V3, LOG_FILES, &[&server.url, folder.to_str().unwrap()]);
    let (run, logged) = printed.trim().split_once(' ').unwrap();

    let peak =
        peak_memory(program.command(&["download", run, "--out", "run", "--target", &server.url]));
    println!("peak memory: {} MB", peak >> 10);
    assert!(peak < 128 << 10, "{peak} kB");
    let out = program.folder().join("run");
    assert_manifest(&out);
    assert_eq!(
        out.join("deep/er/big.bin").metadata().unwrap().len(),
        256 << 20
    );
    assert_eq!(out.join("empty.txt").metadata().unwrap().len(), 0);

    for source in ["big@champion", "big/latest", logged] {
        let name = source.replace('/', "-");
        let command = ["download", source, "--out", &name, "--target", &server.url];
        let ended = run_to_end(program.command(&command));
        assert_eq!(ended.code, 0, "{ended:?}");
        assert_manifest(&program.folder().join(&name));
        let found = files(&program.folder().join(&name));
        assert_eq!(found["data/w+1 & 2%.bin"], b"weights");
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
