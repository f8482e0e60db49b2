//! Signals, panics and a terminal that is gone. Each restores the terminal first.
//!
//! Signals have a thread of their own, so that neither a blocked write nor a busy task delays them.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process::exit;
use std::sync::Once;

use rustix::process::{Signal, getpgrp, getpid, getsid, kill_current_process_group, kill_process};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc::UnboundedSender;

use super::terminal;
use crate::text::untrusted::clean_lines;

/// Shells add the number of the signal that ended a program.
const SIGNAL_EXIT_BASE: i32 = 128;
/// The exit status of a Rust program that panicked.
const PANIC_EXIT_CODE: i32 = 101;

/// Handles signals and panics from now on. `redraw` receives a value when the whole screen has to be drawn again.
pub(super) fn install(redraw: UnboundedSender<()>) -> io::Result<()> {
    install_panic_hook();
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for signal in signals.forever() {
                on_signal(signal, &redraw);
            }
        })?;
    Ok(())
}

/// Stops the whole job, as ctrl-z does outside of raw mode. Returns false if no shell could continue it, because the program
/// leads the session of the terminal.
pub(super) fn stop_job() -> bool {
    let job = getsid(None).is_ok_and(|session| session != getpgrp());
    // This process gets the signal, too: its thread restores the terminal before it stops.
    job && kill_current_process_group(Signal::TSTP).is_ok()
}

fn on_signal(signal: i32, redraw: &UnboundedSender<()>) {
    match signal {
        SIGTSTP => {
            terminal::suspend();
            // A process that can't stop itself goes on without the terminal until SIGCONT.
            let _ = kill_process(getpid(), Signal::STOP);
        }
        SIGCONT => {
            if terminal::resume() {
                // Fails only after the event loop has ended.
                let _ = redraw.send(());
            }
        }
        SIGWINCH => drop(redraw.send(())),
        _ => restore_and_exit(signal),
    }
}

/// Ends the process as SIGHUP does. A parent, such as tmux or ssh -t, may keep the signal itself from us.
pub(super) fn hang_up() -> ! {
    restore_and_exit(SIGHUP)
}

fn restore_and_exit(signal: i32) -> ! {
    terminal::leave();
    exit(SIGNAL_EXIT_BASE + signal)
}

/// A panic on any thread while the terminal is ours restores it, prints a report and ends the process, whose state can't be
/// trusted any more. The journal has the outcome of a write that was under way.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default_hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !terminal::is_owned() {
                return default_hook(info);
            }
            terminal::leave();
            // Standard error can be gone with the terminal.
            let _ = write_crash_report(&mut io::stderr(), info);
            exit(PANIC_EXIT_CODE);
        }));
    });
}

/// Cleans the message: panics can quote text of a store.
fn write_crash_report(to: &mut impl Write, info: &PanicHookInfo<'_>) -> io::Result<()> {
    writeln!(
        to,
        "frontrunner crashed because of a bug. Please report it with these lines:"
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
