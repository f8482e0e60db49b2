//! Configuration: keys, themes, settings, directories. Knows no store and no screen.

pub mod keymap;
pub mod theme;
