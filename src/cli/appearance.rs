//! How the screens look: the theme, how many colours the terminal has, whether it can draw more than ASCII.

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::theme::{ColorDepth, Themes};
use crate::config::{ColorChoice, env_var};
use crate::tui::view::{DotStyle, TerminalTheme};

/// The theme that follows the terminal's background.
const AUTO: &str = "auto";

/// How the screens look, with all themes to choose from.
pub struct Appearance {
    /// Theme, colours and symbols.
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
/// When the theme that is wanted is not there, or a theme file of the person is wrong.
pub fn load(context: &CommandContext<'_>) -> Result<Appearance, CliError> {
    let mut themes = Themes::builtin();
    let errors = themes.add_folder(&context.directories.config.join("themes"));
    if let Some(error) = errors.first() {
        return Err(CliError::new(ExitStatus::Usage, error.to_string()));
    }
    let depth = color_depth(context.settings.color);
    let theme_setting = context.settings.theme.as_str();
    let theme = match (theme_setting, depth) {
        (AUTO, None) => "monochrome",
        (AUTO, Some(_)) => "dark",
        (name, _) => name,
    };
    if let Err(error) = themes.get(theme) {
        let names: Vec<&str> = themes.names().collect();
        return Err(CliError::new(ExitStatus::Usage, error.to_string())
            .with_hint(format!("the themes are {}", names.join(", "))));
    }
    let names = themes.names().map(str::to_owned).collect();
    let theme = theme.to_owned();
    let ascii = context.settings.ascii.unwrap_or_else(|| !is_utf8_locale());
    let mut appearance = TerminalTheme::new(themes, &theme, depth, ascii);
    // The font of Linux' own console has no braille.
    if !ascii
        && !context
            .settings
            .braille
            .unwrap_or_else(|| env_var("TERM").as_deref() != Some("linux"))
    {
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

/// How many colours there are; none where they are not wanted.
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

/// Whether the locale is one of UTF-8; the first variable that is set decides, as for every program.
fn is_utf8_locale() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env_var);
    // Without any locale, a terminal of today still draws UTF-8: containers rarely set one.
    locale.is_none_or(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}
