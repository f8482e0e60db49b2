//! A Python process a version that has imported MLflow and runs scripts in children of itself: importing takes longer than
//! most scripts.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mlflow::python;

const HOST_SCRIPT: &str = include_str!("script_host.py");

/// How long a host may take until it listens, which it does before it imports anything.
const STARTUP_TIMEOUT: Duration = Duration::from_mins(1);

static HOSTS: LazyLock<Mutex<HashMap<String, Host>>> = LazyLock::new(Mutex::default);

struct Host {
    /// It ends when its standard input does, which is when the tests end.
    _process: Child,
    socket: PathBuf,
}

/// A script to run: its code, arguments and folder.
pub struct Script<'a> {
    pub code: &'a str,
    pub arguments: &'a [&'a str],
    pub folder: &'a Path,
    pub env: &'a [(&'a str, &'a str)],
}

impl Script<'_> {
    /// Runs it to its end with a version's MLflow and returns what it printed. A script that fails fails the test.
    pub fn run(&self, version: &str) -> String {
        let mut line = String::new();
        BufReader::new(self.send(version, false))
            .read_line(&mut line)
            .unwrap();
        let told: Value = serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("the script is gone: {error}: {line:?}"));
        assert_eq!(
            told["status"],
            0,
            "{}\n{}",
            self.code,
            told["stderr"].as_str().unwrap()
        );
        told["stdout"].as_str().unwrap().to_owned()
    }

    /// Starts it and returns its standard input and output. It has to end with its input.
    pub fn talk(&self, version: &str) -> UnixStream {
        self.send(version, true)
    }

    fn send(&self, version: &str, talks: bool) -> UnixStream {
        let mut stream = connect(version);
        let request = json!({
            "code": self.code,
            "arguments": self.arguments,
            "folder": self.folder,
            "env": self.env.iter().copied().collect::<HashMap<_, _>>(),
            "talks": talks,
        });
        writeln!(stream, "{request}").unwrap();
        stream
    }
}

/// A connection to a version's host, which is started when there is none.
fn connect(version: &str) -> UnixStream {
    let mut hosts = HOSTS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let host = hosts
        .entry(version.to_owned())
        .or_insert_with(|| start(version));
    let deadline = Instant::now() + STARTUP_TIMEOUT;
    loop {
        match UnixStream::connect(&host.socket) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < deadline, "no host for scripts: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn start(version: &str) -> Host {
    let folder = tempfile::tempdir().unwrap().keep();
    let socket = folder.join("socket");
    let process = Command::new(python(version))
        .args(["-c", HOST_SCRIPT])
        .arg(&socket)
        .envs([
            ("MLFLOW_DISABLE_TELEMETRY", "true"),
            ("GIT_PYTHON_REFRESH", "quiet"),
        ])
        .env_remove("MLFLOW_TRACKING_URI")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    Host {
        _process: process,
        socket,
    }
}
