//! Images on the screen: drawn by the terminal's own graphics, or as half blocks where it has none.
//!
//! A `Probe` finds out what the terminal can draw. An `Image` is decoded from untrusted bytes and `fit` into cells;
//! `encode_image` and `encode_erase` return the bytes to write for it, `HalfBlocks` the colours to paint. The terminal
//! never receives the bytes of a store, only our own encoding of pixels.

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
pub(crate) use probe::{Probe, ProbeOptions, ProbeStep};
pub(crate) use protocol::{GraphicsSupport, Protocol};
pub(crate) use responses::{Response, Scan, scan_response};
