//! The entry point of the fuzzer: bytes of a terminal, without the terminal.

use super::input::InputTranslator;
use super::input_parser::{Input, InputParser};
use crate::tui::app::Message;

/// The messages of what a terminal sends, read in pieces of `chunk_size` bytes.
///
/// # Panics
/// If bytes remain that are neither a key yet nor an incomplete sequence.
pub fn parse_input(bytes: &[u8], chunk_size: usize) -> Vec<Message> {
    let mut parser = InputParser::default();
    let mut inputs: Vec<Input> = bytes
        .chunks(chunk_size.max(1))
        .flat_map(|chunk| parser.feed(chunk))
        .collect();
    inputs.extend(parser.flush());
    inputs.extend(parser.abandon());
    assert!(!parser.is_incomplete() && !parser.is_ambiguous());
    let mut translator = InputTranslator::default();
    inputs
        .into_iter()
        .filter_map(|input| match input {
            Input::Event(event) => translator.translate(event),
            Input::Response(_) => None,
        })
        .collect()
}
