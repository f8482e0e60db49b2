//! tmux passes wrapped sequences to the terminal around it if `allow-passthrough` is on; it is off by default:
//! <https://github.com/tmux/tmux/wiki/FAQ#what-is-the-passthrough-escape-sequence-and-how-do-i-use-it>.

/// Wraps a sequence, with every escape in it doubled.
pub(super) fn wrap_passthrough(sequence: &[u8]) -> Vec<u8> {
    let mut wrapped = Vec::with_capacity(sequence.len() + 16);
    wrapped.extend_from_slice(b"\x1bPtmux;");
    for byte in sequence {
        if *byte == 0x1b {
            wrapped.push(0x1b);
        }
        wrapped.push(*byte);
    }
    wrapped.extend_from_slice(b"\x1b\\");
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_doubled() {
        assert_eq!(
            wrap_passthrough(b"\x1b_Ga=d\x1b\\"),
            b"\x1bPtmux;\x1b\x1b_Ga=d\x1b\x1b\\\x1b\\"
        );
    }
}
