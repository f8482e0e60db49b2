//! Settings: typed once, layered, and exact about where a file is wrong.

mod alert;
mod error;
mod layer;

use std::collections::BTreeMap;

use serde::Serialize;

pub use alert::Alert;
pub use error::ConfigError;
pub use layer::{ColorChoice, Layer, PictureChoice, Profile, ProtectedPlace};

use crate::domain::{Alias, Stage};

/// How often what is on the screen is read again when nothing else is said, in seconds.
const REFRESH_SECONDS: u32 = 10;

/// How many runs of a table are kept when nothing else is said: at 15 params, 12 metrics and 5 tags each they take some 230 MB.
const MAX_RUNS: u64 = 500_000;

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
    pub pictures: PictureChoice,
    /// How the terminal alerts when something that is watched has moved.
    pub alert: Alert,
    /// Seconds between two looks at the store; 0 means never by itself.
    pub refresh: u32,
    /// How many runs of a table are kept here at most; beyond, the store's own filter and order are asked.
    pub max_runs: u64,
    /// Places that ask for the model's name typed.
    pub protected: Vec<ProtectedPlace>,
    /// The policy's file; nothing means `frontrunner.toml` here or in a folder above, else the one of the config folder.
    pub policy: Option<std::path::PathBuf>,
    /// Whether a write also leaves `frontrunner.*` tags on the version.
    pub tags: bool,
    /// Whether each experiment's table is remembered as it was left.
    pub remember: bool,
    /// Whether no session may write.
    pub read_only: bool,
    /// The profiles, by name.
    pub profile: BTreeMap<String, Profile>,
}

impl Settings {
    /// Puts layers together: for each setting the first layer that has it. `read_only` holds when any layer asks for it.
    #[must_use]
    pub fn from_layers(layers: &[Layer]) -> Self {
        fn first<T: Clone>(layers: &[Layer], of: impl Fn(&Layer) -> &Option<T>) -> Option<T> {
            layers.iter().find_map(|layer| of(layer).clone())
        }
        let mut profile = BTreeMap::new();
        for layer in layers {
            for (name, value) in &layer.profile {
                profile.entry(name.clone()).or_insert_with(|| value.clone());
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
            refresh: first(layers, |l| &l.refresh).unwrap_or(REFRESH_SECONDS),
            max_runs: first(layers, |l| &l.max_runs).unwrap_or(MAX_RUNS),
            protected: first(layers, |l| &l.protected).unwrap_or_else(default_protected),
            policy: first(layers, |l| &l.policy),
            tags: first(layers, |l| &l.tags).unwrap_or(true),
            remember: first(layers, |l| &l.remember).unwrap_or(true),
            read_only: layers.iter().any(|layer| layer.read_only == Some(true)),
            profile,
        }
    }
}

/// What is guarded when nothing is said: the two places that MLflow's own documentation serves from.
fn default_protected() -> Vec<ProtectedPlace> {
    vec![
        ProtectedPlace::Stage(Stage::Production),
        ProtectedPlace::Alias(Alias::from("champion")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(text: &str) -> Layer {
        Layer::parse(text, "config.toml".as_ref()).unwrap()
    }

    #[test]
    fn the_first_layer_that_says_something_wins() {
        let flags = Layer {
            theme: Some("night".into()),
            ..Layer::default()
        };
        let file = layer("theme = \"day\"\nmouse = false\nrefresh = 3");
        let settings = Settings::from_layers(&[flags, file]);
        assert_eq!(
            (settings.theme.as_str(), settings.mouse, settings.refresh),
            ("night", false, 3)
        );
    }

    #[test]
    fn read_only_can_not_be_taken_back() {
        let flags = Layer {
            read_only: Some(false),
            ..Layer::default()
        };
        assert!(Settings::from_layers(&[flags, layer("read_only = true")]).read_only);
    }

    #[test]
    fn protected_places_have_a_default_that_a_file_replaces() {
        assert_eq!(Settings::from_layers(&[]).protected, default_protected());
        let own = Settings::from_layers(&[layer("protected = [\"staging\", \"@live\"]")]).protected;
        assert_eq!(
            own,
            [
                ProtectedPlace::Stage(Stage::Staging),
                ProtectedPlace::Alias("live".into())
            ]
        );
        assert!(
            Settings::from_layers(&[layer("protected = []")])
                .protected
                .is_empty()
        );
    }
}
