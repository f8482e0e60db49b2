//! Settings, merged from layers: the command line, the environment and the settings file.

mod alert;
mod layer;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

pub use alert::Alert;
pub(crate) use layer::parse_choice;
pub use layer::{ColorChoice, GraphicsProtocol, Profile, SettingsLayer};

use crate::domain::Slot;

/// Polling interval without a setting, in seconds.
const DEFAULT_REFRESH_SECONDS: u32 = 10;

/// Runs kept in memory without a setting. With 15 params, 12 metrics and 5 tags each they take about
/// 230 MB.
const DEFAULT_MAX_RUNS: u64 = 500_000;

/// The effective settings of this session.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// The profile to open if no target is given.
    pub default_profile: Option<String>,
    /// Name of the theme; `auto` follows the terminal's background.
    pub theme: String,
    /// When to use colors.
    pub color: ColorChoice,
    /// Whether mouse support is enabled.
    pub mouse: bool,
    /// Whether borders and marks are ASCII; `None` decides by the locale.
    pub ascii: Option<bool>,
    /// Whether curves are drawn in braille, which not every font has, or in half blocks; `None` decides
    /// by the terminal.
    pub braille: Option<bool>,
    /// How images are shown.
    pub pictures: GraphicsProtocol,
    /// How changes of watched models are announced.
    pub alert: Alert,
    /// Polling interval in seconds; 0 disables polling.
    #[serde(rename = "refresh")]
    pub refresh_seconds: u32,
    /// Maximum number of runs kept in memory; beyond it, the store filters and sorts.
    pub max_runs: u64,
    /// Stages and aliases whose change requires typing the model's name.
    #[serde(rename = "protected", serialize_with = "serialize_slots")]
    pub protected_slots: Vec<Slot>,
    /// A policy file besides `policy.toml` in the config folder and the project's `frontrunner.toml`.
    pub policy: Option<std::path::PathBuf>,
    /// The policy files of all layers: each tightens the others.
    #[serde(skip)]
    pub policies: Vec<std::path::PathBuf>,
    /// Whether writes also set `frontrunner.*` tags on the version.
    #[serde(rename = "tags")]
    pub write_tags: bool,
    /// Whether each experiment's table layout is saved.
    #[serde(rename = "remember")]
    pub remember_tables: bool,
    /// Whether writes are disabled.
    pub read_only: bool,
    /// Profiles by name.
    #[serde(rename = "profile")]
    pub profiles: BTreeMap<String, Profile>,
}

impl Settings {
    /// Merges layers: the first layer with a setting wins, but `read_only` in any layer wins.
    #[must_use]
    pub fn from_layers(layers: &[SettingsLayer]) -> Self {
        fn first<T: Clone>(
            layers: &[SettingsLayer],
            of: impl Fn(&SettingsLayer) -> &Option<T>,
        ) -> Option<T> {
            layers.iter().find_map(|layer| of(layer).clone())
        }
        let mut profiles = BTreeMap::new();
        for layer in layers {
            for (name, value) in &layer.profiles {
                profiles
                    .entry(name.clone())
                    .or_insert_with(|| value.clone());
            }
        }
        Self {
            default_profile: first(layers, |l| &l.default_profile),
            theme: first(layers, |l| &l.theme).unwrap_or_else(|| "auto".to_owned()),
            color: first(layers, |l| &l.color).unwrap_or_default(),
            mouse: first(layers, |l| &l.mouse).unwrap_or(true),
            ascii: first(layers, |l| &l.ascii),
            braille: first(layers, |l| &l.braille),
            pictures: first(layers, |l| &l.pictures).unwrap_or_default(),
            alert: first(layers, |l| &l.alert).unwrap_or_default(),
            refresh_seconds: first(layers, |l| &l.refresh_seconds)
                .unwrap_or(DEFAULT_REFRESH_SECONDS),
            max_runs: first(layers, |l| &l.max_runs).unwrap_or(DEFAULT_MAX_RUNS),
            protected_slots: first(layers, |l| &l.protected_slots)
                .unwrap_or_else(Slot::default_protected),
            policy: first(layers, |l| &l.policy),
            policies: layers.iter().filter_map(|l| l.policy.clone()).collect(),
            write_tags: first(layers, |l| &l.write_tags).unwrap_or(true),
            remember_tables: first(layers, |l| &l.remember_tables).unwrap_or(true),
            read_only: layers.iter().any(|layer| layer.read_only == Some(true)),
            profiles,
        }
    }
}

fn serialize_slots<S: Serializer>(slots: &[Slot], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(slots.iter().map(ToString::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Stage;

    fn layer(text: &str) -> SettingsLayer {
        SettingsLayer::parse(text, "config.toml".as_ref()).unwrap()
    }

    #[test]
    fn first_layer_that_sets_a_value_wins() {
        let flags = SettingsLayer {
            theme: Some("night".into()),
            ..SettingsLayer::default()
        };
        let file = layer("theme = \"day\"\nmouse = false\nrefresh = 3");
        let settings = Settings::from_layers(&[flags, file]);
        assert_eq!(
            (
                settings.theme.as_str(),
                settings.mouse,
                settings.refresh_seconds
            ),
            ("night", false, 3)
        );
    }

    #[test]
    fn read_only_cannot_be_overridden() {
        let flags = SettingsLayer {
            read_only: Some(false),
            ..SettingsLayer::default()
        };
        assert!(Settings::from_layers(&[flags, layer("read_only = true")]).read_only);
    }

    #[test]
    fn file_replaces_the_default_protected_slots() {
        assert_eq!(
            Settings::from_layers(&[]).protected_slots,
            Slot::default_protected()
        );
        let own =
            Settings::from_layers(&[layer("protected = [\"staging\", \"@live\"]")]).protected_slots;
        assert_eq!(
            own,
            [Slot::Stage(Stage::Staging), Slot::Alias("live".into())]
        );
        assert!(
            Settings::from_layers(&[layer("protected = []")])
                .protected_slots
                .is_empty()
        );
    }
}
