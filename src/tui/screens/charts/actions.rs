//! Actions of the charts screen.

use super::{
    ChartTab, ChartsScreen, CompareScreen, CurveSeries, Figure, PAN_FRACTION, ZOOM_FACTOR,
};
use crate::config::keymap::{Action, Scope};
use crate::text::number::format_exact;
use crate::tui::app::dialogs::{Dialog, ImageDialog, Prompt};
use crate::tui::app::layout::Size;
use crate::tui::app::message::{Export, ImageSource};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Mouse, Reply, Request, SharedState, Ticket, UpdateContext};
use crate::tui::screens::{FocusedList, Freshness, Screen};

/// The columns of exported curves, as many as a PNG is wide in pixels.
const EXPORT_COLUMNS: usize = 2_000;
/// Bars that have room in a picture of one chart, and in a chart of several.
const EXPORT_BARS: [usize; 2] = [26, 16];
/// Markers along an exported line.
const EXPORT_MARKS: usize = 4;

impl Screen for ChartsScreen {
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
            shared.polled_freshness(freshness, 1, self.data.last_attempt_at())
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
                // Zoom ranges are values of the old axis.
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
            Action::Compare if self.ids.len() > 1 => {
                context.push(CompareScreen::new(self.ids.clone()));
            }
            Action::CopyValue => self.copy_values(context),
            Action::Export => self.open_export_prompt(context),
            Action::Picture => self.open_image(context),
            Action::Back => return self.step_back(),
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
            Reply::RunsById(result) if self.data.is_awaiting(ticket) => {
                context.resolve(&mut self.data, ticket, result);
            }
            other => return Some(other),
        }
        for run in self.data.get().into_iter().flatten() {
            context.shared.histories.append_latest(run, context.now);
        }
        self.update_panels(context.shared);
        None
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter by metric", &mut self.filter))
    }

    fn after_filter(&mut self, shared: &SharedState) {
        self.update_panels(shared);
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let legend = self.areas(size).legend;
        let len = self.runs().len();
        let is_listed = self.is_legend_focused && len > 0;
        let rows = ratatui::layout::Rect {
            y: legend.y + 1,
            height: legend.height.saturating_sub(1),
            ..legend
        };
        is_listed.then(|| FocusedList::new(&mut self.legend_cursor, len, rows))
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.runs()
            .get(row)
            .map(|run| run.label().clean().into_owned())
            .unwrap_or_default()
    }

    fn handle_mouse(&mut self, mouse: Mouse, context: &mut UpdateContext<'_>) -> bool {
        match mouse {
            Mouse::Click { x, y } => {
                if let Some((panel, value)) = self.hit_test(context.size, x, y) {
                    let crosshair = Some(value).filter(|_| !self.has_bars(panel));
                    (self.selected, self.crosshair, self.is_legend_focused) =
                        (panel, crosshair, false);
                    return true;
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
        false
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        if self.has_active_runs() {
            context.refetch_if_due(&mut self.data, 1, || Request::RunsById(self.ids.clone()));
        }
        let areas = self.areas(context.size);
        self.update_figures(&areas, context.shared);
        self.fetch_visible_histories(&areas, context);
    }
}

impl ChartsScreen {
    /// Steps back out of the legend, the crosshair, the zoom and the chart. Returns false with none of them.
    fn step_back(&mut self) -> bool {
        if self.is_legend_focused {
            self.is_legend_focused = false;
        } else if self.is_maximized && self.crosshair.is_some() {
            self.crosshair = None;
        } else if self.zoom_range(self.selected).is_some() {
            self.set_zoom(None);
        } else if self.is_maximized {
            self.is_maximized = false;
        } else {
            return false;
        }
        true
    }

    fn open_export_prompt(&self, context: &mut UpdateContext<'_>) {
        let Some(panel) = self.panels.get(self.selected) else {
            return;
        };
        let (what, name) = match self.areas(context.size).panels.len() {
            0 | 1 => ("this chart".to_owned(), file_stem(panel.title.raw())),
            count => (format!("the {count} visible charts"), "charts".to_owned()),
        };
        let title = format!("export {what} to (.png or .svg; …-dark.png is dark)");
        let name = format!("{name}.png");
        let prompt = Prompt::export(&title, &name, Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        let figures = self.export_figures(context);
        context.request(Request::Export(path, Box::new(Export::Charts(figures))));
    }

    /// The visible charts at the resolution of an export.
    fn export_figures(&self, context: &UpdateContext<'_>) -> Vec<Figure> {
        let areas = self.areas(context.size);
        let max_bars = EXPORT_BARS[usize::from(areas.panels.len() > 1)];
        let visible = areas.first_panel..areas.first_panel + areas.panels.len();
        visible
            .filter_map(|panel| {
                let size = (EXPORT_COLUMNS, max_bars);
                self.build_figure(panel, size, EXPORT_MARKS, context.shared)
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
        context.open(Dialog::Image(Box::new(view)));
    }

    /// Copies the values at the crosshair, one line per run.
    fn copy_values(&self, context: &mut UpdateContext<'_>) {
        let curves = self.curves(context.shared);
        let format_row = |curve: &CurveSeries<'_>| {
            let point = self.point_at_crosshair(curve).or_else(|| curve.latest())?;
            Some(format!(
                "{}\t{}\t{}",
                curve.label,
                point.step,
                format_exact(point.value.get())
            ))
        };
        let text: Vec<String> = curves.iter().filter_map(format_row).collect();
        if !text.is_empty() {
            context.copy_to_clipboard(text.join("\n"));
        }
    }
}

/// A metric's key as a file name without extension.
fn file_stem(key: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '-'
        }
    };
    let name: String = key.chars().map(safe).collect();
    name.trim_matches('-').to_owned()
}
