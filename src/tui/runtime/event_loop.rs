//! The event loop: input, replies and ticks go to the app one at a time; then its effects run and a frame is drawn.
//!
//! All waiting input is handled before a frame is drawn, so that a held key costs one frame a batch. Frames keep a pace when
//! messages pour in, and a frame that changes nothing writes nothing.

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::{Command, style};
use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::effects::{Tasks, TicketedReply};
use super::images::{ImageCache, ImageLayer};
use super::input::{InputReader, InputTranslator};
use super::input_parser::Input;
use super::renderer::Renderer;
use super::requests::Services;
use super::{RunError, SessionSetup, clock, signals, terminal};
use crate::config::{Alert, GraphicsProtocol};
use crate::store::MergedStore;
use crate::tui::app::message::ImageSource;
use crate::tui::app::{App, Effect, Message, Reply, Request, Ticket};
use crate::tui::graphics::{GraphicsSupport, Probe, ProbeOptions, ProbeStep, Protocol, Response};
use crate::tui::screens;
use crate::tui::view;
use crate::tui::view::TerminalTheme;

/// The time of one frame at 60 frames a second.
const FRAME_INTERVAL: Duration = Duration::from_millis(16);
const TICK_INTERVAL: Duration = Duration::from_secs(1);
/// The most replies that are handled before the next frame is due.
const MAX_BATCH: usize = 1_024;
/// The longest text for the clipboard in bytes: terminals silently drop longer sequences.
const MAX_CLIPBOARD_BYTES: usize = 74_994 / 4 * 3;
/// The longest error in the log, in bytes, give or take one of its parts.
const MAX_LOGGED_ERROR: usize = 500;
/// How long each query waits for its response. Over a slow line or on a busy machine one takes some hundred ms.
const QUERY_TIMEOUT: Duration = Duration::from_secs(1);
/// How long the first frame waits for the terminal's background colour: more than a slow line takes, too short to notice.
const BACKGROUND_TIMEOUT: Duration = Duration::from_millis(150);

struct EventLoop {
    app: App,
    appearance: TerminalTheme,
    renderer: Renderer,
    tasks: Tasks,
    translator: InputTranslator,
    images: ImageCache,
    image_layer: ImageLayer,
    /// The terminal's graphics, once they are known.
    graphics: Option<GraphicsSupport>,
    probe: Probe,
    /// When a missing response counts as a no.
    probe_deadline: Instant,
    /// The first frame waits for the background colour and takes the theme from it.
    awaits_background: bool,
    alert: Alert,
    /// Images that wait for the end of the probe.
    pending_images: Vec<(Ticket, ImageSource, Rect)>,
    needs_redraw: bool,
    /// The user asked to clear the terminal before the next frame.
    is_redraw_requested: bool,
    next_frame: Instant,
    /// Set when the session is over.
    end: Option<SessionEnd>,
}

/// Why a session is over.
pub(super) enum SessionEnd {
    Quit,
    OpenWorkspace(String),
}

/// Runs a session on a terminal that is ours until it is over. Returns the tasks that are still running, and where they reply.
pub(super) async fn run(
    session: SessionSetup,
    redraws: &mut UnboundedReceiver<()>,
) -> Result<(SessionEnd, Tasks, UnboundedReceiver<TicketedReply>), RunError> {
    // The theme decides about colours; with NO_COLOR, crossterm would drop attributes as well.
    style::force_color_output(true);
    let (sender, mut replies) = unbounded_channel();
    let mut input = InputReader::new()?;
    let mut event_loop = EventLoop::start(session, |services| Tasks::new(services, sender))?;
    let mut ticks = interval(TICK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let end = loop {
        if let Some(end) = event_loop.end.take() {
            break end;
        }
        if event_loop.needs_redraw && Instant::now() >= event_loop.next_frame {
            event_loop.draw()?;
        }
        tokio::select! {
            inputs = input.next() => event_loop.handle_inputs(inputs)?,
            _ = replies.recv_many(&mut batch, MAX_BATCH) => batch.drain(..).for_each(|reply| event_loop.handle_reply(reply)),
            Some(()) = redraws.recv() => event_loop.redraw_all()?,
            _ = ticks.tick() => event_loop.tick(),
            () = sleep_until(event_loop.next_frame), if event_loop.needs_redraw => {}
            () = sleep_until(event_loop.probe_deadline), if event_loop.graphics.is_none() => event_loop.finish_probe(),
        }
    };
    Ok((end, event_loop.tasks, replies))
}

/// What the requests of a session work with; a second store is merged into what they read.
fn services(session: SessionSetup) -> Services {
    let mut store = session.store;
    let primary = Arc::clone(&store.reader);
    if let Some(second) = session.second_store {
        store.reader = Arc::new(MergedStore::new(Arc::clone(&primary), second));
    }
    let app = session.app;
    Services {
        store,
        primary,
        journal: session.journal,
        policy: session.policy,
        evidence_sources: session.evidence_sources,
        user: app.user,
        protected_slots: app.protected_slots,
        writes_tags: app.writes_tags,
        read_only_reason: app.read_only_reason,
        view_files: session.view_files,
    }
}

/// The protocol of the setting; none if the terminal decides.
fn requested_protocol(choice: GraphicsProtocol) -> Option<Protocol> {
    match choice {
        GraphicsProtocol::Auto => None,
        GraphicsProtocol::Kitty => Some(Protocol::Kitty),
        GraphicsProtocol::Sixel => Some(Protocol::Sixel),
        GraphicsProtocol::Iterm2 => Some(Protocol::Iterm2),
        GraphicsProtocol::Blocks => Some(Protocol::HalfBlocks),
    }
}

/// Whether the environment names GNU screen, which passes the colour query on to a terminal around it: its own DA1 comes
/// before that response, or instead of it.
fn is_gnu_screen() -> bool {
    std::env::var("TERM").is_ok_and(|term| term == "screen" || term.starts_with("screen."))
}

/// The name of a variant for the log, with the error that it holds, if any: values can be long, and texts that people typed.
fn summarize(value: &impl Debug) -> String {
    /// Stops the formatting after the name.
    #[derive(Default)]
    struct Summary(String);
    impl std::fmt::Write for Summary {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.push_str(text);
            let end = self.0.find(|c: char| !c.is_alphanumeric());
            let is_whole = end.is_some_and(|end| {
                let content = &self.0[end..];
                !"(Err(".starts_with(content) && !content.starts_with("(Err(")
            });
            if is_whole || self.0.len() > MAX_LOGGED_ERROR {
                return Err(std::fmt::Error);
            }
            Ok(())
        }
    }
    let mut summary = Summary::default();
    let _ = write!(summary, "{value:?}");
    match summary.0.find(|c: char| !c.is_alphanumeric()) {
        Some(end) if !summary.0[end..].starts_with("(Err(") => summary.0[..end].to_owned(),
        _ => summary.0,
    }
}

impl EventLoop {
    /// Starts the app's first requests and the probe of the terminal.
    fn start(
        session: SessionSetup,
        tasks: impl FnOnce(Services) -> Tasks,
    ) -> Result<Self, RunError> {
        let awaits_background = session.follows_background && !is_gnu_screen();
        let (probe, query) = Probe::start(ProbeOptions {
            protocol: requested_protocol(session.pictures),
            colors: awaits_background,
            in_tmux: std::env::var_os("TMUX").is_some_and(|name| !name.is_empty()),
        });
        terminal::write(&query)?;
        let (size, now) = (terminal::size(), Instant::now());
        let (app, effects) = screens::start(
            session.app.clone(),
            session.keymap.clone(),
            size,
            clock::now(),
            &session.start,
        );
        let mut event_loop = Self {
            app,
            appearance: session.appearance.clone(),
            renderer: Renderer::new(size)?,
            alert: session.alert,
            tasks: tasks(services(session)),
            translator: InputTranslator::default(),
            images: ImageCache::default(),
            image_layer: ImageLayer::default(),
            graphics: None,
            probe,
            probe_deadline: if query.is_empty() {
                now
            } else {
                now + QUERY_TIMEOUT
            },
            awaits_background,
            pending_images: Vec::new(),
            needs_redraw: true,
            is_redraw_requested: false,
            next_frame: if awaits_background {
                now + BACKGROUND_TIMEOUT
            } else {
                now
            },
            end: None,
        };
        for effect in effects {
            event_loop.run_effect(effect);
        }
        Ok(event_loop)
    }

    fn handle_inputs(&mut self, inputs: io::Result<Vec<Input>>) -> Result<(), RunError> {
        let inputs = inputs.or_else(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => signals::hang_up(),
            _ => Err(error),
        })?;
        for input in inputs {
            match input {
                Input::Response(response) => self.handle_response(response)?,
                Input::Event(event) => {
                    if let Some(message) = self.translator.translate(event) {
                        self.dispatch(message);
                    }
                }
            }
            if self.end.is_some() {
                break;
            }
        }
        if std::mem::take(&mut self.is_redraw_requested) {
            self.redraw_all()?;
        }
        Ok(())
    }

    /// Takes a response to the probe, unless it comes after the deadline.
    fn handle_response(&mut self, response: Response) -> Result<(), RunError> {
        if self.graphics.is_some() {
            return Ok(());
        }
        let step = self.probe.advance(response);
        if self.awaits_background && step != ProbeStep::Wait {
            self.next_frame = Instant::now();
        }
        match step {
            ProbeStep::Wait => {}
            ProbeStep::Send(query) => {
                terminal::write(&query)?;
                self.probe_deadline = Instant::now() + QUERY_TIMEOUT;
            }
            ProbeStep::Done => self.finish_probe(),
        }
        Ok(())
    }

    fn finish_probe(&mut self) {
        let mut graphics = self.probe.support();
        graphics.cell_size = graphics.cell_size.or_else(terminal::cell_size);
        tracing::info!(
            ?graphics,
            light = self.probe.is_light(),
            "probed the terminal"
        );
        self.graphics = Some(graphics);
        for (ticket, source, area) in std::mem::take(&mut self.pending_images) {
            self.tasks
                .spawn_image(ticket, source, area, graphics, self.images.clone());
        }
    }

    /// Changes the dark theme of the start to the light one on a light background.
    fn follow_background(&mut self) {
        if std::mem::take(&mut self.awaits_background) && self.probe.is_light() {
            self.appearance.set_theme("light");
            let session = &mut self.app.shared.session;
            "light".clone_into(&mut session.theme);
            session.is_dark = false;
        }
    }

    fn handle_reply(&mut self, reply: TicketedReply) {
        self.tasks.mark_done(&reply);
        let (ticket, reply) = reply;
        tracing::debug!(ticket = ticket.0, reply = summarize(&reply), "reply");
        self.dispatch(Message::Reply(ticket, reply));
    }

    fn tick(&mut self) {
        self.app.shared.rate_limit_wait = self.tasks.rate_limit_wait();
        self.dispatch(Message::Tick);
    }

    fn dispatch(&mut self, message: Message) {
        self.needs_redraw = true;
        let effects = self.app.update(clock::now(), message);
        for effect in effects {
            self.run_effect(effect);
        }
    }

    fn run_effect(&mut self, effect: Effect) {
        match &effect {
            Effect::Request(ticket, request) => {
                tracing::debug!(ticket = ticket.0, request = summarize(request), "request");
            }
            other => tracing::debug!(effect = summarize(other), "effect"),
        }
        match effect {
            Effect::Request(ticket, Request::Image(source, area)) => match self.graphics {
                Some(graphics) => {
                    self.tasks
                        .spawn_image(ticket, source, area, graphics, self.images.clone());
                }
                None => self.pending_images.push((ticket, source, area)),
            },
            Effect::Request(ticket, request) => self.tasks.spawn(ticket, request),
            Effect::NextPage(ticket) => self.tasks.next_page(ticket),
            Effect::Cancel(ticket) => self.tasks.cancel(ticket),
            Effect::Copy(ticket, text) => self.copy_to_clipboard(ticket, &text),
            Effect::Suspend => {
                if !signals::stop_job() {
                    self.dispatch(Message::SuspendFailed);
                }
            }
            // The next frame reports a terminal that can't be written to.
            Effect::Alert(text) => drop(terminal::write(
                self.alert.escape_sequence(&text).as_bytes(),
            )),
            Effect::SetTheme(name) => self.appearance.set_theme(&name),
            Effect::Redraw => self.is_redraw_requested = true,
            Effect::OpenWorkspace(name) => self.end = Some(SessionEnd::OpenWorkspace(name)),
            Effect::Quit => self.end = Some(SessionEnd::Quit),
        }
    }

    /// Copies by OSC 52, whose base64 keeps the text from driving the terminal.
    fn copy_to_clipboard(&self, ticket: Ticket, text: &str) {
        let copied = if text.len() > MAX_CLIPBOARD_BYTES {
            Err(format!(
                "{} bytes are more than terminals accept, {MAX_CLIPBOARD_BYTES}",
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
            Reply::Copied(copied.map_err(|error| format!("can't copy to the clipboard: {error}"))),
        );
    }

    /// Draws the whole screen, after a resize or after another program used the terminal.
    fn redraw_all(&mut self) -> Result<(), RunError> {
        self.needs_redraw = true;
        self.image_layer.mark_cleared();
        Ok(self.renderer.reset(terminal::size())?)
    }

    fn draw(&mut self) -> Result<(), RunError> {
        let size = terminal::size();
        // The renderer may know the size already, from a redraw.
        if size != self.app.size {
            self.dispatch(Message::Resize {
                width: size.width,
                height: size.height,
            });
        }
        if size != self.renderer.size() {
            self.renderer.reset(size)?;
            self.image_layer.mark_cleared();
        }
        self.follow_background();
        self.needs_redraw = false;
        self.next_frame = Instant::now() + FRAME_INTERVAL;
        let Self {
            app,
            appearance,
            renderer,
            ..
        } = self;
        renderer.set_scrolling(app.terminal_image().is_none());
        renderer.draw(|frame| view::draw(frame, app, appearance))?;
        if let Some(graphics) = self.graphics
            && self
                .image_layer
                .sync(self.app.terminal_image(), &self.images, graphics)?
        {
            // The renderer does not know the cells under the image.
            self.renderer.reset(size)?;
            self.needs_redraw = true;
        }
        Ok(())
    }
}
