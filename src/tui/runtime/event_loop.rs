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

use super::effects::{Tasks, TicketedReply};
use super::images::{ImageCache, ImageLayer};
use super::input::InputTranslator;
use super::renderer::Renderer;
use super::requests::Services;
use super::{RunError, SessionSetup, clock, key_parser, signals, terminal};
use crate::config::{Alert, GraphicsProtocol};
use crate::store::MergedStore;
use crate::tui::app::message::ImageSource;
use crate::tui::app::{App, Effect, Message, Reply, Request, Ticket};
use crate::tui::graphics::{GraphicsSupport, Protocol, probe};
use crate::tui::screens;
use crate::tui::view;
use crate::tui::view::TerminalTheme;

/// The most frames a second, as the time of one.
const FRAME_INTERVAL: Duration = Duration::from_millis(16);
/// How long the thread of an event stream that was dropped has to let the terminal go, on a busy machine.
const READER_SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);
/// How often the app is told that time goes by.
const TICK_INTERVAL: Duration = Duration::from_secs(1);
/// The most events, or answers, that are taken before the pace of frames is looked at again.
const MAX_BATCH: usize = 1_024;
/// The longest text that goes to the clipboard, in bytes: terminals drop longer sequences without a word.
const MAX_CLIPBOARD_BYTES: usize = 74_994 / 4 * 3;

/// What the loop works on.
struct EventLoop {
    app: App,
    appearance: TerminalTheme,
    renderer: Renderer,
    tasks: Tasks,
    input: InputTranslator,
    /// Pictures that were made.
    images: ImageCache,
    /// The one that the terminal shows.
    image_layer: ImageLayer,
    /// What the terminal can show, once it was asked.
    graphics: Option<GraphicsSupport>,
    /// The protocol that the person wants.
    requested_protocol: Option<Protocol>,
    alert: Alert,
    /// Pictures that wait for the terminal to be asked.
    pending_images: Vec<(Ticket, ImageSource, Rect)>,
    /// Something happened since the last frame.
    needs_redraw: bool,
    should_quit: bool,
}

/// Runs a session on a terminal that is ours, until it is quit. Returns what is still under way.
pub(super) async fn run(
    session: SessionSetup,
    mut redraws: UnboundedReceiver<()>,
) -> Result<(Tasks, UnboundedReceiver<TicketedReply>), RunError> {
    // Whether colours are used is the look's business: crossterm would drop attributes with them under NO_COLOR.
    style::force_color_output(true);
    let (sender, mut replies) = unbounded_channel();
    let mut event_loop = EventLoop::new(session, |ground| Tasks::new(ground, sender))?;
    let mut events = EventStream::new().ready_chunks(MAX_BATCH);
    let mut ticks = interval(TICK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut next_frame = Instant::now();
    while !event_loop.should_quit {
        if !event_loop.pending_images.is_empty() {
            if event_loop.graphics.is_none() {
                // Nobody else may read from the terminal while it is asked.
                drop(events);
                event_loop.probe_graphics()?;
                events = EventStream::new().ready_chunks(MAX_BATCH);
            }
            event_loop.spawn_images();
        }
        if event_loop.needs_redraw && Instant::now() >= next_frame {
            event_loop.draw()?;
            next_frame = Instant::now() + FRAME_INTERVAL;
        }
        tokio::select! {
            happened = events.next() => event_loop.handle_events(happened)?,
            _ = replies.recv_many(&mut batch, MAX_BATCH) => batch.drain(..).for_each(|answered| event_loop.handle_reply(answered)),
            Some(()) = redraws.recv() => event_loop.redraw_all()?,
            _ = ticks.tick() => event_loop.dispatch(Message::Tick),
            () = sleep_until(next_frame), if event_loop.needs_redraw => {}
        }
    }
    Ok((event_loop.tasks, replies))
}

/// The protocol that the person wants; nothing where the terminal is to be asked.
fn requested_protocol(choice: GraphicsProtocol) -> Option<Protocol> {
    match choice {
        GraphicsProtocol::Auto => None,
        GraphicsProtocol::Kitty => Some(Protocol::Kitty),
        GraphicsProtocol::Sixel => Some(Protocol::Sixel),
        GraphicsProtocol::Iterm2 => Some(Protocol::Iterm2),
        GraphicsProtocol::Blocks => Some(Protocol::HalfBlocks),
    }
}

impl EventLoop {
    fn new(session: SessionSetup, tasks: impl FnOnce(Services) -> Tasks) -> Result<Self, RunError> {
        let SessionSetup {
            mut store,
            second_store,
            app,
            journal,
            policy,
            evidence_sources,
            start,
            keymap,
            appearance,
            view_files,
            mouse: _,
            pictures,
            alert,
        } = session;
        let primary = Arc::clone(&store.reader);
        if let Some(second) = second_store {
            store.reader = Arc::new(MergedStore::new(Arc::clone(&primary), second));
        }
        let tasks = tasks(Services {
            store,
            primary,
            journal,
            policy,
            evidence_sources,
            user: app.user.clone(),
            protected_slots: app.protected_slots.clone(),
            writes_tags: app.writes_tags,
            read_only_reason: app.read_only_reason.clone(),
            view_files,
        });
        let size = terminal::size();
        let (app, effects) = screens::start(app, keymap, size, clock::now(), &start);
        let input = InputTranslator::default();
        let mut event_loop = Self {
            app,
            appearance,
            renderer: Renderer::new(size)?,
            tasks,
            input,
            images: ImageCache::default(),
            image_layer: ImageLayer::default(),
            graphics: None,
            requested_protocol: requested_protocol(pictures),
            alert,
            pending_images: Vec::new(),
            needs_redraw: true,
            should_quit: false,
        };
        for effect in effects {
            event_loop.run_effect(effect);
        }
        Ok(event_loop)
    }

    /// Takes what the terminal reports.
    fn handle_events(
        &mut self,
        events: Option<Vec<std::io::Result<Event>>>,
    ) -> Result<(), RunError> {
        let happened =
            events.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::UnexpectedEof))?;
        for event in happened {
            match event {
                Ok(event) => {
                    self.needs_redraw = true;
                    if let Some(message) = self.input.translate(event) {
                        self.dispatch(message);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            if self.should_quit {
                break;
            }
        }
        Ok(())
    }

    fn handle_reply(&mut self, answered: TicketedReply) {
        self.tasks.mark_done(&answered);
        let (ticket, reply) = answered;
        self.dispatch(Message::Reply(ticket, reply));
    }

    /// Asks the terminal what it can show, and takes the keys that were pressed before and meanwhile, in their order. A
    /// terminal that can't be asked shows half blocks.
    fn probe_graphics(&mut self) -> Result<(), RunError> {
        // The thread of the stream that was dropped may have read more than it handed over, and reads on until it is woken:
        // what it takes from the terminal then would be missing from the answer.
        let mut buffered = Vec::new();
        while buffered.len() < MAX_BATCH && event::poll(READER_SHUTDOWN_TIMEOUT)? {
            buffered.push(event::read());
        }
        self.handle_events(Some(buffered))?;
        let fallback = GraphicsSupport {
            protocol: Protocol::HalfBlocks,
            cell_size: None,
            in_tmux: false,
        };
        let (graphics, leftover) = probe(self.requested_protocol)
            .map_or((fallback, Vec::new()), |probed| {
                (probed.graphics, probed.leftover_input)
            });
        self.graphics = Some(graphics);
        self.handle_events(Some(
            key_parser::parse_keys(&leftover)
                .into_iter()
                .map(|key| Ok(Event::Key(key)))
                .collect(),
        ))
    }

    fn spawn_images(&mut self) {
        let Some(graphics) = self.graphics else {
            return;
        };
        for (ticket, of, area) in std::mem::take(&mut self.pending_images) {
            self.tasks
                .spawn_image(ticket, of, area, graphics, self.images.clone());
        }
    }

    fn dispatch(&mut self, message: Message) {
        self.needs_redraw = true;
        let effects = self.app.update(clock::now(), message);
        for effect in effects {
            self.run_effect(effect);
        }
    }

    fn run_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Request(ticket, Request::Image(of, area)) => {
                self.pending_images.push((ticket, of, area));
            }
            Effect::Request(ticket, request) => self.tasks.spawn(ticket, request),
            Effect::NextPage(ticket) => self.tasks.next_page(ticket),
            Effect::Cancel(ticket) => self.tasks.cancel(ticket),
            Effect::Copy(ticket, text) => self.copy_to_clipboard(ticket, &text),
            Effect::Suspend => {
                if !signals::stop_job() {
                    self.dispatch(Message::SuspendFailed);
                }
            }
            // A terminal that can't be written to is found out by the next drawing.
            Effect::Alert(text) => drop(terminal::write(
                self.alert.escape_sequence(&text).as_bytes(),
            )),
            Effect::SetTheme(name) => self.appearance.set_theme(&name),
            Effect::Quit => self.should_quit = true,
        }
    }

    /// Hands a text to the terminal for its clipboard: in base64, so that nothing in it can drive the terminal.
    fn copy_to_clipboard(&self, ticket: Ticket, text: &str) {
        let copied = if text.len() > MAX_CLIPBOARD_BYTES {
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
        self.tasks.send_reply(
            ticket,
            Reply::Copied(copied.map_err(|why| format!("copying: {why}"))),
        );
    }

    /// Draws everything anew after somebody else had the terminal.
    fn redraw_all(&mut self) -> Result<(), RunError> {
        self.needs_redraw = true;
        self.image_layer.mark_cleared();
        Ok(self.renderer.reset(terminal::size())?)
    }

    fn draw(&mut self) -> Result<(), RunError> {
        let size = terminal::size();
        if size != self.renderer.size() {
            self.dispatch(Message::Resize {
                width: size.width,
                height: size.height,
            });
            self.renderer.reset(size)?;
            self.image_layer.mark_cleared();
        }
        self.needs_redraw = false;
        let Self {
            app,
            appearance,
            renderer,
            ..
        } = self;
        renderer.draw(|frame| view::draw(frame, app, appearance))?;
        if let Some(graphics) = self.graphics
            && self
                .image_layer
                .sync(self.app.terminal_image(), &self.images, graphics)?
        {
            // What was under the picture is not known to the canvas.
            self.renderer.reset(size)?;
            self.needs_redraw = true;
        }
        Ok(())
    }
}
