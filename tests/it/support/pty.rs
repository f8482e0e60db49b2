//! Terminals: a program is run in one, keys are sent, the screen is read. Waiting polls until a deadline; nothing sleeps for a
//! fixed time.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// How long is waited for what should happen at once: machines are busy.
const TIMEOUT: Duration = Duration::from_secs(30);
/// What programs ask to learn whether the terminal answers at all, and the answer.
const DEVICE_ATTRIBUTES: (&str, &str) = ("\x1b[c", "\x1b[?62;22c");

type Writer = Arc<Mutex<Box<dyn Write + Send>>>;

/// How a program is started.
pub struct PtyCommand {
    command: CommandBuilder,
    size: (u16, u16),
    /// What the terminal answers to which question, the last asked last.
    replies: Vec<(&'static str, &'static str)>,
}

impl PtyCommand {
    /// A program with arguments, in a terminal of 100 columns and 30 rows.
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
        }
    }

    /// With a variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In a terminal of this many columns and rows.
    pub fn size(mut self, width: u16, height: u16) -> Self {
        self.size = (width, height);
        self
    }

    /// In a terminal that answers these questions so, before any other.
    pub fn with_replies(mut self, answers: &[(&'static str, &'static str)]) -> Self {
        self.replies
            .retain(|(question, _)| answers.iter().all(|(own, _)| own != question));
        self.replies.splice(0..0, answers.iter().copied());
        self
    }

    /// Runs it.
    pub fn spawn(self) -> Pty {
        let Self {
            size: (width, height),
            replies,
            ..
        } = &self;
        let (width, height, replies) = (*width, *height, replies.clone());
        let pair = native_pty_system()
            .openpty(pty_size(width, height))
            .unwrap();
        let before = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(self.command).unwrap();
        let screen = Arc::new(Mutex::new(ScreenState {
            parser: vt100::Parser::new(non_zero(height), non_zero(width), 0),
            output: Vec::new(),
            has_ended: false,
        }));
        let writer: Writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let closing = Arc::new(AtomicBool::new(false));
        let reader = pair.master.try_clone_reader().unwrap();
        let (shown, answers, stop) = (
            Arc::clone(&screen),
            Arc::downgrade(&writer),
            Arc::clone(&closing),
        );
        std::thread::spawn(move || read_output(reader, &shown, &answers, &replies, &stop));
        Pty {
            child,
            master: pair.master,
            writer,
            screen,
            is_closing: closing,
            original_modes: before,
        }
    }
}

struct ScreenState {
    parser: vt100::Parser,
    output: Vec<u8>,
    has_ended: bool,
}

fn read_output(
    mut reader: Box<dyn Read + Send>,
    screen: &Mutex<ScreenState>,
    writer: &std::sync::Weak<Mutex<Box<dyn Write + Send>>>,
    replies: &[(&str, &str)],
    stop: &AtomicBool,
) {
    let mut bytes = vec![0; 65_536];
    while let Ok(n @ 1..) = reader.read(&mut bytes) {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let read = &bytes[..n];
        for (question, answer) in replies {
            if read
                .windows(question.len())
                .any(|part| part == question.as_bytes())
                && let Some(writer) = writer.upgrade()
            {
                let _ = writer.lock().unwrap().write_all(answer.as_bytes());
            }
        }
        let mut screen = screen.lock().unwrap();
        screen.output.extend_from_slice(read);
        screen.parser.process(read);
    }
    screen.lock().unwrap().has_ended = true;
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
    /// Sends keys as a terminal does: text, or sequences.
    pub fn send(&self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Changes the size.
    pub fn resize(&self, width: u16, height: u16) {
        self.screen
            .lock()
            .unwrap()
            .parser
            .set_size(non_zero(height), non_zero(width));
        self.master.resize(pty_size(width, height)).unwrap();
    }

    /// The screen as text, a line a row.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().parser.screen().contents()
    }

    /// Every byte that was written.
    pub fn output(&self) -> Vec<u8> {
        self.screen.lock().unwrap().output.clone()
    }

    /// How many bytes were written.
    pub fn output_len(&self) -> usize {
        self.screen.lock().unwrap().output.len()
    }

    /// Looks at the terminal's state.
    pub fn inspect<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.screen.lock().unwrap().parser.screen())
    }

    /// Whether the modes are those of before the start.
    pub fn has_original_modes(&self) -> bool {
        format!("{:?}", self.master.get_termios()) == self.original_modes
    }

    /// Waits until the screen has a text.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?} on the screen"), || {
            self.text().contains(text)
        });
    }

    /// Waits until a program's first frame is there, on the alternate screen.
    pub fn wait_for_screen(&self) {
        self.wait_until("a screen", || {
            self.inspect(|screen| screen.alternate_screen() && !screen.contents().trim().is_empty())
        });
    }

    /// Waits until something is so.
    pub fn wait_until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let deadline = Instant::now() + TIMEOUT;
        while !is_so() {
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}; the screen:\n{}",
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

    /// Waits until the program is gone and all it wrote was read. Returns its exit status.
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

    /// Closes the terminal under the program, as a window that is closed does. The program must draw when it is resized: that
    /// wakes the thread that reads, which holds the terminal, too.
    pub fn close(self) -> ClosedPty {
        self.is_closing.store(true, Ordering::SeqCst);
        let size = self.master.get_size().unwrap();
        self.master
            .resize(pty_size(size.cols + 1, size.rows))
            .unwrap();
        ClosedPty(self.child)
    }
}

/// A program whose terminal is gone; killed when dropped.
pub struct ClosedPty(Box<dyn Child + Send + Sync>);

impl ClosedPty {
    /// Waits until the program is gone.
    pub fn wait_for_end(mut self) {
        let deadline = Instant::now() + TIMEOUT;
        while self.0.try_wait().unwrap().is_none() {
            if Instant::now() >= deadline {
                let _ = self.0.kill();
                panic!("the program lives on without its terminal");
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
