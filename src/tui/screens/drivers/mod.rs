//! What drives the goal: importance, parallel coordinates, scatter, contour, fronts, and the nearest runs.

mod actions;
mod selection;

use super::Freshness;
use crate::analysis::importance::Importance;
use crate::analysis::nearest::{Neighbor, nearest_runs};
use crate::analysis::pareto::{ParetoFronts, pareto_fronts};
use crate::chart::{self, Dimension, Figure, Property};
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
/// The most params across which lines are drawn.
const MAX_PARALLEL_PARAMS: usize = 10;
/// From this width on, the list stands beside the chart.
const SIDE_BY_SIDE_WIDTH: u16 = 120;
/// How wide it is there.
const LIST_WIDTH: u16 = 64;
/// Rows under the list of params, and under the list of neighbours.
const FOOTER_ROWS: (u16, u16) = (5, 12);

/// The pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the pages by their names")]
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
    /// The pages in order.
    pub const ALL: [Self; 6] = [
        Self::Importance,
        Self::Parallel,
        Self::Scatter,
        Self::Contour,
        Self::Pareto,
        Self::Nearest,
    ];

    /// Its title.
    #[must_use]
    pub fn title(self) -> &'static str {
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
    /// The page that is seen.
    pub tab: DriversTab,
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
    /// The chart of the tab, with the inputs that it was built from.
    cached_figure: Option<(FigureKey, Option<Figure>)>,
    search_text: String,
}

/// The inputs of a figure that can change.
#[derive(Debug, PartialEq)]
struct FigureKey {
    tab: DriversTab,
    area: Rect,
    axes: (Property, Property, Option<Property>),
    goals: (Goal, Vec<Goal>),
    importance_fetched_at: Option<i64>,
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
            tab: DriversTab::default(),
            x: first.unwrap_or(Property::Duration),
            y: Property::Metric(goal.metric.clone()),
            color_by: None,
            reference_run: subject.or_else(|| runs.first().map(|run| run.id.clone())),
            cursor: Cursor::default(),
            pending_choice: selection::PendingChoice::default(),
            pareto: ParetoFronts {
                fronts: Vec::new(),
                excluded: 0,
            },
            neighbors: Vec::new(),
            cached_figure: None,
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

    /// The figure of the current tab.
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
        // As many boxes as have room for what stands in them.
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

    /// The param from bottom to top of a contour: where the chosen one is the goal itself, another param stands in.
    fn contour_y(&self) -> Property {
        let is_param =
            |property: &&Property| matches!(property, Property::Param(_)) && **property != self.x;
        Some(&self.y)
            .filter(is_param)
            .or_else(|| self.properties.iter().find(is_param))
            .unwrap_or(&self.y)
            .clone()
    }

    /// The params of parallel coordinates: the most important ones first, once that is known.
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

    /// The parts of the screen.
    #[must_use]
    pub fn areas(&self, size: Size) -> DriversAreas {
        let mut parts = self.areas_without_footer(size);
        let footer_rows = match self.tab {
            DriversTab::Importance => FOOTER_ROWS.0,
            DriversTab::Nearest => FOOTER_ROWS.1,
            _ => 0,
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
        match self.tab {
            DriversTab::Parallel | DriversTab::Scatter | DriversTab::Contour => DriversAreas {
                status,
                chart: rest,
                list: none,
                footer: none,
            },
            DriversTab::Nearest => DriversAreas {
                status,
                chart: none,
                list: rest,
                footer: none,
            },
            DriversTab::Importance | DriversTab::Pareto if rest.width >= SIDE_BY_SIDE_WIDTH => {
                let width = rest.width - LIST_WIDTH;
                DriversAreas {
                    status,
                    chart: Rect { width, ..rest },
                    list: Rect {
                        x: rest.x + width,
                        width: LIST_WIDTH,
                        ..rest
                    },
                    footer: none,
                }
            }
            DriversTab::Importance | DriversTab::Pareto => {
                let height = rest.height / 2;
                DriversAreas {
                    status,
                    chart: Rect { height, ..rest },
                    list: Rect {
                        y: rest.y + height,
                        height: rest.height - height,
                        ..rest
                    },
                    footer: none,
                }
            }
        }
    }

    /// How many lines the list has.
    fn list_len(&self) -> usize {
        match self.tab {
            DriversTab::Importance => self.importance.get().map_or(0, |found| found.params.len()),
            DriversTab::Pareto => self.pareto_runs().len(),
            DriversTab::Nearest => self.neighbors.len(),
            _ => 0,
        }
    }

    /// The run that a line of the list is about.
    fn run_at_row(&self, line: usize) -> Option<RunId> {
        match self.tab {
            DriversTab::Pareto => self.pareto_runs().get(line).map(|run| run.id.clone()),
            DriversTab::Nearest => self.neighbors.get(line).map(|near| near.id.clone()),
            _ => None,
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
