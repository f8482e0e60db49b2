//! Configuration: folders, the settings file and what overrides it, who the user is, keys and themes. Knows no store
//! and no screen.
//!
//! Flags go before `FRONTRUNNER_*` variables, which go before the file. Only `read_only` is different: whoever asks
//! for it gets it, and nobody can take it back.

pub mod directories;
pub mod keymap;
mod policy_file;
mod recogniser_files;
pub mod settings;
pub mod theme;
mod user;
pub mod views;

pub use directories::Directories;
pub use policy_file::{PROJECT_FILE, PolicyText, policy_text};
pub use recogniser_files::recogniser_texts;
pub use settings::{
    Alert, ColorChoice, ConfigError, Layer, PictureChoice, Profile, ProtectedPlace, Settings,
};
pub use user::user;

/// How an environment variable is looked up; a test gives its own.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks a variable up in this process's environment. Empty counts as unset, as it does for most programs.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
