//! Identities, each its own type, so that a run's id can't be passed where a model's name is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::untrusted::Untrusted;

/// Declares an identity over untrusted text: eight types whose only difference is their meaning.
macro_rules! identity {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Untrusted);

        impl $name {
            /// Takes the identity as it came.
            pub fn new(text: impl Into<Untrusted>) -> Self {
                Self(text.into())
            }

            /// As it came: for the wire and for comparing.
            #[must_use]
            pub fn raw(&self) -> &str {
                self.0.raw()
            }

            /// As untrusted text, to be drawn cleaned.
            #[must_use]
            pub fn text(&self) -> &Untrusted {
                &self.0
            }

            /// One line that is safe to draw.
            #[must_use]
            pub fn clean(&self) -> std::borrow::Cow<'_, str> {
                self.0.clean()
            }

            /// Whether the store gave no identity at all.
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
    /// An experiment's id: an integer's text in SQL stores, 18 digits in file stores.
    ExperimentId;
    /// A run's id: 32 hex digits in every store seen, but only ever compared.
    RunId;
    /// The id of a logged model of MLflow 3: `m-` and 32 hex digits.
    LoggedModelId;
    /// The name of a registered model. Almost any text is allowed by MLflow.
    ModelName;
    /// An alias of a registered model, without the `@`. Case counts: `champion` and `Champion` coexist.
    Alias;
}

impl RunId {
    /// The first eight characters, enough to tell runs apart by eye.
    #[must_use]
    pub fn short(&self) -> String {
        self.clean().chars().take(8).collect()
    }
}

/// The number of a model version. Numbers return after a model is deleted and made again, so a number is
/// never an identity by itself.
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

    /// Plain ASCII digits only: MLflow also takes `01`, but we never send what we would not show.
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
