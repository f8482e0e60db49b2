//! One layer of settings: a file, the environment, or the flags. What a layer does not say, the next one does.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Alert, ConfigError};
use crate::config::EnvLookup;
use crate::domain::Slot;
use crate::text::untrusted::clean;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// When the terminal can show them and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Even when the output is no terminal.
    Always,
    /// Never.
    Never,
}

impl FromStr for ColorChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err(format!("{} is none of auto, always, never", clean(text))),
        }
    }
}

/// How pictures are shown in the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphicsProtocol {
    /// As the terminal says that it can, when the first picture is asked for.
    #[default]
    Auto,
    /// kitty's graphics.
    Kitty,
    /// Sixels.
    Sixel,
    /// iTerm2's inline images.
    Iterm2,
    /// Two colours a cell: every terminal can.
    Blocks,
}

impl FromStr for GraphicsProtocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "kitty" => Ok(Self::Kitty),
            "sixel" => Ok(Self::Sixel),
            "iterm2" => Ok(Self::Iterm2),
            "blocks" => Ok(Self::Blocks),
            _ => Err(format!(
                "{} is none of auto, kitty, sixel, iterm2, blocks",
                clean(text)
            )),
        }
    }
}

/// The settings file spells slots as text: `["Production", "@champion"]`.
fn deserialize_slots<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Slot>>, D::Error> {
    let texts = Option::<Vec<String>>::deserialize(deserializer)?;
    texts
        .map(|texts| texts.iter().map(|text| text.parse()).collect())
        .transpose()
        .map_err(de::Error::custom)
}

/// A store that has a name. It holds no password: those come from MLflow's own variables and credentials file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The store, as on the command line.
    pub target: String,
    /// Whether it is opened for looking only.
    #[serde(default)]
    pub read_only: bool,
    /// Who we are there, unless `MLFLOW_TRACKING_USERNAME` is set.
    pub username: Option<String>,
    /// The workspace, unless `MLFLOW_WORKSPACE` is set.
    pub workspace: Option<String>,
}

/// What one source of settings says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsLayer {
    /// See [`super::Settings::default_profile`].
    pub default_profile: Option<String>,
    /// See [`super::Settings::theme`].
    pub theme: Option<String>,
    /// See [`super::Settings::color`].
    pub color: Option<ColorChoice>,
    /// See [`super::Settings::mouse`].
    pub mouse: Option<bool>,
    /// See [`super::Settings::ascii`].
    pub ascii: Option<bool>,
    /// See [`super::Settings::braille`].
    pub braille: Option<bool>,
    /// See [`super::Settings::pictures`].
    pub pictures: Option<GraphicsProtocol>,
    /// See [`super::Settings::alert`].
    pub alert: Option<Alert>,
    /// See [`super::Settings::refresh`].
    #[serde(rename = "refresh")]
    pub refresh_seconds: Option<u32>,
    /// See [`super::Settings::max_runs`].
    pub max_runs: Option<u64>,
    /// See [`super::Settings::protected`].
    #[serde(rename = "protected", deserialize_with = "deserialize_slots")]
    pub protected_slots: Option<Vec<Slot>>,
    /// See [`super::Settings::policy`].
    pub policy: Option<std::path::PathBuf>,
    /// See [`super::Settings::tags`].
    #[serde(rename = "tags")]
    pub write_tags: Option<bool>,
    /// See [`super::Settings::remember`].
    #[serde(rename = "remember")]
    pub remember_tables: Option<bool>,
    /// See [`super::Settings::read_only`].
    pub read_only: Option<bool>,
    /// The profiles, by name.
    #[serde(rename = "profile")]
    pub profiles: BTreeMap<String, Profile>,
}

impl SettingsLayer {
    /// Reads the settings file; a file that is not there says nothing.
    ///
    /// # Errors
    /// When it can't be read, or something in it is wrong.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Unreadable {
                path: path.to_owned(),
                source,
            }),
        }
    }

    /// Reads the text of a settings file.
    ///
    /// # Errors
    /// At the first key or value that is wrong, with its place.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let layer: Self =
            toml::from_str(text).map_err(|error| ConfigError::from_toml(path, text, &error))?;
        match &layer.default_profile {
            Some(name) if !layer.profiles.contains_key(name) => Err(ConfigError::at_key(
                path,
                text,
                "default_profile",
                format!("there is no [profile.{}] in this file", clean(name)),
            )),
            _ => Ok(layer),
        }
    }

    /// Reads the `FRONTRUNNER_*` variables.
    ///
    /// # Errors
    /// When a variable's value has the wrong form.
    pub fn from_environment(lookup: EnvLookup<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            default_profile: lookup("FRONTRUNNER_PROFILE"),
            theme: lookup("FRONTRUNNER_THEME"),
            color: parse_variable(lookup, "FRONTRUNNER_COLOR", str::parse)?,
            mouse: parse_variable(lookup, "FRONTRUNNER_MOUSE", parse_bool)?,
            ascii: parse_variable(lookup, "FRONTRUNNER_ASCII", parse_bool)?,
            braille: parse_variable(lookup, "FRONTRUNNER_BRAILLE", parse_bool)?,
            pictures: parse_variable(lookup, "FRONTRUNNER_PICTURES", str::parse)?,
            alert: parse_variable(lookup, "FRONTRUNNER_ALERT", str::parse)?,
            refresh_seconds: parse_variable(lookup, "FRONTRUNNER_REFRESH", |text| {
                text.parse()
                    .map_err(|_| "a whole number of seconds is meant".to_owned())
            })?,
            max_runs: parse_variable(lookup, "FRONTRUNNER_MAX_RUNS", |text| {
                text.parse()
                    .map_err(|_| "a whole number of runs is meant".to_owned())
            })?,
            protected_slots: parse_variable(lookup, "FRONTRUNNER_PROTECTED", |text| {
                text.split_whitespace().map(str::parse).collect()
            })?,
            policy: lookup("FRONTRUNNER_POLICY").map(Into::into),
            write_tags: parse_variable(lookup, "FRONTRUNNER_TAGS", parse_bool)?,
            remember_tables: parse_variable(lookup, "FRONTRUNNER_REMEMBER", parse_bool)?,
            read_only: parse_variable(lookup, "FRONTRUNNER_READ_ONLY", parse_bool)?,
            profiles: BTreeMap::new(),
        })
    }
}

fn parse_variable<T>(
    lookup: EnvLookup<'_>,
    name: &'static str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    lookup(name)
        .map(|text| parse(&text).map_err(|why| ConfigError::InvalidVariable { name, why }))
        .transpose()
}

/// The spellings that MLflow takes for its own variables.
fn parse_bool(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("{} is none of true, false, 1, 0", clean(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_parsed_to_their_types() {
        let layer = SettingsLayer::from_environment(&|name| match name {
            "FRONTRUNNER_READ_ONLY" => Some("1".into()),
            "FRONTRUNNER_PROTECTED" => Some("Production @live".into()),
            _ => None,
        })
        .unwrap();
        assert_eq!(
            (
                layer.read_only,
                layer.protected_slots.map(|places| places.len())
            ),
            (Some(true), Some(2))
        );
        let wrong = SettingsLayer::from_environment(&|name| {
            (name == "FRONTRUNNER_MOUSE").then(|| "yes".into())
        })
        .unwrap_err();
        assert_eq!(
            wrong.to_string(),
            "FRONTRUNNER_MOUSE: yes is none of true, false, 1, 0"
        );
    }
}
