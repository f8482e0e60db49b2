//! The terminal: taken, given back, lent to the shell for a while; and the one way on which bytes reach it.
//!
//! What is needed to give it back is kept in statics, because it is given back from anywhere: the loop's end, a panic
//! on any thread, a signal, a tty that died. Bytes go straight to the descriptor, a whole frame at a time, so that a lock
//! of the standard library, or half of an escape sequence, never stands in the way.

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

/// The alternate screen, cleared; pastes told from keys; no cursor.
const ENTER: &str = "\x1b[?1049h\x1b[2J\x1b[?2004h\x1b[?25l";
/// Clicks and the wheel. Movements are not asked for: each would wake the program.
const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";
/// Everything back, also what was not taken: it does no harm.
const LEAVE: &str = "\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";
/// The terminal shows what stands between these at once, if it can.
const SYNCHRONIZED_UPDATE: [&str; 2] = ["\x1b[?2026h", "\x1b[?2026l"];

/// How long giving back waits for a frame that is being written, and for a terminal that takes nothing.
const RESTORE_TIMEOUT: Duration = Duration::from_millis(300);
/// The largest size that is drawn: a terminal that claims more would cost gigabytes.
const MAX_SIZE: Size = Size {
    width: 2_000,
    height: 1_000,
};
/// What is assumed of a terminal that does not know its size.
const DEFAULT_SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// Whose the terminal is.
enum Ownership {
    /// Not ours, or not any more.
    Released,
    /// Ours; what its modes were before.
    Owned {
        saved_modes: Box<Termios>,
        mouse: bool,
    },
    /// The shell's, until it continues us.
    Suspended { mouse: bool },
}

/// Held until the terminal is given back, so that nobody ends the process halfway through.
static OWNERSHIP: Mutex<Ownership> = Mutex::new(Ownership::Released);
/// Whether it is [`Hold::Ours`], for whoever must not wait.
static IS_OWNED: AtomicBool = AtomicBool::new(false);
/// Held while bytes are sent.
static OUTPUT_LOCK: Mutex<()> = Mutex::new(());

/// The terminal is ours while this lives.
pub(super) struct TerminalGuard(());

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        leave();
    }
}

/// Whether there is a terminal that can show screens; nothing is touched.
pub(super) fn check_is_terminal() -> Result<(), RunError> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        Err(RunError::NotATerminal)
    } else {
        Ok(())
    }
}

/// Takes the terminal.
pub(super) fn enter(mouse: bool) -> io::Result<TerminalGuard> {
    let guard = TerminalGuard(());
    acquire(&mut lock_ownership(), mouse)?;
    Ok(guard)
}

/// Gives the terminal back for good, if it is ours. Never waits long, never fails: it is also the last act of a dying program.
pub(super) fn leave() {
    let mut ownership = lock_ownership();
    IS_OWNED.store(false, Ordering::SeqCst);
    if let Ownership::Owned { saved_modes, .. } =
        std::mem::replace(&mut *ownership, Ownership::Released)
    {
        restore(&saved_modes);
    }
}

/// Gives the terminal to the shell, to be taken again with [`take_again`].
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

/// Takes the terminal again after the process was continued. Returns whether it is ours, and everything has to be drawn anew.
pub(super) fn resume() -> bool {
    let mut ownership = lock_ownership();
    let mouse = match *ownership {
        Ownership::Released => return false,
        Ownership::Owned { mouse, .. } | Ownership::Suspended { mouse } => mouse,
    };
    if !tcgetpgrp(stdin()).is_ok_and(|group| group == getpgrp()) {
        // In the background the terminal is the shell's: to change its modes would only stop us once more.
        *ownership = Ownership::Suspended { mouse };
        IS_OWNED.store(false, Ordering::SeqCst);
        return false;
    }
    acquire(&mut ownership, mouse).is_ok()
}

/// Whether the terminal is ours.
pub(super) fn is_owned() -> bool {
    IS_OWNED.load(Ordering::SeqCst)
}

/// The terminal's size in cells.
pub(super) fn size() -> Size {
    match tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            width: size.ws_col.min(MAX_SIZE.width),
            height: size.ws_row.min(MAX_SIZE.height),
        },
        _ => DEFAULT_SIZE,
    }
}

/// Writes bytes of a frame so that they are seen at once; while the terminal is not ours they are dropped.
pub(super) fn write_frame(frame: &[u8]) -> io::Result<()> {
    let [begin, end] = SYNCHRONIZED_UPDATE.map(str::as_bytes);
    write(&[begin, frame, end].concat())
}

/// Writes bytes; while the terminal is not ours they are dropped.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
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
    let now = tcgetattr(stdin())?;
    let mut raw = now.clone();
    raw.make_raw();
    tcsetattr(stdin(), OptionalActions::Now, &raw)?;
    // Continued without having been stopped by us: what was there before us is known from the first time.
    if !matches!(ownership, Ownership::Owned { .. }) {
        *ownership = Ownership::Owned {
            saved_modes: Box::new(now),
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

/// The modes first: they need nobody's patience.
fn restore(saved_modes: &Termios) {
    let _ = tcsetattr(stdin(), OptionalActions::Now, saved_modes);
    let deadline = Instant::now() + RESTORE_TIMEOUT;
    let _lock = loop {
        match OUTPUT_LOCK.try_lock() {
            Ok(whole) => break whole,
            Err(TryLockError::Poisoned(poisoned)) => break poisoned.into_inner(),
            // A frame that can't be written: the terminal takes nothing, this neither.
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let _ = write_all(LEAVE.as_bytes(), Some(RESTORE_TIMEOUT));
}

/// Sends all bytes; with patience, gives up on a terminal that takes nothing for so long.
fn write_all(mut bytes: &[u8], timeout: Option<Duration>) -> io::Result<()> {
    while !bytes.is_empty() {
        if let Some(patience) = timeout {
            wait_writable(Some(patience))?;
        }
        match rustix::io::write(stdout(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(sent) => bytes = &bytes[sent..],
            Err(Errno::INTR) => {}
            // Somebody who shares the terminal made it non-blocking.
            Err(Errno::AGAIN) => wait_writable(timeout)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn wait_writable(timeout: Option<Duration>) -> io::Result<()> {
    let poll_timeout = timeout.and_then(|patience| Timespec::try_from(patience).ok());
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
