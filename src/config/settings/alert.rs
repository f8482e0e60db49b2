//! Terminal alerts for changes of watched models.

use serde::{Deserialize, Serialize};

use crate::text::untrusted::clean;

/// How the terminal announces a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alert {
    /// In the message line only.
    #[default]
    None,
    /// By the bell (BEL).
    Bell,
    /// By a desktop notification.
    Notify,
    /// By bell and notification.
    Both,
}

impl Alert {
    /// The bytes to write to the terminal. OSC 9 is iTerm2's notification, OSC 777 rxvt's; a terminal
    /// that supports neither ignores them.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn model_name_cannot_inject_escape_sequences() {
        let sequence = Alert::Both.escape_sequence("iris\x07\x1b]52;c;x\x07; moved");
        assert_eq!(sequence.matches('\x1b').count(), 2);
        assert_eq!(sequence.matches('\x07').count(), 3);
        assert!(Alert::None.escape_sequence("x").is_empty());
    }
}
