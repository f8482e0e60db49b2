//! Addresses of stores, which can contain a password or a token.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::text::secrets::redact_address;
use crate::text::untrusted::clean;

/// An address or path that a person, a file or a variable gave. `Display`, `Debug` and `Serialize` show it without
/// credentials; only [`Self::expose`] returns it whole.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Address(String);

impl Address {
    /// The whole address, to connect to it; never to be shown.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Self(text.trim().to_owned())
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&clean(&redact_address(&self.0)))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_is_shown_is_redacted() {
        let address = Address::from(" https://ana:hunter2@h/?token=hunter2");
        let json = serde_json::to_string(&address).unwrap_or_default();
        for shown in [address.to_string(), format!("{address:?}"), json] {
            assert!(
                !shown.contains("hunter2") && shown.contains("@h"),
                "{shown}"
            );
        }
        assert_eq!(address.expose(), "https://ana:hunter2@h/?token=hunter2");
    }
}
