//! What the charts do with keys, answers and the mouse.

use super::{
    Action, ChartTab, ChartsScreen, CurveSeries, Figure, Freshness, Navigate, PAN_FRACTION,
    Request, Screen, SharedState, Size, UpdateContext, ZOOM_FACTOR,
};
use crate::config::keymap::Scope;
use crate::tui::app::dialogs::{Dialog, ImageDialog};
use crate::tui::app::message::{Export, ImageSource, Mouse, Reply, Ticket};
use crate::tui::app::shared::Choice;
use crate::tui::screens::{FocusedList, View, take_reply};

/// Columns that curves of a picture are reduced to: those of a PNG.
const EXPORT_COLUMNS: usize = 2_000;
/// Marks along a line of a picture.
const EXPORT_MARKS: usize = 4;

impl View for ChartsScreen {
    fn scope(&self) -> Scope {
        Scope::Charts
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        let what = match self.runs() {
            [run] => run.label().clean().into_owned(),
            _ => format!("{} runs", self.ids.len()),
        };
        let mut crumbs = vec!["charts".to_owned(), what];
        if self.is_maximized {
            crumbs.extend(
                self.panels
                    .get(self.selected)
                    .map(|panel| panel.title.clean().into_owned()),
            );
        }
        crumbs
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        let freshness = Freshness::of(&self.data);
        if self.has_active_runs() {
            shared.polled_freshness(freshness, 1, self.data.last_attempt_at)
        } else {
            freshness
        }
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.shared.histories.mark_stale();
        context.fetch(&mut self.data, Request::RunsById(self.ids.clone()));
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let moved = if self.is_maximized {
            self.move_maximized(action, context.size)
        } else {
            self.move_selection(action, context.size)
        };
        if moved {
            return true;
        }
        match action {
            Action::Open => self.is_maximized = !self.panels.is_empty(),
            Action::NextPane | Action::PreviousPane => {
                self.is_legend_focused = !self.is_legend_focused;
            }
            Action::NextPage => {
                self.tab = if self.tab == ChartTab::Metrics {
                    ChartTab::System
                } else {
                    ChartTab::Metrics
                };
                (self.selected, self.crosshair) = (0, None);
                self.update_panels(context.shared);
            }
            Action::NextAxis => {
                self.style.x_axis = self.style.x_axis.next();
                // Another axis has other places.
                self.zoom_ranges.clear();
                self.crosshair = None;
            }
            Action::NextScale => self.style.scale = self.style.scale.next(),
            Action::Smoother => self.style.adjust_smoothing(true),
            Action::Rougher => self.style.adjust_smoothing(false),
            Action::ClipOutliers => self.style.clips_outliers = !self.style.clips_outliers,
            Action::Divergence => self.shows_divergence = !self.shows_divergence,
            Action::ZoomIn => self.zoom(ZOOM_FACTOR),
            Action::ZoomOut => self.zoom(1.0 / ZOOM_FACTOR),
            Action::PanLeft => self.pan(-PAN_FRACTION),
            Action::PanRight => self.pan(PAN_FRACTION),
            Action::WholeRange => self.set_zoom(None),
            Action::HideRun => self.toggle_hidden(context),
            Action::Compare if self.ids.len() > 1 => context
                .navigation
                .push(Navigate::Push(Screen::compare(self.ids.clone()))),
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter by metric",
                        &self.filter,
                    ))));
            }
            Action::CopyValue => self.copy_values(context),
            Action::Export => self.open_export_prompt(context),
            Action::Picture => self.open_image(context),
            Action::Back => return self.step_back(context.shared),
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
        let rest = match reply {
            Reply::RunsById(_) => take_reply!(ticket, reply, context, RunsById => self.data),
            other => return Some(other),
        };
        if rest.is_none() {
            for run in self.data.get().map(Vec::as_slice).unwrap_or_default() {
                context.shared.histories.append_latest(run, context.now);
            }
            self.update_panels(context.shared);
        }
        rest
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Filter(text) => {
                self.filter = text;
                self.update_panels(context.shared);
            }
            Choice::Export(path) => self.export(path, context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let legend = self.areas(size).legend;
        let len = self.runs().len();
        let is_listed = self.is_legend_focused && len > 0;
        is_listed.then(|| FocusedList {
            cursor: &mut self.legend_cursor,
            len,
            height: legend.height.saturating_sub(1).into(),
            top: legend.y + 1,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.runs()
            .get(line)
            .map(|run| run.label().clean().into_owned())
            .unwrap_or_default()
    }

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) {
        match mouse {
            Mouse::Click { x, y } => {
                if let Some((panel, value)) = self.hit_test(context.size, x, y) {
                    (self.selected, self.crosshair, self.is_legend_focused) =
                        (panel, Some(value), false);
                }
            }
            Mouse::Drag { from, to } => {
                let ends = (
                    self.hit_test(context.size, from.0, from.1),
                    self.hit_test(context.size, to.0, from.1),
                );
                if let (Some((panel, a)), Some((other, b))) = ends
                    && panel == other
                {
                    self.selected = panel;
                    self.set_zoom(Some((a.min(b), a.max(b))));
                }
            }
            Mouse::Wheel(lines) => self.zoom(if lines < 0 {
                ZOOM_FACTOR
            } else {
                1.0 / ZOOM_FACTOR
            }),
        }
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        if self.has_active_runs() {
            context.refetch_if_due(&mut self.data, 1, || Request::RunsById(self.ids.clone()));
        }
        let areas = self.areas(context.size);
        self.update_figures(&areas, context.shared);
        self.fetch_visible_histories(&areas, context);
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}

impl ChartsScreen {
    /// One step back: out of the legend, the crosshair, the zoom, the chart; then the screen is left.
    fn step_back(&mut self, shared: &SharedState) -> bool {
        if self.is_legend_focused {
            self.is_legend_focused = false;
        } else if self.is_maximized && self.crosshair.is_some() {
            self.crosshair = None;
        } else if self.zoom_range(self.selected).is_some() {
            self.set_zoom(None);
        } else if self.is_maximized {
            self.is_maximized = false;
        } else if !self.filter.is_empty() {
            self.filter.clear();
            self.update_panels(shared);
        } else {
            return false;
        }
        true
    }

    fn open_export_prompt(&self, context: &mut UpdateContext<'_>) {
        let Some(panel) = self.panels.get(self.selected) else {
            return;
        };
        let name: String = panel
            .title
            .raw()
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || "-_.".contains(c) {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let what = if self.is_maximized {
            "this chart"
        } else {
            "the charts that are seen"
        };
        let title = format!("write {what} to (.png or .svg; …-dark.png is dark)");
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::file_name(
                &title,
                &format!("{}.png", name.trim_matches('-')),
            ))));
    }

    fn export(&self, path: String, context: &mut UpdateContext<'_>) {
        let figures = self.export_figures(context);
        context.request(Request::Export(path, Box::new(Export::Charts(figures))));
    }

    /// The charts that are seen, as finely as a picture shows them.
    fn export_figures(&self, context: &UpdateContext<'_>) -> Vec<Figure> {
        let areas = self.areas(context.size);
        let visible = areas.first_panel..areas.first_panel + areas.panels.len();
        visible
            .filter_map(|panel| {
                self.build_figure(panel, EXPORT_COLUMNS, EXPORT_MARKS, context.shared)
            })
            .collect()
    }

    fn open_image(&self, context: &mut UpdateContext<'_>) {
        let figures = self.export_figures(context);
        if figures.is_empty() {
            return;
        }
        let title = self.breadcrumbs(context.shared).join(" › ");
        let view = ImageDialog::open(
            title,
            ImageSource::Charts(figures, context.shared.session.is_dark),
            context,
        );
        context
            .navigation
            .push(Navigate::OpenDialog(Box::new(Dialog::Image(Box::new(
                view,
            )))));
    }

    /// The values at the crosshair, a line a run.
    fn copy_values(&self, context: &mut UpdateContext<'_>) {
        let curves = self.curves(context.shared);
        let format_row = |curve: &CurveSeries<'_>| {
            let point = self
                .point_at_crosshair(curve)
                .or_else(|| curve.points.last())?;
            Some(format!(
                "{}\t{}\t{}",
                curve.label,
                point.step,
                crate::text::number::format_exact(point.value.get())
            ))
        };
        let text: Vec<String> = curves.iter().filter_map(format_row).collect();
        if !text.is_empty() {
            context.copy_to_clipboard(text.join("\n"));
        }
    }
}
