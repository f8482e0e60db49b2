//! From screen to screen: forward, back, home, and what opens over one.

use super::Parts;
use super::dispatch::find;
use super::overlays::Overlay;
use super::shared::{Choice, Context, Go};
use crate::config::keymap::Action;
use crate::tui::screens::Screen;

impl Parts<'_> {
    /// Screens that are reached from everywhere.
    pub(super) fn go(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let to = match action {
            Action::Experiments => Screen::experiments(),
            Action::Models => Screen::models(),
            Action::Journal => Screen::journal(),
            Action::Runs => {
                if !self
                    .screens
                    .iter()
                    .any(|screen| matches!(screen, Screen::Runs(_)))
                {
                    context.say("open an experiment first: its runs are then at 2");
                    return true;
                }
                Screen::runs(Vec::new(), String::new())
            }
            Action::Compare => {
                if context.shared.marks.len() < 2 {
                    context.say("mark two or more runs with space, then compare them");
                } else {
                    context
                        .go
                        .push(Go::To(Screen::compare(context.shared.marks.ids())));
                }
                return true;
            }
            Action::Charts => {
                if context.shared.marks.is_empty() {
                    context.say("mark a run with space, then see its curves");
                } else {
                    context
                        .go
                        .push(Go::To(Screen::charts(context.shared.marks.ids())));
                }
                return true;
            }
            Action::Lineage => {
                context.say("open a version of a model first: its lineage is at L");
                return true;
            }
            _ => return false,
        };
        context.go.push(Go::Home(to));
        true
    }

    /// Goes where a step wants to go.
    pub(super) fn travel(&mut self, way: Go, context: &mut Context<'_>) {
        match way {
            Go::To(mut screen) => {
                *self.overlay = None;
                screen.enter(context);
                self.screens.push(screen);
            }
            Go::Home(screen) => self.home(screen, context),
            Go::Back => {
                if self.screens.len() > 1 {
                    self.screens.pop();
                }
            }
            Go::Over(over) => *self.overlay = Some(*over),
            Go::Close => *self.overlay = None,
            Go::Chosen(Choice::Action(action)) => self.act(action, context),
            // The list stays open: who takes one mark away may want to take another.
            Go::Chosen(Choice::Unmark(id)) => {
                context.shared.marks.remove(&id);
                self.list_marks(context);
            }
            Go::Chosen(Choice::Find(needle)) => {
                let screen = self.screen_mut();
                screen.set_needle(needle);
                find(screen, 0, context);
            }
            // What was written may be shown by any of them.
            Go::Chosen(Choice::Written) => self
                .screens
                .iter_mut()
                .for_each(|screen| screen.chosen(Choice::Written, context)),
            Go::Chosen(choice) => self.screen_mut().chosen(choice, context),
            Go::Advise => {
                if let (Some(Overlay::Prompt(prompt)), Some(screen)) =
                    (&mut *self.overlay, self.screens.last())
                {
                    prompt.advise(screen.advise(
                        prompt.purpose,
                        prompt.input.value(),
                        prompt.cursor(),
                    ));
                }
            }
        }
    }

    /// A screen of the same kind that is on the stack comes to the top, as it was left; else it is opened there. What was
    /// seen before stays below, so that the way back leads to it.
    fn home(&mut self, mut screen: Screen, context: &mut Context<'_>) {
        *self.overlay = None;
        if let Some(at) = self
            .screens
            .iter()
            .rposition(|other| other.same_kind(&screen))
        {
            let left = self.screens.remove(at);
            self.screens.push(left);
            return;
        }
        screen.enter(context);
        self.screens.push(screen);
    }
}
