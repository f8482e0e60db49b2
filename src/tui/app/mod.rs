//! The app: state, messages, and `update(state, message) -> effects`. No drawing, no I/O, no clock.
//!
//! [`App::update`] is the only place where state changes. It never awaits: slow work leaves as an [`Effect`] with a
//! [`Ticket`], and its result comes back as a [`Message`] with the same ticket. A reply whose ticket is no longer awaited is
//! dropped.

pub(crate) mod backoff;
pub(crate) mod cell_text;
pub(crate) mod context;
pub(crate) mod cursor;
pub mod dialogs;
mod dispatch;
pub(crate) mod history_cache;
pub(crate) mod key_hints;
pub mod layout;
pub(crate) mod legend;
pub(crate) mod marks;
pub(crate) mod message;
mod mouse;
mod navigation;
pub(crate) mod notifications;
pub(crate) mod plot;
pub(crate) mod polling;
pub(crate) mod remote;
mod replies;
mod screen;
mod session;
pub(crate) mod tab_bar;
pub(crate) mod text_filter;
pub(crate) mod top_line;
mod workspaces;

use crate::config::keymap::{Access, Action, Keymap, Scope};
use crate::domain::Millis;

pub use dialogs::Dialog;
pub use message::{Effect, Message, Mouse, Reply, Request, Ticket};
pub use navigation::{Navigate, ScreenOpeners};
pub use screen::{FocusedList, Freshness, OpenScreen, Screen};
pub use session::{Session, SharedState};

pub(crate) use context::UpdateContext;
pub(crate) use remote::Remote;

use layout::Size;
use notifications::Severity;

/// Whether an action can be performed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability<'a> {
    /// It can.
    Available,
    /// It works in dialogs only, and none is open.
    DialogsOnly,
    /// It writes, and the session is read-only for this reason.
    ReadOnly(&'a str),
}

/// The state of a session.
#[derive(Debug)]
pub struct App {
    /// The open screens, the visible one last; never empty.
    screens: Vec<OpenScreen>,
    /// The dialog over the screen.
    pub dialog: Option<Dialog>,
    /// The state that all screens share.
    pub shared: SharedState,
    /// The key bindings.
    pub keymap: Keymap,
    /// The size of the terminal.
    pub size: Size,
    /// The time of the last message, ms since the epoch.
    pub now: Millis,
    open_screens: ScreenOpeners,
    effects: Vec<Effect>,
    navigation: Vec<Navigate>,
    /// Whether the last action was an interrupt: the next one quits.
    is_interrupted: bool,
    /// Whether this update showed another screen.
    is_screen_changed: bool,
    /// Whether this update opened or closed a dialog.
    is_dialog_changed: bool,
    /// The time and the cell of the last click, for double clicks.
    last_click: Option<(Millis, (u16, u16))>,
}

impl App {
    /// Starts on the screen `home`, below those that `first` opens, and returns the first effects.
    pub(crate) fn start(
        session: Session,
        keymap: Keymap,
        size: Size,
        now: Millis,
        (home, open_screens): (Box<dyn Screen>, ScreenOpeners),
        first: impl FnOnce(&mut UpdateContext<'_>),
    ) -> (Self, Vec<Effect>) {
        let mut app = Self {
            screens: vec![OpenScreen::new(home)],
            dialog: None,
            shared: SharedState::new(session),
            keymap,
            size,
            now,
            open_screens,
            effects: Vec::new(),
            navigation: Vec::new(),
            is_interrupted: false,
            is_screen_changed: false,
            is_dialog_changed: false,
            last_click: None,
        };
        app.shared.load_features(now, &mut app.effects);
        if let Some(error) = app.shared.session.start_error.take() {
            app.shared.notifications.error(now, error, String::new());
        }
        app.with_screen(Screen::request_data);
        first(&mut app.context());
        let effects = app.finish_step();
        (app, effects)
    }

    /// Applies a message and returns the effects that it requests.
    pub fn update(&mut self, now: Millis, message: Message) -> Vec<Effect> {
        self.now = now;
        let known = self.shared.notifications.all.len();
        self.handle_message(message);
        let effects = self.finish_step();
        // Messages disappear with their screen; progress and hints also behind a dialog, and with their dialog.
        let is_changed = std::mem::take(&mut self.is_screen_changed);
        let is_dialog_changed = std::mem::take(&mut self.is_dialog_changed);
        let notifications = &mut self.shared.notifications;
        if is_changed {
            notifications.dismiss_before(known, Severity::Error);
        } else if is_dialog_changed {
            notifications.dismiss_before(known, Severity::Info);
        }
        effects
    }

    /// Navigates as requested, then lets the visible screen derive its state.
    fn finish_step(&mut self) -> Vec<Effect> {
        while !self.navigation.is_empty() {
            for step in std::mem::take(&mut self.navigation) {
                self.navigate(step);
            }
        }
        self.with_screen(|screen, context| {
            screen.after_update(context);
            // A list that became shorter keeps its cursor on an item, the one that is drawn as selected.
            if let Some(list) = screen.list(context.size, context.shared) {
                list.cursor.clamp(list.len, list.height);
            }
        });
        std::mem::take(&mut self.effects)
    }

    /// Opens a screen on top without requesting its data.
    pub fn push_loaded(&mut self, screen: impl Screen) {
        self.screens.push(OpenScreen::new(Box::new(screen)));
    }

    /// The visible screen.
    #[must_use]
    pub fn screen(&self) -> &dyn Screen {
        &*self.screens[self.screens.len() - 1].screen
    }

    /// The visible screen, if it is an `S`.
    #[must_use]
    pub fn screen_as<S: Screen>(&self) -> Option<&S> {
        self.screen().downcast_ref()
    }

    /// The picture that the terminal shows over its cells, and its area.
    #[must_use]
    pub fn terminal_image(&self) -> Option<(Ticket, ratatui::layout::Rect)> {
        match &self.dialog {
            Some(Dialog::Image(image)) if matches!(image.state, dialogs::ImageState::Overlaid) => {
                Some((image.ticket, dialogs::image_area(self.size)))
            }
            _ => None,
        }
    }

    /// Where keys go: to the dialog, else to the screen.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.dialog
            .as_ref()
            .map_or_else(|| self.screen().scope(), Dialog::scope)
    }

    /// Whether an action can be performed now. Keys, mouse, footer, palette and help all ask here.
    #[must_use]
    pub fn availability(&self, action: Action) -> Availability<'_> {
        let session = &self.shared.session;
        match action.access() {
            Access::Write if !session.can_write => {
                Availability::ReadOnly(&session.read_only_reason)
            }
            Access::Dialog if self.dialog.is_none() => Availability::DialogsOnly,
            _ => Availability::Available,
        }
    }

    /// Whether [`Self::availability`] permits an action.
    #[must_use]
    pub fn is_available(&self, action: Action) -> bool {
        self.availability(action) == Availability::Available
    }

    fn split(&mut self) -> (&mut [OpenScreen], &mut Option<Dialog>, UpdateContext<'_>) {
        let context = UpdateContext {
            now: self.now,
            size: self.size,
            shared: &mut self.shared,
            effects: &mut self.effects,
            navigation: &mut self.navigation,
        };
        (&mut self.screens, &mut self.dialog, context)
    }

    fn context(&mut self) -> UpdateContext<'_> {
        self.split().2
    }

    fn with_screen<R>(
        &mut self,
        step: impl FnOnce(&mut dyn Screen, &mut UpdateContext<'_>) -> R,
    ) -> R {
        let (screens, _, mut context) = self.split();
        let last = screens.len() - 1;
        step(&mut *screens[last].screen, &mut context)
    }

    fn with_dialog<R>(
        &mut self,
        step: impl FnOnce(&mut Dialog, &mut UpdateContext<'_>) -> R,
    ) -> Option<R> {
        let (_, dialog, mut context) = self.split();
        dialog.as_mut().map(|dialog| step(dialog, &mut context))
    }

    /// Visits the screens from top to bottom.
    fn for_each_screen(&mut self, mut step: impl FnMut(&mut dyn Screen, &mut UpdateContext<'_>)) {
        let (screens, _, mut context) = self.split();
        for open in screens.iter_mut().rev() {
            step(&mut *open.screen, &mut context);
        }
    }
}
