//! The time from a key to its frame on a screen of 200x50, with 100,000 runs of 1,000 columns, then with 12,000 distinct keys; and the
//! time of a page of runs that arrives. Each key goes through the app's `update` and the screens' drawing into a terminal that counts
//! bytes. For comparison: a full repaint of the same frame. Run by hand: `cargo bench --bench frame`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use frontrunner::config::keymap::Keymap;
use frontrunner::config::theme::{ColorDepth, Themes};
use frontrunner::domain::{KeyValue, Metric, MetricValue, Run, RunStatus};
use frontrunner::ops::list_runs::{ListingEnd, RunPage};
use frontrunner::store::limits::PAGE_RUNS;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{App, Effect, Message, Reply, Request, Session, Ticket};
use frontrunner::tui::screens;
use frontrunner::tui::view;
use frontrunner::tui::view::TerminalTheme;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

type BoxResult<T> = Result<T, Box<dyn Error>>;

const RUNS: u64 = 100_000;
const NOW: i64 = 1_800_000_000_000;
const SIZE: Size = Size {
    width: 200,
    height: 50,
};
/// A frame at 60 Hz, in ms.
const FRAME: f64 = 16.0;

/// A name, keys that are pressed before each measurement, and keys that are measured.
const KEYS: [(&str, &str, &str); 10] = [
    ("down a row", "g", "j j j j j j j j j j"),
    ("a page down", "g", "ctrl-d ctrl-d ctrl-d"),
    ("to the end and back", "", "G g"),
    ("to the next column", "", "l"),
    ("to the last column and back", "", "$ 0"),
    ("sort by a metric, in both directions", "0 l l l l", "s s"),
    ("mark, then down", "g", "space j"),
    (
        "type a filter",
        "f",
        "m e t r i c s . m _ 7 space > space 0 . 5",
    ),
    ("type a search", "/", "b r a v e"),
    (
        "type in the column chooser",
        "C",
        "m _ 9 9 backspace backspace backspace backspace",
    ),
];

/// Counts the bytes that a terminal would receive.
#[derive(Clone, Default)]
struct CountingWriter(Arc<AtomicUsize>);

impl Write for CountingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pseudo-random number for an index (SplitMix64).
fn splitmix64(seed: u64) -> u64 {
    let mut z = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The metrics and params of a run.
#[derive(Clone, Copy)]
enum Shape {
    /// 500 metrics and 500 params in every run.
    Wide,
    /// 12 metrics and 12 params of 6,000 each.
    Sparse,
}

fn make_run(n: u64, shape: Shape) -> Run {
    let mut run = Run::bare(
        format!("{:016x}{:016x}", splitmix64(n), splitmix64(n + RUNS)).into(),
        "1".into(),
    );
    run.name = format!(
        "{}-{n}",
        ["brave", "calm", "eager", "nosy"][splitmix64(n) as usize % 4]
    )
    .into();
    run.status = RunStatus::Finished;
    run.start_time = Some(NOW - 1000 * (splitmix64(n + 7) % 50_000_000).cast_signed());
    run.end_time = run.start_time.map(|start| start + 60_000);
    let (keys, per_run) = match shape {
        Shape::Wide => (500, 500),
        Shape::Sparse => (6_000, 12),
    };
    let key = |nth: u64| {
        if per_run == keys {
            nth
        } else {
            splitmix64(n * per_run + nth) % keys
        }
    };
    let value = |nth: u64| splitmix64(n * 7 + nth) as f64 / u64::MAX as f64;
    let metric = |nth| Metric {
        key: format!("m_{}", key(nth)).into(),
        value: MetricValue::new(value(nth)),
        timestamp: 0,
        step: 9,
    };
    run.metrics = (0..per_run).map(metric).collect();
    run.params = (0..per_run)
        .map(|nth| {
            KeyValue::new(
                format!("group/p_{}", key(nth)),
                (splitmix64(n + nth) % 64).to_string(),
            )
        })
        .collect();
    run
}

/// A blank terminal.
fn blank_terminal(
    written: &CountingWriter,
) -> io::Result<Terminal<CrosstermBackend<CountingWriter>>> {
    let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.width, SIZE.height));
    Terminal::with_options(
        CrosstermBackend::new(written.clone()),
        TerminalOptions { viewport },
    )
}

struct BenchApp {
    app: App,
    appearance: TerminalTheme,
    terminal: Terminal<CrosstermBackend<CountingWriter>>,
    bytes_written: CountingWriter,
    shape: Shape,
    now: i64,
    /// The time of each page of runs until its frame.
    page_times: Vec<(Duration, usize)>,
}

impl BenchApp {
    fn new(shape: Shape) -> BoxResult<Self> {
        let session = Session::read_only("bench");
        let options = screens::StartOptions {
            experiment: Some("1".into()),
            experiment_name: Some("bench".into()),
            ..screens::StartOptions::default()
        };
        let (app, effects) = screens::start(session, Keymap::load(None)?, SIZE, NOW, &options);
        let written = CountingWriter::default();
        let terminal = blank_terminal(&written)?;
        let theme = TerminalTheme::new(
            Themes::builtin(),
            "dark",
            Some(ColorDepth::TrueColor),
            false,
        );
        let mut stage = Self {
            app,
            appearance: theme,
            terminal,
            bytes_written: written,
            shape,
            now: NOW,
            page_times: Vec::new(),
        };
        stage.run_effects(&effects)?;
        stage.draw()?;
        Ok(stage)
    }

    /// Replies as a store; only to requests for runs.
    fn run_effects(&mut self, effects: &[Effect]) -> BoxResult<()> {
        let mut pending: Vec<(Ticket, u64)> = Vec::new();
        let mut begin = 0;
        pending.extend(effects.iter().filter_map(page_request));
        while let Some((ticket, page_size)) = pending.pop() {
            let end = RUNS.min(begin + page_size);
            let page = RunPage {
                runs: (begin..end).map(|n| make_run(n, self.shape)).collect(),
                total: Some(RUNS),
                end: (end == RUNS).then_some(ListingEnd::Complete),
                read: end,
                ..RunPage::default()
            };
            begin = end % RUNS;
            // As fast as a file: a page every 15 ms.
            self.now += 15;
            let start = Instant::now();
            let effects = self
                .app
                .update(self.now, Message::Reply(ticket, Reply::Runs(Ok(page))));
            self.draw()?;
            self.page_times.push((start.elapsed(), 0));
            pending.extend(effects.iter().filter_map(page_request));
        }
        Ok(())
    }

    fn draw(&mut self) -> BoxResult<()> {
        self.terminal
            .draw(|frame| view::draw(frame, &self.app, &self.appearance))?;
        Ok(())
    }

    /// Presses a key, draws, and returns the time and the bytes.
    fn press(&mut self, key: &str) -> BoxResult<(Duration, usize)> {
        let key = key.parse()?;
        self.now += 50;
        let before = self.bytes_written.0.load(Ordering::Relaxed);
        let start = Instant::now();
        let effects = self.app.update(self.now, Message::Key(key));
        self.draw()?;
        let took = start.elapsed();
        let bytes = self.bytes_written.0.load(Ordering::Relaxed) - before;
        self.run_effects(&effects)?;
        Ok((took, bytes))
    }

    fn repaint(&mut self) -> BoxResult<(Duration, usize)> {
        let before = self.bytes_written.0.load(Ordering::Relaxed);
        self.terminal = blank_terminal(&self.bytes_written)?;
        let start = Instant::now();
        self.draw()?;
        Ok((
            start.elapsed(),
            self.bytes_written.0.load(Ordering::Relaxed) - before,
        ))
    }
}

/// The median and the 99th percentile, in ms, and the median number of bytes.
fn percentiles(mut all: Vec<(Duration, usize)>) -> (f64, f64, usize) {
    all.sort_unstable();
    let ms = |at: usize| all[at.min(all.len() - 1)].0.as_secs_f64() * 1000.0;
    let (middle, late) = (ms(all.len() / 2), ms(all.len() * 99 / 100));
    all.sort_unstable_by_key(|(_, bytes)| *bytes);
    (middle, late, all[all.len() / 2].1)
}

fn main() -> BoxResult<()> {
    for (name, shape) in [
        ("1,000 columns in every run", Shape::Wide),
        ("12,000 distinct keys", Shape::Sparse),
    ] {
        let mut bench = BenchApp::new(shape)?;
        let longest = bench
            .page_times
            .iter()
            .map(|(took, _)| took.as_secs_f64() * 1000.0)
            .fold(0.0, f64::max);
        let (middle, late, _) = percentiles(std::mem::take(&mut bench.page_times));
        println!("{RUNS} runs, {name}");
        println!(
            "  {:34} {middle:>8.2} ms, p99 {late:>7.2}, longest {longest:.2}",
            "a page of runs arrives"
        );
        let repaints = (0..50)
            .map(|_| bench.repaint())
            .collect::<BoxResult<Vec<_>>>()?;
        let (floor, _, bytes) = percentiles(repaints);
        println!(
            "  {:34} {floor:>8.2} ms                {bytes:>6} bytes",
            "full repaint"
        );
        for (what, before, keys) in KEYS {
            let mut pressed = Vec::new();
            while pressed.len() < 100 {
                for key in before.split_whitespace() {
                    bench.press(key)?;
                }
                for key in keys.split_whitespace() {
                    pressed.push(bench.press(key)?);
                }
                while bench.app.dialog.is_some() {
                    bench.press("esc")?;
                }
            }
            let (middle, late, bytes) = percentiles(pressed);
            let note = if late <= FRAME {
                ""
            } else {
                "  slower than a frame"
            };
            println!(
                "  {what:34} {middle:>8.2} ms, p99 {late:>7.2} {bytes:>6} bytes  {:.1}x of a repaint{note}",
                middle / floor
            );
        }
    }
    Ok(())
}

/// The listing that an effect starts or continues, and the size of its page.
fn page_request(effect: &Effect) -> Option<(Ticket, u64)> {
    match effect {
        Effect::Request(ticket, Request::Runs { query, .. }) => {
            Some((*ticket, query.page_size.into()))
        }
        Effect::NextPage(ticket) => Some((*ticket, PAGE_RUNS.into())),
        _ => None,
    }
}
