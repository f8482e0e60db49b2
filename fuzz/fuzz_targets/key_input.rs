//! What a terminal sends: keys, mouse, pastes, broken sequences. They go to an app on the demo store, and every state that
//! follows is drawn. The first byte is the terminal's size and the length of its reads.
#![no_main]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock};

use frontrunner::config::keymap::Keymap;
use frontrunner::config::saved_views::ViewFiles;
use frontrunner::config::theme::{ColorDepth, Themes};
use frontrunner::demo::{DemoOptions, create};
use frontrunner::domain::{Millis, Slot};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::lineage::EvidenceSources;
use frontrunner::ops::list_runs::{RunPages, list_runs};
use frontrunner::store::{AccessMode, ConnectOptions, StoreTarget, open};
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{App, Effect, Message, Reply, Request, Session, Ticket};
use frontrunner::tui::runtime::fuzzing::parse_input;
use frontrunner::tui::runtime::requests::{Services, handle_request};
use frontrunner::tui::screens::{StartOptions, start};
use frontrunner::tui::view::{self, TerminalTheme};
use libfuzzer_sys::fuzz_target;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The time of the demo store, ms since the epoch.
const NOW: Millis = 1_795_000_000_000;
const SIZES: [(u16, u16); 8] = [
    (80, 24),
    (40, 10),
    (39, 9),
    (1, 1),
    (200, 50),
    (120, 40),
    (60, 15),
    (300, 5),
];
/// More messages than a person sends before the screen is seen again.
const MAX_MESSAGES: usize = 200;

struct World {
    services: Services,
    runtime: Runtime,
    theme: TerminalTheme,
    _folder: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlflow.db");
    create(
        &path,
        &DemoOptions {
            load_test_runs: None,
            now: NOW,
        },
    )
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let target = StoreTarget::Sqlite(path);
    let options = ConnectOptions::default();
    let opening = open(&target, AccessMode::ReadWrite, &options);
    let store = runtime.block_on(opening).unwrap();
    let at = |name: &str| folder.path().join(name);
    let services = Services {
        primary: Arc::clone(&store.reader),
        store,
        journal: Journal::with_path(at("journal.jsonl")),
        policy: Arc::default(),
        evidence_sources: Arc::new(EvidenceSources::new(Vec::new(), Vec::new())),
        user: "ana".into(),
        protected_slots: Slot::default_protected(),
        writes_tags: true,
        read_only_reason: String::new(),
        view_files: ViewFiles::new(&at("config"), &at("data"), folder.path()),
    };
    let theme = TerminalTheme::new(
        Themes::builtin(),
        "dark",
        Some(ColorDepth::TrueColor),
        false,
    );
    World {
        services,
        runtime,
        theme,
        _folder: folder,
    }
});

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    let (width, height) = SIZES[usize::from(first % 8)];
    let mut session = FuzzSession::start(Size { width, height });
    for message in parse_input(bytes, 1 + usize::from(first / 8))
        .into_iter()
        .take(MAX_MESSAGES)
    {
        session.send(message);
        session.draw();
        if session.has_quit {
            break;
        }
    }
});

struct FuzzSession {
    app: App,
    now: Millis,
    pending: VecDeque<(Ticket, Request)>,
    listings: HashMap<Ticket, RunPages>,
    has_quit: bool,
}

impl FuzzSession {
    fn start(size: Size) -> Self {
        let session = Session {
            can_write: true,
            refresh_seconds: 5,
            protected_slots: Slot::default_protected(),
            ..Session::read_only("mlflow.db")
        };
        let keymap = Keymap::load(None).unwrap();
        let (app, effects) = start(session, keymap, size, NOW, &StartOptions::default());
        let mut session = Self {
            app,
            now: NOW,
            pending: VecDeque::new(),
            listings: HashMap::new(),
            has_quit: false,
        };
        session.run(effects);
        session.reply_to_all();
        session
    }

    fn send(&mut self, message: Message) {
        self.now += 500;
        let effects = self.app.update(self.now, message);
        self.run(effects);
        self.reply_to_all();
    }

    fn draw(&self) {
        let Size { width, height } = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal
            .draw(|frame| view::draw(frame, &self.app, &WORLD.theme))
            .unwrap();
    }

    fn run(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Request(ticket, Request::Runs { query, limit }) => {
                    self.listings
                        .insert(ticket, list_runs(query.clone(), limit));
                    self.pending
                        .push_back((ticket, Request::Runs { query, limit }));
                }
                // Nothing is written, so that each input meets the same world.
                Effect::Request(
                    _,
                    Request::Apply(_)
                    | Request::Export(..)
                    | Request::PrepareReview(..)
                    | Request::SaveView(..)
                    | Request::DeleteView(_)
                    | Request::SaveLastView(..),
                ) => {}
                Effect::Request(ticket, request) => self.pending.push_back((ticket, request)),
                Effect::NextPage(ticket) => {
                    let (query, limit) = Default::default();
                    self.pending
                        .push_back((ticket, Request::Runs { query, limit }));
                }
                Effect::Cancel(ticket) => self.pending.retain(|(pending, _)| *pending != ticket),
                Effect::Quit => self.has_quit = true,
                _ => {}
            }
        }
    }

    fn reply_to_all(&mut self) {
        while let Some((ticket, request)) = self.pending.pop_front() {
            let World {
                services, runtime, ..
            } = &*WORLD;
            let reply = match request {
                Request::Runs { .. } => {
                    let Some(pages) = self.listings.get_mut(&ticket) else {
                        continue;
                    };
                    Reply::Runs(runtime.block_on(pages.next(services.store.reader.as_ref())))
                }
                request => runtime.block_on(handle_request(services, request, &|_| {})),
            };
            let effects = self.app.update(self.now, Message::Reply(ticket, reply));
            self.run(effects);
        }
    }
}
