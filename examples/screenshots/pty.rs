//! A program in a terminal of its own: a PTY, with vt100 as the screen.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::{Callbacks, Parser, Screen};

use super::BoxResult;
use super::svg::TerminalColors;

/// How long a text may take to appear.
const TEXT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long nothing must come before a screen counts as drawn: more than a frame.
const IDLE_TIME: Duration = Duration::from_millis(60);
/// How long a screen that never stands still is waited for; live runs go on drawing.
const MAX_IDLE_WAIT: Duration = Duration::from_secs(2);

/// What the terminal has to answer, since programs ask it for its colours and for what it is.
struct TerminalResponses(Vec<u8>, TerminalColors);

impl Callbacks for TerminalResponses {
    fn unhandled_csi(
        &mut self,
        screen: &mut Screen,
        i1: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        c: char,
    ) {
        match (i1, c, params) {
            (None, 'c', _) => self.0.extend(b"\x1b[?62;22c"),
            (None, 'n', [[6]]) => {
                let (row, column) = screen.cursor_position();
                self.0
                    .extend(format!("\x1b[{};{}R", row + 1, column + 1).into_bytes());
            }
            _ => {}
        }
    }

    fn unhandled_osc(&mut self, _: &mut Screen, params: &[&[u8]]) {
        let answer = |(r, g, b): (u8, u8, u8)| {
            format!("rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}\x1b\\")
        };
        match params {
            [b"10", b"?"] => self
                .0
                .extend(format!("\x1b]10;{}", answer(self.1.fg)).into_bytes()),
            [b"11", b"?"] => self
                .0
                .extend(format!("\x1b]11;{}", answer(self.1.bg)).into_bytes()),
            _ => {}
        }
    }
}

/// A running program and its screen. Ended when dropped.
pub struct PtyProgram {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    parser: Parser<TerminalResponses>,
    /// What the program wrote since it was last taken.
    output: Vec<u8>,
    // Closing it would hang up the program's terminal.
    _master: Box<dyn MasterPty + Send>,
}

impl PtyProgram {
    /// Starts a program in a folder that is its home, with nothing of this session's environment but the path.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        (columns, rows): (u16, u16),
        home: &Path,
        colors: TerminalColors,
    ) -> BoxResult<Self> {
        let pty = native_pty_system().openpty(PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.cwd(home);
        command.env_clear();
        for (key, value) in [
            ("TERM", "xterm-256color"),
            ("COLORTERM", "truecolor"),
            ("LANG", "C.UTF-8"),
            ("TZ", "UTC"),
            ("USER", "ana"),
        ] {
            command.env(key, value);
        }
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home);
        for kind in ["CONFIG", "DATA", "STATE", "CACHE"] {
            command.env(format!("XDG_{kind}_HOME"), home.join(kind.to_lowercase()));
        }
        let child = pty.slave.spawn_command(command)?;
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader()?;
        let (sender, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8_192];
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let parser = Parser::new_with_callbacks(
            rows.try_into()?,
            columns.try_into()?,
            0,
            TerminalResponses(Vec::new(), colors),
        );
        Ok(Self {
            child,
            writer: pty.master.take_writer()?,
            bytes,
            parser,
            output: Vec::new(),
            _master: pty.master,
        })
    }

    /// Takes what the program wrote since the last time.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// What is on the screen.
    pub fn screen(&self) -> &Screen {
        self.parser.screen()
    }

    /// Presses keys, named as in the documentation and separated by spaces; a longer word that is no key's name is typed.
    pub fn press(&mut self, keys: &str) -> io::Result<()> {
        for key in keys.split_whitespace() {
            if key == "pause" {
                // As a person reads before an enter that writes; one that comes at once is not taken.
                std::thread::sleep(Duration::from_millis(600));
                continue;
            }
            self.writer.write_all(&key_bytes(key))?;
        }
        self.writer.flush()
    }

    /// Waits until a text is on the screen, and the screen stands still.
    pub fn wait_for(&mut self, text: &str) -> BoxResult<()> {
        let deadline = Instant::now() + TEXT_TIMEOUT;
        while !self.screen().contents().contains(text) {
            let ended = self.pump(deadline.saturating_duration_since(Instant::now()))?;
            if ended != Some(true) && !self.screen().contents().contains(text) {
                let why = if ended.is_none() {
                    "the program ended"
                } else {
                    "it did not come"
                };
                return Err(
                    format!("waiting for {text:?}, {why}:\n{}", self.screen().contents()).into(),
                );
            }
        }
        let deadline = Instant::now() + MAX_IDLE_WAIT;
        while Instant::now() < deadline && self.pump(IDLE_TIME)? == Some(true) {}
        Ok(())
    }

    /// Waits until the program has ended and everything that it wrote is on the screen.
    pub fn wait_for_exit(&mut self) -> BoxResult<()> {
        while self.pump(TEXT_TIMEOUT)? == Some(true) {}
        Ok(())
    }

    /// Takes in what the program wrote: whether it wrote anything in time, or nothing when it has ended.
    fn pump(&mut self, timeout: Duration) -> io::Result<Option<bool>> {
        match self.bytes.recv_timeout(timeout) {
            Ok(bytes) => {
                self.parser.process(&bytes);
                self.output.extend_from_slice(&bytes);
                let answers = std::mem::take(&mut self.parser.callbacks_mut().0);
                self.writer.write_all(&answers)?;
                self.writer.flush()?;
                Ok(Some(true))
            }
            Err(RecvTimeoutError::Timeout) => Ok(Some(false)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
        }
    }
}

impl Drop for PtyProgram {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a terminal sends for keys with a name.
const NAMED_KEYS: [(&str, &[u8]); 9] = [
    ("enter", b"\r"),
    ("esc", b"\x1b"),
    ("tab", b"\t"),
    ("space", b" "),
    ("backspace", b"\x7f"),
    ("up", b"\x1b[A"),
    ("down", b"\x1b[B"),
    ("right", b"\x1b[C"),
    ("left", b"\x1b[D"),
];

/// Whether a word is the name of a key, or a pause, rather than a text to type.
pub fn is_key_name(word: &str) -> bool {
    word == "pause" || word.starts_with("ctrl-") || NAMED_KEYS.iter().any(|(name, _)| *name == word)
}

/// What a terminal sends for a key.
fn key_bytes(key: &str) -> Vec<u8> {
    if let Some((_, bytes)) = NAMED_KEYS.iter().find(|(name, _)| *name == key) {
        return bytes.to_vec();
    }
    match key.strip_prefix("ctrl-").map(str::as_bytes) {
        Some([letter]) => vec![letter & 0x1f],
        _ => key.as_bytes().to_vec(),
    }
}
