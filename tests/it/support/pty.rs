//! Runs a program in a terminal, sends keys and reads the screen. Waits poll until a deadline.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// The longest wait for what happens at once on an idle machine, and later on one that does much else. Nothing is expected to take
/// it.
const TIMEOUT: Duration = Duration::from_mins(2);
/// DA1, which every terminal answers.
const DEVICE_ATTRIBUTES: (&str, &str) = ("\x1b[c", "\x1b[?62;22c");

type Writer = Arc<Mutex<Box<dyn Write + Send>>>;

/// A program to run in a terminal.
pub struct PtyCommand {
    command: CommandBuilder,
    size: (u16, u16),
    /// Queries with the reply of the terminal, in the order of the replies.
    replies: Vec<(&'static str, &'static str)>,
    reply_delay: Duration,
}

impl PtyCommand {
    /// The terminal has 100 columns and 30 rows unless [`Self::size`] changes it.
    pub fn new(program: impl AsRef<OsStr>, args: &[&str]) -> Self {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for name in ["NO_COLOR", "MLFLOW_TRACKING_URI", "RUST_BACKTRACE"] {
            command.env_remove(name);
        }
        Self {
            command,
            size: (100, 30),
            replies: vec![DEVICE_ATTRIBUTES],
            reply_delay: Duration::ZERO,
        }
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the number of columns and rows.
    pub fn size(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self
    }

    /// Adds replies to queries, which come before those that exist and replace those to the same query.
    pub fn with_replies(mut self, replies: &[(&'static str, &'static str)]) -> Self {
        self.replies
            .retain(|(query, _)| replies.iter().all(|(own, _)| own != query));
        self.replies.splice(0..0, replies.iter().copied());
        self
    }

    /// Delays every reply.
    pub fn reply_delay(mut self, delay: Duration) -> Self {
        self.reply_delay = delay;
        self
    }

    /// Lets the terminal answer no query.
    pub fn silent(mut self) -> Self {
        self.replies.clear();
        self
    }

    /// Starts the program.
    pub fn spawn(self) -> Pty {
        let Self {
            command,
            size: (width, height),
            replies,
            reply_delay,
        } = self;
        let pair = native_pty_system()
            .openpty(pty_size(width, height))
            .unwrap();
        let original_modes = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).unwrap();
        let screen = Arc::new(Mutex::new(ScreenState {
            parser: vt100::Parser::new(non_zero(height), non_zero(width), 0),
            output: Vec::new(),
            reply_count: 0,
            has_ended: false,
        }));
        let writer: Writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let is_closing = Arc::new(AtomicBool::new(false));
        let reader = pair.master.try_clone_reader().unwrap();
        let output = OutputReader {
            screen: Arc::clone(&screen),
            writer: Arc::downgrade(&writer),
            replies,
            reply_delay,
            is_closing: Arc::clone(&is_closing),
        };
        std::thread::spawn(move || output.run(reader));
        Pty {
            child,
            master: pair.master,
            writer,
            screen,
            is_closing,
            original_modes,
        }
    }
}

struct ScreenState {
    parser: vt100::Parser,
    output: Vec<u8>,
    reply_count: usize,
    has_ended: bool,
}

/// The thread that reads the program's output and answers its queries.
struct OutputReader {
    screen: Arc<Mutex<ScreenState>>,
    writer: Weak<Mutex<Box<dyn Write + Send>>>,
    replies: Vec<(&'static str, &'static str)>,
    reply_delay: Duration,
    is_closing: Arc<AtomicBool>,
}

impl OutputReader {
    fn run(self, mut reader: Box<dyn Read + Send>) {
        let mut bytes = vec![0; 65_536];
        while let Ok(n @ 1..) = reader.read(&mut bytes) {
            if self.is_closing.load(Ordering::SeqCst) {
                return;
            }
            let read = &bytes[..n];
            for (query, reply) in &self.replies {
                if read
                    .windows(query.len())
                    .any(|part| part == query.as_bytes())
                {
                    self.send_reply(reply);
                }
            }
            let mut screen = self.screen.lock().unwrap();
            screen.output.extend_from_slice(read);
            screen.parser.process(read);
        }
        self.screen.lock().unwrap().has_ended = true;
    }

    fn send_reply(&self, reply: &'static str) {
        let (screen, writer, delay) = (
            Arc::clone(&self.screen),
            Weak::clone(&self.writer),
            self.reply_delay,
        );
        let send = move || {
            std::thread::sleep(delay);
            if let Some(writer) = writer.upgrade() {
                let _ = writer.lock().unwrap().write_all(reply.as_bytes());
                screen.lock().unwrap().reply_count += 1;
            }
        };
        if delay.is_zero() {
            send();
        } else {
            std::thread::spawn(send);
        }
    }
}

/// A program in a terminal; killed when dropped.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Writer,
    screen: Arc<Mutex<ScreenState>>,
    is_closing: Arc<AtomicBool>,
    original_modes: String,
}

impl Pty {
    /// Sends text or key sequences.
    pub fn send(&self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Sets the number of columns and rows.
    pub fn resize(&self, width: u16, height: u16) {
        self.screen
            .lock()
            .unwrap()
            .parser
            .set_size(non_zero(height), non_zero(width));
        self.master.resize(pty_size(width, height)).unwrap();
    }

    /// The screen as lines of text.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().parser.screen().contents()
    }

    /// All bytes of the program's output so far.
    pub fn output(&self) -> Vec<u8> {
        self.screen.lock().unwrap().output.clone()
    }

    /// The length of [`Self::output`].
    pub fn output_len(&self) -> usize {
        self.screen.lock().unwrap().output.len()
    }

    /// How many replies to queries were sent.
    pub fn reply_count(&self) -> usize {
        self.screen.lock().unwrap().reply_count
    }

    /// Calls a function with the emulated screen.
    pub fn inspect<T>(&self, read: impl FnOnce(&vt100::Screen) -> T) -> T {
        read(self.screen.lock().unwrap().parser.screen())
    }

    /// Whether the terminal modes are those from before the start.
    pub fn has_original_modes(&self) -> bool {
        format!("{:?}", self.master.get_termios()) == self.original_modes
    }

    /// Waits until the screen contains a text.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), || {
            self.text().contains(text)
        });
    }

    /// Waits for the first frame on the alternate screen.
    pub fn wait_for_screen(&self) {
        self.wait_until("a screen", || {
            self.inspect(|screen| screen.alternate_screen() && !screen.contents().trim().is_empty())
        });
    }

    /// Waits for a condition.
    pub fn wait_until(&self, what: &str, mut is_met: impl FnMut() -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !is_met() {
            assert!(
                Instant::now() < deadline,
                "timed out waiting for {what}; the screen:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) {
        let id = self
            .child
            .process_id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .unwrap();
        kill_process(id, signal).unwrap();
    }

    /// Waits for the end of the program and of its output. Returns its exit status.
    pub fn wait_for_end(&mut self) -> u32 {
        let deadline = Instant::now() + TIMEOUT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "the program did not end; the screen:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        };
        if !self.is_closing.load(Ordering::SeqCst) {
            self.wait_until("the end of the output", || {
                self.screen.lock().unwrap().has_ended
            });
        }
        status.exit_code()
    }

    /// Closes the terminal, as closing its window does. The resize makes the program draw, which wakes the thread that reads
    /// its output and keeps the terminal open.
    pub fn close(self) -> ClosedPty {
        self.is_closing.store(true, Ordering::SeqCst);
        let size = self.master.get_size().unwrap();
        self.master
            .resize(pty_size(size.cols + 1, size.rows))
            .unwrap();
        ClosedPty(self.child)
    }
}

/// A program whose terminal is closed; killed when dropped.
pub struct ClosedPty(Box<dyn Child + Send + Sync>);

impl ClosedPty {
    /// Waits for the end of the program.
    pub fn wait_for_end(mut self) {
        let deadline = Instant::now() + TIMEOUT;
        while self.0.try_wait().unwrap().is_none() {
            if Instant::now() >= deadline {
                let _ = self.0.kill();
                panic!("the program still runs without its terminal");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn pty_size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn non_zero(n: u16) -> NonZeroU16 {
    NonZeroU16::new(n).unwrap()
}
