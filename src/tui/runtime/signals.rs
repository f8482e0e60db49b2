//! Ends from outside: signals, a terminal that died, panics. Each gives the terminal back first.
//!
//! Signals have a thread of their own, so that neither a blocked write nor a busy task holds them up. So has the watch on
//! the terminal: a parent may keep SIGHUP from us, and crossterm spins on a dead terminal instead of telling.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process::exit;
use std::sync::Once;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, getpid, getsid, kill_current_process_group, kill_process};
use rustix::stdio::stdin;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc::UnboundedSender;

use super::terminal;
use crate::text::untrusted::clean_lines;

/// The exit status of a program that a signal ended is this and the signal's number.
const SIGNAL_EXIT_BASE: i32 = 128;
/// The exit status of a Rust program that panicked.
const PANIC_EXIT_CODE: i32 = 101;

/// Begins to watch. `anew` is told when everything has to be drawn anew.
pub(super) fn install(redraw: UnboundedSender<()>) -> io::Result<()> {
    install_panic_hook();
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                on_signal(signal, &redraw);
            }
        })?;
    std::thread::Builder::new()
        .name("terminal".into())
        .spawn(wait_for_hangup)?;
    Ok(())
}

/// Stops the whole job, as ctrl-z does outside of raw mode. Returns whether there is a shell that could continue it: where
/// the program is the terminal's own session, nobody could.
pub(super) fn stop_job() -> bool {
    let job = getsid(None).is_ok_and(|session| session != getpgrp());
    // Our own copy of the signal arrives at the thread above, which gives the terminal back first.
    job && kill_current_process_group(Signal::TSTP).is_ok()
}

fn on_signal(signal: i32, redraw: &UnboundedSender<()>) {
    match signal {
        SIGTSTP => {
            terminal::suspend();
            // Nothing is left to do for a process that can't stop itself: it goes on without the terminal until SIGCONT.
            let _ = kill_process(getpid(), Signal::STOP);
        }
        SIGCONT => {
            if terminal::resume() {
                // The loop may have ended meanwhile.
                let _ = redraw.send(());
            }
        }
        _ => restore_and_exit(signal),
    }
}

fn restore_and_exit(signal: i32) -> ! {
    terminal::leave();
    exit(SIGNAL_EXIT_BASE + signal)
}

/// Waits without waking until the terminal is gone.
fn wait_for_hangup() {
    let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    loop {
        let tty = stdin();
        let mut watched = [PollFd::new(&tty, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(_) if watched[0].revents().intersects(gone) => restore_and_exit(SIGHUP),
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// A panic on any thread while the terminal is ours gives it back, tells what happened, and ends the program: its state can't
/// be trusted, and half a screen would be left of it. The journal tells what became of a write that was on its way.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default_hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !terminal::is_owned() {
                return default_hook(info);
            }
            terminal::leave();
            // Standard error may be gone with the terminal.
            let _ = write_crash_report(&mut io::stderr(), info);
            exit(PANIC_EXIT_CODE);
        }));
    });
}

/// Panics quote text that may be a store's: it is cleaned.
fn write_crash_report(to: &mut impl Write, info: &PanicHookInfo<'_>) -> io::Result<()> {
    writeln!(
        to,
        "frontrunner met a mistake of its own and ended. Please report it with these lines:"
    )?;
    for line in clean_lines(&info.to_string()) {
        writeln!(to, "  {line}")?;
    }
    let trace = std::backtrace::Backtrace::capture();
    if trace.status() == std::backtrace::BacktraceStatus::Captured {
        writeln!(to, "{trace}")
    } else {
        Ok(())
    }
}
