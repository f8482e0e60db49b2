//! Pictures in their place: a stored plot is drawn by the terminal's own graphics, or as half blocks where it has none.
//!
//! [`probe()`] asks the terminal once what it can draw. A [`Picture`] is decoded from bytes that nobody trusts, and [`fit`] into
//! an [`Area`] of cells; [`show`] and [`erase`] give the bytes to write for it, [`Blocks`] the colours to paint. The terminal
//! never sees the bytes of a store: only our own encoding of pixels.

mod bitmap;
mod decode;
mod encode;
mod half_blocks;
mod probe;
mod protocol;
mod responses;
#[cfg(test)]
mod tests;
mod tmux;

pub(crate) use bitmap::{CellRect, Image, fit};
pub(crate) use decode::decode;
pub(crate) use encode::{ImageId, encode_erase, encode_image};
pub(crate) use half_blocks::HalfBlocks;
pub(crate) use probe::probe;
pub(crate) use protocol::{GraphicsSupport, Protocol};
