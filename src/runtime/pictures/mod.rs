//! Pictures in their place: a stored plot is drawn in the terminal.
//!
//! A [`Picture`] is decoded from bytes that nobody trusts and [`fit`] into an [`Area`] of cells; [`Blocks`] are the colours to paint.

mod blocks;
mod decode;
mod picture;

pub(super) use blocks::{Blocks, Rgb};
pub(super) use decode::decode;
pub(super) use picture::{Area, Cell, NotShown, Picture, fit};
