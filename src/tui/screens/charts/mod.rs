//! The curves of runs: a grid of charts, one maximized chart with a crosshair, and the legend.

mod actions;
mod areas;
mod figures;
mod panels;

use std::collections::{HashMap, HashSet};

use super::CompareScreen;
use crate::chart::{CurveSeries, Figure, Quantity, ScaleKind, XAxis, nearest_point};
use crate::config::keymap::Action;
use crate::domain::{Goal, Point, Run, RunId, RunStatus};
use crate::store::limits::BULK_POINTS;
use crate::text::Untrusted;
use crate::tui::app::context::ALL_POINTS;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::plot::{plot_areas, x_value_at};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, SharedState, UpdateContext};

use areas::{ChartAreas, chart_areas};

pub(crate) use figures::CachedFigure;
pub(crate) use panels::Panel;

/// The factor of the visible width by which one step zooms in.
const ZOOM_FACTOR: f64 = 0.5;
/// The part of the visible width by which one step pans.
const PAN_FRACTION: f64 = 0.25;

/// A page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChartTab {
    #[default]
    Metrics,
    /// Metrics of the machine.
    System,
}

/// The weights that the smoothing keys step through.
const SMOOTHING_WEIGHTS: [f64; 8] = [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99];

/// How curves are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CurveStyle {
    /// What the x axis shows.
    pub x_axis: XAxis,
    /// The scale of the y axis.
    pub scale: ScaleKind,
    /// Whether the y axis leaves out the outermost values.
    pub clips_outliers: bool,
    smoothing_level: usize,
}

impl CurveStyle {
    /// The weight of the exponential moving average; 0 for none.
    fn smoothing(&self) -> f64 {
        SMOOTHING_WEIGHTS
            .get(self.smoothing_level)
            .copied()
            .unwrap_or(0.0)
    }

    fn adjust_smoothing(&mut self, smoother: bool) {
        self.smoothing_level = if smoother {
            (self.smoothing_level + 1).min(SMOOTHING_WEIGHTS.len() - 1)
        } else {
            self.smoothing_level.saturating_sub(1)
        };
    }

    /// The style in words, for the status line.
    #[must_use]
    pub fn summary(&self) -> String {
        let smooth = if self.smoothing_level > 0 {
            format!(" · EMA {}", self.smoothing())
        } else {
            String::new()
        };
        let clip = if self.clips_outliers {
            " · outliers clipped"
        } else {
            ""
        };
        format!(
            "{} · {}{smooth}{clip}",
            self.x_axis.as_str(),
            self.scale.as_str()
        )
    }
}

/// The charts of runs.
#[derive(Debug)]
pub struct ChartsScreen {
    ids: Vec<RunId>,
    pub(crate) data: Remote<Vec<Run>>,
    pub(crate) tab: ChartTab,
    /// The charts of the page.
    pub panels: Vec<Panel>,
    /// The chart under the cursor.
    pub selected: usize,
    /// Whether it fills the screen.
    pub is_maximized: bool,
    /// How the curves are drawn.
    pub style: CurveStyle,
    /// The x value of the crosshair.
    pub crosshair: Option<f64>,
    pub(crate) hidden_runs: HashSet<RunId>,
    pub(crate) is_legend_focused: bool,
    pub(crate) legend_cursor: Cursor,
    /// Whether the steps where curves diverge from the first one are shown.
    pub(crate) shows_divergence: bool,
    /// Searches metric keys.
    pub(crate) filter: TextFilter,
    zoom_ranges: HashMap<Untrusted, (f64, f64)>,
    cached_figures: Vec<CachedFigure>,
}

impl ChartsScreen {
    pub(crate) fn new(ids: Vec<RunId>) -> Self {
        Self {
            ids,
            data: Remote::default(),
            tab: ChartTab::default(),
            panels: Vec::new(),
            selected: 0,
            is_maximized: false,
            style: CurveStyle::default(),
            crosshair: None,
            hidden_runs: HashSet::new(),
            is_legend_focused: false,
            legend_cursor: Cursor::default(),
            shows_divergence: false,
            filter: TextFilter::default(),
            zoom_ranges: HashMap::new(),
            cached_figures: Vec::new(),
        }
    }

    /// The runs, in the order of the legend.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        self.data.get().map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn areas(&self, size: Size) -> ChartAreas {
        chart_areas(
            screen_areas(size).body,
            self.panels.len(),
            self.selected,
            self.is_maximized,
            self.runs().len() + 1,
        )
    }

    /// The visible part of a chart's x axis; `None` for all of it.
    #[must_use]
    pub fn zoom_range(&self, panel: usize) -> Option<(f64, f64)> {
        self.zoom_ranges
            .get(&self.panels.get(panel)?.title)
            .copied()
    }

    /// The curves of the chart under the cursor.
    #[must_use]
    pub fn curves<'a>(&self, shared: &'a SharedState) -> Vec<CurveSeries<'a>> {
        let panel = self.panels.get(self.selected);
        panel
            .map(|panel| self.curves_of(panel, &shared.histories))
            .unwrap_or_default()
    }

    /// The point of a curve at the crosshair.
    #[must_use]
    pub fn point_at_crosshair<'a>(&self, curve: &CurveSeries<'a>) -> Option<&'a Point> {
        let figure = self.cached_figure(self.selected)?;
        let over = match figure.x.quantity {
            Quantity::Duration => XAxis::Relative,
            Quantity::Time(_) => XAxis::Wall,
            _ => XAxis::Step,
        };
        nearest_point(curve, over, self.crosshair?)
    }

    /// The goal of the runs' experiment, else a guess from their metrics.
    fn goal(&self, shared: &SharedState) -> Option<Goal> {
        let known = shared.goals.get(&self.runs().first()?.experiment_id);
        let metrics = self.runs().iter().flat_map(|run| &run.metrics);
        known
            .cloned()
            .or_else(|| Goal::suggest(metrics.map(|metric| &metric.key)))
    }

    /// Derives the charts from runs, page, goal and filter; the cursor stays on its chart.
    fn update_panels(&mut self, shared: &SharedState) {
        let selected = self
            .panels
            .get(self.selected)
            .map(|panel| panel.title.clone());
        let goal = self.goal(shared);
        self.panels = panels::build_panels(
            self.runs(),
            self.tab == ChartTab::System,
            goal.as_ref(),
            &self.filter,
        );
        let at = self
            .panels
            .iter()
            .position(|panel| Some(&panel.title) == selected.as_ref());
        self.selected = at.unwrap_or(0);
        self.is_maximized &= at.is_some();
        self.cached_figures.clear();
    }

    fn has_active_runs(&self) -> bool {
        self.runs()
            .iter()
            .any(|run| matches!(run.status, RunStatus::Running | RunStatus::Scheduled))
    }

    /// Requests the histories of the visible charts, and the zoomed part of sampled ones at a higher resolution.
    fn fetch_visible_histories(&self, areas: &ChartAreas, context: &mut UpdateContext<'_>) {
        let is_full = context
            .shared
            .features
            .get()
            .is_some_and(|features| features.has_cheap_full_histories);
        for (nth, area) in areas.panels.iter().enumerate() {
            let Some(panel) = self.panels.get(areas.first_panel + nth) else {
                continue;
            };
            // Powers of two, so that resizing the terminal does not request at every width.
            let columns = u32::from(area.width.max(80)) * 4;
            let points = if is_full {
                ALL_POINTS
            } else {
                columns.next_power_of_two().min(BULK_POINTS)
            };
            for metric in &panel.metrics {
                let has = |run: &&Run| {
                    run.metrics.iter().any(|m| m.key == *metric)
                        && !self.hidden_runs.contains(&run.id)
                };
                let runs: Vec<RunId> = self
                    .runs()
                    .iter()
                    .filter(has)
                    .map(|run| run.id.clone())
                    .collect();
                context.request_histories(&runs, metric.raw(), points);
                if let Some(steps) = self.step_range(areas.first_panel + nth, context.shared) {
                    context.refine_histories(&runs, metric.raw(), BULK_POINTS, steps);
                }
            }
        }
    }

    /// The steps in the visible part of a chart, for any x axis.
    fn step_range(&self, panel: usize, shared: &SharedState) -> Option<(i64, i64)> {
        let (low, high) = self.zoom_range(panel)?;
        if self.cached_figure(panel)?.x.quantity == Quantity::Integer {
            return Some((low.floor() as i64, high.ceil() as i64));
        }
        // Over time, the steps of the nearest loaded points.
        let curves = self.curves_of(self.panels.get(panel)?, &shared.histories);
        let steps_of = |curve: &CurveSeries<'_>| {
            let over = if self.style.x_axis == XAxis::Wall {
                self.style.x_axis
            } else {
                XAxis::Relative
            };
            Some((
                nearest_point(curve, over, low)?.step,
                nearest_point(curve, over, high)?.step,
            ))
        };
        curves
            .iter()
            .filter_map(steps_of)
            .reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    /// The visible steps or times of the chart under the cursor.
    fn x_range(&self) -> Option<(f64, f64)> {
        if self.has_bars(self.selected) {
            return None;
        }
        self.cached_figure(self.selected)
            .map(|figure| figure.x.range())
    }

    fn set_zoom(&mut self, window: Option<(f64, f64)>) {
        let Some(title) = self
            .panels
            .get(self.selected)
            .map(|panel| panel.title.clone())
        else {
            return;
        };
        if window.is_some() && self.has_bars(self.selected) {
            return;
        }
        match window {
            Some((low, high)) if low < high && (high - low).is_finite() => {
                self.zoom_ranges.insert(title, (low, high));
            }
            Some(_) => {}
            None => drop(self.zoom_ranges.remove(&title)),
        }
    }

    /// Zooms by a factor of the visible width, around the crosshair or the middle.
    fn zoom(&mut self, factor: f64) {
        let Some((low, high)) = self.x_range() else {
            return;
        };
        let middle = self
            .crosshair
            .filter(|x| (low..=high).contains(x))
            .unwrap_or(f64::midpoint(low, high));
        self.set_zoom(Some((
            middle - (middle - low) * factor,
            middle + (high - middle) * factor,
        )));
    }

    fn pan(&mut self, part: f64) {
        let Some((low, high)) = self.x_range() else {
            return;
        };
        let by = (high - low) * part;
        self.set_zoom(Some((low + by, high + by)));
    }

    /// Moves the crosshair by columns; a new one appears in the middle.
    fn move_crosshair(&mut self, by: i32, size: Size) {
        if self.has_bars(self.selected) {
            return;
        }
        let areas = self.areas(size);
        let (Some(figure), Some(area)) = (self.cached_figure(self.selected), areas.panels.first())
        else {
            return;
        };
        let columns = f64::from(self.data_width(self.selected, *area).max(2) - 1);
        let at = self
            .crosshair
            .and_then(|x| figure.x.position(x))
            .filter(|at| (0.0..=1.0).contains(at));
        let next = at.map_or(0.5, |at| ((at * columns).round() + f64::from(by)) / columns);
        self.crosshair = Some(figure.x.value_at(next.clamp(0.0, 1.0)));
    }

    /// The chart at a position on the screen, and the x value there.
    fn hit_test(&self, size: Size, x: u16, y: u16) -> Option<(usize, f64)> {
        let areas = self.areas(size);
        let nth = areas
            .panels
            .iter()
            .position(|area| area.contains((x, y).into()))?;
        let panel = areas.first_panel + nth;
        let figure: &Figure = self.cached_figure(panel)?;
        Some((
            panel,
            x_value_at(&plot_areas(areas.panels[nth], figure), &figure.x, x)?,
        ))
    }

    fn toggle_hidden(&mut self, context: &mut UpdateContext<'_>) {
        let id = if self.is_legend_focused {
            self.runs()
                .get(self.legend_cursor.index)
                .map(|run| run.id.clone())
        } else {
            None
        };
        let Some(id) = id else {
            return context.notify("press tab for the legend: space hides a run there");
        };
        if !self.hidden_runs.remove(&id) {
            self.hidden_runs.insert(id);
        }
    }

    fn move_selection(&mut self, action: Action, size: Size) -> bool {
        let across = self.areas(size).columns;
        let last = self.panels.len().saturating_sub(1);
        self.selected = match action {
            Action::Left => self.selected.saturating_sub(1),
            Action::Right => (self.selected + 1).min(last),
            Action::Up if self.selected >= across => self.selected - across,
            Action::Down => (self.selected + across).min(last),
            Action::PageDown | Action::HalfPageDown => {
                (self.selected + self.areas(size).panels.len()).min(last)
            }
            Action::PageUp | Action::HalfPageUp => {
                self.selected.saturating_sub(self.areas(size).panels.len())
            }
            Action::Top => 0,
            Action::Bottom => last,
            Action::Up => self.selected,
            _ => return false,
        };
        true
    }

    fn move_maximized(&mut self, action: Action, size: Size) -> bool {
        let last = self.panels.len().saturating_sub(1);
        match action {
            Action::Left => self.move_crosshair(-1, size),
            Action::Right => self.move_crosshair(1, size),
            Action::Down => self.selected = (self.selected + 1).min(last),
            Action::Up => self.selected = self.selected.saturating_sub(1),
            Action::Top => self.crosshair = self.x_range().map(|range| range.0),
            Action::Bottom => self.crosshair = self.x_range().map(|range| range.1),
            Action::PageDown | Action::HalfPageDown => self.move_crosshair(10, size),
            Action::PageUp | Action::HalfPageUp => self.move_crosshair(-10, size),
            _ => return false,
        }
        true
    }
}
