//! The loop: what happened, one step of the app, its effects, a frame.
//!
//! Everything that waits is taken before a frame is drawn, so that a held key costs one frame a batch; frames keep a pace
//! when messages pour in; a frame that changes nothing writes nothing.

use std::sync::Arc;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{self, Event, EventStream};
use crossterm::{Command, style};
use futures_util::StreamExt;
use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::answer::Ground;
use super::canvas::Canvas;
use super::effects::{Answered, Tasks};
use super::gallery::{Gallery, Wall};
use super::input::Listener;
use super::{RunError, Session, clock, terminal, typed, watch};
use crate::config::{Alert, PictureChoice};
use crate::store::{Ahead, Beside};
use crate::tui::app::message::PictureOf;
use crate::tui::app::{App, Effect, Message, Reply, Request, Ticket};
use crate::tui::graphics::{Found, Protocol, probe};
use crate::tui::view;
use crate::tui::view::Look;

/// The most frames a second, as the time of one.
const FRAME: Duration = Duration::from_millis(16);
/// How long the thread of an event stream that was dropped has to let the terminal go, on a busy machine.
const HAND_OVER: Duration = Duration::from_millis(500);
/// How often the app is told that time goes by.
const TICK: Duration = Duration::from_secs(1);
/// The most events, or answers, that are taken before the pace of frames is looked at again.
const BATCH: usize = 1_024;
/// The longest text that goes to the clipboard, in bytes: terminals drop longer sequences without a word.
const CLIPBOARD_BYTES: usize = 74_994 / 4 * 3;

/// What the loop works on.
struct Stage {
    app: App,
    look: Look,
    canvas: Canvas,
    tasks: Tasks,
    listener: Listener,
    /// Pictures that were made.
    gallery: Gallery,
    /// The one that the terminal shows.
    wall: Wall,
    /// What the terminal can show, once it was asked.
    found: Option<Found>,
    /// The protocol that the person wants.
    wanted: Option<Protocol>,
    alert: Alert,
    /// Pictures that wait for the terminal to be asked.
    waiting: Vec<(Ticket, PictureOf, Rect)>,
    /// Something happened since the last frame.
    stale: bool,
    quit: bool,
}

/// Runs a session on a terminal that is ours, until it is quit. Returns what is still under way.
pub(super) async fn drive(
    session: Session,
    mut anew: UnboundedReceiver<()>,
) -> Result<(Tasks, UnboundedReceiver<Answered>), RunError> {
    // Whether colours are used is the look's business: crossterm would drop attributes with them under NO_COLOR.
    style::force_color_output(true);
    let (sender, mut answers) = unbounded_channel();
    let mut stage = Stage::open(session, |ground| Tasks::new(ground, sender))?;
    let mut events = EventStream::new().ready_chunks(BATCH);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(BATCH);
    let mut next_frame = Instant::now();
    while !stage.quit {
        if !stage.waiting.is_empty() {
            if stage.found.is_none() {
                // Nobody else may read from the terminal while it is asked.
                drop(events);
                stage.probe()?;
                events = EventStream::new().ready_chunks(BATCH);
            }
            stage.make_pictures();
        }
        if stage.stale && Instant::now() >= next_frame {
            stage.draw()?;
            next_frame = Instant::now() + FRAME;
        }
        tokio::select! {
            happened = events.next() => stage.hear(happened)?,
            _ = answers.recv_many(&mut batch, BATCH) => batch.drain(..).for_each(|answered| stage.answered(answered)),
            Some(()) = anew.recv() => stage.renew()?,
            _ = ticks.tick() => stage.take(Message::Tick),
            () = sleep_until(next_frame), if stage.stale => {}
        }
    }
    Ok((stage.tasks, answers))
}

/// The protocol that the person wants; nothing where the terminal is to be asked.
fn protocol(choice: PictureChoice) -> Option<Protocol> {
    match choice {
        PictureChoice::Auto => None,
        PictureChoice::Kitty => Some(Protocol::Kitty),
        PictureChoice::Sixel => Some(Protocol::Sixel),
        PictureChoice::Iterm2 => Some(Protocol::Iterm2),
        PictureChoice::Blocks => Some(Protocol::HalfBlocks),
    }
}

impl Stage {
    fn open(session: Session, tasks: impl FnOnce(Ground) -> Tasks) -> Result<Self, RunError> {
        let Session {
            mut opened,
            beside,
            app,
            journal,
            policy,
            lookout,
            start,
            keymap,
            look,
            views,
            mouse: _,
            pictures,
            alert,
        } = session;
        let own = Arc::clone(&opened.reader);
        if let Some(second) = beside {
            opened.reader = Arc::new(Beside::new(Arc::clone(&own), second));
        }
        let tasks = tasks(Ground {
            opened,
            own,
            journal,
            policy,
            lookout,
            user: app.user.clone(),
            protected: app.protected.clone(),
            tags: app.tags,
            read_only_why: app.read_only_why.clone(),
            views,
            ahead: Ahead::default(),
        });
        let size = terminal::size();
        let (app, effects) = App::new(app, keymap, size, clock::now(), &start);
        let listener = Listener::default();
        let mut stage = Self {
            app,
            look,
            canvas: Canvas::new(size)?,
            tasks,
            listener,
            gallery: Gallery::default(),
            wall: Wall::default(),
            found: None,
            wanted: protocol(pictures),
            alert,
            waiting: Vec::new(),
            stale: true,
            quit: false,
        };
        for effect in effects {
            stage.perform(effect);
        }
        Ok(stage)
    }

    /// Takes what the terminal reports.
    fn hear(&mut self, happened: Option<Vec<std::io::Result<Event>>>) -> Result<(), RunError> {
        let happened =
            happened.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?;
        for event in happened {
            match event {
                Ok(event) => {
                    self.stale = true;
                    if let Some(message) = self.listener.message(event) {
                        self.take(message);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            if self.quit {
                break;
            }
        }
        Ok(())
    }

    fn answered(&mut self, answered: Answered) {
        self.tasks.note(&answered);
        let (ticket, reply) = answered;
        self.take(Message::Reply(ticket, reply));
    }

    /// Asks the terminal what it can show, and takes the keys that were pressed before and meanwhile, in their order. A
    /// terminal that can't be asked shows half blocks.
    fn probe(&mut self) -> Result<(), RunError> {
        // The thread of the stream that was dropped may have read more than it handed over, and reads on until it is woken:
        // what it takes from the terminal then would be missing from the answer.
        let mut before = Vec::new();
        while before.len() < BATCH && event::poll(HAND_OVER)? {
            before.push(event::read());
        }
        self.hear(Some(before))?;
        let nothing = Found {
            protocol: Protocol::HalfBlocks,
            cell: None,
            tmux: false,
        };
        let (found, typed) =
            probe(self.wanted).map_or((nothing, Vec::new()), |probed| (probed.found, probed.typed));
        self.found = Some(found);
        self.hear(Some(
            typed::keys(&typed)
                .into_iter()
                .map(|key| Ok(Event::Key(key)))
                .collect(),
        ))
    }

    fn make_pictures(&mut self) {
        let Some(found) = self.found else { return };
        for (ticket, of, area) in std::mem::take(&mut self.waiting) {
            self.tasks
                .picture(ticket, of, area, found, self.gallery.clone());
        }
    }

    fn take(&mut self, message: Message) {
        self.stale = true;
        let effects = self.app.update(clock::now(), message);
        for effect in effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(ticket, Request::Picture(of, area)) => {
                self.waiting.push((ticket, of, area))
            }
            Effect::Ask(ticket, request) => self.tasks.ask(ticket, request),
            Effect::Cancel(ticket) => self.tasks.cancel(ticket),
            Effect::Copy(ticket, text) => self.copy(ticket, &text),
            Effect::Suspend => {
                if !watch::suspend() {
                    self.app.shared.notices.say(
                        clock::now(),
                        "there is no shell to go back to: this terminal runs only this program"
                            .into(),
                    );
                }
            }
            // A terminal that can't be written to is found out by the next drawing.
            Effect::Alert(text) => drop(terminal::write(self.alert.sequence(&text).as_bytes())),
            Effect::Theme(name) => self.look.set_theme(&name),
            Effect::Quit => self.quit = true,
        }
    }

    /// Hands a text to the terminal for its clipboard: in base64, so that nothing in it can drive the terminal.
    fn copy(&self, ticket: Ticket, text: &str) {
        let copied = if text.len() > CLIPBOARD_BYTES {
            Err(format!(
                "{} bytes are more than terminals take for the clipboard",
                text.len()
            ))
        } else {
            let mut sequence = String::new();
            let written = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut sequence);
            written.map_err(|error| error.to_string()).and_then(|()| {
                terminal::write(sequence.as_bytes()).map_err(|error| error.to_string())
            })
        };
        self.tasks.answer(
            ticket,
            Reply::Copied(copied.map_err(|why| format!("copying: {why}"))),
        );
    }

    /// Draws everything anew after somebody else had the terminal.
    fn renew(&mut self) -> Result<(), RunError> {
        self.stale = true;
        self.wall.bare();
        Ok(self.canvas.renew(terminal::size())?)
    }

    fn draw(&mut self) -> Result<(), RunError> {
        let size = terminal::size();
        if size != self.canvas.size() {
            self.take(Message::Resize {
                width: size.width,
                height: size.height,
            });
            self.canvas.renew(size)?;
            self.wall.bare();
        }
        self.stale = false;
        let Self {
            app, look, canvas, ..
        } = self;
        canvas.draw(|frame| view::draw(frame, app, look))?;
        if let Some(found) = self.found
            && self.wall.hang(self.app.picture(), &self.gallery, found)?
        {
            // What was under the picture is not known to the canvas.
            self.canvas.renew(size)?;
            self.stale = true;
        }
        Ok(())
    }
}
