//! Pictures in a terminal: each gets the sequences that it said it knows, keys go on working, and the picture goes away again.

#![expect(clippy::unwrap_used, reason = "a test that fails should panic")]

use std::process::Command;

use crate::support::pty::{Pty, Start};
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
fn picture(answers: &[(&'static str, &'static str)]) -> (Pty, TempDir) {
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
    let start = Start::new(
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
    let pty = start.answering(answers).run();
    pty.wait_for("resnet50-aug");
    pty.send("m");
    pty.wait_for("points of 1 curve");
    pty.send("I");
    (pty, folder)
}

fn has(pty: &Pty, bytes: &str) -> bool {
    // A search that is slow in a debug build takes the time from the program that is looked at.
    String::from_utf8_lossy(&pty.raw()).contains(bytes)
}

/// The picture goes away with a key, and the charts are there again, whole.
fn leaves(pty: &Pty) {
    pty.send("\x1b");
    pty.wait_until("the charts again", || {
        pty.text().contains("[Metrics]") && pty.text().contains("points of 1 curve")
    });
}

#[test]
fn kitty_gets_a_png_in_pieces_and_is_told_to_delete_it() {
    let (pty, _folder) = picture(&[KITTY]);
    pty.wait_until("kitty's picture", || {
        has(&pty, "f=100") && has(&pty, "\x1b_G")
    });
    leaves(&pty);
    pty.wait_until("its end", || has(&pty, "a=d"));
}

#[test]
fn a_terminal_with_sixels_gets_sixels() {
    let (pty, _folder) = picture(&[SIXEL]);
    pty.wait_until("sixels", || has(&pty, "\x1bP") && has(&pty, "\"1;1;"));
    leaves(&pty);
}

#[test]
fn wezterm_gets_an_inline_image() {
    let (pty, _folder) = picture(&[WEZTERM]);
    pty.wait_until("an inline image", || {
        has(&pty, "\x1b]1337;File=") && has(&pty, "inline=1")
    });
    leaves(&pty);
}

#[test]
fn every_other_terminal_gets_half_blocks() {
    let (pty, _folder) = picture(&[]);
    pty.wait_for("▀▀▀▀▀▀▀▀");
    assert!(!has(&pty, "\x1b]1337"));
    leaves(&pty);
    // Keys after the terminal was asked are heard as before.
    pty.send("s");
    pty.wait_for("step · log");
}
