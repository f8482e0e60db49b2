//! The terminal comes back: whatever ends the program, modes, screen and cursor are as before, and the process is gone.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should panic"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::support::pty::{Pty, PtyCommand};
use async_trait::async_trait;
use frontrunner::config::GraphicsProtocol;
use frontrunner::config::keymap::Keymap;
use frontrunner::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId,
};
use frontrunner::ops::journal::Journal;
use frontrunner::store::{
    Features, LifecycleFilter, Page, PageToken, ReadOnlyReason, ReadStore, Resolution, Result,
    RunQuery, StoreHandle,
};
use frontrunner::tui::app;
use frontrunner::tui::runtime::{RunError, SessionSetup, run};
use frontrunner::tui::view::TerminalTheme;
use rustix::process::Signal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontrunner");
const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";

/// The program on a demo store, with its first screen.
fn demo(folder: &Path) -> Pty {
    let pty = with_private_dirs(
        PtyCommand::new(
            PROGRAM,
            &[
                "demo",
                "--path",
                &folder.join("demo.db").display().to_string(),
            ],
        ),
        folder,
    )
    .spawn();
    pty.wait_for_screen();
    pty
}

/// Nothing of the person who runs the tests is read or written.
fn with_private_dirs(start: PtyCommand, folder: &Path) -> PtyCommand {
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

fn assert_terminal_restored(pty: &Pty) {
    assert!(
        pty.has_original_modes(),
        "the modes are not those of before"
    );
    pty.inspect(|screen| {
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

fn assert_signal_restores_terminal(signal: Signal) {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    assert!(
        !pty.has_original_modes(),
        "the test sees no difference in the modes"
    );
    pty.signal(signal);
    assert_eq!(pty.wait_for_end(), 128 + signal.as_raw().cast_unsigned());
    assert_terminal_restored(&pty);
}

#[test]
fn sigterm_restores_the_terminal() {
    assert_signal_restores_terminal(Signal::TERM);
}

#[test]
fn sighup_restores_the_terminal() {
    assert_signal_restores_terminal(Signal::HUP);
}

#[test]
fn sigint_restores_the_terminal() {
    assert_signal_restores_terminal(Signal::INT);
}

#[test]
fn sigquit_restores_the_terminal() {
    assert_signal_restores_terminal(Signal::QUIT);
}

#[test]
fn q_quits() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
    assert_terminal_restored(&pty);
}

#[test]
fn ctrl_c_twice_quits() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.send(CTRL_C);
    pty.wait_for("ctrl-c again to quit");
    pty.send(CTRL_C);
    assert_eq!(pty.wait_for_end(), 0);
    assert_terminal_restored(&pty);
}

#[test]
fn ctrl_z_suspends_and_fg_resumes() {
    let folder = tempfile::tempdir().unwrap();
    // A shell with job control; it goes on when its job is stopped, as one at a prompt does.
    let script = format!(
        "'{PROGRAM}' demo --path '{}'; echo ' stopped'; read line; fg; echo ended",
        folder.path().join("demo.db").display()
    );
    let mut pty =
        with_private_dirs(PtyCommand::new("sh", &["-m", "-c", &script]), folder.path()).spawn();
    pty.wait_for_screen();
    pty.send(CTRL_Z);
    pty.wait_for(" stopped");
    assert_terminal_restored(&pty);
    pty.send("\n");
    pty.wait_for_screen();
    assert!(!pty.has_original_modes());
    pty.send("q");
    pty.wait_for("ended");
    assert_eq!(pty.wait_for_end(), 0);
    assert_terminal_restored(&pty);
}

#[test]
fn ctrl_z_without_a_shell_shows_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.send(CTRL_Z);
    pty.wait_for("no shell to return to");
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
}

#[test]
fn sigstop_restores_the_terminal_until_continued() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    pty.signal(Signal::TSTP);
    pty.wait_until("the terminal to be given back", || {
        pty.inspect(|screen| !screen.alternate_screen() && !screen.hide_cursor())
    });
    assert_terminal_restored(&pty);
    pty.signal(Signal::CONT);
    pty.wait_for_screen();
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
    assert_terminal_restored(&pty);
}

#[test]
fn closed_terminal_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    demo(folder.path()).close().wait_for_end();
}

#[test]
fn lost_terminal_without_a_signal_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    // The kernel tells only the session's leader, which ignores it: as under tmux and `ssh -t`.
    let script = format!(
        "trap '' HUP; '{PROGRAM}' demo --path '{}'; true",
        folder.path().join("demo.db").display()
    );
    // A dead terminal seems to be of 80×24: a program that is as large draws nothing, and meets no error by drawing.
    let pty = with_private_dirs(
        PtyCommand::new("sh", &["-c", &script]).size(79, 24),
        folder.path(),
    )
    .spawn();
    pty.wait_for_screen();
    pty.close().wait_for_end();
}

#[test]
fn held_key_leaves_no_backlog() {
    let folder = tempfile::tempdir().unwrap();
    let mut pty = demo(folder.path());
    let frames = |pty: &Pty| {
        pty.output()
            .windows(8)
            .filter(|part| part == b"\x1b[?2026h")
            .count()
    };
    let before = frames(&pty);
    // More than one read of a terminal gives: what comes last must not wait for another key.
    pty.send(&format!("{}{CTRL_C}", "jk".repeat(2_500)));
    pty.wait_for("ctrl-c again to quit");
    assert!(
        frames(&pty) - before < 500,
        "nearly every key had a frame of its own"
    );
    pty.send(CTRL_C);
    assert_eq!(pty.wait_for_end(), 0);
}

#[test]
fn draws_at_any_size() {
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
        let before = pty.output().len();
        pty.resize(width, height);
        pty.wait_until(&format!("a frame of {width}×{height}"), || {
            pty.output().len() > before
        });
    }
    for n in 1..150 {
        pty.resize(1 + n * 7 % 300, 1 + n * 11 % 90);
    }
    pty.resize(100, 30);
    pty.wait_for_screen();
    pty.send("q");
    assert_eq!(pty.wait_for_end(), 0);
    assert_terminal_restored(&pty);
}

#[test]
fn startup_error_leaves_the_terminal_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db").display().to_string();
    let mut pty = with_private_dirs(
        PtyCommand::new(PROGRAM, &[&missing]).size(300, 30),
        folder.path(),
    )
    .spawn();
    assert_ne!(pty.wait_for_end(), 0);
    assert!(pty.text().contains("missing.db"), "{}", pty.text());
    assert_terminal_restored(&pty);
}

#[test]
fn dumb_terminal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.db").display().to_string();
    let mut pty = with_private_dirs(
        PtyCommand::new(PROGRAM, &["demo", "--path", &path]).env("TERM", "dumb"),
        folder.path(),
    )
    .spawn();
    assert_ne!(pty.wait_for_end(), 0);
    assert!(
        !pty.output().contains(&0x1b),
        "{:?}",
        String::from_utf8_lossy(&pty.output())
    );
    assert_terminal_restored(&pty);
}

#[test]
fn without_a_terminal_a_hint_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM)
        .args(["demo", "--path"])
        .arg(folder.path().join("demo.db"))
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("screens need a terminal") && stderr.contains("--help"),
        "{stderr}"
    );
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn task_panic_restores_the_terminal_and_is_reported() {
    let this = std::env::current_exe().unwrap();
    let mut pty = PtyCommand::new(
        this,
        &[
            "--ignored",
            "--exact",
            "terminal::run_session_with_panicking_store",
            "--nocapture",
        ],
    )
    .spawn();
    assert_eq!(pty.wait_for_end(), 101);
    let raw = String::from_utf8(pty.output()).unwrap();
    let left = raw.find("\x1b[?1049l").unwrap();
    assert!(
        raw.find("\x1b[?1049h")
            .is_some_and(|entered| entered < left)
    );
    let after_restore = &raw[left..];
    assert!(
        after_restore.contains("a bad answer ␛[2J") && after_restore.contains("terminal.rs"),
        "{after_restore:?}"
    );
    assert_terminal_restored(&pty);
}

/// What the test above runs in a terminal of its own.
#[tokio::test]
#[ignore = "run by another test, in a terminal"]
async fn run_session_with_panicking_store() {
    let app_session = app::Session::read_only("panics.db");
    let session = SessionSetup {
        store: StoreHandle {
            reader: Arc::new(PanickingStore),
            writer: Err(ReadOnlyReason::Flag),
        },
        app: app_session,
        journal: Journal::with_path("unused".into()),
        policy: Arc::default(),
        evidence_sources: Arc::default(),
        start: frontrunner::tui::screens::StartOptions::default(),
        keymap: Keymap::load(None).unwrap(),
        appearance: TerminalTheme::default(),
        follows_background: false,
        view_files: frontrunner::config::saved_views::ViewFiles::new(
            "unused".as_ref(),
            "unused".as_ref(),
            "unused".as_ref(),
        ),
        mouse: true,
        second_store: None,
        pictures: GraphicsProtocol::Auto,
        alert: frontrunner::config::Alert::None,
    };
    let ended = run(session, async |_| Err(RunError::NotATerminal)).await;
    // In a terminal the panic ends the process before this.
    assert!(matches!(ended, Err(RunError::NotATerminal)), "{ended:?}");
}

/// A store whose first answer is a panic that quotes an escape sequence; every other question is never answered.
struct PanickingStore;

#[async_trait]
#[rustfmt::skip]
#[expect(clippy::unnecessary_literal_bound, reason = "the trait says so")]
impl ReadStore for PanickingStore {
    fn name(&self) -> &str { "panics.db" }
    fn origin(&self) -> &str { "panics.db" }
    async fn features(&self) -> Result<Features> { panic!("a bad answer \u{1b}[2J") }
    async fn experiments(&self, _: LifecycleFilter) -> Result<Vec<Experiment>> { std::future::pending().await }
    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Result<Page<Run>> { std::future::pending().await }
    async fn run(&self, _: &RunId) -> Result<Run> { std::future::pending().await }
    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Result<Vec<MetricHistory>> { std::future::pending().await }
    async fn artifacts(&self, _: &ArtifactOwner, _: &str) -> Result<Vec<Artifact>> { std::future::pending().await }
    async fn preview(&self, _: &ArtifactOwner, _: &str, _: u64) -> Result<Preview> { std::future::pending().await }
    async fn logged_model(&self, _: &LoggedModelId) -> Result<LoggedModel> { std::future::pending().await }
    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Result<Vec<LoggedModel>> { std::future::pending().await }
    async fn models(&self) -> Result<Vec<RegisteredModel>> { std::future::pending().await }
    async fn model(&self, _: &ModelName) -> Result<RegisteredModel> { std::future::pending().await }
    async fn versions(&self, _: &ModelName) -> Result<Vec<ModelVersion>> { std::future::pending().await }
    async fn versions_of_run(&self, _: &RunId) -> Result<Vec<ModelVersion>> { std::future::pending().await }
    async fn revision(&self) -> Result<Option<u64>> { std::future::pending().await }
}
