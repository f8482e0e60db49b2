//! Charts: data as a [`Figure`], which the terminal and plotters paint. Nothing here knows cells or pixels.
//!
//! A figure is built for a number of columns. Curves are downsampled to them, so painting costs what is visible and not what
//! was logged.

mod axis;
mod bars;
mod clip;
mod contour;
mod curve_marks;
mod curves;
mod downsample;
mod figure;
mod importance;
mod parallel;
mod passes;
mod property;
pub mod registry;
mod scale;
mod scatter;
mod smooth;
mod ticks;
mod time_labels;
mod time_unit;
mod visible_values;

pub use axis::{Axis, Quantity, Tick};
pub use curves::{CurveOptions, CurveSeries, XAxis, curves, nearest_point, x_position};
pub use downsample::downsample;
pub use figure::{Bar, Figure, Label, Layer, LegendEntry, NonFinite, PaintStyle, Shape, Xy};
pub use property::{Dimension, Property};
pub use scale::{Scale, ScaleKind};
pub use smooth::Smoother;
