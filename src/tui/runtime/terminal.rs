//! Enters, leaves, suspends and resumes the terminal, and writes all bytes to it.
//!
//! The state needed to restore it is static, because any of these restores it: the end of the loop, a panic on any thread, a
//! signal, a tty that is gone. Bytes go straight to the descriptor, a whole frame at a time, so that neither a lock of the
//! standard library nor half an escape sequence delays the restore.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

use super::RunError;
use crate::tui::app::layout::Size;

/// The alternate screen, cleared; bracketed pastes; no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[2J\x1b[?2004h\x1b[?25l";
/// Clicks and the wheel. Reports of movement would wake the program for nothing.
const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
/// Resets every mode, also those that were not set, which is harmless.
const LEAVE: &str = "\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";
/// A terminal that supports it shows the bytes between these at once.
const SYNCHRONIZED_UPDATE: [&str; 2] = ["\x1b[?2026h", "\x1b[?2026l"];

/// How long a restore waits for a frame that is being written, and for a terminal that accepts no bytes.
const RESTORE_TIMEOUT: Duration = Duration::from_millis(300);
/// The largest size that is drawn: a larger claim would cost gigabytes.
const MAX_SIZE: Size = Size {
    width: 2_000,
    height: 1_000,
};
/// The size of a terminal that does not know its own.
const DEFAULT_SIZE: Size = Size {
    width: 80,
    height: 24,
};

enum Ownership {
    /// Not ours.
    Released,
    /// Ours, with its modes from before.
    Owned {
        saved_modes: Box<Termios>,
        mouse: bool,
    },
    /// The shell's, until SIGCONT.
    Suspended { mouse: bool },
}

/// Locked during a restore, so that no other thread ends the process halfway through.
static OWNERSHIP: Mutex<Ownership> = Mutex::new(Ownership::Released);
/// Whether it is [`Ownership::Owned`], for code that must not wait for the lock.
static IS_OWNED: AtomicBool = AtomicBool::new(false);
/// Locked while bytes are written.
static OUTPUT_LOCK: Mutex<()> = Mutex::new(());

/// Restores the terminal when dropped.
pub(super) struct TerminalGuard(());

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        leave();
    }
}

/// Fails if standard input or output is no terminal, or a dumb one.
pub(super) fn check_is_terminal() -> Result<(), RunError> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        Err(RunError::NotATerminal)
    } else {
        Ok(())
    }
}

pub(super) fn enter(mouse: bool) -> io::Result<TerminalGuard> {
    let guard = TerminalGuard(());
    acquire(&mut lock_ownership(), mouse)?;
    Ok(guard)
}

/// Restores the terminal for good, if it is ours. Never waits for long and never fails: a crashing program calls it, too.
pub(super) fn leave() {
    let mut ownership = lock_ownership();
    IS_OWNED.store(false, Ordering::SeqCst);
    if let Ownership::Owned { saved_modes, .. } =
        std::mem::replace(&mut *ownership, Ownership::Released)
    {
        restore(&saved_modes);
    }
}

/// Restores the terminal for the shell, until [`resume`].
pub(super) fn suspend() {
    let mut ownership = lock_ownership();
    let Ownership::Owned { mouse, .. } = *ownership else {
        return;
    };
    IS_OWNED.store(false, Ordering::SeqCst);
    if let Ownership::Owned { saved_modes, .. } =
        std::mem::replace(&mut *ownership, Ownership::Suspended { mouse })
    {
        restore(&saved_modes);
    }
}

/// Enters the terminal again after SIGCONT. Returns whether it is ours, so that the whole screen has to be drawn.
pub(super) fn resume() -> bool {
    let mut ownership = lock_ownership();
    let mouse = match *ownership {
        Ownership::Released => return false,
        Ownership::Owned { mouse, .. } | Ownership::Suspended { mouse } => mouse,
    };
    if !tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp()) {
        // In the background, changing the modes would only stop the process again.
        *ownership = Ownership::Suspended { mouse };
        IS_OWNED.store(false, Ordering::SeqCst);
        return false;
    }
    acquire(&mut ownership, mouse).is_ok()
}

pub(super) fn is_owned() -> bool {
    IS_OWNED.load(Ordering::SeqCst)
}

/// The terminal's size in cells, within [`MAX_SIZE`].
pub(super) fn size() -> Size {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            width: size.ws_col.min(MAX_SIZE.width),
            height: size.ws_row.min(MAX_SIZE.height),
        },
        _ => DEFAULT_SIZE,
    }
}

/// Width and height of a cell in pixels, from the size of the window.
pub(super) fn cell_size() -> Option<(u16, u16)> {
    let size = tcgetwinsize(stdout()).ok()?;
    let width = size.ws_xpixel.checked_div(size.ws_col)?;
    let height = size.ws_ypixel.checked_div(size.ws_row)?;
    (width > 0 && height > 0).then_some((width, height))
}

/// Writes a frame as one synchronized update.
pub(super) fn write_frame(frame: &[u8]) -> io::Result<()> {
    let [begin, end] = SYNCHRONIZED_UPDATE.map(str::as_bytes);
    write(&[begin, frame, end].concat())
}

/// Writes bytes, or drops them while the terminal is not ours.
pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    let _lock = OUTPUT_LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    if is_owned() {
        write_all(bytes, None)
    } else {
        Ok(())
    }
}

fn lock_ownership() -> MutexGuard<'static, Ownership> {
    OWNERSHIP.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acquire(ownership: &mut Ownership, mouse: bool) -> io::Result<()> {
    let modes = tcgetattr(stdin())?;
    let mut raw = modes.clone();
    raw.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &raw)?;
    // SIGCONT without a suspend: the modes from before are known already.
    if !matches!(ownership, Ownership::Owned { .. }) {
        *ownership = Ownership::Owned {
            saved_modes: Box::new(modes),
            mouse,
        };
    }
    IS_OWNED.store(true, Ordering::SeqCst);
    write_all(ENTER.as_bytes(), None)?;
    if mouse {
        write_all(MOUSE.as_bytes(), None)
    } else {
        Ok(())
    }
}

/// Restores the modes first, because that can't block.
fn restore(saved_modes: &Termios) {
    let _ = tcsetattr(stdin(), OptionalActions::Now, saved_modes);
    let deadline = Instant::now() + RESTORE_TIMEOUT;
    let _lock = loop {
        match OUTPUT_LOCK.try_lock() {
            Ok(lock) => break lock,
            Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
            // The terminal accepts no bytes of a frame, so it would accept none here.
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let _ = write_all(LEAVE.as_bytes(), Some(RESTORE_TIMEOUT));
}

/// Writes all bytes; with a timeout, fails if the terminal accepts none for that long.
fn write_all(mut bytes: &[u8], timeout: Option<Duration>) -> io::Result<()> {
    while !bytes.is_empty() {
        if timeout.is_some() {
            wait_writable(timeout)?;
        }
        match rustix::io::write(stdout(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(Errno::INTR) => {}
            // Another program on this terminal made it non-blocking.
            Err(Errno::AGAIN) => wait_writable(timeout)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait_writable(timeout: Option<Duration>) -> io::Result<()> {
    let poll_timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    loop {
        match poll(
            &mut [PollFd::new(&stdout(), PollFlags::OUT)],
            poll_timeout.as_ref(),
        ) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
