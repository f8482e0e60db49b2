//! The figures of the visible charts, built when an input changes and never while drawing.

use ratatui::layout::Rect;

use super::panels::{Panel, parse_gpu_key};
use super::{ChartsScreen, CurveStyle};
use crate::analysis::divergence::{are_comparable, find_divergence};
use crate::chart::{CurveOptions, CurveSeries, Figure, Layer, PaintStyle, Quantity, Shape, curves};
use crate::domain::RunId;
use crate::tui::app::SharedState;
use crate::tui::app::history_cache::HistoryCache;
use crate::tui::app::plot::{fit_bars, plot_areas};

/// Columns of dots per cell.
const DOTS_PER_CELL: usize = 2;
/// The smallest width in cells of a chart with markers along its lines.
const MIN_MARKER_WIDTH: u16 = 60;

/// The inputs of a figure, to detect changes.
#[derive(Clone, Debug, PartialEq)]
struct FigureKey {
    size: (u16, u16),
    style: CurveStyle,
    shows_divergence: bool,
    zoom: Option<(f64, f64)>,
    hidden_runs: Vec<RunId>,
    revision: u64,
    fetched_at: Option<i64>,
}

/// A figure with its inputs.
#[derive(Clone, Debug)]
pub(crate) struct CachedFigure {
    panel: usize,
    figure: Figure,
    key: FigureKey,
}

/// Adds a note and rules for the steps where curves diverge from the first by more than their noise.
fn annotate_divergence(figure: &mut Figure, all: &[CurveSeries<'_>]) {
    let Some((first, others)) = all.split_first().filter(|(_, others)| !others.is_empty()) else {
        figure
            .notes
            .insert(0, "one curve: nothing to diverge from".into());
        return;
    };
    let mut steps = Vec::new();
    let (mut diverging, mut together, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for other in others {
        match find_divergence(first.points, other.points) {
            Some(found) => {
                steps.push(found.step as f64);
                diverging.push((other.label.as_str(), found.step));
            }
            None if are_comparable(first.points, other.points) => together.push(&*other.label),
            None => unknown.push(&*other.label),
        }
    }
    let mut parts = Vec::new();
    if let Some(((label, step), rest)) = diverging.split_first() {
        let mut part = format!("{label} diverges from {} at step {step}", first.label);
        part.extend(
            rest.iter()
                .map(|(label, step)| format!(", {label} at step {step}")),
        );
        parts.push(part);
    }
    for (labels, what) in [
        (together, "no divergence from"),
        (unknown, "too few steps in common with"),
    ] {
        if !labels.is_empty() {
            parts.push(format!("{what} {}: {}", first.label, labels.join(", ")));
        }
    }
    figure.notes.insert(0, parts.join("; "));
    // The rules are at steps, so that they fit no time axis.
    if figure.x.quantity == Quantity::Integer {
        figure.layers.insert(
            0,
            Layer {
                style: PaintStyle::Muted,
                shape: Shape::Rules(steps),
            },
        );
    }
}

impl ChartsScreen {
    /// The curves of a panel: one per visible run and metric.
    pub(super) fn curves_of<'a>(
        &self,
        panel: &Panel,
        histories: &'a HistoryCache,
    ) -> Vec<CurveSeries<'a>> {
        let metric_count = panel.metrics.len();
        let mut all = Vec::new();
        for (at, run) in self
            .runs()
            .iter()
            .enumerate()
            .filter(|(_, run)| !self.hidden_runs.contains(&run.id))
        {
            for (nth, metric) in panel.metrics.iter().enumerate() {
                let Some(points) = histories
                    .get(&run.id, metric.raw())
                    .filter(|points| !points.is_empty())
                else {
                    continue;
                };
                let name = run.label().clean().into_owned();
                let label = match parse_gpu_key(metric).filter(|_| metric_count > 1) {
                    Some((_, number, _)) => format!("{name} gpu {number}"),
                    None => name,
                };
                let sampled = histories.is_sampled(&run.id, metric.raw());
                all.push(CurveSeries {
                    label,
                    series: at * metric_count + nth,
                    points,
                    start: run.start_time,
                    is_sampled: sampled,
                });
            }
        }
        all
    }

    /// Rebuilds the figures of the visible charts whose inputs changed, and drops the others.
    pub(super) fn update_figures(
        &mut self,
        areas: &super::areas::ChartAreas,
        shared: &SharedState,
    ) {
        let mut before = std::mem::take(&mut self.cached_figures);
        for (nth, area) in areas.panels.iter().enumerate() {
            let panel = areas.first_panel + nth;
            let key = FigureKey {
                size: (area.width, area.height),
                style: self.style,
                shows_divergence: self.shows_divergence,
                zoom: self.zoom_range(panel),
                hidden_runs: self.hidden_runs.iter().cloned().collect(),
                revision: shared.histories.revision(),
                fetched_at: self.data.fetched_at(),
            };
            let known = before
                .iter()
                .position(|built| built.panel == panel && built.key == key);
            if let Some(at) = known {
                self.cached_figures.push(before.swap_remove(at));
            } else {
                let Some(figure) = self.screen_figure(panel, *area, shared) else {
                    continue;
                };
                self.cached_figures
                    .push(CachedFigure { panel, figure, key });
            }
        }
    }

    fn screen_figure(&self, panel: usize, area: Rect, shared: &SharedState) -> Option<Figure> {
        let columns = usize::from(area.width) * DOTS_PER_CELL;
        let marks = if area.width >= MIN_MARKER_WIDTH { 3 } else { 0 };
        fit_bars(area, |bars| {
            self.build_figure(panel, (columns, bars), marks, shared)
        })
    }

    /// The figure of a chart that is `columns` wide and has room for `max_bars` bars.
    pub(super) fn build_figure(
        &self,
        panel: usize,
        (columns, max_bars): (usize, usize),
        marks: usize,
        shared: &SharedState,
    ) -> Option<Figure> {
        let panel_spec = self.panels.get(panel)?;
        let all = self.curves_of(panel_spec, &shared.histories);
        let options = CurveOptions {
            x_axis: self.style.x_axis,
            scale: self.style.scale,
            smoothing: self.style.smoothing(),
            clip_outliers: self.style.clips_outliers,
            x_window: self.zoom_range(panel),
            columns,
            marker_count: marks,
            max_bars,
            zone: shared.session.time_zone.clone(),
        };
        let mut figure = curves(panel_spec.title.clean().into_owned(), &all, &options);
        if self.shows_divergence {
            annotate_divergence(&mut figure, &all);
        }
        Some(figure)
    }

    /// Whether a chart shows bars, whose x axis is neither steps nor time.
    pub(super) fn has_bars(&self, panel: usize) -> bool {
        let figure = self.cached_figure(panel);
        figure.is_some_and(|figure| matches!(figure.y.quantity, Quantity::Categories(_)))
    }

    /// The figure of a visible chart.
    #[must_use]
    pub fn cached_figure(&self, panel: usize) -> Option<&Figure> {
        self.cached_figures
            .iter()
            .find(|built| built.panel == panel)
            .map(|built| &built.figure)
    }

    /// The width of a chart's data area in cells.
    pub(super) fn data_width(&self, panel: usize, area: Rect) -> u16 {
        self.cached_figure(panel)
            .map_or(area.width, |figure| plot_areas(area, figure).data.width)
    }
}
