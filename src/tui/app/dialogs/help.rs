//! Help: all keys and symbols, with a filter; enter runs the action under the cursor.

use tui_input::{Input, InputRequest};

use super::Dialog;
use crate::config::keymap::{Action, Binding, Keymap, Scope};
use crate::domain::SlotKinds;
use crate::text::width::{width, wrap};
use crate::tui::app::context::UpdateContext;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::legend::LEGEND;
use crate::tui::app::message::{Reply, Ticket};
use crate::tui::app::navigation::Navigate;

/// The sections of dialogs, after those of screens.
const DIALOGS: [Scope; 6] = [
    Scope::Plan,
    Scope::Picker,
    Scope::Columns,
    Scope::Prompt,
    Scope::Pager,
    Scope::Review,
];

/// Rows of the frame, the filter and an empty line above and below the list.
const CHROME_ROWS: u16 = 3;

/// The cells of the frame and of the spaces inside it.
const FRAME_CELLS: u16 = 4;
/// The cells of the keys, and of the first key where there is room for no more.
const KEYS_WIDTH: (u16, u16) = (18, 9);
/// From this width on, in cells, all keys of an action are shown.
pub const ALL_KEYS_WIDTH: u16 = 60;
/// The cells around the keys.
const KEY_GAPS: u16 = 2;

/// A line of help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpLine {
    Title(&'static str),
    Blank,
    Key {
        /// Joined by spaces.
        keys: String,
        action: Action,
        about: &'static str,
        scope: Scope,
    },
    /// An index into [`LEGEND`].
    Symbol(usize),
}

impl HelpLine {
    /// Whether the cursor stops here.
    fn is_item(&self) -> bool {
        matches!(self, Self::Key { .. } | Self::Symbol(_))
    }

    fn matches(&self, words: &[String]) -> bool {
        let (text, keys) = match self {
            Self::Key {
                keys,
                action,
                about,
                scope,
            } => (
                format!(
                    "{} {} {} {}",
                    action.name(),
                    about,
                    action.synonyms().join(" "),
                    scope.title()
                ),
                keys.as_str(),
            ),
            Self::Symbol(at) => {
                let (symbol, ascii, meaning) = LEGEND[*at];
                (format!("{meaning} legend symbol {ascii}"), symbol)
            }
            _ => return false,
        };
        let text = text.to_lowercase();
        words.iter().all(|word| {
            keys.split(' ').any(|key| key == word) || text.contains(&word.to_lowercase())
        })
    }
}

/// The dialog.
#[derive(Debug)]
pub struct HelpDialog {
    pub input: Input,
    /// Over the visible lines.
    pub cursor: Cursor,
    scope: Scope,
    /// The dialog that it was opened in, which returns when it is closed.
    over: Option<Box<Dialog>>,
    all: Vec<HelpLine>,
    visible: Vec<HelpLine>,
}

impl HelpDialog {
    /// The keys that `is_available` permits: first those of the screen `scope`, then those of every screen.
    #[must_use]
    pub fn new(
        scope: Scope,
        keymap: &Keymap,
        slots: SlotKinds,
        is_available: impl Fn(Action) -> bool,
    ) -> Self {
        let others = Scope::SCREENS.into_iter().filter(|other| *other != scope);
        let parts = [scope, Scope::Global].into_iter();
        let parts = parts.chain(others).chain(DIALOGS);
        Self::of_parts(parts, keymap, slots, is_available)
    }

    /// The keys of a dialog, which returns when help is closed.
    #[must_use]
    pub fn of_dialog(
        dialog: Dialog,
        keymap: &Keymap,
        slots: SlotKinds,
        is_available: impl Fn(Action) -> bool,
    ) -> Self {
        let parts = std::iter::once(dialog.scope());
        Self {
            over: Some(Box::new(dialog)),
            ..Self::of_parts(parts, keymap, slots, is_available)
        }
    }

    /// The keys of these scopes; the first is where they are pressed.
    fn of_parts(
        parts: impl Iterator<Item = Scope>,
        keymap: &Keymap,
        slots: SlotKinds,
        is_available: impl Fn(Action) -> bool,
    ) -> Self {
        let mut all = Vec::new();
        let mut scope = Scope::Global;
        for (nth, part) in parts.enumerate() {
            if nth == 0 {
                scope = part;
            }
            let is_shown = |binding: &&Binding| {
                binding.scope == part
                    && binding.action.is_for(slots)
                    && (is_available(binding.action) || (nth > 0 && DIALOGS.contains(&part)))
            };
            let mut bindings: Vec<&Binding> = keymap.bindings(part).filter(is_shown).collect();
            // The keys that the footer names come first.
            bindings.sort_by_key(|binding| (binding.hint.is_none(), binding.rank));
            let lines = bindings
                .into_iter()
                .map(|binding| key_line(binding, slots))
                .collect();
            push_section(&mut all, part.title(), lines);
        }
        let symbols = (0..LEGEND.len()).map(HelpLine::Symbol).collect();
        push_section(&mut all, "Symbols", symbols);
        all.pop();
        let mut help = Self {
            input: Input::default(),
            cursor: Cursor::default(),
            scope,
            over: None,
            visible: all.clone(),
            all,
        };
        help.move_to_item(true);
        help
    }

    /// The dialog that it was opened in.
    #[must_use]
    pub fn over(&self) -> Option<&Dialog> {
        self.over.as_deref()
    }

    /// The dialog that returns.
    pub(in crate::tui::app) fn into_over(self) -> Option<Dialog> {
        self.over.map(|dialog| *dialog)
    }

    pub(super) fn resize(&mut self, context: &mut UpdateContext<'_>) {
        if let Some(over) = &mut self.over {
            over.resize(context);
        }
    }

    /// A reply for the dialog that it was opened in.
    pub(super) fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match &mut self.over {
            Some(over) => over.handle_reply(ticket, reply, context),
            None => Some(reply),
        }
    }

    /// The lines that pass the filter; without one, in sections with titles.
    #[must_use]
    pub fn lines(&self) -> &[HelpLine] {
        &self.visible
    }

    /// The number of the item under the cursor, from 1, and of all items.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        let count = |lines: &[HelpLine]| lines.iter().filter(|line| line.is_item()).count();
        let until = (self.cursor.index + 1).min(self.visible.len());
        (count(&self.visible[..until]), count(&self.visible))
    }

    #[must_use]
    pub fn area(size: Size) -> ratatui::layout::Rect {
        dialog_area(size, 100, size.height)
    }

    /// The rows of the list.
    #[must_use]
    pub fn list_height(&self, size: Size) -> usize {
        let inside = Self::area(size).height.saturating_sub(CHROME_ROWS);
        let below = self.detail_lines(size).len() as u16;
        usize::from(inside - below.min(inside / 2))
    }

    /// The meaning of the line under the cursor in full, where its row cuts it.
    #[must_use]
    pub fn detail_lines(&self, size: Size) -> Vec<String> {
        let room = Self::area(size).width.saturating_sub(FRAME_CELLS);
        let text = match self.current() {
            Some(HelpLine::Key { about, .. }) => about,
            Some(HelpLine::Symbol(at)) => LEGEND[*at].2,
            _ => return Vec::new(),
        };
        if width(text) + Self::keys_width(room) + KEY_GAPS <= room {
            return Vec::new();
        }
        wrap(text, room)
    }

    /// The cells of the column of keys.
    #[must_use]
    pub fn keys_width(room: u16) -> u16 {
        if room < ALL_KEYS_WIDTH {
            KEYS_WIDTH.1
        } else {
            KEYS_WIDTH.0
        }
    }

    fn current(&self) -> Option<&HelpLine> {
        self.visible.get(self.cursor.index)
    }

    pub(in crate::tui::app) fn accept_hint(&self) -> &'static str {
        match self.current() {
            Some(HelpLine::Key { scope, .. })
                if *scope == self.scope || *scope == Scope::Global =>
            {
                "run"
            }
            Some(HelpLine::Key { .. }) => "where it works",
            _ => "",
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        let words: Vec<String> = self
            .input
            .value()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        self.visible = if words.is_empty() {
            self.all.clone()
        } else {
            let found = self.all.iter().filter(|line| line.matches(&words));
            found.cloned().collect()
        };
        self.cursor = Cursor::default();
        self.move_to_item(true);
    }

    /// Moves the cursor off a title, downwards or upwards.
    fn move_to_item(&mut self, down: bool) {
        let at = self.cursor.index.min(self.visible.len());
        let is_item = |index: &usize| self.visible[*index].is_item();
        let below = (at..self.visible.len()).find(is_item);
        let above = (0..(at + 1).min(self.visible.len())).rev().find(is_item);
        let to = if down {
            below.or(above)
        } else {
            above.or(below)
        };
        self.cursor.index = to.unwrap_or(0);
    }

    /// Moves the cursor to the line in a row of the screen. Returns false where there is no item.
    pub(in crate::tui::app) fn select_at(&mut self, y: u16, size: Size) -> bool {
        let top = Self::area(size).y + 2;
        let index = self.cursor.top + usize::from(y.saturating_sub(top));
        let is_item = y >= top
            && usize::from(y - top) < self.list_height(size)
            && self.visible.get(index).is_some_and(HelpLine::is_item);
        if is_item {
            self.cursor.index = index;
        }
        is_item
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let motion = match action {
            Action::Next => Action::Down,
            Action::Previous => Action::Up,
            Action::Accept => return self.run(context),
            other => other,
        };
        let height = self.list_height(context.size);
        let is_down = matches!(
            motion,
            Action::Down | Action::PageDown | Action::HalfPageDown | Action::Top
        );
        if self.cursor.apply_motion(motion, self.visible.len(), height) {
            self.move_to_item(is_down);
            self.cursor.clamp(self.visible.len(), height);
            // The title above the first item is visible with it.
            let is_first = !self.visible[..self.cursor.index]
                .iter()
                .any(HelpLine::is_item);
            if is_first {
                self.cursor.top = 0;
            }
        }
    }

    /// Runs the action under the cursor, or says where it works.
    fn run(&self, context: &mut UpdateContext<'_>) {
        let Some(HelpLine::Key { action, scope, .. }) = self.current() else {
            return;
        };
        context.close_dialog();
        if *scope == self.scope || *scope == Scope::Global {
            context.navigation.push(Navigate::Perform(*action));
        } else {
            context.notify(format!("`{}` works on {}", action.name(), scope.title()));
        }
    }
}

fn key_line(binding: &Binding, slots: SlotKinds) -> HelpLine {
    let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
    HelpLine::Key {
        keys: keys.join(" "),
        action: binding.action,
        about: binding.action.description_for(slots),
        scope: binding.scope,
    }
}

fn push_section(lines: &mut Vec<HelpLine>, title: &'static str, section: Vec<HelpLine>) {
    if !section.is_empty() {
        lines.push(HelpLine::Title(title));
        lines.extend(section);
        lines.push(HelpLine::Blank);
    }
}
