//! A session without a terminal: keys are named as in the keymap, a real store answers requests one after another, and the
//! screen is read as text.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use frontrunner::config::keymap::Keymap;
use frontrunner::config::theme::{ColorDepth, Themes};
use frontrunner::demo::{DemoManifest, DemoOptions, create};
use frontrunner::domain::{Millis, Slot, Stage};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::lineage::EvidenceSources;
use frontrunner::ops::list_runs::{RunPages, list_runs};
use frontrunner::promotion::policy::Policy;
use frontrunner::store::{AccessMode, ConnectOptions, ReadOnlyReason, RunQuery, StoreTarget, open};
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{
    App, Dialog, Effect, Message, Reply, Request, Screen, Session, Ticket,
};
use frontrunner::tui::runtime::requests::{Services, handle_request};
use frontrunner::tui::screens::{RunsScreen, StartOptions, start};
use frontrunner::tui::view;
use frontrunner::tui::view::TerminalTheme;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::messy_store::add_messy_data;

/// The time of the demo store and the start of every session, ms since the epoch.
pub const NOW: Millis = 1_795_000_000_000;
/// From how many runs on a listing reads whole tables: fewer than in the program, for small stores.
const SCANNED_RUNS: u64 = 1_000;
/// The time between two keys, in ms: longer than a plan ignores enter.
const KEY_INTERVAL: Millis = 500;

/// The demo store, created once per test binary; sessions write to copies.
fn demo_store() -> &'static (TempDir, DemoManifest) {
    static DEMO: OnceLock<(TempDir, DemoManifest)> = OnceLock::new();
    DEMO.get_or_init(|| {
        // The store contains its path, which is visible: it has the same length on every machine.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let facts = create(
            &folder.path().join("mlflow.db"),
            &DemoOptions {
                load_test_runs: None,
                now: NOW,
            },
        )
        .unwrap();
        (folder, facts)
    })
}

/// The contents of the demo store.
pub fn demo_manifest() -> &'static DemoManifest {
    &demo_store().1
}

/// A session and its store.
pub struct Driver {
    pub app: App,
    /// Ms since the epoch.
    pub now: Millis,
    /// Copied texts, oldest first.
    pub clipboard: Vec<String>,
    /// Texts of alerts, oldest first.
    pub alerts: Vec<String>,
    pub has_quit: bool,
    theme: TerminalTheme,
    services: Services,
    runtime: Runtime,
    pending: VecDeque<(Ticket, Request)>,
    /// Cancelled requests, whose replies can still arrive late.
    cancelled: Vec<(Ticket, Request)>,
    /// The listings that were started, with the request of each.
    listings: HashMap<Ticket, (RunPages, RunQuery, Option<u64>)>,
    is_holding: bool,
    folder: TempDir,
}

impl Driver {
    /// A session with write access to a copy of the demo store, at 120x40.
    pub fn new() -> Self {
        Self::open(
            AccessMode::ReadWrite,
            Size {
                width: 120,
                height: 40,
            },
        )
    }

    /// A read-only session.
    pub fn read_only() -> Self {
        Self::open(
            AccessMode::ReadOnly(ReadOnlyReason::Flag),
            Size {
                width: 120,
                height: 40,
            },
        )
    }

    /// A session on a copy of the demo store.
    pub fn open(access: AccessMode, size: Size) -> Self {
        // Concurrent copies are safe, but slower.
        static COPYING: Mutex<()> = Mutex::new(());
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("mlflow.db");
        {
            let _one = COPYING.lock().unwrap();
            std::fs::copy(demo_store().0.path().join("mlflow.db"), &store).unwrap();
        }
        Self::open_target(&StoreTarget::Sqlite(store), access, size, folder)
    }

    /// A session on a copy of the demo store with messy data in it.
    pub fn open_messy(size: Size) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("mlflow.db");
        std::fs::copy(demo_store().0.path().join("mlflow.db"), &store).unwrap();
        add_messy_data(&store, NOW).unwrap();
        Self::open_target(
            &StoreTarget::Sqlite(store),
            AccessMode::ReadWrite,
            size,
            folder,
        )
    }

    /// A session on any store. It keeps its files in the folder and deletes it.
    pub fn open_target(
        target: &StoreTarget,
        access: AccessMode,
        size: Size,
        folder: TempDir,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let opened = runtime
            .block_on(open(target, access, &ConnectOptions::default()))
            .unwrap();
        let protected = Slot::default_protected();
        let session = Session {
            can_write: opened.writer.is_ok(),
            refresh_seconds: 5,
            protected_slots: protected.clone(),
            remembers_views: true,
            ..Session::read_only("mlflow.db")
        };
        let journal = Journal::with_path(folder.path().join("journal.jsonl"));
        let read_only_reason = session.read_only_reason.clone();
        let views = frontrunner::config::saved_views::ViewFiles::new(
            &folder.path().join("config"),
            &folder.path().join("data"),
            folder.path(),
        );
        let primary = Arc::clone(&opened.reader);
        let services = Services {
            store: opened,
            primary,
            journal,
            policy: Arc::default(),
            evidence_sources: Arc::new(EvidenceSources::new(Vec::new(), Vec::new())),
            user: "ana".into(),
            protected_slots: protected,
            writes_tags: true,
            read_only_reason,
            view_files: views,
        };
        let (app, effects) = start(
            session,
            Keymap::load(None).unwrap(),
            size,
            NOW,
            &StartOptions::default(),
        );
        let theme = TerminalTheme::new(
            Themes::builtin(),
            "dark",
            Some(ColorDepth::TrueColor),
            false,
        );
        let mut driver = Self {
            app,
            now: NOW,
            clipboard: Vec::new(),
            alerts: Vec::new(),
            has_quit: false,
            theme,
            services,
            runtime,
            pending: VecDeque::new(),
            cancelled: Vec::new(),
            listings: HashMap::new(),
            is_holding: false,
            folder,
        };
        driver.run_effects(effects);
        driver.reply_to_all();
        driver
    }

    /// The same session under a policy.
    pub fn with_policy(mut self, policy: &str) -> Self {
        self.services.policy = Arc::new(Policy::parse(policy).unwrap());
        self
    }

    /// The same session under the policy of a file.
    pub fn with_policy_file(mut self, path: &str, policy: &str) -> Self {
        let policy = Policy::parse(policy).unwrap();
        let merged = Policy::merge([(path.to_owned(), false, policy)]);
        self.services.policy = Arc::new(merged);
        self
    }

    /// The same session without colors and without symbols.
    pub fn monochrome_ascii(mut self) -> Self {
        self.theme = TerminalTheme::new(Themes::builtin(), "monochrome", None, true);
        self
    }

    pub fn store(&self) -> PathBuf {
        self.folder.path().join("mlflow.db")
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Presses keys, named as in the keymap and separated by spaces; all replies arrive before the next key.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key = key.parse().unwrap_or_else(|error| panic!("{error}"));
            self.now += KEY_INTERVAL;
            self.send(Message::Key(key));
        }
        self
    }

    /// Types a text, one key per character.
    pub fn type_text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let name = if c == ' ' {
                "space".to_owned()
            } else {
                c.to_string()
            };
            self.press(&name);
        }
        self
    }

    /// Advances the clock, in ms.
    pub fn advance(&mut self, ms: Millis) -> &mut Self {
        self.now += ms;
        self.send(Message::Tick);
        self
    }

    /// Sends a message to the app.
    pub fn send(&mut self, message: Message) {
        let effects = self.app.update(self.now, message);
        self.run_effects(effects);
        if !self.is_holding {
            self.reply_to_all();
        }
    }

    /// Holds back all replies, like a slow store.
    pub fn hold_replies(&mut self) -> &mut Self {
        self.is_holding = true;
        self
    }

    /// Delivers the held replies, and later ones at once.
    pub fn release_replies(&mut self) -> &mut Self {
        self.is_holding = false;
        self.reply_to_all();
        self
    }

    /// Delivers the reply to the oldest pending request.
    pub fn reply_to_one(&mut self) -> &mut Self {
        let (ticket, request) = self.pending.pop_front().unwrap();
        self.reply(ticket, request);
        self
    }

    /// Delivers the replies to all cancelled requests, and returns their number.
    pub fn reply_to_cancelled(&mut self) -> usize {
        let late = std::mem::take(&mut self.cancelled);
        let count = late.len();
        for (ticket, request) in late {
            self.reply(ticket, request);
        }
        count
    }

    /// The pending requests.
    pub fn pending_requests(&self) -> &VecDeque<(Ticket, Request)> {
        &self.pending
    }

    pub fn pending_count(&self) -> usize {
        self.pending.len()
    }

    fn reply_to_all(&mut self) {
        while let Some((ticket, request)) = self.pending.pop_front() {
            self.reply(ticket, request);
        }
    }

    fn reply(&mut self, ticket: Ticket, request: Request) {
        if let Request::Runs { query, limit } = request {
            return self.reply_with_page(ticket, &query, limit);
        }
        let steps = Mutex::new(Vec::new());
        let reply = self
            .runtime
            .block_on(handle_request(&self.services, request, &|step| {
                steps.lock().unwrap().push(step);
            }));
        let progress = steps.into_inner().unwrap().into_iter().map(Reply::Progress);
        for reply in progress.chain([reply]).collect::<Vec<_>>() {
            let effects = self.app.update(self.now, Message::Reply(ticket, reply));
            self.run_effects(effects);
        }
    }

    fn reply_with_page(&mut self, ticket: Ticket, query: &RunQuery, limit: Option<u64>) {
        let start = || {
            let pages = list_runs(query.clone(), limit).scanning_from(SCANNED_RUNS);
            (pages, query.clone(), limit)
        };
        let (pages, ..) = self.listings.entry(ticket).or_insert_with(start);
        let page = self
            .runtime
            .block_on(pages.next(self.services.store.reader.as_ref()));
        let effects = self
            .app
            .update(self.now, Message::Reply(ticket, Reply::Runs(page)));
        self.run_effects(effects);
    }

    fn run_effects(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Request(ticket, request) => self.pending.push_back((ticket, request)),
                Effect::NextPage(ticket) => {
                    let (_, query, limit) = &self.listings[&ticket];
                    let (query, limit) = (query.clone(), *limit);
                    self.pending
                        .push_back((ticket, Request::Runs { query, limit }));
                }
                Effect::Cancel(ticket) => {
                    let at = self
                        .pending
                        .iter()
                        .position(|(pending, _)| *pending == ticket);
                    self.cancelled
                        .extend(at.and_then(|at| self.pending.remove(at)));
                }
                Effect::Copy(_, text) => self.clipboard.push(text),
                Effect::SetTheme(name) => self.theme.set_theme(&name),
                Effect::Quit | Effect::OpenWorkspace(_) => self.has_quit = true,
                Effect::Alert(text) => self.alerts.push(text),
                Effect::Suspend | Effect::Redraw => {}
            }
        }
    }

    /// The drawn screen.
    pub fn buffer(&self) -> Buffer {
        let mut terminal =
            Terminal::new(TestBackend::new(self.app.size.width, self.app.size.height)).unwrap();
        terminal
            .draw(|frame| view::draw(frame, &self.app, &self.theme))
            .unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text, without trailing spaces.
    pub fn screen(&self) -> String {
        lines(&self.buffer()).join("\n")
    }

    /// The text in the message line.
    pub fn notification(&self) -> String {
        self.app
            .shared
            .notifications
            .current(self.now)
            .map(|notification| notification.text.clone())
            .unwrap_or_default()
    }

    /// The run table, which must be on top.
    #[track_caller]
    pub fn runs(&self) -> &RunsScreen {
        self.screen_as()
    }

    /// The screen on top, which must be an `S`.
    #[track_caller]
    pub fn screen_as<S: Screen>(&self) -> &S {
        self.app
            .screen_as()
            .unwrap_or_else(|| panic!("another screen is on top:\n{}", self.screen()))
    }

    /// Fails unless the screen has a text.
    #[track_caller]
    pub fn assert_shows(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(
            screen.contains(text),
            "{text:?} is not on the screen:\n{screen}"
        );
        self
    }

    /// Fails if the screen has a text.
    #[track_caller]
    pub fn assert_hides(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(
            !screen.contains(text),
            "{text:?} is on the screen:\n{screen}"
        );
        self
    }

    /// The dialog over the screen, if there is one.
    pub fn dialog(&self) -> Option<&Dialog> {
        self.app.dialog.as_ref()
    }
}

/// The rows of a buffer as text. The second cell of a wide character is skipped.
pub fn lines(buffer: &Buffer) -> Vec<String> {
    let row = |y: u16| {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        line.trim_end().to_owned()
    };
    (0..buffer.area.height).map(row).collect()
}
