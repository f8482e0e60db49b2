//! What the screen of drivers does with keys and answers.

use super::choose::Asking;
use super::{Drivers, Freshness, Page};
use crate::config::keymap::{Action, Scope};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Export, PictureOf, Reply, Request, Ticket};
use crate::tui::app::overlays::{Overlay, PictureView};
use crate::tui::app::shared::{Choice, Context, Go, Shared};
use crate::tui::screens::{List, Screen, View, take_reply};

impl View for Drivers {
    fn scope(&self) -> Scope {
        Scope::Drivers
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec![self.name.clone(), format!("what drives {}", self.goal)]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.importance)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        self.ask(context);
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        match action {
            Action::NextPane => self.turn(true),
            Action::PreviousPane => self.turn(false),
            Action::Right => self.step_property(true, true),
            Action::Left => self.step_property(true, false),
            Action::Up => self.step_property(false, true),
            Action::Down => self.step_property(false, false),
            Action::AcrossProperty => self.ask_property(Asking::X, context),
            Action::UpProperty => self.ask_property(Asking::Y, context),
            Action::MarkProperty => self.ask_property(Asking::Mark, context),
            Action::Goal => self.ask_goal(Asking::Goal, context),
            Action::AddGoal => self.ask_goal(Asking::FrontGoal, context),
            Action::Open => match self.run_at(self.cursor.at) {
                Some(id) => context.go.push(Go::To(Screen::run(id))),
                None => return self.page == Page::Importance && self.scatter_of_param(),
            },
            Action::Mark => self.mark_run(context),
            Action::Compare => self.compare(context),
            Action::Export => {
                let name = format!("{}.png", self.page.title().to_lowercase());
                let title = "write this chart to (.png or .svg; …-dark.png is dark)";
                context
                    .go
                    .push(Go::Over(Box::new(Overlay::file_name(title, &name))));
            }
            Action::Picture => {
                if let Some(figure) = self.figure(self.parts(context.size).chart) {
                    let of = PictureOf::Charts(vec![figure], context.shared.session.dark);
                    let view = PictureView::open(self.page.title().to_owned(), of, context);
                    context
                        .go
                        .push(Go::Over(Box::new(Overlay::Picture(Box::new(view)))));
                }
            }
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        take_reply!(ticket, reply, context, Importance => self.importance)
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Property(property) => self.take_property(property),
            Choice::Goal(goal) => self.take_goal(goal, context),
            Choice::Export(path) => {
                if let Some(figure) = self.figure(self.parts(context.size).chart) {
                    context.ask(Request::Export(
                        path,
                        Box::new(Export::Charts(vec![figure])),
                    ));
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let len = self.len();
        let list = self.parts(size).list;
        let has_list = list.width > 0;
        has_list.then(|| List {
            cursor: &mut self.cursor,
            len,
            height: list.height.saturating_sub(1).into(),
            top: list.y + 1,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        if self.page == Page::Importance {
            let param = self
                .importance
                .get()
                .and_then(|found| found.params.get(line));
            return param
                .map(|param| param.key.clean().into_owned())
                .unwrap_or_default();
        }
        let run = self
            .run_at(line)
            .and_then(|id| self.run(&id).map(|run| run.label().clean().into_owned()));
        run.unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}

impl Drivers {
    fn turn(&mut self, forward: bool) {
        self.page = self.page.step(forward);
        self.cursor = crate::tui::app::cursor::Cursor::default();
    }

    /// The scatter of the param under the cursor and the goal.
    fn scatter_of_param(&mut self) -> bool {
        let param = self
            .importance
            .get()
            .and_then(|found| found.params.get(self.cursor.at))
            .map(|param| param.key.clone());
        if let Some(key) = param {
            self.x = crate::chart::Property::Param(key);
            self.y = crate::chart::Property::Metric(self.goal.metric.clone());
            self.page = Page::Scatter;
        }
        true
    }

    fn mark_run(&mut self, context: &mut Context<'_>) {
        let Some(id) = self.run_at(self.cursor.at) else {
            return context.say("runs are marked in the lists of Pareto and Nearest");
        };
        if let Some(run) = self.run(&id) {
            let home = format!("experiment {}", run.experiment_id.clean());
            context.shared.marks.toggle(&id, &run.label(), &home);
        }
    }

    /// The marked runs; without marks, the subject and the neighbour under the cursor.
    fn compare(&self, context: &mut Context<'_>) {
        let mut ids = context.shared.marks.ids();
        if ids.len() < 2 && self.page == Page::Nearest {
            ids = self
                .subject
                .iter()
                .cloned()
                .chain(self.run_at(self.cursor.at))
                .collect();
        }
        if ids.len() < 2 {
            return context.say("mark two or more runs with space, then compare them");
        }
        context.go.push(Go::To(Screen::compare(ids)));
    }
}
