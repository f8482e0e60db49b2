//! Where messages go: keys to actions, actions to the dialog or the screen, answers to whoever asked.

use super::AppParts;
use super::dialogs::Dialog;
use super::layout::Size;
use super::message::{Effect, Message, Mouse, Reply, Ticket};
use super::shared::{Navigate, SharedState, UpdateContext};
use crate::config::keymap::{Access, Action, Key};
use crate::config::saved_views::ViewError;
use crate::domain::{Millis, StoreError};
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::screens::Screen;

/// Lines that one notch of the wheel moves.
const WHEEL_LINES: i16 = 3;

impl AppParts<'_> {
    /// Takes a message.
    pub(super) fn handle_message(&mut self, message: Message, context: &mut UpdateContext<'_>) {
        match message {
            Message::Key(key) => self.handle_key(key, context),
            Message::Paste(text) => {
                if let Some(dialog) = self.dialog {
                    dialog.paste(&text, context);
                }
            }
            Message::Mouse(mouse) => self.handle_mouse(mouse, context),
            Message::Resize { width, height } => {
                *self.size = Size { width, height };
                context.size = *self.size;
                if let Some(Dialog::Image(view)) = self.dialog {
                    view.resize(context);
                }
            }
            Message::Tick => {}
            Message::Reply(ticket, reply) => self.handle_reply(ticket, reply, context),
        }
    }

    fn handle_key(&mut self, key: Key, context: &mut UpdateContext<'_>) {
        let scope = self
            .dialog
            .as_ref()
            .map_or_else(|| self.screen().scope(), Dialog::scope);
        let can_write = context.shared.session.can_write;
        let bound = self.keymap.action(scope, key);
        let Some(action) = bound.filter(|action| action.access() == Access::Read || can_write)
        else {
            if let Some(dialog) = self.dialog {
                dialog.type_key(key, context);
            } else if bound.is_some() {
                let why = context.shared.session.read_only_reason.clone();
                context.notify(format!("not here: {why}"));
            }
            return;
        };
        self.handle_action(action, context);
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        if action != Action::Interrupt {
            *self.is_interrupted = false;
        }
        match action {
            Action::Interrupt => return self.handle_interrupt(context),
            Action::Suspend => return context.effects.push(Effect::Suspend),
            Action::Quit => return context.effects.push(Effect::Quit),
            _ => {}
        }
        match self.dialog {
            Some(
                Dialog::Help(..)
                | Dialog::Messages(_)
                | Dialog::Image(_)
                | Dialog::Diff(_)
                | Dialog::Review(_)
                | Dialog::Picker(_)
                | Dialog::Columns(_),
            ) if action == Action::Back => {
                *self.dialog = None;
            }
            Some(dialog) => dialog.handle_action(action, context),
            None => self.handle_screen_action(action, context),
        }
    }

    /// The first time, what is under way is cancelled; the second time, the program ends.
    fn handle_interrupt(&mut self, context: &mut UpdateContext<'_>) {
        if *self.is_interrupted {
            context.effects.push(Effect::Quit);
            return;
        }
        *self.is_interrupted = true;
        if self.dialog.is_some() {
            self.close_dialog(context);
        } else {
            let screen = self.screen_mut();
            if screen.freshness(context.shared).loading_since.is_some() {
                screen.handle_action(Action::Back, context);
            }
        }
        *self.is_interrupted = true;
        context.notify("ctrl-c once more quits");
    }

    fn close_dialog(&mut self, context: &mut UpdateContext<'_>) {
        match self.dialog {
            Some(dialog @ (Dialog::Plan(_) | Dialog::Prompt(_) | Dialog::Register(_))) => {
                dialog.handle_action(Action::Back, context);
            }
            _ => *self.dialog = None,
        }
    }

    fn handle_screen_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        if self.move_cursor(action, context)
            || self.screen_mut().handle_action(action, context)
            || self.open_global_screen(action, context)
        {
            return;
        }
        self.handle_global_action(action, context);
    }

    fn move_cursor(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let size = context.size;
        if self.screen().has_spatial_cursor() {
            return false;
        }
        let Some(list) = self.screen_mut().list(size, context.shared) else {
            return false;
        };
        list.cursor.apply_motion(action, list.len, list.height)
    }

    fn handle_global_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match action {
            Action::Back | Action::Close => {
                if action == Action::Back && context.shared.notifications.dismiss(context.now) {
                    return;
                }
                if self.screens.len() > 1 {
                    context.navigation.push(Navigate::Back);
                } else if action == Action::Close {
                    context.effects.push(Effect::Quit);
                }
            }
            Action::Refresh => self.refresh(context),
            Action::Find => {
                let dialog = Dialog::find(self.screen().search_text());
                *self.dialog = Some(dialog);
            }
            Action::FindNext => find_match(self.screen_mut(), 1, context),
            Action::FindPrevious => find_match(self.screen_mut(), -1, context),
            Action::Palette => {
                let can_write = context.shared.session.can_write;
                let scope = self.screen().scope();
                let dialogs_only = [
                    Action::Next,
                    Action::Previous,
                    Action::Accept,
                    Action::Override,
                    Action::ToggleArchive,
                    Action::MoveEarlier,
                    Action::MoveLater,
                    Action::Palette,
                ];
                let actions = Action::ALL.iter().copied().filter(|action| {
                    !dialogs_only.contains(action) && (action.access() == Access::Read || can_write)
                });
                *self.dialog = Some(Dialog::palette(actions, self.keymap, scope));
            }
            Action::Marks => self.open_marks(context),
            Action::Help => {
                *self.dialog = Some(Dialog::Help(self.screen().scope(), Cursor::default()));
            }
            Action::Messages => *self.dialog = Some(Dialog::Messages(Cursor::default())),
            Action::NextTheme => next_theme(context),
            other => context.notify(format!("{} means nothing here", other.name())),
        }
    }

    pub(super) fn open_marks(&mut self, context: &mut UpdateContext<'_>) {
        if context.shared.marks.is_empty() {
            *self.dialog = None;
            context.notify("no run is marked; space marks one");
        } else {
            *self.dialog = Some(Dialog::marks(&context.shared.marks));
        }
    }

    fn refresh(&mut self, context: &mut UpdateContext<'_>) {
        context.shared.notifications.dismiss(context.now);
        if context.shared.features.value.is_none() && !context.shared.features.is_loading() {
            context.shared.load_features(context.effects);
        }
        self.screen_mut().request_data(context);
    }

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) {
        if self.dialog.is_some() {
            if let Mouse::Wheel(lines) = mouse {
                let action = if lines > 0 {
                    Action::Next
                } else {
                    Action::Previous
                };
                if let Some(dialog) = self.dialog {
                    dialog.handle_action(action, context);
                }
            }
            return;
        }
        let size = context.size;
        let screen = self.screen_mut();
        match mouse {
            Mouse::Wheel(lines) => match screen.list(size, context.shared) {
                Some(list) => list
                    .cursor
                    .scroll(lines * WHEEL_LINES, list.len, list.height),
                None => screen.handle_mouse(mouse, context),
            },
            Mouse::Drag { .. } => screen.handle_mouse(mouse, context),
            Mouse::Click { y, .. } => {
                if let Some(list) = screen.list(size, context.shared) {
                    let line = list.cursor.top + usize::from(y.saturating_sub(list.top));
                    if y >= list.top && line < list.len && usize::from(y - list.top) < list.height {
                        list.cursor.index = line;
                    }
                }
                screen.handle_mouse(mouse, context);
            }
        }
    }

    fn handle_reply(&mut self, ticket: Ticket, reply: Reply, context: &mut UpdateContext<'_>) {
        let Some(reply) = handle_shared_reply(ticket, reply, context) else {
            return;
        };
        let mut rest = match self.dialog {
            Some(dialog) => dialog.handle_reply(ticket, reply, context),
            None => Some(reply),
        };
        for screen in self.screens.iter_mut().rev() {
            match rest {
                Some(reply) => rest = screen.handle_reply(ticket, reply, context),
                None => return,
            }
        }
        if let Some(Reply::Runs(_)) = rest {
            // The screen of this listing was closed.
            context.effects.push(Effect::Cancel(ticket));
        }
    }

    fn screen(&self) -> &Screen {
        &self.screens[self.screens.len() - 1]
    }

    pub(super) fn screen_mut(&mut self) -> &mut Screen {
        let last = self.screens.len() - 1;
        &mut self.screens[last]
    }
}

/// Takes the answers that no screen owns.
fn handle_shared_reply(
    ticket: Ticket,
    reply: Reply,
    context: &mut UpdateContext<'_>,
) -> Option<Reply> {
    let now = context.now;
    let shared = &mut *context.shared;
    let report_error = |notices: &mut super::notifications::Notifications, fault: &StoreError| {
        notices.store_error(now, fault);
    };
    match reply {
        Reply::Features(answer) if shared.features.is_awaiting(ticket) => {
            if let Err(fault) = &answer {
                report_error(&mut shared.notifications, fault);
            }
            shared.features.resolve(answer, now);
        }
        Reply::Models(answer) if shared.models.is_awaiting(ticket) => {
            if let Err(fault) = &answer {
                report_error(&mut shared.notifications, fault);
            }
            let before = shared
                .models
                .refreshing
                .is_some()
                .then(|| shared.models.get().cloned())
                .flatten();
            shared.models.resolve(answer, now);
            if let Some(text) = before.zip(shared.models.get()).and_then(|(known, models)| {
                super::registry_changes::summarize_changes(&known, models)
            }) {
                context.effects.push(Effect::Alert(text.clone()));
                context.notify(text);
            }
        }
        Reply::Histories(answer) => {
            if let Some(fault) = shared.histories.resolve(ticket, answer) {
                report_error(&mut shared.notifications, &fault);
            }
        }
        Reply::Exported(Ok(done)) => shared.notifications.info(now, done),
        Reply::Exported(Err(refused)) => {
            shared
                .notifications
                .error(now, refused.message, refused.hint);
        }
        Reply::ViewSaved(answer) => report_view_result(shared, now, answer, "saved, W opens it"),
        Reply::ViewDeleted(answer) => report_view_result(shared, now, answer, "deleted"),
        Reply::Copied(answer) => {
            if let Err(why) = answer {
                shared.notifications.error(
                    now,
                    why,
                    "select the text with the mouse instead (--no-mouse)".into(),
                );
            }
        }
        other => return Some(other),
    }
    None
}

/// Says what became of a view's file; a team's view is the repository's, and stays.
fn report_view_result(
    shared: &mut SharedState,
    now: Millis,
    answer: Result<String, ViewError>,
    done: &str,
) {
    match answer {
        Ok(name) => shared
            .notifications
            .info(now, format!("the view {} is {done}", clean(&name))),
        Err(error) => {
            let next = "w saves it under another name; a team's view is deleted in its repository"
                .to_owned();
            shared.notifications.error(
                now,
                format!("the view can't be kept or deleted: {error}"),
                next,
            );
        }
    }
}

fn next_theme(context: &mut UpdateContext<'_>) {
    let session = &mut context.shared.session;
    let at = session
        .theme_names
        .iter()
        .position(|name| *name == session.theme)
        .unwrap_or(0);
    let Some(next) = session
        .theme_names
        .get((at + 1) % session.theme_names.len().max(1))
    else {
        return;
    };
    session.theme = next.clone();
    let name = next.clone();
    context.effects.push(Effect::SetTheme(name.clone()));
    context.notify(format!("theme: {name}"));
}

/// Moves the cursor to the nearest line in a direction in which the needle stands: `step` 0 begins at the cursor itself.
pub(super) fn find_match(screen: &mut Screen, step: isize, context: &mut UpdateContext<'_>) {
    let size = context.size;
    let needle = screen.search_text().to_lowercase();
    let Some(list) = screen.list(size, context.shared) else {
        return;
    };
    let (len, at, height) = (list.len, list.cursor.index, list.height);
    if needle.is_empty() || len == 0 {
        return;
    }
    // Once around the list, beginning at the line that the step names.
    let first = usize::from(step != 0);
    let mut lines = (first..first + len).map(|i| {
        if step < 0 {
            (at + 2 * len - i) % len
        } else {
            (at + i) % len
        }
    });
    let found = lines.find(|line| {
        screen
            .row_label(*line, context.shared)
            .to_lowercase()
            .contains(&needle)
    });
    match (found, screen.list(size, context.shared)) {
        (Some(line), Some(list)) => {
            list.cursor.index = line;
            list.cursor.clamp(list.len, height);
        }
        _ => context.notify(format!("{} is not here", clean(&needle))),
    }
}
