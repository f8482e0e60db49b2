//! The figures of the charts that are seen: made when something changed, never when drawing.

use super::Charts;
use super::panels::{Panel, gpu};
use super::style::Style;
use crate::analysis::divergence::divergence;
use crate::chart::{Curve, CurveOptions, Figure, Ink, Layer, Quantity, Shape, curves};
use crate::domain::RunId;
use crate::tui::app::histories::Histories;
use crate::tui::app::plot::plot;
use crate::tui::app::shared::Shared;

/// Columns of dots in a column of cells.
const DOTS_A_CELL: usize = 2;
/// A chart that is at least so wide, in cells, has marks along its lines.
const MARKED_WIDTH: u16 = 60;

/// What a figure was made of: as long as it is the same, so is the figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    width: u16,
    style: Style,
    divergence: bool,
    window: Option<(f64, f64)>,
    hidden: Vec<RunId>,
    revision: u64,
    data_at: Option<i64>,
}

/// A figure and what it was made of.
#[derive(Clone, Debug)]
pub struct Built {
    /// Which chart.
    pub panel: usize,
    /// The figure.
    pub figure: Figure,
    key: Key,
}

/// Tells where the curves part from the first by more than they tremble, and marks the steps.
fn tell_partings(figure: &mut Figure, all: &[Curve<'_>]) {
    let Some((first, others)) = all.split_first() else {
        return;
    };
    let mut steps = Vec::new();
    for other in others {
        match divergence(first.points, other.points) {
            Some(found) => {
                steps.push(found.step as f64);
                figure.notes.push(format!(
                    "{} parts from {} at step {}",
                    other.label, first.label, found.step
                ));
            }
            None => figure
                .notes
                .push(format!("{} never parts from {}", other.label, first.label)),
        }
    }
    // The marks are steps: over time they would stand anywhere.
    if figure.x.quantity == Quantity::Whole {
        figure.layers.insert(
            0,
            Layer {
                ink: Ink::Quiet,
                shape: Shape::Rules(steps),
            },
        );
    }
}

impl Charts {
    /// The curves of a panel: of each run that is not hidden and has one of its metrics.
    #[must_use]
    pub fn curves_of<'a>(&self, panel: &Panel, histories: &'a Histories) -> Vec<Curve<'a>> {
        let several = panel.metrics.len();
        let mut all = Vec::new();
        for (at, run) in self
            .runs()
            .iter()
            .enumerate()
            .filter(|(_, run)| !self.hidden.contains(&run.id))
        {
            for (nth, metric) in panel.metrics.iter().enumerate() {
                let Some(points) = histories
                    .get(&run.id, metric.raw())
                    .filter(|points| !points.is_empty())
                else {
                    continue;
                };
                let name = run.label().clean().into_owned();
                let label = match gpu(metric).filter(|_| several > 1) {
                    Some((_, number, _)) => format!("{name} gpu {number}"),
                    None => name,
                };
                let sampled = histories.is_sampled(&run.id, metric.raw());
                all.push(Curve {
                    label,
                    series: at * several + nth,
                    points,
                    start: run.start_time,
                    sampled,
                });
            }
        }
        all
    }

    /// Makes the figures of the charts that are seen anew where something changed, and forgets the others.
    pub(super) fn build(&mut self, places: &super::place::Places, shared: &Shared) {
        let mut before = std::mem::take(&mut self.built);
        for (nth, area) in places.panels.iter().enumerate() {
            let panel = places.first + nth;
            let key = Key {
                width: area.width,
                style: self.style,
                divergence: self.divergence,
                window: self.window_of(panel),
                hidden: self.hidden.iter().cloned().collect(),
                revision: shared.histories.revision(),
                data_at: self.data.at(),
            };
            let known = before
                .iter()
                .position(|built| built.panel == panel && built.key == key);
            if let Some(at) = known {
                self.built.push(before.swap_remove(at));
            } else {
                let Some(figure) = self.figure(panel, area.width, shared) else {
                    continue;
                };
                self.built.push(Built { panel, figure, key });
            }
        }
    }

    fn figure(&self, panel: usize, width: u16, shared: &Shared) -> Option<Figure> {
        let columns = usize::from(width) * DOTS_A_CELL;
        let marks = if width >= MARKED_WIDTH { 3 } else { 0 };
        self.figure_of(panel, columns, marks, shared)
    }

    /// The figure of a chart in so many columns.
    #[must_use]
    pub fn figure_of(
        &self,
        panel: usize,
        columns: usize,
        marks: usize,
        shared: &Shared,
    ) -> Option<Figure> {
        let which = self.panels.get(panel)?;
        let all = self.curves_of(which, &shared.histories);
        let options = CurveOptions {
            over: self.style.over,
            scale: self.style.scale,
            smoothing: self.style.smoothing(),
            clip: self.style.clip,
            window: self.window_of(panel),
            columns,
            marks,
            zone: shared.session.zone.clone(),
        };
        let mut figure = curves(which.title.clean().into_owned(), &all, &options);
        if self.divergence {
            tell_partings(&mut figure, &all);
        }
        Some(figure)
    }

    /// The figure of a chart, if it is seen.
    #[must_use]
    pub fn built(&self, panel: usize) -> Option<&Figure> {
        self.built
            .iter()
            .find(|built| built.panel == panel)
            .map(|built| &built.figure)
    }

    /// How wide the inside of a chart is, in cells.
    pub(super) fn inside(&self, panel: usize, area: ratatui::layout::Rect) -> u16 {
        self.built(panel)
            .map_or(area.width, |figure| plot(area, figure).inside.width)
    }
}
