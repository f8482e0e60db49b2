//! From screen to screen: forward, back, home, and what opens over one.

use super::AppParts;
use super::dialogs::Dialog;
use super::dispatch::find_match;
use super::shared::{Choice, Navigate, UpdateContext};
use crate::config::keymap::Action;
use crate::tui::screens::Screen;

impl AppParts<'_> {
    /// Screens that are reached from everywhere.
    pub(super) fn open_global_screen(
        &mut self,
        action: Action,
        context: &mut UpdateContext<'_>,
    ) -> bool {
        let screen = match action {
            Action::Experiments => Screen::experiments(),
            Action::Models => Screen::models(),
            Action::Journal => Screen::journal(),
            Action::Runs => {
                if !self
                    .screens
                    .iter()
                    .any(|screen| matches!(screen, Screen::Runs(_)))
                {
                    context.notify("open an experiment first: its runs are then at 2");
                    return true;
                }
                Screen::runs(Vec::new(), String::new())
            }
            Action::Compare => {
                if context.shared.marks.len() < 2 {
                    context.notify("mark two or more runs with space, then compare them");
                } else {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::compare(context.shared.marks.ids())));
                }
                return true;
            }
            Action::Charts => {
                if context.shared.marks.is_empty() {
                    context.notify("mark a run with space, then see its curves");
                } else {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::charts(context.shared.marks.ids())));
                }
                return true;
            }
            Action::Lineage => {
                context.notify("open a version of a model first: its lineage is at L");
                return true;
            }
            _ => return false,
        };
        context.navigation.push(Navigate::Switch(screen));
        true
    }

    /// Goes where a step wants to go.
    pub(super) fn navigate(&mut self, target: Navigate, context: &mut UpdateContext<'_>) {
        match target {
            Navigate::Push(mut screen) => {
                *self.dialog = None;
                screen.request_data(context);
                self.screens.push(screen);
            }
            Navigate::Switch(screen) => self.switch_to(screen, context),
            Navigate::Back => {
                if self.screens.len() > 1 {
                    self.screens.pop();
                }
            }
            Navigate::OpenDialog(dialog) => *self.dialog = Some(*dialog),
            Navigate::CloseDialog => *self.dialog = None,
            Navigate::Submit(Choice::Action(action)) => self.handle_action(action, context),
            // The list stays open: who takes one mark away may want to take another.
            Navigate::Submit(Choice::Unmark(id)) => {
                context.shared.marks.remove(&id);
                self.open_marks(context);
            }
            Navigate::Submit(Choice::Find(needle)) => {
                let screen = self.screen_mut();
                screen.set_search_text(needle);
                find_match(screen, 0, context);
            }
            // What was written may be shown by any of them.
            Navigate::Submit(Choice::Applied) => self
                .screens
                .iter_mut()
                .for_each(|screen| screen.handle_choice(Choice::Applied, context)),
            Navigate::Submit(choice) => self.screen_mut().handle_choice(choice, context),
            Navigate::CheckInput => {
                if let (Some(Dialog::Prompt(prompt)), Some(screen)) =
                    (&mut *self.dialog, self.screens.last())
                {
                    prompt.set_feedback(screen.check_input(
                        prompt.purpose,
                        prompt.input.value(),
                        prompt.cursor_byte(),
                    ));
                }
            }
        }
    }

    /// A screen of the same kind that is on the stack comes to the top, as it was left; else it is opened there. What was
    /// seen before stays below, so that the way back leads to it.
    fn switch_to(&mut self, mut screen: Screen, context: &mut UpdateContext<'_>) {
        *self.dialog = None;
        if let Some(at) = self
            .screens
            .iter()
            .rposition(|other| other.is_same_kind(&screen))
        {
            let screen_to_show = self.screens.remove(at);
            self.screens.push(screen_to_show);
            return;
        }
        screen.request_data(context);
        self.screens.push(screen);
    }
}
