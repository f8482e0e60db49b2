//! Configuration: directories, settings, policy and integration files, keymap, themes, saved views.
//!
//! Command-line options override `FRONTRUNNER_*` variables, which override the settings file. Only
//! `read_only` differs: once a layer sets it, no other layer can unset it.

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
pub use policy_file::{PROJECT_FILE, PolicyFile, PolicySearch, find_policies};
pub(crate) use settings::parse_choice;
pub use settings::{Alert, ColorChoice, GraphicsProtocol, Profile, Settings, SettingsLayer};
pub use user::current_user;

/// Looks up an environment variable; tests pass their own.
pub type EnvLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Looks up a variable of this process; an empty one counts as unset.
#[must_use]
pub fn env_var(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The locale of this process: the first of the variables that is set decides, as in libc.
pub(crate) fn locale() -> Option<String> {
    ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env_var)
}

/// Whether a locale is UTF-8. An unset one counts as UTF-8: containers rarely set a locale, and their
/// terminals draw UTF-8.
pub(crate) fn is_utf8_locale(locale: Option<&str>) -> bool {
    locale.is_none_or(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}
