//! Every key arrives once and in order, also while the terminal is queried at the start.

use std::time::Duration;

use crate::support::program::Program;
use crate::support::pty::{Pty, PtyCommand};

/// The end of the first query, which every terminal answers.
const DA1_QUERY: &str = "\x1b[c";
const KITTY_QUERY: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
/// Typed into a filter, where a key that is lost, doubled or out of order shows.
const TEXT: &str = "abcdefghijklmnopqrstuvwxyz0123456789";

fn command(program: &Program) -> PtyCommand {
    let store = program.store().display().to_string();
    let command = PtyCommand::new(env!("CARGO_BIN_EXE_frontrunner"), &["--target", &store]);
    let folders = ["CONFIG", "DATA", "CACHE"].map(|name| format!("FRONTRUNNER_{name}_DIR"));
    folders
        .iter()
        .fold(command, |command, name| command.env(name, program.folder()))
}

/// Types one more key: it must come directly after `text`, and nothing after it.
fn assert_filter(pty: &Pty, text: &str) {
    let field = |end: &str| {
        let typed = format!("{text}{end}");
        let screen = pty.text();
        screen.lines().any(|line| {
            line.split_whitespace()
                .any(|word| word.trim_matches('│') == typed)
        })
    };
    pty.wait_until(&format!("{text:?} in the filter"), || field(""));
    pty.send("Z");
    pty.wait_until("one more key", || field("Z"));
}

#[test]
fn keys_typed_before_raw_mode_are_kept() {
    let program = Program::new();
    let pty = command(&program).spawn();
    pty.send(&format!("f{TEXT}"));
    assert_filter(&pty, TEXT);
}

#[test]
fn keys_typed_byte_by_byte_at_the_start_are_kept() {
    let program = Program::new();
    let pty = command(&program).spawn();
    for byte in format!("f{TEXT}{TEXT}").chars() {
        pty.send(&byte.to_string());
        std::thread::yield_now();
    }
    assert_filter(&pty, &TEXT.repeat(2));
}

#[test]
fn enter_typed_before_raw_mode_is_enter() {
    let program = Program::new();
    let pty = command(&program).spawn();
    pty.send("fchurn-sweep\r");
    pty.wait_for("filter: churn-sweep");
    pty.wait_for("1 of 6 experiments");
    pty.send("\r");
    pty.wait_for("60 of 60 runs");
}

#[test]
fn keys_between_responses_are_kept() {
    let program = Program::new();
    let replies = [
        (DA1_QUERY, "fab\x1bP>|xterm(1)\x1b\\cd\x1b[?62;22cef"),
        (KITTY_QUERY, "gh\x1b_Gi=31;OK\x1b\\ij"),
    ];
    let pty = command(&program).with_replies(&replies).spawn();
    // Both queries end with DA1.
    assert_filter(&pty, "abcdeffabcdefghij");
}

/// A response after 400 ms misses the first frame, one after 1.5 s the whole probe: neither becomes a key.
#[test]
fn late_responses_are_not_keys() {
    for delay in [400, 1_500] {
        let program = Program::new();
        let replies = [
            (
                "\x1b]11;?\x07",
                "\x1b]10;rgb:00/00/00\x07\x1b]11;rgb:ff/ff/ff\x07",
            ),
            (DA1_QUERY, "\x1bP>|kitty(0.42.1)\x1b\\\x1b[?62;22c"),
        ];
        let pty = command(&program)
            .with_replies(&replies)
            .reply_delay(Duration::from_millis(delay))
            .spawn();
        pty.send("f");
        pty.wait_for("filter experiments");
        for c in TEXT.chars() {
            pty.send(&c.to_string());
        }
        pty.wait_until("the response", || pty.reply_count() > 1);
        assert_filter(&pty, TEXT);
    }
}

#[test]
fn keys_reach_a_program_whose_terminal_never_answers() {
    let program = Program::new();
    let pty = command(&program).silent().spawn();
    pty.send(&format!("f{TEXT}"));
    assert_filter(&pty, TEXT);
}

/// A light background changes the theme of the first frame: with it, `next-theme` is the one after `light`.
#[test]
fn light_background_selects_the_light_theme() {
    let program = Program::new();
    let next_theme = |replies: &[(&'static str, &'static str)]| {
        let pty = command(&program).with_replies(replies).spawn();
        pty.wait_for("churn-sweep");
        pty.send("\x14");
        pty.wait_for("theme: ");
        let screen = pty.text();
        screen.split_once("theme: ").map(|(_, rest)| {
            rest.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned()
        })
    };
    let light = ("\x1b]11;?\x07", "\x1b]11;rgb:ffff/ffff/ffff\x07");
    assert_ne!(next_theme(&[light]), next_theme(&[]));
}
