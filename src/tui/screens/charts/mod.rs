//! The curves of runs: a grid of metrics, one of them alone with a crosshair, who is who.

mod build;
mod panels;
mod place;
mod style;
mod view;

use std::collections::{HashMap, HashSet};

use super::{Freshness, Screen};
use crate::chart::{Curve, Figure, reading};
use crate::config::keymap::Action;
use crate::domain::{Goal, Point, Run, RunId, RunStatus};
use crate::store::limits::BULK_POINTS;
use crate::text::Untrusted;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame};
use crate::tui::app::message::Request;
use crate::tui::app::plot::{plot, value_at};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{ALL_POINTS, Context, Go, Shared};

pub use build::Built;
pub use panels::Panel;
pub use place::{Places, places};
pub use style::Style;

/// How much of the width one step of zooming takes away on both sides together.
const ZOOM: f64 = 0.5;
/// How much of the width one step to the side moves.
const PAN: f64 = 0.25;

/// The pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What the model did.
    #[default]
    Metrics,
    /// What the machine did.
    System,
}

/// The screen's state.
#[derive(Debug)]
pub struct Charts {
    /// Which runs.
    pub ids: Vec<RunId>,
    /// The runs.
    pub data: Remote<Vec<Run>>,
    /// The page that is seen.
    pub tab: Tab,
    /// The charts of that page.
    pub panels: Vec<Panel>,
    /// Which of them is under the cursor.
    pub at: usize,
    /// Whether that one stands alone.
    pub alone: bool,
    /// How curves are drawn.
    pub style: Style,
    /// The x of the crosshair.
    pub cross: Option<f64>,
    /// The runs that are hidden.
    pub hidden: HashSet<RunId>,
    /// Whether the legend has the keys.
    pub in_legend: bool,
    /// The cursor in the legend.
    pub legend: Cursor,
    /// Whether it is told where the curves part from the first.
    pub divergence: bool,
    /// The words that a metric's key must have.
    pub filter: String,
    windows: HashMap<Untrusted, (f64, f64)>,
    built: Vec<Built>,
    needle: String,
}

impl Charts {
    /// The charts of runs.
    #[must_use]
    pub fn new(ids: Vec<RunId>) -> Self {
        Self {
            ids,
            data: Remote::default(),
            tab: Tab::default(),
            panels: Vec::new(),
            at: 0,
            alone: false,
            style: Style::default(),
            cross: None,
            hidden: HashSet::new(),
            in_legend: false,
            legend: Cursor::default(),
            divergence: false,
            filter: String::new(),
            windows: HashMap::new(),
            built: Vec::new(),
            needle: String::new(),
        }
    }

    /// The runs, in the order of the legend.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        self.data.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// The parts of the screen.
    #[must_use]
    pub fn places(&self, size: Size) -> Places {
        places(
            frame(size).body,
            self.panels.len(),
            self.at,
            self.alone,
            self.runs().len() + 1,
        )
    }

    /// The part of the x axis of a chart that is seen; nothing for all of it.
    #[must_use]
    pub fn window_of(&self, panel: usize) -> Option<(f64, f64)> {
        self.windows.get(&self.panels.get(panel)?.title).copied()
    }

    /// The curves of the chart under the cursor.
    #[must_use]
    pub fn curves<'a>(&self, shared: &'a Shared) -> Vec<Curve<'a>> {
        let panel = self.panels.get(self.at);
        panel
            .map(|panel| self.curves_of(panel, &shared.histories))
            .unwrap_or_default()
    }

    /// What a curve of the chart under the cursor has at the crosshair.
    #[must_use]
    pub fn read<'a>(&self, curve: &Curve<'a>) -> Option<&'a Point> {
        let figure = self.built(self.at)?;
        let over = match figure.x.quantity {
            crate::chart::Quantity::Span => crate::chart::Over::Relative,
            crate::chart::Quantity::Time(_) => crate::chart::Over::Wall,
            _ => crate::chart::Over::Step,
        };
        reading(curve, over, self.cross?)
    }

    fn goal<'a>(&self, shared: &'a Shared) -> Option<&'a Goal> {
        shared.goals.get(&self.runs().first()?.experiment_id)
    }

    /// Finds out anew which charts there are; the cursor stays on its own.
    fn arrange(&mut self, shared: &Shared) {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let under = self.panels.get(self.at).map(|panel| panel.title.clone());
        let goal = self.goal(shared).cloned();
        self.panels = panels::panels(self.runs(), self.tab == Tab::System, goal.as_ref(), &words);
        let kept = self
            .panels
            .iter()
            .position(|panel| Some(&panel.title) == under.as_ref());
        self.at = kept.unwrap_or(0);
        self.alone &= kept.is_some();
        self.built.clear();
    }

    fn is_going(&self) -> bool {
        self.runs()
            .iter()
            .any(|run| matches!(run.status, RunStatus::Running | RunStatus::Scheduled))
    }

    /// Asks for the histories of the charts that are seen; where the store thinned them out, for the part that is looked at.
    fn fetch(&self, places: &Places, context: &mut Context<'_>) {
        let whole = context
            .shared
            .features
            .get()
            .is_some_and(|features| features.whole_histories);
        for (nth, area) in places.panels.iter().enumerate() {
            let Some(panel) = self.panels.get(places.first + nth) else {
                continue;
            };
            // In powers of two, so that a terminal that is resized does not ask at every width.
            let columns = u32::from(area.width.max(80)) * 4;
            let points = if whole {
                ALL_POINTS
            } else {
                columns.next_power_of_two().min(BULK_POINTS)
            };
            for metric in &panel.metrics {
                let has = |run: &&Run| {
                    run.metrics.iter().any(|m| m.key == *metric) && !self.hidden.contains(&run.id)
                };
                let runs: Vec<RunId> = self
                    .runs()
                    .iter()
                    .filter(has)
                    .map(|run| run.id.clone())
                    .collect();
                context.ask_histories(&runs, metric.raw(), points);
                if let Some(steps) = self.steps(places.first + nth, context.shared) {
                    context.refine_histories(&runs, metric.raw(), BULK_POINTS, steps);
                }
            }
        }
    }

    /// The steps that lie within the window of a chart, whatever it is drawn over.
    fn steps(&self, panel: usize, shared: &Shared) -> Option<(i64, i64)> {
        let (low, high) = self.window_of(panel)?;
        if self.built(panel)?.x.quantity == crate::chart::Quantity::Whole {
            return Some((low.floor() as i64, high.ceil() as i64));
        }
        // Over time, the steps of the points that are known to be there.
        let curves = self.curves_of(self.panels.get(panel)?, &shared.histories);
        let near = |curve: &Curve<'_>| {
            let over = if self.style.over == crate::chart::Over::Wall {
                self.style.over
            } else {
                crate::chart::Over::Relative
            };
            Some((
                reading(curve, over, low)?.step,
                reading(curve, over, high)?.step,
            ))
        };
        curves
            .iter()
            .filter_map(near)
            .reduce(|(a, b), (c, d)| (a.min(c), b.max(d)))
    }

    fn range(&self) -> Option<(f64, f64)> {
        self.built(self.at).map(|figure| figure.x.range())
    }

    fn look_at(&mut self, window: Option<(f64, f64)>) {
        let Some(title) = self.panels.get(self.at).map(|panel| panel.title.clone()) else {
            return;
        };
        match window {
            Some((low, high)) if low < high && (high - low).is_finite() => {
                self.windows.insert(title, (low, high));
            }
            Some(_) => {}
            None => drop(self.windows.remove(&title)),
        }
    }

    /// Zooms by a factor of the width, around the crosshair or the middle.
    fn zoom(&mut self, factor: f64) {
        let Some((low, high)) = self.range() else {
            return;
        };
        let middle = self
            .cross
            .filter(|x| (low..=high).contains(x))
            .unwrap_or(f64::midpoint(low, high));
        self.look_at(Some((
            middle - (middle - low) * factor,
            middle + (high - middle) * factor,
        )));
    }

    fn pan(&mut self, part: f64) {
        let Some((low, high)) = self.range() else {
            return;
        };
        let by = (high - low) * part;
        self.look_at(Some((low + by, high + by)));
    }

    /// Moves the crosshair by columns of cells; without one, it appears in the middle.
    fn move_cross(&mut self, by: i32, size: Size) {
        let places = self.places(size);
        let (Some(figure), Some(area)) = (self.built(self.at), places.panels.first()) else {
            return;
        };
        let columns = f64::from(self.inside(self.at, *area).max(2) - 1);
        let at = self
            .cross
            .and_then(|x| figure.x.place(x))
            .filter(|at| (0.0..=1.0).contains(at));
        let next = at.map_or(0.5, |at| ((at * columns).round() + f64::from(by)) / columns);
        self.cross = Some(figure.x.value(next.clamp(0.0, 1.0)));
    }

    /// The chart at a place of the screen, and the x of its axis there.
    fn hit(&self, size: Size, x: u16, y: u16) -> Option<(usize, f64)> {
        let places = self.places(size);
        let nth = places
            .panels
            .iter()
            .position(|area| area.contains((x, y).into()))?;
        let panel = places.first + nth;
        let figure: &Figure = self.built(panel)?;
        Some((
            panel,
            value_at(&plot(places.panels[nth], figure), &figure.x, x)?,
        ))
    }

    fn hide(&mut self, context: &mut Context<'_>) {
        let id = if self.in_legend {
            self.runs().get(self.legend.at).map(|run| run.id.clone())
        } else {
            None
        };
        let Some(id) = id else {
            return context.say("tab goes to the legend: space hides a run there");
        };
        if !self.hidden.remove(&id) {
            self.hidden.insert(id);
        }
    }

    fn move_panel(&mut self, action: Action, size: Size) -> bool {
        let across = self.places(size).across;
        let last = self.panels.len().saturating_sub(1);
        self.at = match action {
            Action::Left => self.at.saturating_sub(1),
            Action::Right => (self.at + 1).min(last),
            Action::Up if self.at >= across => self.at - across,
            Action::Down => (self.at + across).min(last),
            Action::PageDown | Action::HalfPageDown => {
                (self.at + self.places(size).panels.len()).min(last)
            }
            Action::PageUp | Action::HalfPageUp => {
                self.at.saturating_sub(self.places(size).panels.len())
            }
            Action::Top => 0,
            Action::Bottom => last,
            Action::Up => self.at,
            _ => return false,
        };
        true
    }

    fn move_alone(&mut self, action: Action, size: Size) -> bool {
        let last = self.panels.len().saturating_sub(1);
        match action {
            Action::Left => self.move_cross(-1, size),
            Action::Right => self.move_cross(1, size),
            Action::Down => self.at = (self.at + 1).min(last),
            Action::Up => self.at = self.at.saturating_sub(1),
            Action::Top => self.cross = self.range().map(|range| range.0),
            Action::Bottom => self.cross = self.range().map(|range| range.1),
            Action::PageDown | Action::HalfPageDown => self.move_cross(10, size),
            Action::PageUp | Action::HalfPageUp => self.move_cross(-10, size),
            _ => return false,
        }
        true
    }
}
