//! A session on a file that MLflow's own client writes to: neither disturbs the other.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::mlflow::{V3, python};
use crate::support::pty::{Pty, PtyCommand};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontrunner");

/// Logs a point every 50 ms into one of three runs, until the file `stop` exists. A fourth run starts when the file `begin`
/// exists. A database error ends it with an exit code other than 0.
const TRAIN: &str = r#"
import json, os, sys, time, mlflow
from mlflow.entities import Metric
folder = sys.argv[1]
client = mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db")
experiment = client.create_experiment("training")
now = int(time.time() * 1000)
runs = [client.create_run(experiment, run_name=name, start_time=now - 60_000 + i) for i, name in enumerate(["rester", "sleeper", "walker"])]
for run in runs:
    client.log_metric(run.info.run_id, "loss", 0.5, step=0)
client.set_terminated(runs[0].info.run_id)
print("ready", flush=True)
exists = lambda name: os.path.exists(os.path.join(folder, name))
step, slowest, newcomer = 0, 0.0, None
while not exists("stop"):
    step += 1
    begin = time.monotonic()
    client.log_batch(runs[2].info.run_id, metrics=[Metric("loss", 1000.0 + step, int(time.time() * 1000), step)])
    if exists("begin") and newcomer is None:
        newcomer = client.create_run(experiment, run_name="newcomer")
    slowest = max(slowest, time.monotonic() - begin)
    time.sleep(0.05)
client.set_terminated(runs[2].info.run_id, "FAILED")
print(json.dumps({"steps": step, "slowest_ms": round(slowest * 1000)}), flush=True)
"#;

/// A training job in its own process.
struct TrainingJob {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl TrainingJob {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(python(V3))
            .args(["-c", TRAIN, folder.to_str().unwrap()])
            .envs([
                ("MLFLOW_DISABLE_TELEMETRY", "true"),
                ("GIT_PYTHON_REFRESH", "quiet"),
            ])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut job = Self { child, stdout };
        assert_eq!(job.line().trim(), "ready");
        job
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for TrainingJob {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn open_session(folder: &Path) -> Pty {
    let store = folder.join("mlflow.db");
    let names = [
        "HOME",
        "FRONTRUNNER_CONFIG_DIR",
        "FRONTRUNNER_DATA_DIR",
        "FRONTRUNNER_CACHE_DIR",
    ];
    let start = PtyCommand::new(
        PROGRAM,
        &[
            store.to_str().unwrap(),
            "--experiment",
            "training",
            "--refresh",
            "1",
        ],
    )
    .size(120, 30);
    names
        .into_iter()
        .fold(start, |start, name| start.env(name, folder))
        .spawn()
}

fn line(pty: &Pty, text: &str) -> String {
    pty.text()
        .lines()
        .find(|line| line.contains(text))
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn screen_follows_a_training_job_without_disturbing_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = TrainingJob::start(folder.path());
    let mut pty = open_session(folder.path());
    pty.wait_for("3 of 3 runs");
    // The cursor on the last run and a mark on the run before it; the preview shows the run under the cursor.
    pty.send("jjp");
    pty.wait_for("─ rester ─");
    pty.send("k ");
    pty.wait_for("● 1");
    pty.wait_for("─ rester ─");
    for _ in 0..3 {
        let before = line(&pty, "walker");
        pty.wait_until("the values to change", || line(&pty, "walker") != before);
    }
    assert!(
        line(&pty, "walker").contains('▶') && line(&pty, "sleeper").contains('◆'),
        "{}",
        pty.text()
    );

    std::fs::write(folder.path().join("begin"), "").unwrap();
    pty.wait_for("newcomer");
    pty.wait_for("4 of 4 runs");
    std::fs::write(folder.path().join("stop"), "").unwrap();
    let output: Value = serde_json::from_str(&job.line()).unwrap();
    pty.wait_until("the end of the job", || line(&pty, "walker").contains('✗'));
    let last = (1_000 + output["steps"].as_i64().unwrap()).to_string();
    pty.wait_until("the last value", || line(&pty, "walker").contains(&last));
    pty.wait_for(" live ");
    assert!(
        line(&pty, "sleeper").contains('◆') && pty.text().contains("─ rester ─"),
        "mark and cursor stay:\n{}",
        pty.text()
    );
    println!("{output}");
    assert!(job.child.wait().unwrap().success(), "the client failed");
    pty.send("\x03\x03");
    assert_eq!(pty.wait_for_end(), 0);
}
