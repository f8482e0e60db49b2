//! The app: state, messages, and `update(state, message) -> effects`. No drawing, no I/O, no clock.
//!
//! [`App::update`] is the only place where state changes. It never awaits: what takes time leaves as an
//! [`Effect`] with a [`Ticket`], and its outcome comes back as a [`Message`] with the same ticket. Who asked
//! keeps the ticket; an answer to a question that is no longer asked finds nobody and is dropped.

pub mod backoff;
pub mod cell_text;
pub mod cursor;
pub mod dialogs;
mod dispatch;
pub mod history_cache;
pub mod layout;
pub mod marks;
pub mod message;
mod navigation;
pub mod notifications;
pub mod plot;
pub mod polling;
mod registry_changes;
pub mod remote;
pub mod shared;

use crate::config::keymap::{Access, Action, Key, Keymap, Scope};
use crate::config::saved_views::SavedView;
use crate::domain::{ExperimentId, Goal, Millis};

pub use crate::tui::screens::Screen;
pub use dialogs::Dialog;
pub use message::{Effect, Message, Mouse, Reply, Request, Ticket};
pub use remote::Remote;
pub use shared::{Session, SharedState};

use layout::Size;
use shared::{Navigate, UpdateContext};

/// Where the app begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StartOptions {
    /// Opens this experiment's runs at once.
    pub experiment: Option<ExperimentId>,
    /// Its name, for the top line.
    pub experiment_name: Option<String>,
    /// The goal that it declares.
    pub goal: Option<Goal>,
    /// The view that the first table of runs is opened with.
    pub view: Option<SavedView>,
}

/// The whole state of a session.
#[derive(Debug)]
pub struct App {
    /// The screens, the seen one last; never empty.
    pub screens: Vec<Screen>,
    /// What lies over the screen: a dialog, a list, help.
    pub dialog: Option<Dialog>,
    /// What all screens share.
    pub shared: SharedState,
    /// The keys.
    pub keymap: Keymap,
    /// The terminal's size in cells.
    pub size: Size,
    /// The time of the last message, ms since the epoch.
    pub now: Millis,
    /// Whether the first ctrl-c was pressed, so that the next one quits.
    is_interrupted: bool,
}

impl App {
    /// A session's first state, and what it asks for at once.
    #[must_use]
    pub fn new(
        session: Session,
        keymap: Keymap,
        size: Size,
        now: Millis,
        start: &StartOptions,
    ) -> (Self, Vec<Effect>) {
        let mut app = Self {
            screens: vec![Screen::experiments()],
            dialog: None,
            shared: SharedState::new(session),
            keymap,
            size,
            now,
            is_interrupted: false,
        };
        let mut effects = Vec::new();
        app.with_context(&mut effects, |app, context| {
            context.shared.load_features(&mut *context.effects);
            context.shared.initial_view.clone_from(&start.view);
            if let Some(first) = app.screens.first_mut() {
                first.request_data(context);
            }
            if let Some(id) = &start.experiment {
                let name = start.experiment_name.clone().unwrap_or_default();
                if let Some(goal) = &start.goal {
                    context.shared.goals.insert(id.clone(), goal.clone());
                }
                context
                    .navigation
                    .push(Navigate::Push(Screen::runs(vec![id.clone()], name)));
            }
        });
        (app, effects)
    }

    /// One step: a message changes the state and asks for effects.
    pub fn update(&mut self, now: Millis, message: Message) -> Vec<Effect> {
        self.now = now;
        let mut effects = Vec::new();
        self.with_context(&mut effects, |app, context| {
            app.handle_message(message, context);
        });
        effects
    }

    /// The screen that is seen.
    #[must_use]
    pub fn screen(&self) -> &Screen {
        // The stack is made with one screen, and `pop` keeps the last one.
        &self.screens[self.screens.len() - 1]
    }

    /// The picture that the terminal is to lay over its cells, and where.
    #[must_use]
    pub fn terminal_image(&self) -> Option<(Ticket, ratatui::layout::Rect)> {
        match &self.dialog {
            Some(Dialog::Image(view)) if matches!(view.state, dialogs::ImageState::Overlaid) => {
                Some((view.ticket, dialogs::image_area(self.size)))
            }
            _ => None,
        }
    }

    /// Where keys go: the dialog, or else the screen.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.dialog
            .as_ref()
            .map_or_else(|| self.screen().scope(), Dialog::scope)
    }

    /// Whether the session has what an action needs: the one filter of keys, palette, help and dispatch.
    #[must_use]
    pub fn is_allowed(&self, action: Action) -> bool {
        action.access() == Access::Read || self.shared.session.can_write
    }

    /// What a key asks for here.
    #[must_use]
    pub fn action_for(&self, key: Key) -> Option<Action> {
        self.keymap
            .action(self.scope(), key)
            .filter(|action| self.is_allowed(*action))
    }

    /// Runs one step with a context, then goes where it wants to go, then lets the seen screen settle.
    fn with_context(
        &mut self,
        effects: &mut Vec<Effect>,
        step: impl FnOnce(&mut AppParts<'_>, &mut UpdateContext<'_>),
    ) {
        let mut go = Vec::new();
        let mut context = UpdateContext {
            now: self.now,
            size: self.size,
            shared: &mut self.shared,
            effects,
            navigation: &mut go,
        };
        let mut parts = AppParts {
            screens: &mut self.screens,
            dialog: &mut self.dialog,
            keymap: &self.keymap,
            size: &mut self.size,
            is_interrupted: &mut self.is_interrupted,
        };
        step(&mut parts, &mut context);
        while !context.navigation.is_empty() {
            for navigation in std::mem::take(context.navigation) {
                parts.navigate(navigation, &mut context);
            }
        }
        parts.screen_mut().after_update(&mut context);
        // A list that became shorter, by a filter or an answer, keeps its cursor on a line: what is drawn there is what is meant.
        let size = context.size;
        if let Some(list) = parts.screen_mut().list(size, context.shared) {
            list.cursor.clamp(list.len, list.height);
        }
    }
}

/// The parts of the state that a step may change beside what the context holds.
struct AppParts<'a> {
    screens: &'a mut Vec<Screen>,
    dialog: &'a mut Option<Dialog>,
    keymap: &'a Keymap,
    size: &'a mut Size,
    is_interrupted: &'a mut bool,
}
