//! Real wandb: a virtual environment under `target/wandb/`, made once and reused. Its own reader of runs, `wandb leet inspect`, reads
//! the files of every version, and is the judge of what is read here.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The newest wandb that the project promises to read.
pub const NEWEST: &str = "0.31.0";

/// The Python of the newest wandb, whose environment is made when it is not there. Tests run side by side, so a lock file keeps two
/// of them from making it at once.
pub fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wandb");
    std::fs::create_dir_all(&root).unwrap();
    let lock = File::create(root.join(format!("{NEWEST}.lock"))).unwrap();
    lock.lock().unwrap();
    let venv = root.join(NEWEST);
    let python = venv.join("bin/python");
    if !venv.join("bin/wandb").exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(Command::new(&python)
            .args(pip)
            .arg(format!("wandb=={NEWEST}")));
    }
    python
}

/// Runs a script, which gets a folder as its argument. How it ends is its own affair: runs are killed in it.
pub fn run_script(code: &str, folder: &Path) {
    let done = command(&python())
        .args(["-c", code])
        .arg(folder)
        .output()
        .unwrap();
    assert!(
        folder.join("wandb").is_dir(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// What wandb's own reader says of a run: the run as a whole, and each of its records.
pub fn inspect(run: &Path) -> (Value, Vec<Value>) {
    let wandb = python().with_file_name("wandb");
    let ask = |more: &[&str]| {
        self::run(
            command(&wandb)
                .args(["leet", "inspect", "--json"])
                .args(more)
                .arg(run),
        )
    };
    let whole = serde_json::from_str(&ask(&["--summary"])).unwrap();
    (
        whole,
        ask(&[])
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// A program of wandb's that speaks to nobody and keeps its own files in a place of its own.
fn command(program: &Path) -> Command {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wandb/own");
    let mut command = Command::new(program);
    command
        .envs([
            ("WANDB_MODE", "offline"),
            ("WANDB_SILENT", "true"),
            ("WANDB_ERROR_REPORTING", "false"),
        ])
        .env("HOME", own);
    command
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}
