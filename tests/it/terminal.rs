//! The terminal comes back: whatever ends the program, modes, screen and cursor are as before, and the process is gone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should panic"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::pty::{Pty, Start};
use async_trait::async_trait;
use frontrunner::config::PictureChoice;
use frontrunner::config::keymap::Keymap;
use frontrunner::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, History, LoggedModel, LoggedModelId,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId,
};
use frontrunner::ops::journal::Journal;
use frontrunner::store::{
    Answer, Features, Opened, Page, PageToken, Read, Resolution, RunQuery, View,
};
use frontrunner::tui::app;
use frontrunner::tui::runtime::{RunError, Session, run};
use frontrunner::tui::view::Look;
use rustix::process::Signal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontrunner");
const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// The program on a demo store, with its first screen.
fn demo(folder: &Path) -> Pty {
    let pty = private(
        Start::new(
            PROGRAM,
            &[
                "demo",
                "--path",
                &folder.join("demo.db").display().to_string(),
            ],
        ),
        folder,
    )
    .run();
    pty.wait_for_screen();
    pty
}

/// Nothing of the person who runs the tests is read or written.
fn private(start: Start, folder: &Path) -> Start {
    [
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
    ]
    .into_iter()
    .fold(start, |start, name| start.env(name, folder))
}

fn assert_given_back(pty: &Pty) {
    assert!(pty.has_old_modes(), "the modes are not those of before");
    pty.look(|screen| {
        assert!(
            !screen.alternate_screen(),
            "the alternate screen was not left"
        );
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "pastes are still bracketed");
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the mouse is still listened to"
        );
    });
}

fn ends_by_signal(signal: Signal) {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    assert!(
        !pty.has_old_modes(),
        "the test sees no difference in the modes"
    );
    pty.signal(signal);
    assert_eq!(pty.wait_for_end(), 128 + signal.as_raw().cast_unsigned());
    assert_given_back(&pty);
}

#[test]
fn sigterm_gives_the_terminal_back() {
    ends_by_signal(Signal::TERM);
}

#[test]
fn sighup_gives_the_terminal_back() {
    ends_by_signal(Signal::HUP);
}

#[test]
fn sigint_gives_the_terminal_back() {
    ends_by_signal(Signal::INT);
}

#[test]
fn sigquit_gives_the_terminal_back() {
    ends_by_signal(Signal::QUIT);
}

#[test]
fn q_quits() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
    assert_given_back(&pty);
}

#[test]
fn ctrl_c_twice_quits() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.send(CTRL_C);
    pty.wait_for("ctrl-c once more quits");
    pty.send(CTRL_C);
    assert_eq!(pty.wait_for_end(), 0);
    assert_given_back(&pty);
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let folder = tempfile::tempdir().unwrap();
    // A shell with job control; it goes on when its job is stopped, as one at a prompt does.
    let script = format!(
        "'{PROGRAM}' demo --path '{}'; echo ' stopped'; read line; fg; echo ended",
        folder.path().join("demo.db").display()
    );
    let mut pty = private(Start::new("sh", &["-m", "-c", &script]), folder.path()).run();
    pty.wait_for_screen();
    pty.send(CTRL_Z);
    pty.wait_for(" stopped");
    assert_given_back(&pty);
    pty.send("\n");
    pty.wait_for_screen();
    assert!(!pty.has_old_modes());
    pty.send("q");
    pty.wait_for("ended");
    assert_eq!(pty.wait_for_end(), 0);
    assert_given_back(&pty);
}

#[test]
fn ctrl_z_without_a_shell_only_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.send(CTRL_Z);
    pty.wait_for("no shell to go back to");
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
}

#[test]
fn a_stop_from_outside_gives_the_terminal_back_until_it_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.signal(Signal::TSTP);
    pty.wait_until("the terminal to be given back", || {
        pty.look(|screen| !screen.alternate_screen() && !screen.hide_cursor())
    });
    assert_given_back(&pty);
    pty.signal(Signal::CONT);
    pty.wait_for_screen();
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
    assert_given_back(&pty);
}

#[test]
fn a_closed_window_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    demo(folder.path()).close().wait_for_end();
}

#[test]
fn a_terminal_that_dies_without_a_signal_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    // The kernel tells only the session's leader, which ignores it: as under tmux and `ssh -t`.
    let script = format!(
        "trap '' HUP; '{PROGRAM}' demo --path '{}'; true",
        folder.path().join("demo.db").display()
    );
    // A dead terminal seems to be of 80×24: a program that is as large draws nothing, and meets no error by drawing.
    let pty = private(
        Start::new("sh", &["-c", &script]).size(79, 24),
        folder.path(),
    )
    .run();
    pty.wait_for_screen();
    pty.close().wait_for_end();
}

#[test]
fn a_held_key_leaves_no_backlog() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    let frames = |pty: &Pty| {
        pty.raw()
            .windows(8)
            .filter(|part| part == b"\x1b[?2026h")
            .count()
    };
    let before = frames(&pty);
    // More than one read of a terminal gives: what comes last must not wait for another key.
    pty.send(&format!("{}{CTRL_C}", "jk".repeat(2_500)));
    pty.wait_for("ctrl-c once more quits");
    assert!(
        frames(&pty) - before < 500,
        "nearly every key had a frame of its own"
    );
    pty.send(CTRL_C);
    assert_eq!(pty.wait_for_end(), 0);
}

#[test]
fn any_size_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    for (width, height) in [
        (1, 1),
        (500, 200),
        (2, 50),
        (200, 2),
        (39, 9),
        (40, 10),
        (1, 200),
        (500, 1),
        (80, 24),
    ] {
        let before = pty.raw().len();
        pty.resize(width, height);
        pty.wait_until(&format!("a frame of {width}×{height}"), || {
            pty.raw().len() > before
        });
    }
    for n in 1..150 {
        pty.resize(1 + n * 7 % 300, 1 + n * 11 % 90);
    }
    pty.resize(100, 30);
    pty.wait_for_screen();
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
    assert_given_back(&pty);
}

#[test]
fn an_error_at_the_start_leaves_the_terminal_alone() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db").display().to_string();
    let mut pty = private(
        Start::new(PROGRAM, &[&missing]).size(300, 30),
        folder.path(),
    )
    .run();
    assert_ne!(pty.wait_for_end(), 0);
    assert!(pty.text().contains("missing.db"), "{}", pty.text());
    assert_given_back(&pty);
}

#[test]
fn a_dumb_terminal_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db").display().to_string();
    let mut pty = private(
        Start::new(PROGRAM, &["demo", "--path", &path]).env("TERM", "dumb"),
        folder.path(),
    )
    .run();
    assert_ne!(pty.wait_for_end(), 0);
    assert!(
        !pty.raw().contains(&0x1b),
        "{:?}",
        String::from_utf8_lossy(&pty.raw())
    );
    assert_given_back(&pty);
}

#[test]
fn without_a_terminal_there_is_a_way_on() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM)
        .args(["demo", "--path"])
        .arg(folder.path().join("demo.db"))
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("screens need a terminal") && told.contains("--help"),
        "{told}"
    );
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_panic_of_a_task_gives_the_terminal_back_and_is_told() {
    let this = std::env::current_exe().unwrap();
    let mut pty = Start::new(
        this,
        &[
            "--ignored",
            "--exact",
            "a_session_whose_store_panics",
            "--nocapture",
        ],
    )
    .run();
    assert_eq!(pty.wait_for_end(), 101);
    let raw = String::from_utf8(pty.raw()).unwrap();
    let left = raw.find("\x1b[?1049l").unwrap();
    assert!(
        raw.find("\x1b[?1049h")
            .is_some_and(|entered| entered < left)
    );
    let told = &raw[left..];
    assert!(
        told.contains("a bad answer ␛[2J") && told.contains("terminal.rs"),
        "{told:?}"
    );
    assert_given_back(&pty);
}

/// What the test above runs in a terminal of its own.
#[tokio::test]
#[ignore = "run by another test, in a terminal"]
async fn a_session_whose_store_panics() {
    let told = app::Session::plain("panics.db");
    let session = Session {
        opened: Opened {
            reader: Arc::new(Panics),
            writer: None,
        },
        app: told,
        journal: Journal::at("unused".into()),
        policy: Arc::default(),
        lookout: Arc::default(),
        start: app::Start::default(),
        keymap: Keymap::load(None).unwrap(),
        look: Look::default(),
        views: frontrunner::config::views::ViewFiles::at(
            "unused".as_ref(),
            "unused".as_ref(),
            "unused".as_ref(),
        ),
        mouse: true,
        beside: None,
        pictures: PictureChoice::Auto,
        alert: frontrunner::config::Alert::None,
    };
    let ended = run(session).await;
    // In a terminal the panic ends the process before this.
    assert!(matches!(ended, Err(RunError::NotATerminal)), "{ended:?}");
}

/// A store whose first answer is a panic that quotes an escape sequence; every other question is never answered.
struct Panics;

#[async_trait]
#[rustfmt::skip]
#[expect(clippy::unnecessary_literal_bound, reason = "the trait says so")]
impl Read for Panics {
    fn name(&self) -> &str { "panics.db" }
    fn origin(&self) -> &str { "panics.db" }
    async fn features(&self) -> Answer<Features> { panic!("a bad answer \u{1b}[2J") }
    async fn experiments(&self, _: View) -> Answer<Vec<Experiment>> { std::future::pending().await }
    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Answer<Page<Run>> { std::future::pending().await }
    async fn run(&self, _: &RunId) -> Answer<Run> { std::future::pending().await }
    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Answer<Vec<History>> { std::future::pending().await }
    async fn artifacts(&self, _: &ArtifactHome, _: &str) -> Answer<Vec<Artifact>> { std::future::pending().await }
    async fn preview(&self, _: &ArtifactHome, _: &str, _: u64) -> Answer<Preview> { std::future::pending().await }
    async fn logged_model(&self, _: &LoggedModelId) -> Answer<LoggedModel> { std::future::pending().await }
    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Answer<Vec<LoggedModel>> { std::future::pending().await }
    async fn models(&self) -> Answer<Vec<RegisteredModel>> { std::future::pending().await }
    async fn model(&self, _: &ModelName) -> Answer<RegisteredModel> { std::future::pending().await }
    async fn versions(&self, _: &ModelName) -> Answer<Vec<ModelVersion>> { std::future::pending().await }
    async fn versions_of_run(&self, _: &RunId) -> Answer<Vec<ModelVersion>> { std::future::pending().await }
    async fn pulse(&self) -> Answer<Option<u64>> { std::future::pending().await }
}
