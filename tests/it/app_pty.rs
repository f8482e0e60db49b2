//! The whole job in a real terminal, by the documented keys, and MLflow's own client asked afterwards what came of it.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::mlflow::{V3, run_script};
use crate::support::pty::{Pty, PtyCommand};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontrunner");
const ENTER: &str = "\r";
const TAB: &str = "\t";
const ESC: &str = "\x1b";
const CTRL_C: &str = "\x03";
/// The model that the best run is registered as.
const MODEL: &str = "best-churn";
/// After this long, a key that nothing came of is pressed again: dialogs are deaf to enter at first, and a person would, too.
const RESEND_INTERVAL: Duration = Duration::from_secs(2);
/// What MLflow's client says of the model.
const REGISTRY_STATE: &str = r#"
import json, sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
client = mlflow.MlflowClient()
[experiment] = [e for e in client.search_experiments() if e.name == "churn-sweep"]
[best] = client.search_runs([experiment.experiment_id], "status = 'FINISHED'", order_by=["metrics.auc DESC"], max_results=1)
versions = client.search_model_versions(f"name = '{sys.argv[2]}'")
model = client.get_registered_model(sys.argv[2])
print(json.dumps({
    "best": best.info.run_id,
    "versions": [{"version": str(v.version), "run": v.run_id, "source": v.source, "status": v.status} for v in versions],
    "aliases": {alias: str(version) for alias, version in model.aliases.items()},
}))
"#;

/// The program in a terminal on a demo store of its own.
struct Session {
    pty: Pty,
    folder: TempDir,
}

impl Session {
    fn start(width: u16, height: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let path = store.to_str().unwrap();
        let mut make = Command::new(PROGRAM);
        make.envs(environment(folder.path()));
        let made = make
            .args(["demo", "--path", path, "--no-open"])
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let start = PtyCommand::new(PROGRAM, &[path])
            .size(width, height)
            .env("USER", "ana");
        let start = environment(folder.path())
            .into_iter()
            .fold(start, |start, (name, home)| start.env(name, home));
        let session = Self {
            pty: start.spawn(),
            folder,
        };
        session.pty.wait_for("churn-sweep");
        session
    }

    /// Sends keys, and waits for what must come of them.
    fn keys(&self, keys: &str, seen: &str) -> &Self {
        self.pty.send(keys);
        self.pty.wait_for(seen);
        self
    }

    /// Sends a key until something comes of it.
    fn send_until(&self, key: &str, seen: &str) -> &Self {
        self.pty.send(key);
        let mut sent = Instant::now();
        self.pty.wait_until(&format!("{seen:?}"), || {
            if sent.elapsed() > RESEND_INTERVAL && !self.pty.text().contains(seen) {
                self.pty.send(key);
                sent = Instant::now();
            }
            self.pty.text().contains(seen)
        });
        self
    }

    fn wait_until_gone(&self, text: &str) -> &Self {
        self.pty.wait_until(&format!("{text:?} to go"), || {
            !self.pty.text().contains(text)
        });
        self
    }

    /// From the button of a plan to its end, and back to the screen.
    fn apply(&self) -> &Self {
        self.pty.wait_for("enter applies");
        self.send_until(ENTER, "verified:");
        self.pty.send(ENTER);
        self.wait_until_gone("verified:")
    }

    fn registry_state(&self) -> Value {
        let uri = format!("sqlite:///{}", store(self.folder.path()).display());
        serde_json::from_str(
            run_script(V3, REGISTRY_STATE, &[&uri, MODEL])
                .lines()
                .last()
                .unwrap(),
        )
        .unwrap()
    }
}

fn store(folder: &Path) -> PathBuf {
    folder.join("mlflow.db")
}

/// Nothing of the person who runs the tests is read or written.
fn environment(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let names = [
        "HOME",
        "FRONTRUNNER_CONFIG_DIR",
        "FRONTRUNNER_DATA_DIR",
        "FRONTRUNNER_CACHE_DIR",
    ];
    names
        .into_iter()
        .map(|name| (name, folder.to_owned()))
        .collect()
}

/// From the experiments to the registered best run, with its version on the screen.
fn register_best_run(session: &Session) {
    session
        .keys("f", "filter experiments")
        .keys("churn-sweep", "1 of ")
        .keys("\r\r", "60 of 60 runs");
    let sorted = |text: &str| {
        text.lines()
            .find_map(|line| Some(line.split_once("sorted by ")?.1.trim().to_owned()))
            .unwrap_or_default()
    };
    for _ in 0..20 {
        let before = sorted(&session.pty.text());
        if before.starts_with("auc") || before.starts_with("metrics.auc") {
            break;
        }
        session.pty.send("ls");
        session
            .pty
            .wait_until("another order", || sorted(&session.pty.text()) != before);
    }
    assert!(
        sorted(&session.pty.text()).contains("auc"),
        "{}",
        session.pty.text()
    );
    session
        .keys("g  ", "● 2")
        .keys("c", "compare 2 runs")
        .keys("d", "compare 2 runs")
        .keys(ESC, "60 of 60 runs");
    session.keys("R", "runs by auc");
    if session.pty.text().contains("register which run") {
        session.pty.send("\x1b[B\r");
    }
    session.keys("", "add a version");
    session.keys(MODEL, "creates a new model");
    session
        .keys(ENTER, "planned writes")
        .keys("best of the sweep", "best of the sweep")
        .keys(TAB, "enter applies")
        .apply();
    session
        .keys("4", MODEL)
        .keys("f", "filter models")
        .keys(MODEL, "1 of ")
        .keys("\r\r", &format!("models › {MODEL}"));
}

/// Gives `@champion` to the version on the screen, with the model's name typed.
fn make_champion(session: &Session) {
    session
        .send_until("P", "to a stage or alias")
        .keys("champion", "champion")
        .keys(ENTER, &format!("type {MODEL} to confirm"));
    session.keys("it won", "it won").pty.send(TAB);
    session
        .keys(MODEL, &format!("confirm: {MODEL}"))
        .keys(TAB, "enter applies")
        .apply();
    session.pty.wait_for("champion");
}

fn quit(session: &mut Session) {
    session.keys(CTRL_C, "again to quit").pty.send(CTRL_C);
    assert_eq!(session.pty.wait_for_end(), 0);
    assert!(session.pty.has_original_modes());
}

fn assert_registered(state: &Value) {
    let versions = state["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 1, "{state}");
    assert_eq!(
        (&versions[0]["run"], &versions[0]["status"]),
        (&state["best"], &Value::from("READY")),
        "{state}"
    );
}

#[test]
fn best_run_becomes_champion_in_a_large_terminal() {
    let mut session = Session::start(200, 50);
    register_best_run(&session);
    make_champion(&session);
    session.keys("6", "it won").keys("", "best of the sweep");
    quit(&mut session);
    let state = session.registry_state();
    assert_registered(&state);
    assert_eq!(state["aliases"], serde_json::json!({ "champion": "1" }));
}

#[test]
fn promotion_is_undone_in_a_normal_terminal() {
    let mut session = Session::start(80, 24);
    register_best_run(&session);
    make_champion(&session);
    session
        .keys("6", "2 of 2 writes")
        .keys("U", "planned writes")
        .pty
        .send(TAB);
    session
        .keys(MODEL, &format!("confirm: {MODEL}"))
        .keys(TAB, "enter applies")
        .apply();
    session.pty.wait_for("3 of 3 writes");
    quit(&mut session);
    let state = session.registry_state();
    assert_registered(&state);
    assert_eq!(
        state["aliases"],
        serde_json::json!({}),
        "the alias is gone again"
    );
}

/// The keys of the usual exercise, without the names and reasons that are typed: open, register the best, Staging,
/// Production, alias, history, undo, compare, lineage. It took 45 before one dialog promoted.
#[test]
fn exercise_takes_few_keys() {
    let mut session = Session::start(80, 24);
    let count = std::cell::Cell::new(0);
    let press = |keys: &[&str], seen: &str| {
        count.set(count.get() + keys.len());
        for key in keys {
            session.pty.send(key);
        }
        session.pty.wait_for(seen);
    };
    let type_text = |text: &str, seen: &str| session.keys(text, seen);
    let apply = |seen: &str| {
        count.set(count.get() + 2);
        session.pty.wait_for("enter applies");
        session.send_until(ENTER, "verified");
        session.pty.send(ENTER);
        session.wait_until_gone("verified");
        session.pty.wait_for(seen);
    };
    // Open.
    type_text("/churn-sweep", "churn-sweep");
    session.pty.send(ENTER);
    press(&[ENTER], "60 of 60 runs");
    // Register the best run, which is not the first of the table.
    press(&["R"], "best run: ");
    press(&["\x1b[B", ENTER], "add a version");
    type_text(MODEL, "creates a new model");
    press(&[ENTER, ENTER], "enter applies");
    apply(&format!("models › {MODEL}"));
    // Staging comes first, and after it Production, with the model's name typed; then an alias.
    session.pty.wait_for("v1");
    press(&["P"], "to a stage or alias");
    press(&[ENTER, ENTER], "enter applies");
    apply("Staging");
    session.pty.wait_for("v1");
    press(&["P"], "to a stage or alias");
    press(&[ENTER, ENTER], "to confirm");
    type_text(MODEL, &format!("confirm: {MODEL}"));
    press(&[ENTER], "enter applies");
    apply("Production");
    session.pty.wait_for("v1");
    press(&["P"], "to a stage or alias");
    press(&[ENTER, ENTER], "to confirm");
    type_text(MODEL, &format!("confirm: {MODEL}"));
    press(&[ENTER], "enter applies");
    apply("@champion");
    // History and undo.
    press(&["H"], "events, newest first");
    // The plan comes after the journal was read.
    press(&["U"], "planned writes");
    press(&[ENTER], "to confirm");
    type_text(MODEL, &format!("confirm: {MODEL}"));
    press(&[ENTER], "enter applies");
    apply("undo");
    // Compare three runs, and the lineage.
    press(&["2", "g", " ", " ", " ", "c"], "compare 3 runs");
    press(&["4"], "iris-forest");
    press(&[ENTER], " versions, goal");
    count.set(count.get() + 1);
    session.send_until("L", "› lineage");
    quit(&mut session);
    let state = session.registry_state();
    assert_registered(&state);
    assert_eq!(
        state["aliases"],
        serde_json::json!({}),
        "the alias was undone"
    );
    assert!(count.get() < 45, "{} keys", count.get());
    println!("{} keys", count.get());
}

#[test]
fn small_terminal_shows_what_fits() {
    let mut session = Session::start(100, 30);
    session
        .keys("f", "filter experiments")
        .keys("churn-sweep", "1 of ")
        .keys("\r\r", "60 of 60 runs");
    session.pty.resize(40, 10);
    // The terminal itself cuts the old screen first.
    session.pty.wait_until("the keys on the tenth line", || {
        let text = session.pty.text();
        text.lines().count() == 10 && text.lines().last().unwrap().contains("enter")
    });
    session.pty.wait_for("60 of 60 runs");
    let text = session.pty.text();
    assert!(
        text.lines().all(|line| line.chars().count() <= 40) && text.contains("trial"),
        "{text}"
    );
    // The list scrolls with the cursor in its new height.
    let first = text.lines().find(|line| line.contains("trial")).unwrap();
    let first = first
        .split_whitespace()
        .find(|word| word.contains("trial"))
        .unwrap();
    session.pty.send("jjjjjjjj");
    session.pty.wait_until("a list that scrolled", || {
        !session.pty.text().contains(first)
    });
    session.keys("j \x10", "actions").keys(ESC, "● 1");

    session.pty.resize(39, 9);
    session.pty.wait_for("39x9 too small: needs 40x10");
    assert_eq!(
        session
            .pty
            .text()
            .lines()
            .filter(|line| !line.trim().is_empty())
            .count(),
        1,
        "{}",
        session.pty.text()
    );

    session.pty.resize(200, 50);
    session.pty.wait_for("60 of 60 runs");
    session.wait_until_gone("too small");
    let rows = || {
        session
            .pty
            .text()
            .lines()
            .filter(|line| line.contains("trial"))
            .count()
    };
    session
        .pty
        .wait_until("as many runs as fit", || rows() > 40);
    session.pty.wait_for("● 1");
    quit(&mut session);
}
