//! What drives the goal: importance, parallel coordinates, scatter, contour, fronts, and the nearest runs.

mod choose;
mod view;

use super::Freshness;
use crate::analysis::importance::Importance;
use crate::analysis::nearest::{Near, nearest};
use crate::analysis::pareto::{Pareto, pareto};
use crate::chart::{self, Dimension, Figure, Property};
use crate::domain::{Goal, Run, RunId, RunStatus};
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame};
use crate::tui::app::message::Request;
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::Context;
use ratatui::layout::Rect;

/// The most runs that are looked at; of more, evenly many.
pub const MOST_RUNS: usize = 2_000;
/// The most params across which lines are drawn.
const ACROSS: usize = 10;
/// From this width on, the list stands beside the chart.
const BESIDE_WIDTH: u16 = 120;
/// How wide it is there.
const LIST_WIDTH: u16 = 64;
/// Rows under the list of params, and under the list of neighbours.
const FOOT_ROWS: (u16, u16) = (5, 12);

/// The pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the pages by their names")]
pub enum Page {
    #[default]
    Importance,
    Parallel,
    Scatter,
    Contour,
    Pareto,
    Nearest,
}

impl Page {
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
pub struct Parts {
    /// The pages' names.
    pub status: Rect,
    /// The chart; empty on a page without one.
    pub chart: Rect,
    /// The list; empty on a page without one.
    pub list: Rect,
    /// What has to be known of the list, or of its line under the cursor.
    pub foot: Rect,
}

/// The screen's state.
#[derive(Debug)]
pub struct Drivers {
    /// The runs that are looked at.
    pub runs: Vec<Run>,
    /// How many there were before evenly many were taken.
    pub of: usize,
    /// How many of those have not finished, and are left out.
    pub unfinished: usize,
    /// What the runs are, safe to draw.
    pub name: String,
    /// The goal.
    pub goal: Goal,
    /// The goals of the front, the first of which is the goal.
    pub goals: Vec<Goal>,
    /// What goes with the goal.
    pub importance: Remote<Box<Importance>>,
    /// The page that is seen.
    pub page: Page,
    /// The property from left to right.
    pub x: Property,
    /// The property from bottom to top.
    pub y: Property,
    /// The property that marks tell.
    pub mark: Option<Property>,
    /// The run whose neighbours are looked for.
    pub subject: Option<RunId>,
    /// The cursor over the list.
    pub cursor: Cursor,
    properties: Vec<Property>,
    asking: choose::Asking,
    /// The front, and which neighbours there are: made when what they are made of changes.
    front: Pareto,
    near: Vec<Near>,
    needle: String,
}

impl Drivers {
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
            .step_by(runs.len().div_ceil(MOST_RUNS).max(1))
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
            .find(|property| !Dimension::of(&runs, property).words)
            .or_else(|| params().next())
            .cloned();
        let mut drivers = Self {
            of,
            unfinished,
            name,
            goals: vec![goal.clone()],
            importance: Remote::default(),
            page: Page::default(),
            x: first.unwrap_or(Property::Duration),
            y: Property::Metric(goal.metric.clone()),
            mark: None,
            subject: subject.or_else(|| runs.first().map(|run| run.id.clone())),
            cursor: Cursor::default(),
            asking: choose::Asking::default(),
            front: Pareto {
                front: Vec::new(),
                left_out: 0,
            },
            near: Vec::new(),
            needle: String::new(),
            goal,
            properties,
            runs,
        };
        drivers.second_goal();
        drivers.refresh();
        drivers
    }

    /// The front needs a second goal: the likeliest other one.
    fn second_goal(&mut self) {
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
        let cheap = others.iter().find(|key| {
            key.raw().contains("latency")
                || key.raw().contains("time")
                || key.raw().contains("size")
        });
        if let Some(second) = cheap
            .copied()
            .cloned()
            .or_else(|| Goal::likeliest(others).map(|goal| goal.metric))
        {
            self.goals = vec![self.goal.clone(), Goal::guess(second)];
        }
    }

    /// Makes anew what depends on the runs, the goals and the subject.
    fn refresh(&mut self) {
        self.front = pareto(&self.runs, &self.goals);
        self.near = self
            .subject
            .as_ref()
            .map(|id| nearest(&self.runs, id))
            .unwrap_or_default();
    }

    fn ask(&mut self, context: &mut Context<'_>) {
        context.fetch(
            &mut self.importance,
            Request::Importance(self.runs.clone(), self.goal.metric.raw().to_owned()),
        );
    }

    /// The runs on the front, by the first goal, best first.
    #[must_use]
    pub fn on_front(&self) -> Vec<&Run> {
        let on = |at: &usize| self.front.front.get(*at).copied().flatten() == Some(1);
        let mut runs: Vec<&Run> = (0..self.runs.len())
            .filter(on)
            .map(|at| &self.runs[at])
            .collect();
        let value = |run: &Run| {
            run.metric(self.goal.metric.raw())
                .unwrap_or(crate::domain::MetricValue::new(f64::NAN))
        };
        runs.sort_by(|a, b| self.goal.direction.best_first(value(a), value(b)));
        runs
    }

    /// How many runs have no number in some goal.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.front.left_out
    }

    /// The neighbours of the subject, the nearest first.
    #[must_use]
    pub fn near(&self) -> &[Near] {
        &self.near
    }

    /// A run by its id.
    #[must_use]
    pub fn run(&self, id: &RunId) -> Option<&Run> {
        self.runs.iter().find(|run| run.id == *id)
    }

    /// The figure of the page that is seen, for a chart of this size.
    #[must_use]
    pub fn figure(&self, area: Rect) -> Option<Figure> {
        // As many boxes as have room for what stands in them.
        let boxes = (
            usize::from(area.width / 13).clamp(3, 10),
            usize::from(area.height / 3).clamp(3, 8),
        );
        let front_axes = || match self.goals.as_slice() {
            [first, second, ..] => Some((
                Property::Metric(second.metric.clone()),
                Property::Metric(first.metric.clone()),
            )),
            _ => None,
        };
        match self.page {
            Page::Importance => self.importance.get().map(|found| chart::importance(found)),
            Page::Parallel => Some(chart::parallel(&self.runs, &self.across(), &self.goal)),
            Page::Scatter => Some(chart::scatter(
                &self.runs,
                &self.x,
                &self.y,
                self.mark.as_ref(),
            )),
            Page::Contour => Some(chart::contour(
                &self.runs,
                &self.x,
                &self.up(),
                &self.goal,
                boxes,
            )),
            Page::Pareto => {
                front_axes().map(|(x, y)| chart::front(&self.runs, &x, &y, &self.front.front))
            }
            Page::Nearest => None,
        }
    }

    /// The param from bottom to top of a contour: where the chosen one is the goal itself, another param stands in.
    fn up(&self) -> Property {
        let is_param =
            |property: &&Property| matches!(property, Property::Param(_)) && **property != self.x;
        Some(&self.y)
            .filter(is_param)
            .or_else(|| self.properties.iter().find(is_param))
            .unwrap_or(&self.y)
            .clone()
    }

    /// The params of parallel coordinates: the most important ones first, once that is known.
    fn across(&self) -> Vec<Property> {
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
        across.truncate(ACROSS);
        across
    }

    /// The parts of the screen.
    #[must_use]
    pub fn parts(&self, size: Size) -> Parts {
        let mut parts = self.without_foot(size);
        let wanted = match self.page {
            Page::Importance => FOOT_ROWS.0,
            Page::Nearest => FOOT_ROWS.1,
            _ => 0,
        };
        let height = wanted.min(parts.list.height / 2);
        parts.list.height -= height;
        parts.foot = Rect {
            y: parts.list.bottom(),
            height,
            ..parts.list
        };
        parts
    }

    fn without_foot(&self, size: Size) -> Parts {
        let body = frame(size).body;
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
        match self.page {
            Page::Parallel | Page::Scatter | Page::Contour => Parts {
                status,
                chart: rest,
                list: none,
                foot: none,
            },
            Page::Nearest => Parts {
                status,
                chart: none,
                list: rest,
                foot: none,
            },
            Page::Importance | Page::Pareto if rest.width >= BESIDE_WIDTH => {
                let width = rest.width - LIST_WIDTH;
                Parts {
                    status,
                    chart: Rect { width, ..rest },
                    list: Rect {
                        x: rest.x + width,
                        width: LIST_WIDTH,
                        ..rest
                    },
                    foot: none,
                }
            }
            Page::Importance | Page::Pareto => {
                let height = rest.height / 2;
                Parts {
                    status,
                    chart: Rect { height, ..rest },
                    list: Rect {
                        y: rest.y + height,
                        height: rest.height - height,
                        ..rest
                    },
                    foot: none,
                }
            }
        }
    }

    /// How many lines the list has.
    fn len(&self) -> usize {
        match self.page {
            Page::Importance => self.importance.get().map_or(0, |found| found.params.len()),
            Page::Pareto => self.on_front().len(),
            Page::Nearest => self.near.len(),
            _ => 0,
        }
    }

    /// The run that a line of the list is about.
    fn run_at(&self, line: usize) -> Option<RunId> {
        match self.page {
            Page::Pareto => self.on_front().get(line).map(|run| run.id.clone()),
            Page::Nearest => self.near.get(line).map(|near| near.id.clone()),
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
