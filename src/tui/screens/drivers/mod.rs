//! What drives the goal: importance, parallel coordinates, scatter, contour, Pareto front and nearest runs.

mod actions;
mod selection;

use crate::analysis::importance::Importance;
use crate::analysis::nearest::{Neighbor, nearest_runs};
use crate::analysis::pareto::{ParetoFronts, pareto_fronts};
use crate::chart::{self, Dimension, Figure, Property};
use crate::domain::{Goal, Run, RunId, RunStatus};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, screen_areas, split_bottom, split_right, split_top};
use crate::tui::app::{Remote, Request, UpdateContext};
use ratatui::layout::Rect;

/// The most runs that are analyzed; of more, every n-th is taken.
const MAX_RUNS: usize = 2_000;
/// The most axes of parallel coordinates.
const MAX_PARALLEL_PARAMS: usize = 10;
/// From this width on, the list is beside the chart.
const SIDE_BY_SIDE_WIDTH: u16 = 120;
const LIST_WIDTH: u16 = 64;
/// Rows below the list of params and below the list of neighbors.
const FOOTER_ROWS: (u16, u16) = (5, 12);

/// A page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the pages")]
pub enum DriversTab {
    #[default]
    Importance,
    Parallel,
    Scatter,
    Contour,
    Pareto,
    Nearest,
}

impl DriversTab {
    pub(crate) const ALL: [Self; 6] = [
        Self::Importance,
        Self::Parallel,
        Self::Scatter,
        Self::Contour,
        Self::Pareto,
        Self::Nearest,
    ];

    #[must_use]
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Importance => "Importance",
            Self::Parallel => "Parallel",
            Self::Scatter => "Scatter",
            Self::Contour => "Contour",
            Self::Pareto => "Pareto",
            Self::Nearest => "Nearest",
        }
    }

    fn step(self, forward: bool) -> Self {
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DriversAreas {
    /// The tabs.
    pub status: Rect,
    /// Empty on a page without a chart.
    pub chart: Rect,
    /// Empty on a page without a list.
    pub list: Rect,
    /// Notes about the list or its item under the cursor.
    pub footer: Rect,
}

/// The drivers of a goal.
#[derive(Debug)]
pub struct DriversScreen {
    pub(crate) runs: Vec<Run>,
    /// The number of runs before sampling.
    pub(crate) total_runs: usize,
    /// The number of unfinished runs, which are left out.
    pub(crate) excluded_unfinished: usize,
    /// Where the runs come from, cleaned.
    name: String,
    pub(crate) goal: Goal,
    /// The goals of the Pareto front; the first is the goal.
    pub(crate) pareto_goals: Vec<Goal>,
    /// The importance of each param.
    pub importance: Remote<Box<Importance>>,
    /// The visible page.
    pub tab: DriversTab,
    /// The property on the x axis.
    pub x: Property,
    /// The property on the y axis.
    pub y: Property,
    /// The property that colors show.
    pub color_by: Option<Property>,
    /// The run whose neighbors are listed.
    pub(crate) reference_run: Option<RunId>,
    /// Over the list of the page.
    pub cursor: Cursor,
    properties: Vec<Property>,
    /// Updated with `neighbors` when runs, goals or the reference run change.
    pareto: ParetoFronts,
    neighbors: Vec<Neighbor>,
}

impl DriversScreen {
    /// `reference_run` defaults to the first run.
    #[must_use]
    pub(crate) fn new(
        runs: Vec<Run>,
        name: String,
        goal: Goal,
        reference_run: Option<RunId>,
    ) -> Self {
        let total_runs = runs.len();
        let (runs, excluded_unfinished) = finished_sample(runs);
        let properties = properties(&runs);
        // Numeric params make better scatter plots than categories.
        let params = || {
            properties
                .iter()
                .filter(|property| matches!(property, Property::Param(_)))
        };
        let first = params()
            .find(|property| !Dimension::new(&runs, property).is_categorical)
            .or_else(|| params().next())
            .cloned();
        let mut drivers = Self {
            total_runs,
            excluded_unfinished,
            name,
            pareto_goals: vec![goal.clone()],
            importance: Remote::default(),
            tab: DriversTab::default(),
            x: first.unwrap_or(Property::Duration),
            y: Property::Metric(goal.metric.clone()),
            color_by: None,
            reference_run: reference_run.or_else(|| runs.first().map(|run| run.id.clone())),
            cursor: Cursor::default(),
            pareto: ParetoFronts {
                fronts: Vec::new(),
                excluded: 0,
            },
            neighbors: Vec::new(),
            goal,
            properties,
            runs,
        };
        drivers.add_second_goal();
        drivers.update_derived();
        drivers
    }

    /// Adds the likeliest second goal, since a front needs two.
    fn add_second_goal(&mut self) {
        let others = self
            .properties
            .iter()
            .filter_map(|property| match property {
                Property::Metric(key)
                    if *key != self.goal.metric && !key.raw().starts_with("system/") =>
                {
                    Some(key)
                }
                _ => None,
            });
        let others: Vec<&Untrusted> = others.collect();
        let cost_metric = others.iter().find(|key| {
            key.raw().contains("latency")
                || key.raw().contains("time")
                || key.raw().contains("size")
        });
        if let Some(second) = cost_metric
            .copied()
            .cloned()
            .or_else(|| Goal::suggest(others).map(|goal| goal.metric))
        {
            self.pareto_goals = vec![self.goal.clone(), Goal::guess(second)];
        }
    }

    fn update_derived(&mut self) {
        self.pareto = pareto_fronts(&self.runs, &self.pareto_goals);
        self.neighbors = self
            .reference_run
            .as_ref()
            .map(|id| nearest_runs(&self.runs, id))
            .unwrap_or_default();
    }

    fn fetch_importance(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(
            &mut self.importance,
            Request::Importance(self.runs.clone(), self.goal.metric.raw().to_owned()),
        );
    }

    /// The runs on the Pareto front, best first by the goal.
    pub(crate) fn pareto_runs(&self) -> Vec<&Run> {
        let on = |at: &usize| self.pareto.fronts.get(*at).copied().flatten() == Some(1);
        let mut runs: Vec<&Run> = (0..self.runs.len())
            .filter(on)
            .map(|at| &self.runs[at])
            .collect();
        let value = |run: &Run| {
            run.metric(self.goal.metric.raw())
                .unwrap_or(crate::domain::MetricValue::new(f64::NAN))
        };
        runs.sort_by(|a, b| self.goal.direction.cmp_best_first(value(a), value(b)));
        runs
    }

    /// The neighbors of the reference run, nearest first.
    #[must_use]
    pub fn neighbors(&self) -> &[Neighbor] {
        &self.neighbors
    }

    pub(crate) fn find_run(&self, id: &RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == *id)
    }

    /// The figure of the visible page for a chart area.
    #[must_use]
    pub fn figure(&self, area: Rect) -> Option<Figure> {
        // As many boxes as have room for their labels.
        let boxes = (
            usize::from(area.width / 13).clamp(3, 10),
            usize::from(area.height / 3).clamp(3, 8),
        );
        let front_axes = || match self.pareto_goals.as_slice() {
            [first, second, ..] => Some((
                Property::Metric(second.metric.clone()),
                Property::Metric(first.metric.clone()),
            )),
            _ => None,
        };
        match self.tab {
            DriversTab::Importance => self.importance.get().map(|found| chart::importance(found)),
            DriversTab::Parallel => Some(chart::parallel(
                &self.runs,
                &self.parallel_params(),
                &self.goal,
            )),
            DriversTab::Scatter => Some(chart::scatter(
                &self.runs,
                &self.x,
                &self.y,
                self.color_by.as_ref(),
            )),
            DriversTab::Contour => Some(chart::contour(
                &self.runs,
                &self.x,
                &self.contour_y(),
                &self.goal,
                boxes,
            )),
            DriversTab::Pareto => front_axes()
                .map(|(x, y)| chart::pareto_front(&self.runs, &x, &y, &self.pareto.fronts)),
            DriversTab::Nearest => None,
        }
    }

    /// The y axis of a contour: another param where the chosen property is none.
    fn contour_y(&self) -> Property {
        let is_param =
            |property: &&Property| matches!(property, Property::Param(_)) && **property != self.x;
        Some(&self.y)
            .filter(is_param)
            .or_else(|| self.properties.iter().find(is_param))
            .unwrap_or(&self.y)
            .clone()
    }

    /// The params of parallel coordinates, most important first once the importance is known.
    fn parallel_params(&self) -> Vec<Property> {
        let known = self.importance.get().map(|found| {
            found
                .params
                .iter()
                .map(|param| Property::Param(param.key.clone()))
                .collect()
        });
        let all = || {
            self.properties
                .iter()
                .filter(|property| matches!(property, Property::Param(_)))
                .cloned()
                .collect()
        };
        let mut across: Vec<Property> = known.unwrap_or_else(all);
        across.truncate(MAX_PARALLEL_PARAMS);
        across
    }

    pub(crate) fn areas(&self, size: Size) -> DriversAreas {
        let (status, rest) = split_top(screen_areas(size).body, 1);
        let none = Rect { width: 0, ..rest };
        let (chart, list) = match self.tab {
            DriversTab::Parallel | DriversTab::Scatter | DriversTab::Contour => (rest, none),
            DriversTab::Nearest => (none, rest),
            DriversTab::Importance | DriversTab::Pareto if rest.width >= SIDE_BY_SIDE_WIDTH => {
                split_right(rest, LIST_WIDTH)
            }
            DriversTab::Importance | DriversTab::Pareto => split_top(rest, rest.height / 2),
        };
        let footer_rows = match self.tab {
            DriversTab::Importance => FOOTER_ROWS.0,
            DriversTab::Nearest => FOOTER_ROWS.1,
            _ => 0,
        };
        let (list, footer) = split_bottom(list, footer_rows.min(list.height / 2));
        DriversAreas {
            status,
            chart,
            list,
            footer,
        }
    }

    fn list_len(&self) -> usize {
        match self.tab {
            DriversTab::Importance => self.importance.get().map_or(0, |found| found.params.len()),
            DriversTab::Pareto => self.pareto_runs().len(),
            DriversTab::Nearest => self.neighbors.len(),
            _ => 0,
        }
    }

    fn run_at_row(&self, row: usize) -> Option<RunId> {
        match self.tab {
            DriversTab::Pareto => self.pareto_runs().get(row).map(|run| run.id.clone()),
            DriversTab::Nearest => self.neighbors.get(row).map(|near| near.id.clone()),
            _ => None,
        }
    }
}

/// The finished runs, at most [`MAX_RUNS`], and the number of unfinished ones: failed and active runs say little about
/// their params. With fewer than two finished runs, all are taken.
fn finished_sample(runs: Vec<Run>) -> (Vec<Run>, usize) {
    let is_finished = |run: &Run| run.status == RunStatus::Finished;
    let finished = runs.iter().filter(|run| is_finished(run)).count();
    let unfinished = if finished >= 2 {
        runs.len() - finished
    } else {
        0
    };
    let step = (runs.len() - unfinished).div_ceil(MAX_RUNS).max(1);
    let runs = runs
        .into_iter()
        .filter(|run| unfinished == 0 || is_finished(run));
    (runs.step_by(step).collect(), unfinished)
}

/// The params that differ between runs, then the metrics and the duration.
fn properties(runs: &[Run]) -> Vec<Property> {
    let mut params: Vec<&Untrusted> = runs
        .iter()
        .flat_map(|run| &run.params)
        .map(|param| &param.key)
        .collect();
    let mut metrics: Vec<&Untrusted> = runs
        .iter()
        .flat_map(|run| &run.metrics)
        .map(|metric| &metric.key)
        .collect();
    for keys in [&mut params, &mut metrics] {
        keys.sort();
        keys.dedup();
    }
    let differs = |key: &Untrusted| {
        let value = |run: &Run| {
            run.params
                .iter()
                .find(|param| param.key == *key)
                .map(|param| param.value.clone())
        };
        let first = runs.first().and_then(value);
        runs.iter().any(|run| value(run) != first)
    };
    let params = params
        .into_iter()
        .filter(|key| differs(key))
        .map(|key| Property::Param(key.clone()));
    params
        .chain(metrics.into_iter().map(|key| Property::Metric(key.clone())))
        .chain([Property::Duration])
        .collect()
}
