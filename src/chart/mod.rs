//! Charts: data made into a [`Figure`] once, which the terminal and plotters then paint. Nothing here knows a cell or a pixel.
//!
//! A figure is made for a number of columns: curves come reduced to them, so that painting costs what is seen, never what
//! was logged. Adding a chart is one file that builds its figure.

mod axis;
mod clip;
mod contour;
mod curves;
mod figure;
mod importance;
mod parallel;
mod property;
mod reduce;
mod scale;
mod scatter;
mod smooth;
mod ticks;

pub use axis::{Axis, Quantity, Tick};
pub use contour::contour;
pub use curves::{Curve, CurveOptions, Over, curves, place_of, reading};
pub use figure::{Entry, Figure, Ink, Label, Layer, Oddity, Shape, Xy};
pub use importance::importance;
pub use parallel::parallel;
pub use property::{Dimension, Property};
pub use reduce::reduce;
pub use scale::{Scale, ScaleKind};
pub use scatter::{front, scatter};
pub use smooth::Smoother;
