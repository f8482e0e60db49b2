//! The built program, run over a demo store in folders of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use frontrunner::demo::{DemoManifest, DemoOptions, create};
use serde_json::Value;
use tempfile::TempDir;

/// The time that the stories are told relative to, ms since the epoch.
const NOW: i64 = 1_795_000_000_000;

/// The program and its folders, which go when this does.
pub struct Program {
    folder: TempDir,
    /// What the demo store tells.
    pub manifest: DemoManifest,
}

/// How a run of the program ended.
#[derive(Debug)]
pub struct ProgramOutput {
    /// The exit code.
    pub code: i32,
    /// What went to stdout.
    pub stdout: String,
    /// What went to stderr.
    pub stderr: String,
}

impl Program {
    /// A fresh demo store, `mlflow.db`, in a fresh folder.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manifest = create(
            &folder.path().join("mlflow.db"),
            &DemoOptions {
                load_test_runs: None,
                now: NOW,
            },
        )
        .unwrap();
        Self { folder, manifest }
    }

    /// The folder in which the program runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.folder().join("mlflow.db")
    }

    /// The journal's file.
    pub fn journal(&self) -> PathBuf {
        self.folder().join("data/journal.jsonl")
    }

    /// Writes the settings file.
    pub fn write_config(&self, text: &str) {
        std::fs::create_dir_all(self.folder().join("config")).unwrap();
        std::fs::write(self.folder().join("config/config.toml"), text).unwrap();
    }

    /// The program with arguments, nothing typed, and nothing of this machine's settings.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontrunner"));
        command
            .args(arguments)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .env_clear();
        command.envs(
            ["PATH", "HOME", "TMPDIR"]
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        command.envs([("USER", "ana"), ("LANG", "C.UTF-8"), ("TZ", "UTC")]);
        for name in ["config", "data", "cache"] {
            command.env(
                format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
                self.folder().join(name),
            );
        }
        command
    }

    /// Runs the program over the store in its folder.
    pub fn run(&self, arguments: &[&str]) -> ProgramOutput {
        run_to_end(self.command(arguments))
    }

    /// Runs the program, which must end well, and reads the one JSON value that it prints.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
        serde_json::from_str(&ended.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {ended:?}"))
    }

    /// The bytes of the store.
    pub fn store_bytes(&self) -> Vec<u8> {
        std::fs::read(self.store()).unwrap()
    }
}

/// Runs a command to its end.
pub fn run_to_end(mut command: Command) -> ProgramOutput {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    ProgramOutput {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}
