//! What drives the goal: importance, parallel coordinates, scatter, contour, Pareto front and nearest runs.

mod actions;
mod areas;
mod selection;

use crate::analysis::importance::Importance;
use crate::analysis::nearest::{Neighbor, nearest_runs};
use crate::analysis::pareto::{ParetoFronts, pareto_fronts};
use crate::chart::registry::{FIGURES, FigureInput, FigureSpec, SideList};
use crate::chart::{Dimension, Figure, Property};
use crate::domain::{Goal, Run, RunId, RunStatus};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::plot::fit_bars;
use crate::tui::app::{Remote, Request, UpdateContext};
use ratatui::layout::Rect;

/// The most runs that are analyzed; of more, every n-th is taken.
const MAX_RUNS: usize = 2_000;
/// Bars that have room in a picture.
const EXPORT_BARS: usize = 24;

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
    /// The visible page, an index into [`FIGURES`].
    pub tab: usize,
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
    /// The chart of the tab, with the inputs that it was built from.
    cached_figure: Option<(FigureKey, Option<Figure>)>,
}

/// The inputs of a figure that can change.
#[derive(Debug, PartialEq)]
struct FigureKey {
    tab: usize,
    area: Rect,
    axes: (Property, Property, Option<Property>),
    goals: (Goal, Vec<Goal>),
    importance_fetched_at: Option<i64>,
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
        // Failed and active runs say little about their params. With fewer than two finished runs, all are taken.
        let finished = runs
            .iter()
            .filter(|run| run.status == RunStatus::Finished)
            .count();
        let unfinished = if finished >= 2 {
            total_runs - finished
        } else {
            0
        };
        let runs: Vec<Run> = runs
            .into_iter()
            .filter(|run| unfinished == 0 || run.status == RunStatus::Finished)
            .collect();
        let runs: Vec<Run> = runs
            .iter()
            .step_by(runs.len().div_ceil(MAX_RUNS).max(1))
            .cloned()
            .collect();
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
            excluded_unfinished: unfinished,
            name,
            pareto_goals: vec![goal.clone()],
            importance: Remote::default(),
            tab: 0,
            x: first.unwrap_or(Property::Duration),
            y: Property::Metric(goal.metric.clone()),
            color_by: None,
            reference_run: reference_run.or_else(|| runs.first().map(|run| run.id.clone())),
            cursor: Cursor::default(),
            pareto: ParetoFronts::default(),
            neighbors: Vec::new(),
            cached_figure: None,
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

    /// The registry row of the visible page.
    #[must_use]
    pub fn figure_spec(&self) -> &'static FigureSpec {
        FIGURES.get(self.tab).unwrap_or(&FIGURES[0])
    }

    /// The figure of the visible page.
    #[must_use]
    pub fn figure(&self) -> Option<&Figure> {
        self.cached_figure.as_ref()?.1.as_ref()
    }

    /// Builds the figure again if an input changed.
    fn update_figure(&mut self, area: Rect) {
        let key = FigureKey {
            tab: self.tab,
            area,
            axes: (self.x.clone(), self.y.clone(), self.color_by.clone()),
            goals: (self.goal.clone(), self.pareto_goals.clone()),
            importance_fetched_at: self.importance.fetched_at(),
        };
        if self
            .cached_figure
            .as_ref()
            .is_none_or(|(cached, _)| *cached != key)
        {
            self.cached_figure = Some((key, self.build_figure(area)));
        }
    }

    fn build_figure(&self, area: Rect) -> Option<Figure> {
        fit_bars(area, |bars| self.figure_with(area, bars))
    }

    /// The figure of the visible page for a picture, with room for more bars.
    fn export_figure(&self, context: &UpdateContext<'_>) -> Option<Figure> {
        self.figure_with(self.areas(context.size).chart, EXPORT_BARS)
    }

    fn figure_with(&self, area: Rect, max_bars: usize) -> Option<Figure> {
        let build = self.figure_spec().build?;
        build(&FigureInput {
            runs: &self.runs,
            goals: &self.pareto_goals,
            properties: &self.properties,
            x: &self.x,
            y: &self.y,
            color_by: self.color_by.as_ref(),
            importance: self.importance.get().map(|found| &**found),
            fronts: &self.pareto.fronts,
            // As many boxes as have room for their labels.
            max_cells: (
                usize::from(area.width / 13).clamp(3, 10),
                usize::from(area.height / 3).clamp(3, 8),
            ),
            max_bars,
        })
    }

    fn list_len(&self) -> usize {
        match self.figure_spec().list {
            SideList::Params => self.importance.get().map_or(0, |found| found.params.len()),
            SideList::ParetoFront => self.pareto_runs().len(),
            SideList::Neighbors => self.neighbors.len(),
            SideList::None => 0,
        }
    }

    fn run_at_row(&self, row: usize) -> Option<RunId> {
        match self.figure_spec().list {
            SideList::ParetoFront => self.pareto_runs().get(row).map(|run| run.id.clone()),
            SideList::Neighbors => self.neighbors.get(row).map(|near| near.id.clone()),
            SideList::Params | SideList::None => None,
        }
    }
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
