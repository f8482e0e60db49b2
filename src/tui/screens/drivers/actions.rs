//! Actions of the drivers screen.

use super::DriversScreen;
use crate::chart::Property;
use crate::chart::registry::{FIGURES, SideList, index_of};
use crate::config::keymap::{Action, Scope};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, ImageDialog, Prompt};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Export, ImageSource};
use crate::tui::app::tab_bar::TabBar;
use crate::tui::app::{Reply, Request, SharedState, Ticket, UpdateContext};
use crate::tui::screens::{
    COMPARE_HINT, CompareScreen, FocusedList, Freshness, RunScreen, Screen, experiment_label,
};

impl Screen for DriversScreen {
    fn scope(&self) -> Scope {
        Scope::Drivers
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![self.name.clone(), format!("drivers of {}", self.goal)]
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
            Action::AcrossProperty => {
                let set_x = |screen: &mut Self, x, _: &mut UpdateContext<'_>| screen.x = x;
                self.choose_property("x axis", set_x, context);
            }
            Action::UpProperty => {
                let set_y = |screen: &mut Self, y, _: &mut UpdateContext<'_>| screen.y = y;
                self.choose_property("y axis", set_y, context);
            }
            Action::MarkProperty => self.choose_property("color", Self::toggle_color, context),
            Action::Goal => self.choose_goal(Self::set_goal, context),
            Action::AddGoal => self.choose_goal(Self::toggle_pareto_goal, context),
            Action::Open => match self.run_at_row(self.cursor.index) {
                Some(id) => context.push(RunScreen::new(id)),
                None => {
                    return self.figure_spec().list == SideList::Params
                        && self.open_param_scatter();
                }
            },
            Action::Mark => self.toggle_mark(context),
            Action::Compare => self.open_compare(context),
            Action::Export => {
                let name = format!("{}.png", self.figure_spec().name);
                let title = "export this chart to (.png or .svg; …-dark.png is dark)";
                let prompt = Prompt::export(title, &name, Self::export, context);
                context.open(Dialog::Prompt(prompt));
            }
            Action::Picture => {
                if let Some(figure) = self.export_figure(context) {
                    let of = ImageSource::Charts(vec![figure], context.shared.session.is_dark);
                    let view = ImageDialog::open(self.figure_spec().title.to_owned(), of, context);
                    context.open(Dialog::Image(Box::new(view)));
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
        match reply {
            Reply::Importance(result) if self.importance.is_awaiting(ticket) => {
                context.resolve(&mut self.importance, ticket, result);
                None
            }
            other => Some(other),
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let len = self.list_len();
        let list = self.areas(size).list;
        let has_list = list.width > 0;
        let rows = ratatui::layout::Rect {
            y: list.y + 1,
            height: list.height.saturating_sub(1),
            ..list
        };
        has_list.then(|| FocusedList::new(&mut self.cursor, len, rows))
    }

    fn tabs(&self, size: Size) -> Option<TabBar> {
        Some(TabBar {
            area: self.areas(size).status,
            titles: FIGURES.iter().map(|figure| figure.title).collect(),
            selected: self.tab,
        })
    }

    fn select_tab(&mut self, index: usize, _: &mut UpdateContext<'_>) {
        self.tab = index.min(FIGURES.len() - 1);
        self.cursor = Cursor::default();
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        if self.figure_spec().list == SideList::Params {
            let param = self
                .importance
                .get()
                .and_then(|found| found.params.get(row));
            return param
                .map(|param| param.key.clean().into_owned())
                .unwrap_or_default();
        }
        let run = self.run_at_row(row).and_then(|id| {
            self.find_run(&id)
                .map(|run| run.label().clean().into_owned())
        });
        run.unwrap_or_default()
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        self.update_figure(self.areas(context.size).chart);
    }
}

impl DriversScreen {
    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        if let Some(figure) = self.export_figure(context) {
            let export = Box::new(Export::Charts(vec![figure]));
            context.request(Request::Export(path, export));
        }
    }

    fn switch_tab(&mut self, forward: bool) {
        let step = if forward { 1 } else { FIGURES.len() - 1 };
        self.tab = (self.tab + step) % FIGURES.len();
        self.cursor = Cursor::default();
    }

    /// Shows the scatter plot of the goal over the param under the cursor.
    fn open_param_scatter(&mut self) -> bool {
        let param = self
            .importance
            .get()
            .and_then(|found| found.params.get(self.cursor.index))
            .map(|param| param.key.clone());
        if let Some(key) = param {
            self.x = Property::Param(key);
            self.y = Property::Metric(self.goal.metric.clone());
            self.tab = index_of("scatter");
        }
        true
    }

    fn toggle_mark(&mut self, context: &mut UpdateContext<'_>) {
        let Some(id) = self.run_at_row(self.cursor.index) else {
            return context.notify("mark runs in the lists of the Pareto and Nearest pages");
        };
        if let Some(run) = self.find_run(&id) {
            let origin = experiment_label(run);
            context.shared.marks.toggle(&id, &run.label(), &origin);
        }
    }

    /// Compares the marked runs; on the Nearest page, the reference run and the neighbor under the cursor.
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
            return context.notify(COMPARE_HINT);
        }
        context.push(CompareScreen::new(ids));
    }
}
