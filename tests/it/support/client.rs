//! MLflow's own client, kept running beside a test: the judge of what a store says, and the other program that writes to it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::mlflow::python;

/// What runs in Python; it knows how to tell everything of a store in the words of `support::snapshot`.
const CLIENT_SCRIPT: &str = include_str!("client.py");

/// A running client of one store; gone when dropped.
pub struct MlflowClient {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl MlflowClient {
    /// Starts a version's client of a store, named as MLflow names it: `sqlite:////path`, `http://…`. It runs in the folder,
    /// where it puts artifacts.
    pub fn start(version: &str, folder: &Path, store: &str) -> Self {
        let mut child = Command::new(python(version))
            .args(["-c", CLIENT_SCRIPT, store])
            .current_dir(folder)
            .envs([
                ("MLFLOW_DISABLE_TELEMETRY", "true"),
                ("GIT_PYTHON_REFRESH", "quiet"),
                ("TZ", "UTC"),
                // Without it, MLflow 3.13 and later refuse a file store.
                ("MLFLOW_ALLOW_FILE_STORE", "true"),
            ])
            .env_remove("MLFLOW_TRACKING_URI")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (
            child.stdin.take(),
            BufReader::new(child.stdout.take().unwrap()),
        );
        let mut client = Self {
            child,
            input,
            output,
        };
        assert_eq!(client.read_reply()["ready"], version);
        client
    }

    /// Runs Python code that has `client`, the helpers of `client.py` and what is `given`, and returns its `answer`.
    pub fn run(&mut self, code: &str, given: &Value) -> Value {
        let mut answer = self
            .try_run(code, given)
            .unwrap_or_else(|error| panic!("{error}"));
        answer.take()
    }

    /// The same; an exception is told as its text.
    pub fn try_run(&mut self, code: &str, given: &Value) -> Result<Value, String> {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{}", json!({"code": code, "given": given})).unwrap();
        input.flush().unwrap();
        let mut reply = self.read_reply();
        match reply["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(reply["answer"].take()),
        }
    }

    /// Everything that the client can tell of its store.
    pub fn dump_store(&mut self) -> Value {
        self.run("answer = tell_everything()", &json!({}))
    }

    fn read_reply(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("MLflow's client is gone: {error}: {line:?}"))
    }
}

impl Drop for MlflowClient {
    fn drop(&mut self) {
        // It ends with its input.
        self.input.take();
        let _ = self.child.wait();
    }
}
