//! A figure: axes, layers, a legend and notes, in the units of the data.

use super::axis::Axis;

/// A place: x and y in the units of their axes.
pub type Xy = (f64, f64);

/// What something is painted with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaintStyle {
    /// The colour of the nth run of the legend.
    Series(usize),
    /// The same, fainter: the raw line under a smooth one.
    Faint(usize),
    /// What belongs to no run and is in the background.
    Muted,
    /// What the eye should find.
    Emphasis,
    /// A shade from the least (0) to the most (1) of what is shown.
    Shade(f64),
}

/// A value that has no place on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonFinite {
    /// Not a number.
    Nan,
    /// Above every number.
    Infinite,
    /// Below every number.
    NegativeInfinite,
}

/// A text at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// Where its middle is.
    pub position: Xy,
    /// What it says, safe to draw.
    pub text: String,
}

/// What is painted, in the units of the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through places; a place whose y is NaN is a gap.
    Line(Vec<Xy>),
    /// A mark at each place.
    Dots(Vec<Xy>),
    /// A mark at the x of a value that has no place.
    NonFinite(Vec<(f64, NonFinite)>),
    /// Bars from 0 to x in the row y, each with the half of its error bar.
    Bars(Vec<(Xy, Option<f64>)>),
    /// Rectangles from one place to another.
    Rect(Xy, Xy),
    /// Lines from bottom to top.
    Rules(Vec<f64>),
    /// Texts.
    Labels(Vec<Label>),
}

/// A shape and what it is painted with; later layers lie over earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// With what.
    pub style: PaintStyle,
    /// What.
    pub shape: Shape,
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendEntry {
    /// Which series it names: the number in [`Ink::Series`].
    pub series: usize,
    /// What it says, safe to draw.
    pub label: String,
}

/// A chart, ready to be painted.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is of, safe to draw.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// What is painted, the lowest first.
    pub layers: Vec<Layer>,
    /// Who is who.
    pub legend: Vec<LegendEntry>,
    /// What has to be said of it: how many points, what was left out. Safe to draw.
    pub notes: Vec<String>,
}

impl Figure {
    /// A figure with nothing on it.
    #[must_use]
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            layers: Vec::new(),
            legend: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a layer, unless there is nothing on it.
    pub fn add_layer(&mut self, style: PaintStyle, shape: Shape) {
        let is_empty = match &shape {
            Shape::Line(places) | Shape::Dots(places) => places.is_empty(),
            Shape::NonFinite(marks) => marks.is_empty(),
            Shape::Bars(bars) => bars.is_empty(),
            Shape::Rules(rules) => rules.is_empty(),
            Shape::Labels(labels) => labels.is_empty(),
            Shape::Rect(..) => false,
        };
        if !is_empty {
            self.layers.push(Layer { style, shape });
        }
    }

    /// Where a place stands: from 0 to 1 on both axes, beyond them outside; nothing for one that has no place.
    #[must_use]
    pub fn position(&self, (x, y): Xy) -> Option<Xy> {
        Some((self.x.position(x)?, self.y.position(y)?))
    }

    /// The strokes of a line, in places from 0 to 1: broken at gaps, cut at the edges. A place alone is a stroke of one.
    #[must_use]
    pub fn strokes(&self, line: &[Xy]) -> Vec<Vec<Xy>> {
        super::clip::clip_polyline(
            line.iter()
                .map(|at| self.position(*at).filter(|_| !at.1.is_nan())),
        )
    }

    /// Whether nothing is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}
