//! IDs and names as distinct types, so that a run ID can't be passed as a model name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::untrusted::Untrusted;

/// Declares a newtype over untrusted text.
macro_rules! identity {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Untrusted);

        impl $name {
            /// Takes the text unchanged.
            pub fn new(text: impl Into<Untrusted>) -> Self {
                Self(text.into())
            }

            /// The unchanged text, for the wire and comparisons.
            #[must_use]
            pub fn raw(&self) -> &str {
                self.0.raw()
            }

            /// The text as [`Untrusted`].
            #[must_use]
            pub fn text(&self) -> &Untrusted {
                &self.0
            }

            /// One line that is safe to print.
            #[must_use]
            pub fn clean(&self) -> std::borrow::Cow<'_, str> {
                self.0.clean()
            }

            /// Whether the store gave no ID.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.raw()
            }
        }
    )*};
}

identity! {
    /// Experiment ID: an integer in SQL stores, 18 digits in file stores.
    ExperimentId;
    /// Run ID: 32 hex digits in MLflow's stores.
    RunId;
    /// ID of a logged model (MLflow 3): `m-` and 32 hex digits.
    LoggedModelId;
    /// Name of a registered model; MLflow allows almost any text.
    ModelName;
    /// Alias of a registered model without the `@`; case-sensitive.
    Alias;
}

impl RunId {
    /// The first eight characters, for display.
    #[must_use]
    pub fn short(&self) -> String {
        self.clean().chars().take(8).collect()
    }
}

/// Number of a model version. Numbers restart when a model is deleted and created again, so a number
/// alone does not identify a version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct VersionNumber(pub u64);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VersionNumber {
    type Err = String;

    /// ASCII digits only, as we send the number as we show it.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|_| plain)
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "{} is not a version number",
                    crate::text::untrusted::clean(text)
                )
            })
    }
}

impl From<VersionNumber> for String {
    fn from(number: VersionNumber) -> Self {
        number.to_string()
    }
}

impl TryFrom<String> for VersionNumber {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_number_accepts_ascii_digits_only() {
        assert_eq!("12".parse(), Ok(VersionNumber(12)));
        for wrong in ["", "-1", "1e3", "٣", "9999999999999999999999", "v2"] {
            assert!(wrong.parse::<VersionNumber>().is_err(), "{wrong}");
        }
    }
}
