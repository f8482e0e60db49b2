//! Managed services, against servers in memory that are as strict as MLflow's protos and AWS's signatures. No cloud was at
//! hand: what a real one does beyond its documents is not tested.

mod aliases_only;
mod aws;
mod azure_ml;
mod captured_client;
mod captured_logins;
mod catalogs;
mod cloud_credentials;
mod logins;
mod plain_logins;
mod requests;
mod workspace;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::program::{Program, ProgramOutput, run_to_end};
use crate::support::pty::{Pty, PtyCommand};
use workspace::{RunningWorkspace, TOKEN};

/// A workspace, and the program at it with a home folder of its own.
struct Fixture {
    program: Program,
    workspace: RunningWorkspace,
}

impl Fixture {
    fn new() -> Self {
        Self {
            program: Program::new(),
            workspace: RunningWorkspace::start(),
        }
    }

    fn home(&self) -> &Path {
        self.program.folder()
    }

    fn write_profiles(&self, text: &str) {
        let text = text.replace("HOST", self.workspace.url());
        std::fs::write(self.home().join(".databrickscfg"), text).unwrap();
    }

    fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = self.program.command(arguments);
        command
            .env("HOME", self.home())
            .envs(variables.iter().copied());
        command
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> ProgramOutput {
        run_to_end(self.command(arguments, variables))
    }

    /// Runs the program at the workspace with a personal token.
    fn run(&self, arguments: &[&str]) -> ProgramOutput {
        let variables = [
            ("DATABRICKS_HOST", self.workspace.url()),
            ("DATABRICKS_TOKEN", TOKEN),
            ("MLFLOW_TRACKING_URI", "databricks"),
        ];
        self.run_with(arguments, &variables)
    }

    /// Opens the screens at the workspace with a personal token.
    fn open_session(&self) -> Pty {
        let names = [
            "HOME",
            "FRONTRUNNER_CONFIG_DIR",
            "FRONTRUNNER_DATA_DIR",
            "FRONTRUNNER_CACHE_DIR",
        ];
        let command = PtyCommand::new(env!("CARGO_BIN_EXE_frontrunner"), &[])
            .size(130, 60)
            .env("USER", "ana")
            .env("DATABRICKS_HOST", self.workspace.url())
            .env("DATABRICKS_TOKEN", TOKEN)
            .env("MLFLOW_TRACKING_URI", "databricks");
        let in_home = |command: PtyCommand, name| command.env(name, self.home());
        names.into_iter().fold(command, in_home).spawn()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.code, 0, "{arguments:?}: {output:?}");
        serde_json::from_str(&output.stdout).unwrap()
    }
}

/// A program of a few lines of shell, in a folder that is put before the others.
fn write_script(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The search path with a folder before the others.
fn path_with(folder: &Path) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{}:{path}", folder.display())
}
