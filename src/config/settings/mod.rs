//! Settings: typed once, layered, and exact about where a file is wrong.

mod alert;
mod error;
mod layer;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

pub use alert::Alert;
pub use error::ConfigError;
pub use layer::{ColorChoice, GraphicsProtocol, Profile, SettingsLayer};

use crate::domain::Slot;

/// How often what is on the screen is read again when nothing else is said, in seconds.
const DEFAULT_REFRESH_SECONDS: u32 = 10;

/// How many runs of a table are kept when nothing else is said: at 15 params, 12 metrics and 5 tags each they take some 230 MB.
const DEFAULT_MAX_RUNS: u64 = 500_000;

/// What applies in this session, from all layers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// The profile that is opened when nothing is named.
    pub default_profile: Option<String>,
    /// The theme's name; `auto` follows the terminal's background.
    pub theme: String,
    /// When colours are used.
    pub color: ColorChoice,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// Whether borders and marks are ASCII; nothing means by the locale.
    pub ascii: Option<bool>,
    /// Whether curves are drawn in braille, which not every font has, and else in half blocks; nothing means by the terminal.
    pub braille: Option<bool>,
    /// How pictures are shown.
    pub pictures: GraphicsProtocol,
    /// How the terminal alerts when something that is watched has moved.
    pub alert: Alert,
    /// Seconds between two looks at the store; 0 means never by itself.
    #[serde(rename = "refresh")]
    pub refresh_seconds: u32,
    /// How many runs of a table are kept here at most; beyond, the store's own filter and order are asked.
    pub max_runs: u64,
    /// Places that ask for the model's name typed.
    #[serde(rename = "protected", serialize_with = "serialize_slots")]
    pub protected_slots: Vec<Slot>,
    /// The policy's file; nothing means `frontrunner.toml` here or in a folder above, else the one of the config folder.
    pub policy: Option<std::path::PathBuf>,
    /// Whether a write also leaves `frontrunner.*` tags on the version.
    #[serde(rename = "tags")]
    pub write_tags: bool,
    /// Whether each experiment's table is remembered as it was left.
    #[serde(rename = "remember")]
    pub remember_tables: bool,
    /// Whether no session may write.
    pub read_only: bool,
    /// The profiles, by name.
    #[serde(rename = "profile")]
    pub profiles: BTreeMap<String, Profile>,
}

impl Settings {
    /// Puts layers together: for each setting the first layer that has it. `read_only` holds when any layer asks for it.
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
