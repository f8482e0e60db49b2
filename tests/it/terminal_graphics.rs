//! Pictures in a terminal: each gets the sequences that it said it knows, keys go on working, and the picture goes away again.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::process::Command;

use crate::support::pty::{Pty, PtyCommand};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_frontrunner");
/// kitty's question, and the answer of a terminal that knows its graphics.
const KITTY: (&str, &str) = (
    "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\",
    "\x1b_Gi=31;OK\x1b\\",
);
/// A terminal that knows sixels says so with a 4.
const SIXEL: (&str, &str) = ("\x1b[c", "\x1b[?62;4;22c");
/// A terminal that says its name.
const WEZTERM: (&str, &str) = ("\x1b[>q", "\x1bP>|WezTerm 20240203-110809\x1b\\");

/// The program on the charts of a run, in a terminal that answers so, with a picture asked for.
fn open_picture(answers: &[(&'static str, &'static str)]) -> (Pty, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("mlflow.db");
    let homes = || {
        ["config", "data", "cache"].map(|name| {
            (
                format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
                folder.path().join(name),
            )
        })
    };
    let made = Command::new(PROGRAM)
        .envs(homes())
        .args(["demo", "--path", store.to_str().unwrap(), "--no-open"])
        .output()
        .unwrap();
    assert!(made.status.success());
    let start = PtyCommand::new(
        PROGRAM,
        &[
            "--target",
            store.to_str().unwrap(),
            "--experiment",
            "image-classifier",
        ],
    );
    let start = homes()
        .into_iter()
        .fold(start, |start, (name, home)| start.env(&name, home))
        .env("TMUX", "")
        .env("COLORTERM", "truecolor");
    let pty = start.with_replies(answers).spawn();
    pty.wait_for("resnet50-aug");
    pty.send("m");
    pty.wait_for("points of 1 curve");
    pty.send("I");
    (pty, folder)
}

fn output_contains(pty: &Pty, bytes: &str) -> bool {
    // A search that is slow in a debug build takes the time from the program that is looked at.
    String::from_utf8_lossy(&pty.output()).contains(bytes)
}

/// The picture goes away with a key, and the charts are there again, whole.
fn quit(pty: &Pty) {
    pty.send("\x1b");
    pty.wait_until("the charts again", || {
        pty.text().contains("[Metrics]") && pty.text().contains("points of 1 curve")
    });
}

#[test]
fn kitty_receives_a_chunked_png_and_a_delete() {
    let (pty, _folder) = open_picture(&[KITTY]);
    pty.wait_until("kitty's picture", || {
        output_contains(&pty, "f=100") && output_contains(&pty, "\x1b_G")
    });
    quit(&pty);
    pty.wait_until("its end", || output_contains(&pty, "a=d"));
}

#[test]
fn sixel_terminal_receives_sixels() {
    let (pty, _folder) = open_picture(&[SIXEL]);
    pty.wait_until("sixels", || {
        output_contains(&pty, "\x1bP") && output_contains(&pty, "\"1;1;")
    });
    quit(&pty);
}

#[test]
fn wezterm_receives_an_inline_image() {
    let (pty, _folder) = open_picture(&[WEZTERM]);
    pty.wait_until("an inline image", || {
        output_contains(&pty, "\x1b]1337;File=") && output_contains(&pty, "inline=1")
    });
    quit(&pty);
}

#[test]
fn other_terminals_receive_half_blocks() {
    let (pty, _folder) = open_picture(&[]);
    pty.wait_for("▀▀▀▀▀▀▀▀");
    assert!(!output_contains(&pty, "\x1b]1337"));
    quit(&pty);
    // Keys after the terminal was asked are heard as before.
    pty.send("e");
    pty.wait_for("step · log");
}
