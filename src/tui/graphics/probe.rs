//! Queries that find out what a terminal can draw.
//!
//! A [`Probe`] does no I/O: it returns the bytes to write and takes the responses that the reader of the terminal's input
//! recognised. Each query ends with DA1, which every terminal answers, and terminals answer in order.

use super::protocol::{GraphicsSupport, Protocol, detect, is_tmux};
use super::responses::Response;
use super::tmux::wrap_passthrough;

/// `OSC 10` and `OSC 11`. They end with BEL because urxvt ends its responses as the query ended, and leaves the `\` of ST
/// away: <http://cvs.schmorp.de/rxvt-unicode/src/command.C?revision=1.600&view=markup>.
const COLOR_QUERY: &[u8] = b"\x1b]10;?\x07\x1b]11;?\x07";
/// XTVERSION and the size of a cell.
const IDENTITY_QUERY: &[u8] = b"\x1b[>q\x1b[16t";
const DA1_QUERY: &[u8] = b"\x1b[c";
/// kitty's query, with an image of one pixel that is not kept. It is a query of its own, because tmux takes it as the title of
/// the pane.
const KITTY_QUERY: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[c";
/// The same, and XTVERSION, for the terminal around tmux.
const OUTER_TERMINAL_QUERY: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c";

/// What to find out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProbeOptions {
    /// The protocol that the settings name. The terminal is asked for nothing that this makes unnecessary.
    pub(crate) protocol: Option<Protocol>,
    /// Whether to ask for the default colours.
    pub(crate) colors: bool,
    /// Whether `TMUX` is set: <https://man.openbsd.org/tmux#ENVIRONMENT>. tmux before 3.2 has no name, but over SSH its name
    /// is the only sign.
    pub(crate) in_tmux: bool,
}

/// The state of a query.
#[derive(Debug)]
pub(crate) struct Probe {
    options: ProbeOptions,
    responses: Vec<Response>,
    queries_left: u8,
}

/// The next step of a probe.
#[derive(Debug, PartialEq)]
pub(crate) enum ProbeStep {
    /// Wait for more responses.
    Wait,
    /// Write this query.
    Send(Vec<u8>),
    /// All queries are answered.
    Done,
}

impl Probe {
    /// A probe and its first query, which is empty if there is nothing to ask.
    pub(crate) fn start(options: ProbeOptions) -> (Self, Vec<u8>) {
        let asks_identity = options.protocol != Some(Protocol::HalfBlocks);
        let mut query = Vec::new();
        if options.colors {
            query.extend_from_slice(COLOR_QUERY);
        }
        if asks_identity {
            query.extend_from_slice(IDENTITY_QUERY);
        }
        if !query.is_empty() {
            query.extend_from_slice(DA1_QUERY);
        }
        let queries_left = u8::from(!query.is_empty()) + u8::from(options.protocol.is_none());
        let probe = Self {
            options,
            responses: Vec::new(),
            queries_left,
        };
        (probe, query)
    }

    /// Takes a response.
    pub(crate) fn advance(&mut self, response: Response) -> ProbeStep {
        let ends_query = matches!(response, Response::DeviceAttributes(_));
        self.responses.push(response);
        if !ends_query {
            return ProbeStep::Wait;
        }
        self.queries_left = self.queries_left.saturating_sub(1);
        if self.queries_left == 0 {
            ProbeStep::Done
        } else if self.options.in_tmux || is_tmux(&self.responses) {
            ProbeStep::Send(wrap_passthrough(OUTER_TERMINAL_QUERY))
        } else {
            ProbeStep::Send(KITTY_QUERY.to_vec())
        }
    }

    /// The support that the responses so far show; half blocks for a silent terminal.
    pub(crate) fn support(&self) -> GraphicsSupport {
        let detected = detect(&self.responses, self.options.in_tmux);
        GraphicsSupport {
            protocol: self.options.protocol.unwrap_or(detected.protocol),
            ..detected
        }
    }

    /// Whether the background is lighter than the text. Without an answer for the text, lighter than L* 50, a luminance of
    /// 0.184: <https://en.wikipedia.org/wiki/CIELAB_color_space#From_CIE_XYZ_to_CIELAB>.
    pub(crate) fn is_light(&self) -> bool {
        let find = |pick: fn(&Response) -> Option<f64>| self.responses.iter().find_map(pick);
        let background = find(|response| {
            if let Response::Background(level) = response {
                Some(*level)
            } else {
                None
            }
        });
        let foreground = find(|response| {
            if let Response::Foreground(level) = response {
                Some(*level)
            } else {
                None
            }
        });
        background.is_some_and(|background| background > foreground.unwrap_or(0.184))
    }
}

#[cfg(test)]
mod tests {
    use super::super::protocol::parse_responses;
    use super::*;

    /// Answers each query with the next of `answers`. Returns the probe and what it sent.
    fn run(options: ProbeOptions, answers: &[&str]) -> (Probe, Vec<Vec<u8>>) {
        let (mut probe, query) = Probe::start(options);
        let mut sent = vec![query];
        for answer in answers {
            for response in parse_responses(answer.as_bytes()) {
                match probe.advance(response) {
                    ProbeStep::Send(query) => sent.push(query),
                    ProbeStep::Wait | ProbeStep::Done => {}
                }
            }
        }
        (probe, sent)
    }

    const KITTY: [&str; 2] = [
        "\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;20;10t\x1b[?62;52;c",
        "\x1b_Gi=31;OK\x1b\\\x1b[?62;52;c",
    ];
    const TMUX_IN_KITTY: [&str; 2] = [
        "\x1bP>|tmux 3.4\x1b\\\x1b[6;20;10t\x1b[?1;2c",
        "\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.42.1)\x1b\\\x1b[?62;52;c",
    ];

    fn support(
        protocol: Protocol,
        cell_size: Option<(u16, u16)>,
        in_tmux: bool,
    ) -> GraphicsSupport {
        GraphicsSupport {
            protocol,
            cell_size,
            in_tmux,
        }
    }

    #[test]
    fn kitty_is_asked_twice() {
        let (probe, sent) = run(ProbeOptions::default(), &KITTY);
        assert_eq!(
            probe.support(),
            support(Protocol::Kitty, Some((10, 20)), false)
        );
        assert_eq!(
            sent,
            [b"\x1b[>q\x1b[16t\x1b[c".to_vec(), KITTY_QUERY.to_vec()]
        );
    }

    #[test]
    fn outer_terminal_is_queried_through_tmux() {
        let (probe, sent) = run(ProbeOptions::default(), &TMUX_IN_KITTY);
        assert_eq!(
            probe.support(),
            support(Protocol::Kitty, Some((10, 20)), true)
        );
        assert_eq!(sent[1], wrap_passthrough(OUTER_TERMINAL_QUERY));
    }

    #[test]
    fn silent_terminal_is_queried_once() {
        let (probe, sent) = run(ProbeOptions::default(), &[]);
        assert_eq!(probe.support(), support(Protocol::HalfBlocks, None, false));
        assert_eq!(sent.len(), 1);
    }

    #[test]
    fn requested_protocol_limits_the_queries() {
        let sixel = ProbeOptions {
            protocol: Some(Protocol::Sixel),
            ..ProbeOptions::default()
        };
        let (probe, sent) = run(sixel, &KITTY[..1]);
        assert_eq!(
            probe.support(),
            support(Protocol::Sixel, Some((10, 20)), false)
        );
        assert_eq!(sent.len(), 1);
        let blocks = ProbeOptions {
            protocol: Some(Protocol::HalfBlocks),
            ..ProbeOptions::default()
        };
        let (probe, sent) = run(blocks, &[]);
        assert_eq!(probe.support().protocol, Protocol::HalfBlocks);
        assert_eq!(sent, [b""]);
        let (_, sent) = run(
            ProbeOptions {
                colors: true,
                ..blocks
            },
            &["\x1b[?6c"],
        );
        assert_eq!(sent, [[COLOR_QUERY, DA1_QUERY].concat()]);
    }

    #[test]
    fn background_is_compared_with_the_text() {
        let colors = ProbeOptions {
            colors: true,
            ..ProbeOptions::default()
        };
        for (answer, is_light) in [
            ("\x1b]10;rgb:00/00/00\x07\x1b]11;rgb:ff/ff/ff\x07", true),
            ("\x1b]10;rgb:ff/ff/ff\x07\x1b]11;rgb:00/00/00\x07", false),
            ("\x1b]10;rgb:60/60/60\x07\x1b]11;rgb:70/70/70\x07", true),
            ("\x1b]11;rgb:ff/ff/ff\x07", true),
            ("\x1b]11;rgb:30/30/30\x07", false),
            ("\x1b[?6c", false),
        ] {
            assert_eq!(run(colors, &[answer]).0.is_light(), is_light, "{answer:?}");
        }
    }
}
