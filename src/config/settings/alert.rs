//! How the terminal is asked to alert somebody: something that is watched has moved.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::untrusted::clean;

/// What is asked of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alert {
    /// Nothing: the message line tells.
    #[default]
    None,
    /// Its bell.
    Bell,
    /// A notification of the desktop.
    Notify,
    /// Both.
    Both,
}

impl Alert {
    /// What is written to the terminal. OSC 9 is iTerm2's notification, OSC 777 rxvt's; a terminal that knows neither shows nothing.
    #[must_use]
    pub fn escape_sequence(self, text: &str) -> String {
        // A semicolon would end the field of OSC 777.
        let text = clean(text).replace(';', ",");
        let notice = format!("\x1b]9;{text}\x07\x1b]777;notify;frontrunner;{text}\x07");
        match self {
            Self::None => String::new(),
            Self::Bell => "\x07".to_owned(),
            Self::Notify => notice,
            Self::Both => format!("\x07{notice}"),
        }
    }
}

impl FromStr for Alert {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "bell" => Ok(Self::Bell),
            "notify" => Ok(Self::Notify),
            "both" => Ok(Self::Both),
            _ => Err(format!(
                "{} is none of none, bell, notify, both",
                clean(text)
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_name_cannot_inject_escape_sequences() {
        let sequence = Alert::Both.escape_sequence("iris\x07\x1b]52;c;x\x07; moved");
        assert_eq!(sequence.matches('\x1b').count(), 2);
        assert_eq!(sequence.matches('\x07').count(), 3);
        assert!(Alert::None.escape_sequence("x").is_empty());
        assert_eq!("both".parse(), Ok(Alert::Both));
        assert!("loud".parse::<Alert>().is_err());
    }
}
