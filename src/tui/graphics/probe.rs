//! The terminal is asked what it can draw, before anybody else reads from it.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::tcgetwinsize;

use super::bitmap::CellSize;
use super::protocol::{GraphicsSupport, Protocol, count_da1_responses, detect, is_tmux};
use super::responses::split_responses;
use super::tmux::wrap_passthrough;
use crate::tui::runtime::terminal;

/// How long each of the two queries waits for its end: over a slow line, or on a busy machine, an answer takes some hundred ms.
const QUERY_TIMEOUT: Duration = Duration::from_secs(1);
/// The most bytes that are read: a terminal that goes on has no answer.
const MAX_READ_BYTES: usize = 64 << 10;

/// The name and the size of a cell; DA1 is known everywhere, so that its answer ends the wait.
const IDENTITY_QUERY: &[u8] = b"\x1b[>q\x1b[16t\x1b[c";
/// kitty's query, with a picture of one pixel that it does not keep. It is a query of its own, because tmux would make it the
/// title of the pane.
const KITTY_QUERY: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c";
/// The same to the terminal around tmux, and its name.
const OUTER_TERMINAL_QUERY: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c";

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// What the terminal can.
    pub graphics: GraphicsSupport,
    /// What else was read, which nobody else will see: mostly keys.
    pub leftover_input: Vec<u8>,
}

/// Asks the terminal, which must be ours and in raw mode. Nobody else may read from it meanwhile: it is best asked before the
/// first `EventStream`, whose thread reads on for a moment after it was dropped. Waits without a runtime, mostly for some
/// milliseconds, two seconds at most. `wanted` is the user's word on the protocol: then only what it needs is asked.
///
/// # Errors
/// When the terminal can't be written to or read from.
pub fn probe(requested: Option<Protocol>) -> io::Result<ProbeResult> {
    // Inside of tmux the variable is set: https://man.openbsd.org/tmux#ENVIRONMENT
    let in_tmux = std::env::var_os("TMUX").is_some_and(|name| !name.is_empty());
    let mut result = run_queries(&mut Tty, requested, in_tmux)?;
    result.graphics.cell_size = result.graphics.cell_size.or_else(cell_size_from_window);
    Ok(result)
}

/// The two ends of a terminal.
trait TerminalIo {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// What comes next; nothing when nothing came for so long.
    fn receive(&mut self, within: Duration) -> io::Result<Vec<u8>>;
}

fn run_queries(
    io: &mut impl TerminalIo,
    requested: Option<Protocol>,
    in_tmux: bool,
) -> io::Result<ProbeResult> {
    let mut received = Vec::new();
    let nothing_to_ask = requested == Some(Protocol::HalfBlocks);
    if !nothing_to_ask && send_query(io, IDENTITY_QUERY, 1, &mut received)? && requested.is_none() {
        let query = if in_tmux || is_tmux(&received) {
            wrap_passthrough(OUTER_TERMINAL_QUERY)
        } else {
            KITTY_QUERY.to_vec()
        };
        send_query(io, &query, 2, &mut received)?;
    }
    let (responses, leftover_input) = split_responses(&received);
    let detected = detect(&responses, in_tmux);
    Ok(ProbeResult {
        graphics: GraphicsSupport {
            protocol: requested.unwrap_or(detected.protocol),
            ..detected
        },
        leftover_input,
    })
}

/// Sends a query and reads until so many answers to DA1 were read in all. Returns whether they were.
fn send_query(
    io: &mut impl TerminalIo,
    query: &[u8],
    expected: usize,
    received: &mut Vec<u8>,
) -> io::Result<bool> {
    io.send(query)?;
    let deadline = Instant::now() + QUERY_TIMEOUT;
    while count_da1_responses(received) < expected {
        let bytes = io.receive(deadline.saturating_duration_since(Instant::now()))?;
        if bytes.is_empty() || received.len() > MAX_READ_BYTES {
            return Ok(false);
        }
        received.extend_from_slice(&bytes);
    }
    Ok(true)
}

/// The terminal of this process: written to as frames are, and read where crossterm reads, from standard input.
struct Tty;

impl TerminalIo for Tty {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        terminal::write(bytes)
    }

    fn receive(&mut self, within: Duration) -> io::Result<Vec<u8>> {
        read_with_timeout(stdin(), within)
    }
}

/// What comes next from a descriptor that may block; nothing when nothing came for so long.
fn read_with_timeout(from: impl AsFd, within: Duration) -> io::Result<Vec<u8>> {
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
fn cell_size_from_window() -> Option<CellSize> {
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
    struct FakeTerminal {
        responses: Vec<&'static [u8]>,
        chunk_size: usize,
        sent: Vec<Vec<u8>>,
        pending: Vec<u8>,
    }

    impl FakeTerminal {
        fn new(answers: &[&'static [u8]], chunk_size: usize) -> Self {
            Self {
                responses: answers.iter().rev().copied().collect(),
                chunk_size,
                sent: Vec::new(),
                pending: Vec::new(),
            }
        }
    }

    impl TerminalIo for FakeTerminal {
        fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.sent.push(bytes.to_vec());
            self.pending
                .extend_from_slice(self.responses.pop().unwrap_or_default());
            Ok(())
        }

        fn receive(&mut self, _: Duration) -> io::Result<Vec<u8>> {
            let piece = self.chunk_size.min(self.pending.len());
            Ok(self.pending.drain(..piece).collect())
        }
    }

    const KITTY: [&[u8]; 2] = [
        b"\x1bP>|kitty(0.42.1)\x1b\\j\x1b[6;20;10t\x1b[?62;52;c",
        b"\x1b_Gi=31;OK\x1b\\\x1b[?62;52;c",
    ];
    const TMUX_IN_KITTY: [&[u8]; 2] = [
        b"\x1bP>|tmux 3.4\x1b\\\x1b[6;20;10t\x1b[?1;2c",
        b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.42.1)\x1b\\\x1b[?62;52;c",
    ];

    #[test]
    fn responses_may_arrive_in_chunks() {
        for piece in [1, 2, 7, 1_000] {
            let probed = run_queries(&mut FakeTerminal::new(&KITTY, piece), None, false).unwrap();
            assert_eq!(
                probed.graphics,
                GraphicsSupport {
                    protocol: Protocol::Kitty,
                    cell_size: Some((10, 20)),
                    in_tmux: false
                }
            );
            assert_eq!(
                probed.leftover_input, b"j",
                "the key that was pressed meanwhile"
            );
        }
    }

    #[test]
    fn outer_terminal_is_queried_through_tmux() {
        let mut line = FakeTerminal::new(&TMUX_IN_KITTY, 64);
        let found = run_queries(&mut line, None, false).unwrap().graphics;
        assert_eq!(
            found,
            GraphicsSupport {
                protocol: Protocol::Kitty,
                cell_size: Some((10, 20)),
                in_tmux: true
            }
        );
        assert_eq!(
            line.sent,
            [
                IDENTITY_QUERY.to_vec(),
                wrap_passthrough(OUTER_TERMINAL_QUERY)
            ]
        );
    }

    #[test]
    fn silent_terminal_is_queried_once() {
        let mut line = FakeTerminal::new(&[b"jk"], 64);
        let probed = run_queries(&mut line, None, false).unwrap();
        assert_eq!(
            probed.graphics,
            GraphicsSupport {
                protocol: Protocol::HalfBlocks,
                cell_size: None,
                in_tmux: false
            }
        );
        assert_eq!(probed.leftover_input, b"jk");
        assert_eq!(line.sent.len(), 1);
    }

    #[test]
    fn requested_protocol_wins() {
        let mut line = FakeTerminal::new(&KITTY, 64);
        let found = run_queries(&mut line, Some(Protocol::Sixel), false)
            .unwrap()
            .graphics;
        assert_eq!(
            found,
            GraphicsSupport {
                protocol: Protocol::Sixel,
                cell_size: Some((10, 20)),
                in_tmux: false
            }
        );
        assert_eq!(line.sent, [IDENTITY_QUERY]);
        let mut line = FakeTerminal::new(&KITTY, 64);
        assert_eq!(
            run_queries(&mut line, Some(Protocol::HalfBlocks), false)
                .unwrap()
                .graphics
                .protocol,
            Protocol::HalfBlocks
        );
        assert!(line.sent.is_empty());
    }

    #[test]
    fn read_times_out() {
        let (from, mut to) = io::pipe().unwrap();
        assert_eq!(
            read_with_timeout(&from, Duration::from_millis(1)).unwrap(),
            b""
        );
        io::Write::write_all(&mut to, b"\x1b[?6c").unwrap();
        assert_eq!(
            read_with_timeout(&from, Duration::ZERO).unwrap(),
            b"\x1b[?6c"
        );
        drop(to);
        assert_eq!(
            read_with_timeout(&from, QUERY_TIMEOUT).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }

    #[test]
    fn endless_input_is_cut_off() {
        struct Endless;
        impl TerminalIo for Endless {
            fn send(&mut self, _: &[u8]) -> io::Result<()> {
                Ok(())
            }
            fn receive(&mut self, _: Duration) -> io::Result<Vec<u8>> {
                Ok(vec![b'x'; 8_192])
            }
        }
        assert_eq!(
            run_queries(&mut Endless, None, false)
                .unwrap()
                .graphics
                .protocol,
            Protocol::HalfBlocks
        );
    }
}
