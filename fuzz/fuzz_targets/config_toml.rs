//! Every other file that a person writes: settings, keymap, theme, saved view. All parsers read every text.
#![no_main]

use std::path::Path;

use frontrunner::config::keymap::Keymap;
use frontrunner::config::saved_views::SavedView;
use frontrunner::config::settings::SettingsLayer;
use frontrunner::config::theme::Themes;
use frontrunner::diagnostics::Diagnostic;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = Path::new("file.toml");
    let show = |diagnostic: Diagnostic| (diagnostic.to_string(), diagnostic.excerpt());
    let _ = SettingsLayer::parse(text, file).map_err(show);
    let _ = Keymap::load(Some((file, text))).map_err(show);
    let mut themes = Themes::builtin();
    match themes.add("file.toml", text) {
        Ok(()) => {
            let names: Vec<String> = themes.names().map(str::to_owned).collect();
            for name in names {
                let _ = themes.get(&name).map_err(show);
            }
        }
        Err(diagnostic) => drop(show(diagnostic)),
    }
    if let Ok(view) = SavedView::parse(text, "file.toml") {
        let printed = view.to_toml();
        let again = SavedView::parse(&printed, "file.toml").unwrap();
        assert_eq!(view, again, "{printed}");
    }
});
