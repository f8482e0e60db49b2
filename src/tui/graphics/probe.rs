//! The terminal is asked what it can draw, before anybody else reads from it.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::tcgetwinsize;

use super::answers::split;
use super::picture::Cell;
use super::protocol::{Found, Protocol, ends, is_tmux, judge};
use super::tmux::wrap;
use crate::tui::runtime::terminal;

/// How long each of the two queries waits for its end: over a slow line, or on a busy machine, an answer takes some hundred ms.
const PATIENCE: Duration = Duration::from_secs(1);
/// The most bytes that are read: a terminal that goes on has no answer.
const MOST_READ: usize = 64 << 10;

/// The name and the size of a cell; DA1 is known everywhere, so that its answer ends the wait.
const WHO: &[u8] = b"\x1b[>q\x1b[16t\x1b[c";
/// kitty's query, with a picture of one pixel that it does not keep. It is a query of its own, because tmux would make it the
/// title of the pane.
const GRAPHICS: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c";
/// The same to the terminal around tmux, and its name.
const AROUND: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c";

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What the terminal can.
    pub found: Found,
    /// What else was read, which nobody else will see: mostly keys.
    pub typed: Vec<u8>,
}

/// Asks the terminal, which must be ours and in raw mode. Nobody else may read from it meanwhile: it is best asked before the
/// first `EventStream`, whose thread reads on for a moment after it was dropped. Waits without a runtime, mostly for some
/// milliseconds, two seconds at most. `wanted` is the user's word on the protocol: then only what it needs is asked.
///
/// # Errors
/// When the terminal can't be written to or read from.
pub fn probe(wanted: Option<Protocol>) -> io::Result<Probed> {
    // Inside of tmux the variable is set: https://man.openbsd.org/tmux#ENVIRONMENT
    let in_tmux = std::env::var_os("TMUX").is_some_and(|name| !name.is_empty());
    let mut probed = converse(&mut Tty, wanted, in_tmux)?;
    probed.found.cell = probed.found.cell.or_else(cell_of_window);
    Ok(probed)
}

/// The two ends of a terminal.
trait Line {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// What comes next; nothing when nothing came for so long.
    fn receive(&mut self, within: Duration) -> io::Result<Vec<u8>>;
}

fn converse(line: &mut impl Line, wanted: Option<Protocol>, in_tmux: bool) -> io::Result<Probed> {
    let mut heard = Vec::new();
    let nothing_to_ask = wanted == Some(Protocol::HalfBlocks);
    if !nothing_to_ask && ask(line, WHO, 1, &mut heard)? && wanted.is_none() {
        let query = if in_tmux || is_tmux(&heard) {
            wrap(AROUND)
        } else {
            GRAPHICS.to_vec()
        };
        ask(line, &query, 2, &mut heard)?;
    }
    let (answers, typed) = split(&heard);
    let found = judge(&answers, in_tmux);
    Ok(Probed {
        found: Found {
            protocol: wanted.unwrap_or(found.protocol),
            ..found
        },
        typed,
    })
}

/// Sends a query and reads until so many answers to DA1 were read in all. Returns whether they were.
fn ask(line: &mut impl Line, query: &[u8], most: usize, heard: &mut Vec<u8>) -> io::Result<bool> {
    line.send(query)?;
    let deadline = Instant::now() + PATIENCE;
    while ends(heard) < most {
        let bytes = line.receive(deadline.saturating_duration_since(Instant::now()))?;
        if bytes.is_empty() || heard.len() > MOST_READ {
            return Ok(false);
        }
        heard.extend_from_slice(&bytes);
    }
    Ok(true)
}

/// The terminal of this process: written to as frames are, and read where crossterm reads, from standard input.
struct Tty;

impl Line for Tty {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        terminal::write(bytes)
    }

    fn receive(&mut self, within: Duration) -> io::Result<Vec<u8>> {
        read(stdin(), within)
    }
}

/// What comes next from a descriptor that may block; nothing when nothing came for so long.
fn read(from: impl AsFd, within: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + within;
    let mut bytes = vec![0; 1_024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match poll(
            &mut [PollFd::new(&from, PollFlags::IN)],
            Timespec::try_from(left).ok().as_ref(),
        ) {
            Ok(0) => return Ok(Vec::new()),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match rustix::io::read(&from, &mut bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                bytes.truncate(read);
                return Ok(bytes);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The size of a cell by the size of the window, which xterm tells where it does not answer.
fn cell_of_window() -> Option<Cell> {
    let size = tcgetwinsize(stdout()).ok()?;
    let cell = (
        size.ws_xpixel.checked_div(size.ws_col)?,
        size.ws_ypixel.checked_div(size.ws_row)?,
    );
    (cell.0 > 0 && cell.1 > 0).then_some(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal that answers each query with its next answer, in pieces of some bytes.
    struct Fake {
        answers: Vec<&'static [u8]>,
        piece: usize,
        asked: Vec<Vec<u8>>,
        waiting: Vec<u8>,
    }

    impl Fake {
        fn new(answers: &[&'static [u8]], piece: usize) -> Self {
            Self {
                answers: answers.iter().rev().copied().collect(),
                piece,
                asked: Vec::new(),
                waiting: Vec::new(),
            }
        }
    }

    impl Line for Fake {
        fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.asked.push(bytes.to_vec());
            self.waiting
                .extend_from_slice(self.answers.pop().unwrap_or_default());
            Ok(())
        }

        fn receive(&mut self, _: Duration) -> io::Result<Vec<u8>> {
            let piece = self.piece.min(self.waiting.len());
            Ok(self.waiting.drain(..piece).collect())
        }
    }

    const KITTY: [&[u8]; 2] = [
        b"\x1bP>|kitty(0.42.1)\x1b\\j\x1b[6;20;10t\x1b[?62;52;c",
        b"\x1b_Gi=31;OK\x1b\\\x1b[?62;52;c",
    ];
    const KITTY_AROUND: [&[u8]; 2] = [
        b"\x1bP>|tmux 3.4\x1b\\\x1b[6;20;10t\x1b[?1;2c",
        b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.42.1)\x1b\\\x1b[?62;52;c",
    ];

    #[test]
    fn answers_may_come_in_pieces() {
        for piece in [1, 2, 7, 1_000] {
            let probed = converse(&mut Fake::new(&KITTY, piece), None, false).unwrap();
            assert_eq!(
                probed.found,
                Found {
                    protocol: Protocol::Kitty,
                    cell: Some((10, 20)),
                    tmux: false
                }
            );
            assert_eq!(probed.typed, b"j", "the key that was pressed meanwhile");
        }
    }

    #[test]
    fn what_is_around_tmux_is_asked_through_it() {
        let mut line = Fake::new(&KITTY_AROUND, 64);
        let found = converse(&mut line, None, false).unwrap().found;
        assert_eq!(
            found,
            Found {
                protocol: Protocol::Kitty,
                cell: Some((10, 20)),
                tmux: true
            }
        );
        assert_eq!(line.asked, [WHO.to_vec(), wrap(AROUND)]);
    }

    #[test]
    fn a_terminal_that_does_not_answer_is_asked_nothing_more() {
        let mut line = Fake::new(&[b"jk"], 64);
        let probed = converse(&mut line, None, false).unwrap();
        assert_eq!(
            probed.found,
            Found {
                protocol: Protocol::HalfBlocks,
                cell: None,
                tmux: false
            }
        );
        assert_eq!(probed.typed, b"jk");
        assert_eq!(line.asked.len(), 1);
    }

    #[test]
    fn the_user_has_the_last_word() {
        let mut line = Fake::new(&KITTY, 64);
        let found = converse(&mut line, Some(Protocol::Sixel), false)
            .unwrap()
            .found;
        assert_eq!(
            found,
            Found {
                protocol: Protocol::Sixel,
                cell: Some((10, 20)),
                tmux: false
            }
        );
        assert_eq!(line.asked, [WHO]);
        let mut line = Fake::new(&KITTY, 64);
        assert_eq!(
            converse(&mut line, Some(Protocol::HalfBlocks), false)
                .unwrap()
                .found
                .protocol,
            Protocol::HalfBlocks
        );
        assert!(line.asked.is_empty());
    }

    #[test]
    fn reading_waits_for_bytes_and_not_for_ever() {
        let (from, mut to) = io::pipe().unwrap();
        assert_eq!(read(&from, Duration::from_millis(1)).unwrap(), b"");
        io::Write::write_all(&mut to, b"\x1b[?6c").unwrap();
        assert_eq!(read(&from, Duration::ZERO).unwrap(), b"\x1b[?6c");
        drop(to);
        assert_eq!(
            read(&from, PATIENCE).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn a_terminal_that_never_ends_is_not_listened_to_for_ever() {
        struct Endless;
        impl Line for Endless {
            fn send(&mut self, _: &[u8]) -> io::Result<()> {
                Ok(())
            }
            fn receive(&mut self, _: Duration) -> io::Result<Vec<u8>> {
                Ok(vec![b'x'; 8_192])
            }
        }
        assert_eq!(
            converse(&mut Endless, None, false).unwrap().found.protocol,
            Protocol::HalfBlocks
        );
    }
}
