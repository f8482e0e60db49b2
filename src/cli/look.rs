//! How the screens look: the theme, how many colours the terminal has, whether it can draw more than ASCII.

use std::io::IsTerminal;
use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::config::theme::{ColorDepth, Themes};
use crate::config::{ColorChoice, environment};
use crate::tui::view::{Dots, Look};

/// The theme that follows the terminal's background.
const AUTO: &str = "auto";
/// How long the terminal may take to say its background: longer than over a slow line, shorter than a person notices.
const ASK: Duration = Duration::from_millis(150);

/// The look, the names of all themes, and the one in use.
///
/// # Errors
/// When the theme that is wanted is not there, or a theme file of the person is wrong.
pub fn look(context: &Context<'_>) -> Result<(Look, Vec<String>, String), Failure> {
    let mut themes = Themes::builtin();
    let wrong = themes.add_folder(&context.directories.config.join("themes"));
    if let Some(error) = wrong.first() {
        return Err(Failure::new(Exit::Usage, error.to_string()));
    }
    let depth = depth(context.settings.color);
    let wanted = context.settings.theme.as_str();
    let theme = match (wanted, depth) {
        (AUTO, None) => "monochrome",
        (AUTO, Some(_)) => by_background(),
        (name, _) => name,
    };
    if let Err(error) = themes.get(theme) {
        let names: Vec<&str> = themes.names().collect();
        return Err(Failure::new(Exit::Usage, error.to_string())
            .next(format!("the themes are {}", names.join(", "))));
    }
    let names = themes.names().map(str::to_owned).collect();
    let theme = theme.to_owned();
    let ascii = context.settings.ascii.unwrap_or_else(|| !is_unicode());
    let mut look = Look::new(themes, &theme, depth, ascii);
    // The font of Linux' own console has no braille.
    if !ascii
        && !context
            .settings
            .braille
            .unwrap_or_else(|| environment("TERM").as_deref() != Some("linux"))
    {
        look.dots = Dots::Blocks;
    }
    Ok((look, names, theme))
}

/// How many colours there are; none where they are not wanted.
fn depth(choice: ColorChoice) -> Option<ColorDepth> {
    let term = environment("TERM").unwrap_or_default();
    let none = environment("NO_COLOR").is_some()
        || term == "dumb"
        || term.ends_with("-m")
        || term.starts_with("vt");
    if choice == ColorChoice::Never || (choice == ColorChoice::Auto && none) {
        return None;
    }
    let all = environment("COLORTERM").is_some_and(|word| word == "truecolor" || word == "24bit");
    Some(match term.as_str() {
        _ if all || term.ends_with("-direct") => ColorDepth::True,
        _ if term.contains("256color") || term.contains("kitty") || term.contains("alacritty") => {
            ColorDepth::Indexed
        }
        _ => ColorDepth::Sixteen,
    })
}

/// Dark or light, by the terminal's own answer; dark where it gives none.
fn by_background() -> &'static str {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return "dark";
    }
    let mut options = QueryOptions::default();
    options.timeout = ASK;
    match theme_mode(options) {
        Ok(ThemeMode::Light) => "light",
        Ok(ThemeMode::Dark) | Err(_) => "dark",
    }
}

/// Whether the locale is one of UTF-8; the first variable that is set decides, as for every program.
fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(environment);
    // Without any locale, a terminal of today still draws UTF-8: containers rarely set one.
    locale.is_none_or(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}
