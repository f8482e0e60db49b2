//! Theme, color depth and character set of the terminal interface.

use std::io::IsTerminal;
use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use super::context::CommandContext;
use crate::cli::output::error::CliError;
use crate::config::theme::{ColorDepth, Themes};
use crate::config::{ColorChoice, env_var, is_utf8_locale, locale};
use crate::tui::view::{DotStyle, TerminalTheme};

/// Selects the theme by the terminal's background.
const AUTO: &str = "auto";
/// How long the terminal may take to say its background: longer than over a slow line, shorter than a person notices.
const BACKGROUND_QUERY_TIMEOUT: Duration = Duration::from_millis(150);

/// The terminal theme, the names of all themes, and the name of the selected one.
///
/// # Errors
/// If the selected theme is unknown or a user's theme file has an error.
pub fn load(
    context: &CommandContext<'_>,
) -> Result<(TerminalTheme, Vec<String>, String), CliError> {
    let mut themes = Themes::builtin();
    let errors = themes.add_folder(&context.directories.config.join("themes"));
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    let depth = color_depth(context.settings.color);
    let theme_setting = context.settings.theme.as_str();
    let theme = match (theme_setting, depth) {
        (AUTO, None) => "monochrome",
        (AUTO, Some(_)) => theme_for_background(),
        (name, _) => name,
    };
    themes.get(theme)?;
    let names = themes.names().map(str::to_owned).collect();
    let theme = theme.to_owned();
    let ascii = context
        .settings
        .ascii
        .unwrap_or_else(|| !is_utf8_locale(locale().as_deref()));
    let mut appearance = TerminalTheme::new(themes, &theme, depth, ascii);
    // The font of the Linux console has no braille characters.
    if !ascii
        && !context
            .settings
            .braille
            .unwrap_or_else(|| env_var("TERM").as_deref() != Some("linux"))
    {
        appearance.dot_style = DotStyle::HalfBlocks;
    }
    Ok((appearance, names, theme))
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

/// Dark or light, by the terminal's own answer; dark where it gives none.
fn theme_for_background() -> &'static str {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return "dark";
    }
    let mut options = QueryOptions::default();
    options.timeout = BACKGROUND_QUERY_TIMEOUT;
    match theme_mode(options) {
        Ok(ThemeMode::Light) => "light",
        Ok(ThemeMode::Dark) | Err(_) => "dark",
    }
}
