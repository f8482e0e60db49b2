//! One layer of settings: the file, the environment or the command line.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Deserializer, Serialize, de};
use toml::Spanned;
use toml::de::DeTable;

use super::Alert;
use crate::config::EnvLookup;
use crate::diagnostics::Diagnostic;
use crate::domain::{Address, Slot};
use crate::files::read_text;

/// The largest settings file.
const MAX_BYTES: u64 = 1 << 20;

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Even if the output is not a terminal.
    Always,
    /// Never.
    Never,
}

/// How the terminal shows images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GraphicsProtocol {
    /// The best protocol that the terminal reports.
    #[default]
    Auto,
    /// kitty's graphics protocol.
    Kitty,
    /// DEC sixels.
    Sixel,
    /// iTerm2's inline images.
    Iterm2,
    /// Half blocks with two colors per cell, for every terminal.
    Blocks,
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

/// A named store. Passwords come from MLflow's environment variables and credentials file, never from
/// here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The store, as written on the command line.
    pub target: Address,
    /// Whether writes are disabled.
    #[serde(default)]
    pub read_only: bool,
    /// A policy file for this store, besides the others.
    pub policy: Option<std::path::PathBuf>,
    /// User name, unless `MLFLOW_TRACKING_USERNAME` is set.
    pub username: Option<String>,
    /// Workspace, unless `MLFLOW_WORKSPACE` is set.
    pub workspace: Option<String>,
    /// The variable with the password of `username`, instead of `MLFLOW_TRACKING_PASSWORD`.
    pub password_variable: Option<String>,
    /// The variable with the token, instead of `MLFLOW_TRACKING_TOKEN`.
    pub token_variable: Option<String>,
    /// A command that prints the token, with its arguments; run again after a 401.
    pub token_command: Option<Vec<String>>,
    /// The model registry, if it is not the store's own; instead of `MLFLOW_REGISTRY_URI`.
    pub registry: Option<Address>,
}

/// The settings of one source; `None` leaves a setting to the next layer.
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
    /// See [`super::Settings::refresh_seconds`].
    #[serde(rename = "refresh")]
    pub refresh_seconds: Option<u32>,
    /// See [`super::Settings::max_runs`].
    pub max_runs: Option<u64>,
    /// See [`super::Settings::protected_slots`].
    #[serde(rename = "protected", deserialize_with = "deserialize_slots")]
    pub protected_slots: Option<Vec<Slot>>,
    /// See [`super::Settings::policy`].
    pub policy: Option<std::path::PathBuf>,
    /// See [`super::Settings::write_tags`].
    #[serde(rename = "tags")]
    pub write_tags: Option<bool>,
    /// See [`super::Settings::remember_tables`].
    #[serde(rename = "remember")]
    pub remember_tables: Option<bool>,
    /// See [`super::Settings::read_only`].
    pub read_only: Option<bool>,
    /// Profiles by name.
    #[serde(rename = "profile")]
    pub profiles: BTreeMap<String, Profile>,
}

impl SettingsLayer {
    /// Reads the settings file; a missing file is an empty layer.
    ///
    /// # Errors
    /// If the file can't be read or has an error.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        match read_text(path, MAX_BYTES) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Diagnostic::of_file(
                path.to_string_lossy(),
                format!("can't be read: {error}"),
            )),
        }
    }

    /// Parses a settings file; errors name `path`.
    ///
    /// # Errors
    /// At the first unknown key or invalid value.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Diagnostic> {
        let in_file = |diagnostic: Diagnostic| diagnostic.in_file(path.to_string_lossy());
        let layer: Self = toml::from_str(text)
            .map_err(|error| in_file(Diagnostic::from_toml(text, &error, "setting")))?;
        match &layer.default_profile {
            Some(name) if !layer.profiles.contains_key(name) => {
                let table = DeTable::parse(text).ok();
                let value = table
                    .and_then(|table| table.get_ref().get("default_profile").map(Spanned::span));
                let message = format!("no [profile.{name}] in this file");
                let span = value.unwrap_or(0..0);
                Err(in_file(Diagnostic::at_span(text, &span, message, "")))
            }
            _ => Ok(layer),
        }
    }

    /// Reads the `FRONTRUNNER_*` variables.
    ///
    /// # Errors
    /// If the value of a variable is invalid.
    pub fn from_environment(lookup: EnvLookup<'_>) -> Result<Self, Diagnostic> {
        Ok(Self {
            default_profile: lookup("FRONTRUNNER_PROFILE"),
            theme: lookup("FRONTRUNNER_THEME"),
            color: parse_variable(lookup, "FRONTRUNNER_COLOR", parse_choice)?,
            mouse: parse_variable(lookup, "FRONTRUNNER_MOUSE", parse_bool)?,
            ascii: parse_variable(lookup, "FRONTRUNNER_ASCII", parse_bool)?,
            braille: parse_variable(lookup, "FRONTRUNNER_BRAILLE", parse_bool)?,
            pictures: parse_variable(lookup, "FRONTRUNNER_PICTURES", parse_choice)?,
            alert: parse_variable(lookup, "FRONTRUNNER_ALERT", parse_choice)?,
            refresh_seconds: parse_variable(lookup, "FRONTRUNNER_REFRESH", parse_number)?,
            max_runs: parse_variable(lookup, "FRONTRUNNER_MAX_RUNS", parse_number)?,
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
    name: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, Diagnostic> {
    lookup(name)
        .map(|text| parse(&text).map_err(|message| Diagnostic::of_file(name, message)))
        .transpose()
}

/// Parses one of the spellings that the settings file takes.
pub(crate) fn parse_choice<T: de::DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(StrDeserializer::<ValueError>::new(text)).map_err(|error| error.to_string())
}

fn parse_number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("expected a whole number, found `{text}`"))
}

/// Takes the spellings that MLflow takes for its own variables.
fn parse_bool(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(format!("expected true, false, 1 or 0, found `{text}`")),
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
            "FRONTRUNNER_MOUSE: expected true, false, 1 or 0, found `yes`"
        );
    }

    fn parse_error(text: &str) -> (String, Vec<String>) {
        let error = SettingsLayer::parse(text, "config.toml".as_ref()).unwrap_err();
        (error.to_string(), error.excerpt())
    }

    #[test]
    fn unknown_key_is_marked_with_a_suggestion() {
        let (line, excerpt) = parse_error("mouse = true\n  thme = \"night\"\n");
        assert_eq!(
            line,
            "config.toml:2:3: unknown setting `thme`; did you mean `theme`?"
        );
        assert_eq!(excerpt, ["  thme = \"night\"", "  ^"]);
    }

    #[test]
    fn password_in_a_profile_is_an_unknown_key_and_redacted() {
        let (line, excerpt) =
            parse_error("[profile.prod]\ntarget = \"http://x\"\npassword = \"hunter2\"");
        assert!(
            line.starts_with(
                "config.toml:3:1: unknown setting `password`; expected one of `target`"
            ),
            "{line}"
        );
        assert_eq!(excerpt, ["password = …", "^"]);
    }

    #[test]
    fn wrong_type_names_the_expected_one() {
        let cases = [
            (
                "refresh = \"often\"",
                "1:11: expected a whole number, found string \"often\"",
            ),
            (
                "color = \"sometimes\"",
                "1:9: unknown value `sometimes`; expected one of `auto`, `always`, `never`",
            ),
            (
                "color = \"alway\"",
                "1:9: unknown value `alway`; did you mean `always`?",
            ),
            (
                "mouse = 1",
                "1:9: expected true or false, found integer `1`",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_error(text).0, format!("config.toml:{expected}"));
        }
        assert!(parse_error("protected = [\"Prod\"]").0.contains("Prod"));
    }

    #[test]
    fn default_profile_must_exist() {
        let (line, _) = parse_error("theme = \"x\"\ndefault_profile = \"prod\"");
        assert_eq!(line, "config.toml:2:19: no [profile.prod] in this file");
    }

    #[test]
    fn toml_syntax_error_is_marked() {
        let (line, excerpt) = parse_error("theme = \n");
        assert!(line.starts_with("config.toml:1:"), "{line}");
        assert_eq!(excerpt.len(), 2);
    }
}
