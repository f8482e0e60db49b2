//! What drives the goal: importance, parallel coordinates, scatter, contour, fronts, and the nearest runs.

mod actions;
mod selection;

use super::Freshness;
use crate::analysis::importance::Importance;
use crate::analysis::nearest::{Neighbor, nearest_runs};
use crate::analysis::pareto::{ParetoFronts, pareto_fronts};
use crate::chart::registry::{FIGURES, FigureInput, FigureSpec, SideList};
use crate::chart::{Dimension, Figure, Property};
use crate::domain::{Goal, Run, RunId, RunStatus};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::message::Request;
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::UpdateContext;
use ratatui::layout::Rect;

/// The most runs that are looked at; of more, evenly many.
pub const MAX_RUNS: usize = 2_000;
/// From this width on, the list stands beside the chart.
const SIDE_BY_SIDE_WIDTH: u16 = 120;
/// How wide it is there.
const LIST_WIDTH: u16 = 64;
/// Rows under the list of params, and under the list of neighbours.
const FOOTER_ROWS: (u16, u16) = (5, 12);

/// The parts of the screen: the pages' names, the chart, the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriversAreas {
    /// The pages' names.
    pub status: Rect,
    /// The chart; empty on a page without one.
    pub chart: Rect,
    /// The list; empty on a page without one.
    pub list: Rect,
    /// What has to be known of the list, or of its line under the cursor.
    pub footer: Rect,
}

/// The screen's state.
#[derive(Debug)]
pub struct DriversScreen {
    /// The runs that are looked at.
    pub runs: Vec<Run>,
    /// How many there were before evenly many were taken.
    pub total_runs: usize,
    /// How many of those have not finished, and are left out.
    pub excluded_unfinished: usize,
    /// What the runs are, safe to draw.
    pub name: String,
    /// The goal.
    pub goal: Goal,
    /// The goals of the front, the first of which is the goal.
    pub pareto_goals: Vec<Goal>,
    /// What goes with the goal.
    pub importance: Remote<Box<Importance>>,
    /// The visible figure, by its index in the registry.
    pub tab: usize,
    /// The property from left to right.
    pub x: Property,
    /// The property from bottom to top.
    pub y: Property,
    /// The property that marks tell.
    pub color_by: Option<Property>,
    /// The run whose neighbours are looked for.
    pub reference_run: Option<RunId>,
    /// The cursor over the list.
    pub cursor: Cursor,
    properties: Vec<Property>,
    pending_choice: selection::PendingChoice,
    /// The front, and which neighbours there are: made when what they are made of changes.
    pareto: ParetoFronts,
    neighbors: Vec<Neighbor>,
    search_text: String,
}

impl DriversScreen {
    /// What drives a goal among runs; `subject` is the run that was looked at before.
    #[must_use]
    pub fn new(runs: Vec<Run>, name: String, goal: Goal, subject: Option<RunId>) -> Self {
        let of = runs.len();
        // As for the best: what failed or still goes on says little of its params. Without two that finished, all are taken.
        let finished = runs
            .iter()
            .filter(|run| run.status == RunStatus::Finished)
            .count();
        let unfinished = if finished >= 2 { of - finished } else { 0 };
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
        // Numbers say more in a scatter than words.
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
            total_runs: of,
            excluded_unfinished: unfinished,
            name,
            pareto_goals: vec![goal.clone()],
            importance: Remote::default(),
            tab: 0,
            x: first.unwrap_or(Property::Duration),
            y: Property::Metric(goal.metric.clone()),
            color_by: None,
            reference_run: subject.or_else(|| runs.first().map(|run| run.id.clone())),
            cursor: Cursor::default(),
            pending_choice: selection::PendingChoice::default(),
            pareto: ParetoFronts::default(),
            neighbors: Vec::new(),
            search_text: String::new(),
            goal,
            properties,
            runs,
        };
        drivers.add_second_goal();
        drivers.update_derived();
        drivers
    }

    /// The front needs a second goal: the likeliest other one.
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

    /// Makes anew what depends on the runs, the goals and the subject.
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

    /// The runs on the front, by the first goal, best first.
    #[must_use]
    pub fn pareto_runs(&self) -> Vec<&Run> {
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

    /// How many runs have no number in some goal.
    #[must_use]
    pub fn excluded_count(&self) -> usize {
        self.pareto.excluded
    }

    /// The neighbours of the subject, the nearest first.
    #[must_use]
    pub fn neighbors(&self) -> &[Neighbor] {
        &self.neighbors
    }

    /// A run by its id.
    #[must_use]
    pub fn find_run(&self, id: &RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == *id)
    }

    /// The registry's row of the visible figure.
    #[must_use]
    pub fn figure_spec(&self) -> &'static FigureSpec {
        FIGURES.get(self.tab).unwrap_or(&FIGURES[0])
    }

    /// The visible figure, for an area of this size.
    #[must_use]
    pub fn figure(&self, area: Rect) -> Option<Figure> {
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
            max_cells: (
                usize::from(area.width / 13).clamp(3, 10),
                usize::from(area.height / 3).clamp(3, 8),
            ),
        })
    }

    /// The parts of the screen.
    #[must_use]
    pub fn areas(&self, size: Size) -> DriversAreas {
        let mut parts = self.areas_without_footer(size);
        let footer_rows = match self.figure_spec().list {
            SideList::Params => FOOTER_ROWS.0,
            SideList::Neighbors => FOOTER_ROWS.1,
            SideList::ParetoFront | SideList::None => 0,
        };
        let height = footer_rows.min(parts.list.height / 2);
        parts.list.height -= height;
        parts.footer = Rect {
            y: parts.list.bottom(),
            height,
            ..parts.list
        };
        parts
    }

    fn areas_without_footer(&self, size: Size) -> DriversAreas {
        let body = screen_areas(size).body;
        let status = Rect {
            height: body.height.min(1),
            ..body
        };
        let rest = Rect {
            y: body.y + status.height,
            height: body.height - status.height,
            ..body
        };
        let none = Rect { width: 0, ..rest };
        let figure = self.figure_spec();
        let (chart, list) = if figure.list == SideList::None {
            (rest, none)
        } else if figure.build.is_none() {
            (none, rest)
        } else if rest.width >= SIDE_BY_SIDE_WIDTH {
            let width = rest.width - LIST_WIDTH;
            let list = Rect {
                x: rest.x + width,
                width: LIST_WIDTH,
                ..rest
            };
            (Rect { width, ..rest }, list)
        } else {
            let height = rest.height / 2;
            let list = Rect {
                y: rest.y + height,
                height: rest.height - height,
                ..rest
            };
            (Rect { height, ..rest }, list)
        };
        DriversAreas {
            status,
            chart,
            list,
            footer: none,
        }
    }

    /// How many lines the list has.
    fn list_len(&self) -> usize {
        match self.figure_spec().list {
            SideList::Params => self.importance.get().map_or(0, |found| found.params.len()),
            SideList::ParetoFront => self.pareto_runs().len(),
            SideList::Neighbors => self.neighbors.len(),
            SideList::None => 0,
        }
    }

    /// The run that a line of the list is about.
    fn run_at_row(&self, line: usize) -> Option<RunId> {
        match self.figure_spec().list {
            SideList::ParetoFront => self.pareto_runs().get(line).map(|run| run.id.clone()),
            SideList::Neighbors => self.neighbors.get(line).map(|near| near.id.clone()),
            SideList::Params | SideList::None => None,
        }
    }
}

/// What differs between runs: params, then metrics, then how long they took.
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
