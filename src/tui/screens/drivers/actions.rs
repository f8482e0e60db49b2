//! What the screen of drivers does with keys and answers.

use super::selection::PendingChoice;
use super::{DriversScreen, Freshness};
use crate::chart::registry::{FIGURES, SideList, index_of};
use crate::config::keymap::{Action, Scope};
use crate::tui::app::dialogs::{Dialog, ImageDialog};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Export, ImageSource, Reply, Request, Ticket};
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};
use crate::tui::screens::{FocusedList, Screen, View, take_reply};

impl View for DriversScreen {
    fn scope(&self) -> Scope {
        Scope::Drivers
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![self.name.clone(), format!("what drives {}", self.goal)]
    }

    fn freshness(&self, _: &SharedState) -> Freshness {
        Freshness::of(&self.importance)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        self.fetch_importance(context);
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        match action {
            Action::NextPane => self.switch_tab(true),
            Action::PreviousPane => self.switch_tab(false),
            Action::Right => self.cycle_property(true, true),
            Action::Left => self.cycle_property(true, false),
            Action::Up => self.cycle_property(false, true),
            Action::Down => self.cycle_property(false, false),
            Action::AcrossProperty => self.choose_property(PendingChoice::X, context),
            Action::UpProperty => self.choose_property(PendingChoice::Y, context),
            Action::MarkProperty => self.choose_property(PendingChoice::Color, context),
            Action::Goal => self.choose_goal(PendingChoice::Goal, context),
            Action::AddGoal => self.choose_goal(PendingChoice::ParetoGoal, context),
            Action::Open => match self.run_at_row(self.cursor.index) {
                Some(id) => context.navigation.push(Navigate::Push(Screen::run(id))),
                None => {
                    return self.figure_spec().list == SideList::Params
                        && self.open_param_scatter();
                }
            },
            Action::Mark => self.toggle_mark(context),
            Action::Compare => self.open_compare(context),
            Action::Export => {
                let name = format!("{}.png", self.figure_spec().name);
                let title = "write this chart to (.png or .svg; …-dark.png is dark)";
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::file_name(
                        title, &name,
                    ))));
            }
            Action::Picture => {
                if let Some(figure) = self.figure(self.areas(context.size).chart) {
                    let of = ImageSource::Charts(vec![figure], context.shared.session.is_dark);
                    let view = ImageDialog::open(self.figure_spec().title.to_owned(), of, context);
                    context
                        .navigation
                        .push(Navigate::OpenDialog(Box::new(Dialog::Image(Box::new(
                            view,
                        )))));
                }
            }
            _ => return false,
        }
        true
    }

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        take_reply!(ticket, reply, context, Importance => self.importance)
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Property(property) => self.set_property(property),
            Choice::Goal(goal) => self.set_goal(goal, context),
            Choice::Export(path) => {
                if let Some(figure) = self.figure(self.areas(context.size).chart) {
                    context.request(Request::Export(
                        path,
                        Box::new(Export::Charts(vec![figure])),
                    ));
                }
            }
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let len = self.list_len();
        let list = self.areas(size).list;
        let has_list = list.width > 0;
        has_list.then(|| FocusedList {
            cursor: &mut self.cursor,
            len,
            height: list.height.saturating_sub(1).into(),
            top: list.y + 1,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        if self.figure_spec().list == SideList::Params {
            let param = self
                .importance
                .get()
                .and_then(|found| found.params.get(line));
            return param
                .map(|param| param.key.clean().into_owned())
                .unwrap_or_default();
        }
        let run = self.run_at_row(line).and_then(|id| {
            self.find_run(&id)
                .map(|run| run.label().clean().into_owned())
        });
        run.unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}

impl DriversScreen {
    fn switch_tab(&mut self, forward: bool) {
        let step = if forward { 1 } else { FIGURES.len() - 1 };
        self.tab = (self.tab + step) % FIGURES.len();
        self.cursor = crate::tui::app::cursor::Cursor::default();
    }

    /// The scatter of the param under the cursor and the goal.
    fn open_param_scatter(&mut self) -> bool {
        let param = self
            .importance
            .get()
            .and_then(|found| found.params.get(self.cursor.index))
            .map(|param| param.key.clone());
        if let Some(key) = param {
            self.x = crate::chart::Property::Param(key);
            self.y = crate::chart::Property::Metric(self.goal.metric.clone());
            self.tab = index_of("scatter");
        }
        true
    }

    fn toggle_mark(&mut self, context: &mut UpdateContext<'_>) {
        let Some(id) = self.run_at_row(self.cursor.index) else {
            return context.notify("runs are marked in the lists of Pareto and Nearest");
        };
        if let Some(run) = self.find_run(&id) {
            let home = format!("experiment {}", run.experiment_id.clean());
            context.shared.marks.toggle(&id, &run.label(), &home);
        }
    }

    /// The marked runs; without marks, the subject and the neighbour under the cursor.
    fn open_compare(&self, context: &mut UpdateContext<'_>) {
        let mut ids = context.shared.marks.ids();
        if ids.len() < 2 && self.figure_spec().list == SideList::Neighbors {
            ids = self
                .reference_run
                .iter()
                .cloned()
                .chain(self.run_at_row(self.cursor.index))
                .collect();
        }
        if ids.len() < 2 {
            return context.notify("mark two or more runs with space, then compare them");
        }
        context
            .navigation
            .push(Navigate::Push(Screen::compare(ids)));
    }
}
