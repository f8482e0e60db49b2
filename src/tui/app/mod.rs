//! The app: state, messages, and `update(state, message) -> effects`. No drawing, no I/O, no clock.
//!
//! [`App::update`] is the only place where state changes. It never awaits: what takes time leaves as an
//! [`Effect`] with a [`Ticket`], and its outcome comes back as a [`Message`] with the same ticket. Who asked
//! keeps the ticket; an answer to a question that is no longer asked finds nobody and is dropped.

pub mod cell;
pub mod cursor;
mod dispatch;
pub mod histories;
pub mod layout;
pub mod live;
pub mod marks;
pub mod message;
mod moves;
pub mod notices;
pub mod overlays;
pub mod pace;
pub mod plot;
pub mod remote;
pub mod shared;
mod travel;

use crate::config::keymap::{Action, Key, Keymap, Needs, Scope};
use crate::config::views::View as SavedView;
use crate::domain::{ExperimentId, Goal, Millis};

pub use crate::tui::screens::Screen;
pub use message::{Effect, Message, Mouse, Reply, Request, Ticket};
pub use overlays::Overlay;
pub use remote::Remote;
pub use shared::{Session, Shared};

use layout::Size;
use shared::{Context, Go};

/// Where the app begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
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
    pub overlay: Option<Overlay>,
    /// What all screens share.
    pub shared: Shared,
    /// The keys.
    pub keymap: Keymap,
    /// The terminal's size in cells.
    pub size: Size,
    /// The time of the last message, ms since the epoch.
    pub now: Millis,
    /// Whether the first ctrl-c was pressed, so that the next one quits.
    interrupted: bool,
}

impl App {
    /// A session's first state, and what it asks for at once.
    #[must_use]
    pub fn new(
        session: Session,
        keymap: Keymap,
        size: Size,
        now: Millis,
        start: &Start,
    ) -> (Self, Vec<Effect>) {
        let mut app = Self {
            screens: vec![Screen::experiments()],
            overlay: None,
            shared: Shared::new(session),
            keymap,
            size,
            now,
            interrupted: false,
        };
        let mut effects = Vec::new();
        app.with_context(&mut effects, |app, context| {
            context.shared.begin(&mut *context.effects);
            context.shared.first_view.clone_from(&start.view);
            if let Some(first) = app.screens.first_mut() {
                first.enter(context);
            }
            if let Some(id) = &start.experiment {
                let name = start.experiment_name.clone().unwrap_or_default();
                if let Some(goal) = &start.goal {
                    context.shared.goals.insert(id.clone(), goal.clone());
                }
                context
                    .go
                    .push(Go::To(Screen::runs(vec![id.clone()], name)));
            }
        });
        (app, effects)
    }

    /// One step: a message changes the state and asks for effects.
    pub fn update(&mut self, now: Millis, message: Message) -> Vec<Effect> {
        self.now = now;
        let mut effects = Vec::new();
        self.with_context(&mut effects, |app, context| app.take(message, context));
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
    pub fn picture(&self) -> Option<(Ticket, ratatui::layout::Rect)> {
        match &self.overlay {
            Some(Overlay::Picture(view)) if matches!(view.seen, overlays::Seen::Above) => {
                Some((view.ticket, overlays::picture_area(self.size)))
            }
            _ => None,
        }
    }

    /// Where keys go: the dialog, or else the screen.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.overlay
            .as_ref()
            .map_or_else(|| self.screen().scope(), Overlay::scope)
    }

    /// Whether the session has what an action needs: the one filter of keys, palette, help and dispatch.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        action.needs() == Needs::Look || self.shared.session.can_write
    }

    /// What a key asks for here.
    #[must_use]
    pub fn action_of(&self, key: Key) -> Option<Action> {
        self.keymap
            .action(self.scope(), key)
            .filter(|action| self.may(*action))
    }

    /// Runs one step with a context, then goes where it wants to go, then lets the seen screen settle.
    fn with_context(
        &mut self,
        effects: &mut Vec<Effect>,
        step: impl FnOnce(&mut Parts<'_>, &mut Context<'_>),
    ) {
        let mut go = Vec::new();
        let mut context = Context {
            now: self.now,
            size: self.size,
            shared: &mut self.shared,
            effects,
            go: &mut go,
        };
        let mut parts = Parts {
            screens: &mut self.screens,
            overlay: &mut self.overlay,
            keymap: &self.keymap,
            size: &mut self.size,
            interrupted: &mut self.interrupted,
        };
        step(&mut parts, &mut context);
        while !context.go.is_empty() {
            for way in std::mem::take(context.go) {
                parts.travel(way, &mut context);
            }
        }
        parts.screen_mut().settle(&mut context);
        // A list that became shorter, by a filter or an answer, keeps its cursor on a line: what is drawn there is what is meant.
        let size = context.size;
        if let Some(list) = parts.screen_mut().list(size, context.shared) {
            list.cursor.fit(list.len, list.height);
        }
    }
}

/// The parts of the state that a step may change beside what the context holds.
struct Parts<'a> {
    screens: &'a mut Vec<Screen>,
    overlay: &'a mut Option<Overlay>,
    keymap: &'a Keymap,
    size: &'a mut Size,
    interrupted: &'a mut bool,
}
