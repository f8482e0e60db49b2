//! Theme, color depth and character set of the terminal interface.

use super::context::CommandContext;
use crate::cli::output::error::CliError;
use crate::config::theme::{ColorDepth, Themes};
use crate::config::{ColorChoice, env_var, is_utf8_locale, locale};
use crate::tui::view::{DotStyle, TerminalTheme};

/// Selects the theme by the terminal's background.
pub const AUTO: &str = "auto";

/// How the screens look, with all themes to choose from.
pub struct Appearance {
    /// Theme, colors and symbols.
    pub theme: TerminalTheme,
    /// The names of all themes.
    pub names: Vec<String>,
    /// The name of the theme in use.
    pub name: String,
    /// The setting is `auto`: a light background changes the dark theme to the light one.
    pub follows_background: bool,
}

/// Loads the themes and chooses one by the settings.
///
/// # Errors
/// If the selected theme is unknown or a user's theme file has an error.
pub fn load(context: &CommandContext<'_>) -> Result<Appearance, CliError> {
    let mut themes = Themes::builtin();
    let errors = themes.add_folder(&context.directories.themes());
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    let depth = color_depth(context.settings.color);
    let theme_setting = context.settings.theme.as_str();
    let theme = match (theme_setting, depth) {
        (AUTO, None) => "monochrome",
        (AUTO, Some(_)) => "dark",
        (name, _) => name,
    };
    themes.get(theme)?;
    let names = themes.names().map(str::to_owned).collect();
    let theme = theme.to_owned();
    // The font of the Linux console has 256 or 512 glyphs: no braille, no check marks.
    let is_linux_console = env_var("TERM").as_deref() == Some("linux");
    let ascii = context
        .settings
        .ascii
        .unwrap_or_else(|| is_linux_console || !is_utf8_locale(locale().as_deref()));
    let mut appearance = TerminalTheme::new(themes, &theme, depth, ascii);
    if !ascii && !context.settings.braille.unwrap_or(!is_linux_console) {
        appearance.dot_style = DotStyle::HalfBlocks;
    }
    let follows_background = theme_setting == AUTO && depth.is_some();
    Ok(Appearance {
        theme: appearance,
        names,
        name: theme,
        follows_background,
    })
}

/// The terminal's color depth; `None` without colors.
fn color_depth(choice: ColorChoice) -> Option<ColorDepth> {
    let term = env_var("TERM").unwrap_or_default();
    let no_color = env_var("NO_COLOR").is_some()
        || term == "dumb"
        || term.ends_with("-m")
        || term.starts_with("vt");
    if choice == ColorChoice::Never || (choice == ColorChoice::Auto && no_color) {
        return None;
    }
    let is_truecolor =
        env_var("COLORTERM").is_some_and(|word| word == "truecolor" || word == "24bit");
    Some(match term.as_str() {
        _ if is_truecolor || term.ends_with("-direct") => ColorDepth::TrueColor,
        _ if term.contains("256color") || term.contains("kitty") || term.contains("alacritty") => {
            ColorDepth::Ansi256
        }
        _ => ColorDepth::Ansi16,
    })
}
