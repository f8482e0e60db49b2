//! Pictures in their place: a stored plot is drawn in the terminal.
//!
//! [`probe()`] asks the terminal once what it can draw. A [`Picture`] is decoded from bytes that nobody trusts and [`fit`] into an
//! [`Area`] of cells; [`Blocks`] are the colours to paint.

mod answers;
mod blocks;
mod decode;
mod picture;
mod probe;
mod protocol;
mod tmux;

pub(super) use blocks::{Blocks, Rgb};
pub(super) use decode::decode;
pub(super) use picture::{Area, Cell, NotShown, Picture, fit};
pub(super) use probe::{Probed, probe};
pub(super) use protocol::{Found, Protocol};
