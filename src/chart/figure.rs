//! A figure: axes, layers, a legend and notes, in the units of the data.

use super::axis::Axis;

/// A point, in the units of the axes.
pub type Xy = (f64, f64);

/// The color and weight of a layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PaintStyle {
    /// The color of the nth series of the legend.
    Series(usize),
    /// The same color, fainter: the raw line under a smoothed one.
    Faint(usize),
    /// Background.
    Muted,
    /// Highlighted.
    Emphasis,
    /// A shade from the least (0) to the greatest (1) value.
    Shade(f64),
}

/// A value without a position on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of IEEE 754")]
pub enum NonFinite {
    Nan,
    Infinite,
    NegativeInfinite,
}

/// A text, centered on a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The center.
    pub position: Xy,
    /// Safe to draw.
    pub text: String,
}

/// A horizontal bar from x = 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The end of the bar; y is its row.
    pub end: Xy,
    /// Half the length of the error bar.
    pub error: Option<f64>,
    /// Drawn at its end; safe to draw.
    pub text: Option<String>,
}

/// A shape, in the units of the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// A line through points; a point whose y is NaN is a gap.
    Line(Vec<Xy>),
    /// A mark at each point.
    Dots(Vec<Xy>),
    /// A mark at the x of each value without a position.
    NonFinite(Vec<(f64, NonFinite)>),
    /// Bars, one a row.
    Bars(Vec<Bar>),
    /// A rectangle between two corners.
    Rect(Xy, Xy),
    /// Vertical lines over the whole height.
    Rules(Vec<f64>),
    /// Texts.
    Labels(Vec<Label>),
}

/// A shape and its style. Later layers cover earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The style.
    pub style: PaintStyle,
    /// The shape.
    pub shape: Shape,
}

/// A line of the legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendEntry {
    /// The number in [`PaintStyle::Series`].
    pub series: usize,
    /// Safe to draw.
    pub label: String,
}

/// A chart, ready to be painted.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Safe to draw.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The lowest first.
    pub layers: Vec<Layer>,
    /// The series by name.
    pub legend: Vec<LegendEntry>,
    /// Counts, methods and what was left out; safe to draw.
    pub notes: Vec<String>,
}

impl Figure {
    /// A figure without layers.
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

    /// Adds a layer, unless its shape is empty.
    pub fn add_layer(&mut self, style: PaintStyle, shape: Shape) {
        let is_empty = match &shape {
            Shape::Line(points) | Shape::Dots(points) => points.is_empty(),
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

    /// The position of a point: from 0 to 1 on both axes, beyond them outside; none where an axis has none.
    #[must_use]
    pub fn position(&self, (x, y): Xy) -> Option<Xy> {
        Some((self.x.position(x)?, self.y.position(y)?))
    }

    /// The strokes of a line as positions from 0 to 1: broken at gaps, clipped at the edges. A single point is a stroke of one.
    #[must_use]
    pub fn strokes(&self, line: &[Xy]) -> Vec<Vec<Xy>> {
        super::clip::clip_polyline(
            line.iter()
                .map(|at| self.position(*at).filter(|_| !at.1.is_nan())),
        )
    }

    /// Whether it has no layers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}
