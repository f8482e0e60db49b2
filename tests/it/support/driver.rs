//! A session without a terminal: keys are pressed by the names that the keymap has, what the app asks for is answered from a
//! real store, one question after another, and the screen is read as text.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use frontrunner::config::keymap::Keymap;
use frontrunner::config::theme::{ColorDepth, Themes};
use frontrunner::demo::{DemoFacts, DemoOptions, make};
use frontrunner::domain::{Millis, Stage};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::lineage::Lookout;
use frontrunner::promotion::Place;
use frontrunner::store::{Access, Ahead, Connection, Target, open};
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{
    App, Effect, Message, Overlay, Reply, Request, Screen, Session, Start, Ticket,
};
use frontrunner::tui::runtime::answer::{Ground, answer};
use frontrunner::tui::screens::runs::Runs;
use frontrunner::tui::view;
use frontrunner::tui::view::Look;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The time that the demo's stories are told relative to, and at which every session begins: ms since the epoch.
pub const NOW: Millis = 1_795_000_000_000;
/// What goes by between two keys, in ms: longer than dialogs are deaf.
const BETWEEN_KEYS: Millis = 500;

/// The demo store, made once a test program; sessions that write get copies.
fn demo() -> &'static (TempDir, DemoFacts) {
    static DEMO: OnceLock<(TempDir, DemoFacts)> = OnceLock::new();
    DEMO.get_or_init(|| {
        // Its path is stored in it and shown: as long on every machine.
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let facts = make(
            &folder.path().join("mlflow.db"),
            &DemoOptions {
                runs: None,
                now: NOW,
            },
        )
        .unwrap();
        (folder, facts)
    })
}

/// What the demo store tells.
pub fn facts() -> &'static DemoFacts {
    &demo().1
}

/// A session and its store.
pub struct Driver {
    /// The app.
    pub app: App,
    /// The time, ms since the epoch.
    pub now: Millis,
    /// What went to the clipboard, oldest first.
    pub copied: Vec<String>,
    /// What whoever is about was alerted of.
    pub alerts: Vec<String>,
    /// Whether the session was quit.
    pub quit: bool,
    look: Look,
    ground: Ground,
    runtime: Runtime,
    asked: VecDeque<(Ticket, Request)>,
    /// Questions that were taken back; a late answer may come all the same.
    cancelled: Vec<(Ticket, Request)>,
    holding: bool,
    folder: TempDir,
}

impl Driver {
    /// A session that may write to a copy of the demo store, at 120 columns and 40 rows.
    pub fn new() -> Self {
        Self::open(
            Access::ReadWrite,
            Size {
                width: 120,
                height: 40,
            },
        )
    }

    /// A session that may only look.
    pub fn read_only() -> Self {
        Self::open(
            Access::ReadOnly,
            Size {
                width: 120,
                height: 40,
            },
        )
    }

    /// A session on a copy of the demo store.
    pub fn open(access: Access, size: Size) -> Self {
        // SQLite's own lock would do for a copy of a file at rest; two copies at once are merely slower.
        static COPYING: Mutex<()> = Mutex::new(());
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("mlflow.db");
        {
            let _one = COPYING.lock().unwrap();
            std::fs::copy(demo().0.path().join("mlflow.db"), &store).unwrap();
        }
        Self::at(&Target::Sqlite(store), access, size, folder)
    }

    /// A session on any store. The folder is for its own files, and goes with it.
    pub fn at(target: &Target, access: Access, size: Size, folder: TempDir) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let opened = runtime
            .block_on(open(target, access, &Connection::default()))
            .unwrap();
        let protected = vec![
            Place::Stage(Stage::Production),
            Place::Alias("champion".into()),
        ];
        let session = Session {
            can_write: opened.writer.is_some(),
            refresh_seconds: 5,
            protected: protected.clone(),
            remember: true,
            ..Session::plain("mlflow.db")
        };
        let journal = Journal::at(folder.path().join("journal.jsonl"));
        let read_only_why = session.read_only_why.clone();
        let views = frontrunner::config::views::ViewFiles::at(
            &folder.path().join("config"),
            &folder.path().join("data"),
            folder.path(),
        );
        let own = Arc::clone(&opened.reader);
        let ground = Ground {
            opened,
            own,
            journal,
            policy: Arc::default(),
            lookout: Arc::new(Lookout::new(Vec::new(), Vec::new())),
            user: "ana".into(),
            protected,
            tags: true,
            read_only_why,
            views,
            ahead: Ahead::default(),
        };
        let (app, effects) = App::new(
            session,
            Keymap::load(None).unwrap(),
            size,
            NOW,
            &Start::default(),
        );
        let look = Look::new(Themes::builtin(), "dark", Some(ColorDepth::True), false);
        let mut driver = Self {
            app,
            now: NOW,
            copied: Vec::new(),
            alerts: Vec::new(),
            quit: false,
            look,
            ground,
            runtime,
            asked: VecDeque::new(),
            cancelled: Vec::new(),
            holding: false,
            folder,
        };
        driver.perform(effects);
        driver.settle();
        driver
    }

    /// The same session under a policy.
    pub fn under(mut self, policy: &str) -> Self {
        self.ground.policy =
            Arc::new(frontrunner::promotion::policy::Policy::parse(policy).unwrap());
        self
    }

    /// The same session in a terminal with neither colours nor signs.
    pub fn plain(mut self) -> Self {
        self.look = Look::new(Themes::builtin(), "monochrome", None, true);
        self
    }

    /// The store's file.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("mlflow.db")
    }

    /// The folder of this session's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Presses keys, named as in the keymap and set apart by spaces; each time all answers come before the next key.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            let key = key.parse().unwrap_or_else(|error| panic!("{error}"));
            self.now += BETWEEN_KEYS;
            self.take(Message::Key(key));
        }
        self
    }

    /// Types a text, a character a key.
    pub fn text(&mut self, text: &str) -> &mut Self {
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

    /// Time goes by, in ms.
    pub fn wait(&mut self, ms: Millis) -> &mut Self {
        self.now += ms;
        self.take(Message::Tick);
        self
    }

    /// Gives the app something that happened.
    pub fn take(&mut self, message: Message) {
        let effects = self.app.update(self.now, message);
        self.perform(effects);
        if !self.holding {
            self.settle();
        }
    }

    /// From now on no answer comes, as from a store that is slow.
    pub fn hold(&mut self) -> &mut Self {
        self.holding = true;
        self
    }

    /// All held answers come, and from now on every one at once.
    pub fn release(&mut self) -> &mut Self {
        self.holding = false;
        self.settle();
        self
    }

    /// The answer to the oldest question comes; others are still held.
    pub fn answer_one(&mut self) -> &mut Self {
        let (ticket, request) = self.asked.pop_front().unwrap();
        self.answer(ticket, request);
        self
    }

    /// The answers come to all questions that were taken back meanwhile.
    pub fn answer_what_was_cancelled(&mut self) -> usize {
        let late = std::mem::take(&mut self.cancelled);
        let count = late.len();
        for (ticket, request) in late {
            self.answer(ticket, request);
        }
        count
    }

    /// The questions that wait for their answers.
    pub fn asked(&self) -> &VecDeque<(Ticket, Request)> {
        &self.asked
    }

    /// How many questions wait for their answers.
    pub fn waiting(&self) -> usize {
        self.asked.len()
    }

    fn settle(&mut self) {
        while let Some((ticket, request)) = self.asked.pop_front() {
            self.answer(ticket, request);
        }
    }

    fn answer(&mut self, ticket: Ticket, request: Request) {
        let steps = Mutex::new(Vec::new());
        let reply = self
            .runtime
            .block_on(answer(&self.ground, request, &|step| {
                steps.lock().unwrap().push(step)
            }));
        let progress = steps.into_inner().unwrap().into_iter().map(Reply::Progress);
        for reply in progress.chain([reply]).collect::<Vec<_>>() {
            let effects = self.app.update(self.now, Message::Reply(ticket, reply));
            self.perform(effects);
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask(ticket, request) => self.asked.push_back((ticket, request)),
                Effect::Cancel(ticket) => {
                    let at = self.asked.iter().position(|(asked, _)| *asked == ticket);
                    self.cancelled
                        .extend(at.and_then(|at| self.asked.remove(at)));
                }
                Effect::Copy(_, text) => self.copied.push(text),
                Effect::Theme(name) => self.look.set_theme(&name),
                Effect::Quit => self.quit = true,
                Effect::Alert(text) => self.alerts.push(text),
                Effect::Suspend => {}
            }
        }
    }

    /// What is drawn now.
    pub fn buffer(&self) -> Buffer {
        let mut terminal =
            Terminal::new(TestBackend::new(self.app.size.width, self.app.size.height)).unwrap();
        terminal
            .draw(|frame| view::draw(frame, &self.app, &self.look))
            .unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as text, a line a row, without what is blank at its right.
    pub fn screen(&self) -> String {
        lines(&self.buffer()).join("\n")
    }

    /// The message line's words, as far as something was said.
    pub fn said(&self) -> String {
        self.app
            .shared
            .notices
            .current(self.now)
            .map(|notice| notice.text.clone())
            .unwrap_or_default()
    }

    /// The run table, which must be the screen.
    pub fn runs(&self) -> &Runs {
        match self.app.screen() {
            Screen::Runs(runs) => runs,
            other => panic!("the screen is {:?}\n{}", other.scope(), self.screen()),
        }
    }

    /// Fails unless the screen has a text.
    #[track_caller]
    pub fn sees(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(
            screen.contains(text),
            "{text:?} is not on the screen:\n{screen}"
        );
        self
    }

    /// Fails if the screen has a text.
    #[track_caller]
    pub fn misses(&self, text: &str) -> &Self {
        let screen = self.screen();
        assert!(
            !screen.contains(text),
            "{text:?} is on the screen:\n{screen}"
        );
        self
    }

    /// The dialog over the screen, if there is one.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.app.overlay.as_ref()
    }
}

/// The rows of a drawing as text. A wide character's second cell is no character.
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
