//! Where messages go: keys to actions, actions to the dialog or the screen, replies to their requester.

use super::dialogs::{Dialog, HelpDialog, Pager, Picker, PickerItem, Prompt, marks};
use super::layout::Size;
use super::message::{Effect, Message, Reply, Ticket};
use super::navigation::Navigate;
use super::screen::Screen;
use super::{App, Availability};
use crate::config::keymap::{Action, Key, Scope};
use crate::text::untrusted::clean;

impl App {
    pub(super) fn handle_message(&mut self, message: Message) {
        match message {
            Message::Key(key) => self.handle_key(key),
            Message::Paste(text) => {
                self.with_dialog(|dialog, context| dialog.paste(&text, context));
            }
            Message::Mouse(mouse) => self.handle_mouse(mouse),
            Message::Resize { width, height } => {
                self.size = Size { width, height };
                self.with_dialog(Dialog::resize);
            }
            Message::Tick => {}
            Message::Reply(ticket, reply) => self.handle_reply(ticket, reply),
            Message::SuspendFailed => self
                .context()
                .notify("can't suspend: this terminal has no shell to return to"),
        }
    }

    fn handle_key(&mut self, key: Key) {
        let bound = self.keymap.action(self.scope(), key);
        // `?` is a character in a field with text.
        let is_text = bound == Some(Action::Help)
            && key.text_char().is_some()
            && self.dialog.as_ref().is_some_and(Dialog::has_typed_text);
        match bound.filter(|_| !is_text) {
            Some(action) if self.dialog.is_none() || self.is_available(action) => {
                self.handle_action(action);
            }
            None if self.dialog.is_none() => self.explain_unbound_key(key),
            _ => {
                self.with_dialog(|dialog, context| dialog.type_key(key, context));
            }
        }
    }

    /// Says where a key works that does nothing here.
    fn explain_unbound_key(&mut self, key: Key) {
        self.is_interrupted = false;
        let bound = Scope::SCREENS
            .into_iter()
            .find_map(|scope| self.keymap.action(scope, key));
        let text = match bound.filter(|action| self.is_available(*action)) {
            Some(action) => format!("{key}: {}", self.where_it_works(action)),
            None => format!("{key} has no action here: ? lists all keys"),
        };
        self.context().notify(text);
    }

    /// The screens on which an action has a key.
    fn where_it_works(&self, action: Action) -> String {
        let screens: Vec<&str> = self.keymap.screens_of(action).map(Scope::title).collect();
        match screens.as_slice() {
            [] => format!("`{}` is not available on this screen", action.name()),
            screens => format!("`{}` works on {}", action.name(), screens.join(", ")),
        }
    }

    pub(super) fn handle_action(&mut self, action: Action) {
        self.is_interrupted &= action == Action::Interrupt;
        if let Availability::ReadOnly(reason) = self.availability(action) {
            let text = format!("`{}` is not available: {reason}", action.name());
            return self.context().notify(text);
        }
        match action {
            Action::Interrupt => self.handle_interrupt(),
            Action::Suspend => self.effects.push(Effect::Suspend),
            Action::Quit => self.effects.push(Effect::Quit),
            Action::Redraw => self.effects.push(Effect::Redraw),
            Action::Help if self.dialog.is_some() => self.open_dialog_help(),
            _ if self.dialog.is_some() => {
                self.with_dialog(|dialog, context| dialog.handle_action(action, context));
            }
            _ => self.handle_screen_action(action),
        }
    }

    /// Cancels what is under way; the second interrupt in a row quits.
    fn handle_interrupt(&mut self) {
        if std::mem::replace(&mut self.is_interrupted, true) {
            return self.effects.push(Effect::Quit);
        }
        if self.dialog.is_some() {
            self.with_dialog(|dialog, context| dialog.handle_action(Action::Back, context));
        } else {
            self.with_screen(|screen, context| {
                if screen.freshness(context.shared).loading_since.is_some() {
                    screen.handle_action(Action::Back, context);
                }
            });
        }
        self.context().notify("press ctrl-c again to quit");
    }

    fn handle_screen_action(&mut self, action: Action) {
        let is_handled = self.with_screen(|screen, context| {
            let is_motion = screen.scroll_pane(action, context.size)
                || screen.jump(action, context)
                || !screen.has_spatial_cursor()
                    && screen
                        .list(context.size, context.shared)
                        .is_some_and(|list| {
                            list.cursor.apply_motion(action, list.len, list.height)
                        });
            is_motion || screen.handle_action(action, context)
        });
        let open_global_screen = self.open_screens.global;
        if is_handled
            || open_global_screen(action, &mut self.context())
            || self.handle_filter_action(action)
        {
            return;
        }
        self.handle_global_action(action);
    }

    /// Opens the prompt of the screen's filter, or clears the filter on the way back.
    fn handle_filter_action(&mut self, action: Action) -> bool {
        let prompt = self.with_screen(|screen, _| {
            let (title, filter) = screen.text_filter()?;
            match action {
                Action::Filter => Some(Some(Prompt::text_filter(title, filter))),
                Action::Back if !filter.is_empty() => Some(None),
                _ => None,
            }
        });
        match prompt {
            Some(Some(prompt)) => self.dialog = Some(Dialog::Prompt(prompt)),
            Some(None) => self.set_filter(String::new()),
            None => return false,
        }
        true
    }

    fn handle_global_action(&mut self, action: Action) {
        match action {
            Action::Back | Action::Close => {
                if action == Action::Back && self.shared.notifications.dismiss(self.now) {
                    return;
                }
                if self.screens.len() > 1 {
                    self.navigation.push(Navigate::Back);
                } else if action == Action::Close {
                    self.effects.push(Effect::Quit);
                } else {
                    self.context().notify("this is the first screen: q quits");
                }
            }
            Action::Refresh => self.refresh(),
            Action::Find => {
                let text = &self.screens[self.screens.len() - 1].search_text;
                self.dialog = Some(Dialog::Prompt(Prompt::find(text)));
            }
            Action::FindNext => self.find_match(1),
            Action::FindPrevious => self.find_match(-1),
            Action::Palette => self.dialog = Some(self.palette()),
            Action::Marks => self.open_marks(),
            Action::Help => {
                let scope = self.screen().scope();
                let slots = self.shared.session.slot_kinds;
                let is_available = |action| self.is_available(action);
                let help = HelpDialog::new(scope, &self.keymap, slots, is_available);
                self.dialog = Some(Dialog::Help(Box::new(help)));
            }
            Action::Messages => self.dialog = Some(Dialog::Messages(Pager::default())),
            Action::Workspaces => self.request_workspaces(),
            Action::NextTheme => self.next_theme(),
            // A motion that leads nowhere needs no words.
            other if other.is_motion() => {}
            other => {
                let text = self.where_it_works(other);
                self.context().notify(text);
            }
        }
    }

    /// Shows the keys of the open dialog, which returns after it. Help itself is closed.
    fn open_dialog_help(&mut self) {
        let slots = self.shared.session.slot_kinds;
        let actions = Action::ALL.iter().copied();
        let works = |action: &Action| {
            let is_used = self.dialog.as_ref().is_none_or(|open| open.uses(*action));
            is_used && self.is_available(*action)
        };
        let available: Vec<Action> = actions.filter(works).collect();
        match self.dialog.take() {
            Some(Dialog::Help(help)) => self.dialog = help.into_over(),
            Some(dialog) => {
                let is_available = |action| available.contains(&action);
                let help = HelpDialog::of_dialog(dialog, &self.keymap, slots, is_available);
                self.dialog = Some(Dialog::Help(Box::new(help)));
            }
            None => {}
        }
        self.is_dialog_changed = true;
    }

    /// All actions by name: first those with a key on this screen, then the global ones, then those of other screens.
    fn palette(&self) -> Dialog {
        let scope = self.screen().scope();
        let order = |action: &Action| {
            let binding = self.keymap.bindings(scope).find(|b| b.action == *action);
            match binding {
                Some(_) if action.is_motion() => (2, 0),
                Some(binding) if binding.scope == Scope::Global => (1, 0),
                Some(binding) if binding.hint.is_some() => (0, binding.rank),
                Some(_) => (0, u8::MAX),
                None if self.keymap.screens_of(*action).next().is_none() => (1, 0),
                None => (3, 0),
            }
        };
        let slots = self.shared.session.slot_kinds;
        let item = |action: Action| {
            let key = self.keymap.first_key(scope, action);
            let key = key.map(|key| key.to_string()).unwrap_or_default();
            let about = action.description_for(slots);
            let mut screens = self.keymap.screens_of(action).map(Scope::title);
            let detail = match screens.next().filter(|_| order(&action).0 == 3) {
                Some(first) => {
                    let others = screens.map(|title| format!(", {title}"));
                    format!("on {first}{}: {about}", others.collect::<String>())
                }
                None => format!("{key:<8} {about}"),
            };
            let words = action.synonyms().iter().map(|word| (*word).to_owned());
            PickerItem::new(action.name(), detail, Navigate::Perform(action)).with_keywords(words)
        };
        let mut actions: Vec<Action> = Action::ALL
            .iter()
            .copied()
            .filter(|action| *action != Action::Palette && self.is_available(*action))
            .collect();
        actions.sort_by_cached_key(order);
        let empty_text = match self.availability(Action::Promote) {
            Availability::ReadOnly(reason) => {
                format!("no such action in a read-only session: {reason}")
            }
            _ => "no such action: ? lists all keys".to_owned(),
        };
        Dialog::Picker(
            Picker::new("actions", actions.into_iter().map(item))
                .with_accept_hint("run")
                .with_empty_text(empty_text),
        )
    }

    pub(super) fn open_marks(&mut self) {
        if self.shared.marks.is_empty() {
            self.dialog = None;
            self.context().notify("no run is marked: space marks one");
        } else {
            let picker = marks(&self.shared.marks).map(Navigate::Unmark);
            self.dialog = Some(Dialog::Picker(picker));
        }
    }

    fn refresh(&mut self) {
        self.shared.notifications.dismiss(self.now);
        if self.shared.features.get().is_none() && self.shared.features.fetch().is_none() {
            self.shared.load_features(self.now, &mut self.effects);
        }
        self.with_screen(Screen::request_data);
    }

    fn next_theme(&mut self) {
        let session = &mut self.shared.session;
        let names = &session.theme_names;
        let at = names.iter().position(|name| *name == session.theme);
        let Some(next) = names.get((at.unwrap_or(0) + 1) % names.len().max(1)) else {
            return;
        };
        session.theme.clone_from(next);
        let name = session.theme.clone();
        self.effects.push(Effect::SetTheme(name.clone()));
        self.context().notify(format!("theme: {name}"));
    }

    fn handle_reply(&mut self, ticket: Ticket, reply: Reply) {
        let mut rest = self.context().handle_shared_reply(ticket, reply);
        self.with_dialog(|dialog, context| {
            rest = rest
                .take()
                .and_then(|reply| dialog.handle_reply(ticket, reply, context));
        });
        self.for_each_screen(|screen, context| {
            rest = rest
                .take()
                .and_then(|reply| screen.handle_reply(ticket, reply, context));
        });
        if let Some(Reply::Runs(_)) = rest {
            // The screen of this listing was closed.
            self.context().effects.push(Effect::Cancel(ticket));
        }
    }

    /// Moves the cursor to the nearest item that contains the find text; step 0 starts at the cursor itself.
    pub(super) fn find_match(&mut self, step: isize) {
        let text = self.screens[self.screens.len() - 1]
            .search_text
            .to_lowercase();
        if text.is_empty() {
            return;
        }
        self.with_screen(|screen, context| {
            let found = screen.find_in_preview(&text, step, context.size);
            if let Some(found) = found {
                if !found {
                    context.notify(format!("no match for {}", clean(&text)));
                }
                return;
            }
            let Some(list) = screen.list(context.size, context.shared) else {
                return;
            };
            let (len, at, height) = (list.len, list.cursor.index, list.height);
            // Once around the list.
            let first = usize::from(step != 0);
            let mut indices = (first..first + len).map(|i| {
                if step < 0 {
                    (at + 2 * len - i) % len
                } else {
                    (at + i) % len
                }
            });
            let found = indices.find(|index| {
                let label = screen.row_label(*index, context.shared);
                label.to_lowercase().contains(&text)
            });
            match (found, screen.list(context.size, context.shared)) {
                (Some(index), Some(list)) => {
                    list.cursor.index = index;
                    list.cursor.clamp(list.len, height);
                }
                _ if len > 0 => context.notify(format!("no match for {}", clean(&text))),
                _ => {}
            }
        });
    }
}
