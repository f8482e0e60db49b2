//! The interface of a screen.

use std::any::Any;
use std::fmt::Debug;

use ratatui::layout::Rect;

use super::context::UpdateContext;
use super::cursor::Cursor;
use super::layout::Size;
use super::message::{Mouse, Reply, Ticket};
use super::remote::Remote;
use super::session::SharedState;
use super::tab_bar::TabBar;
use super::text_filter::TextFilter;
use crate::config::keymap::{Action, Scope};
use crate::domain::{Millis, StoreError};

/// The age and origin of the data on a screen. Times are ms since the epoch.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(
    missing_docs,
    reason = "the other fields are named after what they hold"
)]
pub struct Freshness {
    pub fetched_at: Option<Millis>,
    /// Since when a visible request is under way.
    pub loading_since: Option<Millis>,
    /// Loaded and total items while a listing streams in.
    pub progress: Option<(u64, Option<u64>)>,
    pub error: Option<StoreError>,
    /// The time between two automatic refreshes, in ms.
    pub poll_interval: Option<Millis>,
    /// Whether slow responses make that longer than the session's interval.
    pub is_backing_off: bool,
}

impl Freshness {
    pub(crate) fn of<T>(remote: &Remote<T>) -> Self {
        Self {
            fetched_at: remote.fetched_at(),
            loading_since: remote.loading_since(),
            error: remote.error().cloned(),
            ..Self::default()
        }
    }
}

/// The list that motions, the mouse and find work on.
#[expect(
    missing_docs,
    reason = "the other fields are named after what they hold"
)]
pub struct FocusedList<'a> {
    pub cursor: &'a mut Cursor,
    /// The number of items.
    pub len: usize,
    /// The number of visible rows.
    pub height: usize,
    /// The terminal row of the first visible item.
    pub top: u16,
}

impl<'a> FocusedList<'a> {
    pub(crate) fn new(cursor: &'a mut Cursor, len: usize, rows: Rect) -> Self {
        Self {
            cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        }
    }
}

/// A screen's state and its reactions. Keys are in the keymap, drawing is in `tui::view::screens`.
pub trait Screen: Any + Debug {
    /// Where its keys are bound. Two screens of one scope are of the same kind.
    fn scope(&self) -> Scope;

    /// The path in the top line, outermost first, cleaned.
    fn breadcrumbs(&self, shared: &SharedState) -> Vec<String>;

    /// The age of its data, for the top line.
    fn freshness(&self, shared: &SharedState) -> Freshness;

    /// Requests its data: when it is opened and on a refresh.
    fn request_data(&mut self, context: &mut UpdateContext<'_>);

    /// Returns false for an action that this screen does not have.
    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool;

    /// Returns a reply that belongs to another screen.
    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply>;

    /// Called for every open screen after a plan was applied.
    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        let _ = context;
    }

    /// The list that has the focus.
    fn list(&mut self, size: Size, shared: &SharedState) -> Option<FocusedList<'_>>;

    /// Scrolls a pane other than the list. Returns false for an action that is for the list.
    fn scroll_pane(&mut self, action: Action, size: Size) -> bool {
        let _ = (action, size);
        false
    }

    /// Finds a text in an open preview: the next match with step 1, the one before with -1, the nearest with 0. Returns
    /// whether there is one, or `None` without a preview.
    fn find_in_preview(&mut self, text: &str, step: isize, size: Size) -> Option<bool> {
        let _ = (text, step, size);
        None
    }

    /// The tabs, where it has some.
    fn tabs(&self, size: Size) -> Option<TabBar> {
        let _ = size;
        None
    }

    /// Shows a tab by its index.
    fn select_tab(&mut self, index: usize, context: &mut UpdateContext<'_>) {
        let _ = (index, context);
    }

    /// Takes a motion to a list item that the list does not hold. Returns whether it is one.
    fn jump(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let _ = (action, context);
        false
    }

    /// Whether it handles motions itself, in two dimensions.
    fn has_spatial_cursor(&self) -> bool {
        false
    }

    /// The text of a list item that find searches, cleaned.
    fn row_label(&self, row: usize, shared: &SharedState) -> String;

    /// The title of the filter prompt and the filter, where the screen's list has one.
    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        None
    }

    /// Called after the text filter changed.
    fn after_filter(&mut self, shared: &SharedState) {
        let _ = shared;
    }

    /// Takes a mouse event in the body. A click on a list item has moved the cursor there before. Returns whether a click
    /// selected something that a double click opens.
    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) -> bool {
        let _ = (mouse, context);
        false
    }

    /// Called after every update while it is on top: derives state and requests what became visible.
    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        let _ = context;
    }
}

impl dyn Screen {
    /// The concrete screen, if it is an `S`.
    #[must_use]
    pub fn downcast_ref<S: Screen>(&self) -> Option<&S> {
        let any: &dyn Any = self;
        any.downcast_ref()
    }

    pub(super) fn downcast_mut<S: Screen>(&mut self) -> Option<&mut S> {
        let any: &mut dyn Any = self;
        any.downcast_mut()
    }
}

/// A screen on the stack, with its find text.
#[derive(Debug)]
pub struct OpenScreen {
    pub(super) screen: Box<dyn Screen>,
    pub(super) search_text: String,
}

impl OpenScreen {
    pub(super) fn new(screen: Box<dyn Screen>) -> Self {
        Self {
            screen,
            search_text: String::new(),
        }
    }
}
