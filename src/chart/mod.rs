//! Charts: data made into a [`Figure`] once, which the terminal and plotters then paint. Nothing here knows a cell or a pixel.
//!
//! A figure is made for a number of columns: curves come reduced to them, so that painting costs what is seen, never what
//! was logged. Adding a chart is one file that builds its figure.

mod axis;
mod clip;
mod contour;
mod curves;
mod downsample;
mod figure;
mod importance;
mod parallel;
mod property;
mod scale;
mod scatter;
mod smooth;
mod ticks;

pub use axis::{Axis, Quantity, Tick};
pub use contour::contour;
pub use curves::{CurveOptions, CurveSeries, XAxis, curves, nearest_point, x_position};
pub use downsample::downsample;
pub use figure::{Figure, Label, Layer, LegendEntry, NonFinite, PaintStyle, Shape, Xy};
pub use importance::importance;
pub use parallel::parallel;
pub use property::{Dimension, Property};
pub use scale::{Scale, ScaleKind};
pub use scatter::{pareto_front, scatter};
pub use smooth::Smoother;
