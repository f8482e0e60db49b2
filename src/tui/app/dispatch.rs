//! Where messages go: keys to actions, actions to the dialog or the screen, answers to whoever asked.

use super::Parts;
use super::layout::Size;
use super::message::{Effect, Message, Mouse, Reply, Ticket};
use super::overlays::Overlay;
use super::shared::{Context, Go, Shared};
use crate::config::keymap::{Action, Key, Needs};
use crate::config::views::ViewError;
use crate::domain::{Fault, Millis};
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::screens::Screen;

/// Lines that one notch of the wheel moves.
const WHEEL_LINES: i16 = 3;

impl Parts<'_> {
    /// Takes a message.
    pub(super) fn take(&mut self, message: Message, context: &mut Context<'_>) {
        match message {
            Message::Key(key) => self.key(key, context),
            Message::Paste(text) => {
                if let Some(overlay) = self.overlay {
                    overlay.paste(&text, context);
                }
            }
            Message::Mouse(mouse) => self.mouse(mouse, context),
            Message::Resize { width, height } => {
                *self.size = Size { width, height };
                context.size = *self.size;
                if let Some(Overlay::Picture(view)) = self.overlay {
                    view.resize(context);
                }
            }
            Message::Tick => {}
            Message::Reply(ticket, reply) => self.reply(ticket, reply, context),
        }
    }

    fn key(&mut self, key: Key, context: &mut Context<'_>) {
        let scope = self
            .overlay
            .as_ref()
            .map_or_else(|| self.screen().scope(), Overlay::scope);
        let can_write = context.shared.session.can_write;
        let bound = self.keymap.action(scope, key);
        let Some(action) = bound.filter(|action| action.needs() == Needs::Look || can_write) else {
            if let Some(overlay) = self.overlay {
                overlay.type_key(key, context);
            } else if bound.is_some() {
                let why = context.shared.session.read_only_why.clone();
                context.say(format!("not here: {why}"));
            }
            return;
        };
        self.act(action, context);
    }

    pub(super) fn act(&mut self, action: Action, context: &mut Context<'_>) {
        if action != Action::Interrupt {
            *self.interrupted = false;
        }
        match action {
            Action::Interrupt => return self.interrupt(context),
            Action::Suspend => return context.effects.push(Effect::Suspend),
            Action::Quit => return context.effects.push(Effect::Quit),
            _ => {}
        }
        match self.overlay {
            Some(
                Overlay::Help(..)
                | Overlay::Messages(_)
                | Overlay::Picture(_)
                | Overlay::Diff(_)
                | Overlay::Review(_)
                | Overlay::Picker(_)
                | Overlay::Columns(_),
            ) if action == Action::Back => {
                *self.overlay = None;
            }
            Some(overlay) => overlay.on(action, context),
            None => self.on_screen(action, context),
        }
    }

    /// The first time, what is under way is cancelled; the second time, the program ends.
    fn interrupt(&mut self, context: &mut Context<'_>) {
        if *self.interrupted {
            context.effects.push(Effect::Quit);
            return;
        }
        *self.interrupted = true;
        if self.overlay.is_some() {
            self.act_back(context);
        } else {
            let screen = self.screen_mut();
            if screen.freshness(context.shared).loading.is_some() {
                screen.on(Action::Back, context);
            }
        }
        *self.interrupted = true;
        context.say("ctrl-c once more quits");
    }

    fn act_back(&mut self, context: &mut Context<'_>) {
        match self.overlay {
            Some(overlay @ (Overlay::Plan(_) | Overlay::Prompt(_) | Overlay::Register(_))) => {
                overlay.on(Action::Back, context)
            }
            _ => *self.overlay = None,
        }
    }

    fn on_screen(&mut self, action: Action, context: &mut Context<'_>) {
        if self.move_cursor(action, context)
            || self.screen_mut().on(action, context)
            || self.go(action, context)
        {
            return;
        }
        self.anywhere(action, context);
    }

    fn move_cursor(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let size = context.size;
        if self.screen().walks() {
            return false;
        }
        let Some(list) = self.screen_mut().list(size, context.shared) else {
            return false;
        };
        list.cursor.travel(action, list.len, list.height)
    }

    fn anywhere(&mut self, action: Action, context: &mut Context<'_>) {
        match action {
            Action::Back | Action::Close => {
                if action == Action::Back && context.shared.notices.dismiss(context.now) {
                    return;
                }
                if self.screens.len() > 1 {
                    context.go.push(Go::Back);
                } else if action == Action::Close {
                    context.effects.push(Effect::Quit);
                }
            }
            Action::Refresh => self.refresh(context),
            Action::Find => {
                let overlay = Overlay::find(self.screen().needle());
                *self.overlay = Some(overlay);
            }
            Action::FindNext => find(self.screen_mut(), 1, context),
            Action::FindPrevious => find(self.screen_mut(), -1, context),
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
                    !dialogs_only.contains(action) && (action.needs() == Needs::Look || can_write)
                });
                *self.overlay = Some(Overlay::palette(actions, self.keymap, scope));
            }
            Action::Marks => self.list_marks(context),
            Action::Help => {
                *self.overlay = Some(Overlay::Help(self.screen().scope(), Cursor::default()))
            }
            Action::Messages => *self.overlay = Some(Overlay::Messages(Cursor::default())),
            Action::NextTheme => next_theme(context),
            other => context.say(format!("{} means nothing here", other.name())),
        }
    }

    pub(super) fn list_marks(&mut self, context: &mut Context<'_>) {
        if context.shared.marks.is_empty() {
            *self.overlay = None;
            context.say("no run is marked; space marks one");
        } else {
            *self.overlay = Some(Overlay::marks(&context.shared.marks));
        }
    }

    fn refresh(&mut self, context: &mut Context<'_>) {
        context.shared.notices.dismiss(context.now);
        if context.shared.features.value.is_none() && !context.shared.features.is_loading() {
            context.shared.begin(context.effects);
        }
        self.screen_mut().enter(context);
    }

    fn mouse(&mut self, mouse: Mouse, context: &mut Context<'_>) {
        if self.overlay.is_some() {
            if let Mouse::Wheel(lines) = mouse {
                let action = if lines > 0 {
                    Action::Next
                } else {
                    Action::Previous
                };
                if let Some(overlay) = self.overlay {
                    overlay.on(action, context);
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
                None => screen.click(mouse, context),
            },
            Mouse::Drag { .. } => screen.click(mouse, context),
            Mouse::Click { y, .. } => {
                if let Some(list) = screen.list(size, context.shared) {
                    let line = list.cursor.top + usize::from(y.saturating_sub(list.top));
                    if y >= list.top && line < list.len && usize::from(y - list.top) < list.height {
                        list.cursor.at = line;
                    }
                }
                screen.click(mouse, context);
            }
        }
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) {
        let Some(reply) = shared_reply(ticket, reply, context) else {
            return;
        };
        let mut rest = match self.overlay {
            Some(overlay) => overlay.reply(ticket, reply, context),
            None => Some(reply),
        };
        for screen in self.screens.iter_mut().rev() {
            match rest {
                Some(reply) => rest = screen.reply(ticket, reply, context),
                None => return,
            }
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
fn shared_reply(ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
    let now = context.now;
    let shared = &mut *context.shared;
    let say = |notices: &mut super::notices::Notices, fault: &Fault| notices.fault(now, fault);
    match reply {
        Reply::Features(answer) if shared.features.awaits(ticket) => {
            if let Err(fault) = &answer {
                say(&mut shared.notices, fault);
            }
            shared.features.take(answer, now);
        }
        Reply::Models(answer) if shared.models.awaits(ticket) => {
            if let Err(fault) = &answer {
                say(&mut shared.notices, fault);
            }
            let known = shared
                .models
                .refreshing
                .is_some()
                .then(|| shared.models.get().cloned())
                .flatten();
            shared.models.take(answer, now);
            if let Some(text) = known
                .zip(shared.models.get())
                .and_then(|(known, models)| super::moves::told(&known, models))
            {
                context.effects.push(Effect::Alert(text.clone()));
                context.say(text);
            }
        }
        Reply::Histories(answer) => {
            if let Some(fault) = shared.histories.take(ticket, answer) {
                say(&mut shared.notices, &fault);
            }
        }
        Reply::Exported(Ok(done)) => shared.notices.say(now, done),
        Reply::Exported(Err(refused)) => shared.notices.error(now, refused.why, refused.next),
        Reply::ViewSaved(answer) => tell_view(shared, now, answer, "saved, W opens it"),
        Reply::ViewDeleted(answer) => tell_view(shared, now, answer, "deleted"),
        Reply::Copied(answer) => {
            if let Err(why) = answer {
                shared.notices.error(
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
fn tell_view(shared: &mut Shared, now: Millis, answer: Result<String, ViewError>, done: &str) {
    match answer {
        Ok(name) => shared
            .notices
            .say(now, format!("the view {} is {done}", clean(&name))),
        Err(error) => {
            let next = "w saves it under another name; a team's view is deleted in its repository"
                .to_owned();
            shared.notices.error(
                now,
                format!("the view can't be kept or deleted: {error}"),
                next,
            );
        }
    }
}

fn next_theme(context: &mut Context<'_>) {
    let session = &mut context.shared.session;
    let at = session
        .themes
        .iter()
        .position(|name| *name == session.theme)
        .unwrap_or(0);
    let Some(next) = session.themes.get((at + 1) % session.themes.len().max(1)) else {
        return;
    };
    session.theme = next.clone();
    let name = next.clone();
    context.effects.push(Effect::Theme(name.clone()));
    context.say(format!("theme: {name}"));
}

/// Moves the cursor to the nearest line in a direction in which the needle stands: `step` 0 begins at the cursor itself.
pub(super) fn find(screen: &mut Screen, step: isize, context: &mut Context<'_>) {
    let size = context.size;
    let needle = screen.needle().to_lowercase();
    let Some(list) = screen.list(size, context.shared) else {
        return;
    };
    let (len, at, height) = (list.len, list.cursor.at, list.height);
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
            .label(*line, context.shared)
            .to_lowercase()
            .contains(&needle)
    });
    match (found, screen.list(size, context.shared)) {
        (Some(line), Some(list)) => {
            list.cursor.at = line;
            list.cursor.fit(list.len, height);
        }
        _ => context.say(format!("{} is not here", clean(&needle))),
    }
}
