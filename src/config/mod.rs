//! Configuration: folders, the settings file and what overrides it, who the user is, keys and themes. Knows no store
//! and no screen.
//!
//! Flags go before `FRONTRUNNER_*` variables, which go before the file. Only `read_only` is different: whoever asks
//! for it gets it, and nobody can take it back.

pub mod directories;
mod integration_files;
pub mod keymap;
mod policy_file;
pub mod saved_views;
pub mod settings;
pub mod theme;
mod user;

pub use directories::Directories;
pub use integration_files::read_integration_files;
pub use policy_file::{PROJECT_FILE, PolicyFile, find_policy};
pub use settings::{
    Alert, ColorChoice, ConfigError, GraphicsProtocol, Profile, Settings, SettingsLayer,
};
pub use user::current_user;

/// How an environment variable is looked up; a test gives its own.
pub type EnvLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks a variable up in this process's environment. Empty counts as unset, as it does for most programs.
#[must_use]
pub fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
