//! MLflow's own client, kept running beside a test: the judge of what a store says, and the other program that writes to it.

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::database::drivers;
use crate::support::script_host::Script;

/// What runs in Python; it knows how to tell everything of a store in the words of `support::snapshot`.
const CLIENT_SCRIPT: &str = include_str!("client.py");

/// A running client of one store; it ends with its input, when dropped.
pub struct MlflowClient {
    input: UnixStream,
    output: BufReader<UnixStream>,
}

impl MlflowClient {
    /// Starts a version's client of a store, named as MLflow names it: `sqlite:////path`, `http://…`. It runs in the folder,
    /// where it puts artifacts.
    pub fn start(version: &str, folder: &Path, store: &str) -> Self {
        let is_database = store.contains('+');
        let drivers = if is_database {
            drivers()
        } else {
            PathBuf::new()
        };
        let connection = Script {
            code: CLIENT_SCRIPT,
            arguments: &[store],
            folder,
            env: &[
                ("TZ", "UTC"),
                // Without it, MLflow 3.13 and later refuse a file store.
                ("MLFLOW_ALLOW_FILE_STORE", "true"),
                ("DATABASE_DRIVERS", drivers.to_str().unwrap()),
            ],
        }
        .talk(version);
        let mut client = Self {
            output: BufReader::new(connection.try_clone().unwrap()),
            input: connection,
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
        writeln!(self.input, "{}", json!({"code": code, "given": given})).unwrap();
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
        // It ends with its input, and its connections to a database with it.
        let _ = self.input.shutdown(Shutdown::Write);
        let _ = std::io::copy(&mut self.output, &mut std::io::sink());
    }
}
