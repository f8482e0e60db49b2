//! Real MLflow: a virtual environment a version under `target/mlflow/`, made once and reused; scripts run with
//! its Python; its servers started and stopped.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::script_host::Script;

/// The newest MLflow that the project promises to work with.
pub const V3: &str = "3.17.2";
/// The newest MLflow 2.
pub const V2: &str = "2.22.5";

/// How long a server may take to its first healthy answer: 8 s were seen on an idle machine.
const STARTUP_TIMEOUT: Duration = Duration::from_mins(2);

/// The Python of a version's virtual environment, which is made when it is not there. Tests run side by side, so a
/// lock file keeps two of them from making it at once.
pub fn python(version: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mlflow");
    std::fs::create_dir_all(&root).unwrap();
    let lock = File::create(root.join(format!("{version}.lock"))).unwrap();
    lock.lock().unwrap();
    let venv = root.join(version);
    let python = venv.join("bin/python");
    let ready = venv.join("bin/mlflow");
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let mut pip = Command::new(&python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .arg(format!("mlflow=={version}"));
        if version.starts_with("2.") {
            // MLflow 2 does not import with SQLAlchemy 2.1.
            pip.arg("sqlalchemy<2.1");
        }
        run(&mut pip);
    }
    python
}

/// Runs a Python script with a version's MLflow and returns what it printed.
pub fn run_script(version: &str, code: &str, arguments: &[&str]) -> String {
    Script {
        code,
        arguments,
        folder: &std::env::current_dir().unwrap(),
        env: &[],
    }
    .run(version)
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What runs in Python: `mlflow server`, without a process that imports MLflow again.
const SERVER_SCRIPT: &str = include_str!("server.py");

/// A running MLflow server over a SQLite file; stopped when dropped.
pub struct Server {
    /// The server's standard input and output: it ends with the first, and its end is that of the second.
    process: UnixStream,
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Server {
    /// Starts a server of a version over `folder/mlflow.db`, and waits until it answers.
    pub fn start(version: &str, folder: &Path) -> Self {
        Self::start_with(version, folder, &[])
    }

    /// The same, with more arguments.
    pub fn start_with(version: &str, folder: &Path, more: &[&str]) -> Self {
        let port = free_port();
        let log = folder.join("server.log");
        let store = format!("sqlite:///{}", folder.join("mlflow.db").display());
        let artifacts = folder.join("artifacts");
        let port_text = port.to_string();
        let arguments = [
            log.to_str().unwrap(),
            "--host",
            "127.0.0.1",
            "--workers",
            "1",
            "--port",
            &port_text,
            "--backend-store-uri",
            &store,
            "--artifacts-destination",
            artifacts.to_str().unwrap(),
        ];
        let process = Script {
            code: SERVER_SCRIPT,
            arguments: &[&arguments, more].concat(),
            folder: &std::env::current_dir().unwrap(),
            // Seven processes that wait for evaluations to run: two thirds of the CPU time of a start.
            env: &[("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")],
        }
        .talk(version);
        let server = Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        };
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        while !is_healthy(port) {
            assert!(
                Instant::now() < deadline,
                "the server did not start:\n{}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.shutdown(Shutdown::Write);
        let _ = self.process.read_to_end(&mut Vec::new());
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn is_healthy(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let _ =
        stream.write_all(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.contains(" 200 ") && answer.ends_with("OK")
}
