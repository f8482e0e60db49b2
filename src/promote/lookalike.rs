//! Names that deceive: others of the registry that look the same, and characters that can't be seen.

use super::{Intent, Reading};
use crate::domain::text::{clean, is_hidden};

/// Letters of other scripts that look like Latin ones: the ones that Cyrillic and Greek names can spell whole words with.
const TWINS: &[(char, char)] = &[
    ('а', 'a'),
    ('в', 'b'),
    ('с', 'c'),
    ('е', 'e'),
    ('һ', 'h'),
    ('і', 'i'),
    ('ј', 'j'),
    ('к', 'k'),
    ('м', 'm'),
    ('о', 'o'),
    ('р', 'p'),
    ('ѕ', 's'),
    ('т', 't'),
    ('υ', 'u'),
    ('ѵ', 'v'),
    ('х', 'x'),
    ('у', 'y'),
    ('ԁ', 'd'),
    ('ԛ', 'q'),
    ('ԝ', 'w'),
    ('α', 'a'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('ν', 'v'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('ε', 'e'),
    ('τ', 't'),
    ('χ', 'x'),
    ('η', 'n'),
    ('ⅼ', 'l'),
    ('ı', 'i'),
    ('ɡ', 'g'),
];

/// What a name looks like: equal skeletons can't be told apart by eye.
#[must_use]
pub(super) fn skeleton(name: &str) -> String {
    let plain = name.chars().filter(|c| !is_hidden(*c) && !c.is_control()).flat_map(char::to_lowercase).map(|c| match c {
        // Fullwidth forms stand at a fixed distance from ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{a0}' | '\u{3000}' => ' ',
        c => TWINS.iter().find(|(twin, _)| *twin == c).map_or(c, |(_, latin)| *latin),
    });
    plain.collect::<String>().trim().to_owned()
}

/// Warnings about the names that an intent writes to.
#[must_use]
pub(super) fn warnings(reading: &Reading, intent: &Intent) -> Vec<String> {
    let mut warnings = Vec::new();
    spell("model", reading.name.raw(), &mut warnings);
    let (Intent::SetAlias { alias, .. } | Intent::RemoveAlias { alias, .. }) = intent else { return warnings };
    spell("alias", alias.raw(), &mut warnings);
    let known = reading.model.iter().flat_map(|model| model.aliases.iter().map(|(alias, _)| alias));
    for other in known.filter(|other| *other != alias && skeleton(other.raw()) == skeleton(alias.raw())) {
        warnings.push(format!("@{} is not @{}, which is there, too", spelled(alias.raw()), spelled(other.raw())));
    }
    warnings
}

/// Says which characters of a name are not plain ASCII.
fn spell(what: &str, name: &str, warnings: &mut Vec<String>) {
    let odd = name.trim() != name || name.chars().any(|c| is_hidden(c) || c.is_control() || TWINS.iter().any(|(twin, _)| *twin == c));
    if odd {
        warnings.push(format!("the {what} {} is spelled {}", clean(name), spelled(name)));
    }
}

/// A name with every character that is not plain ASCII told by its number.
fn spelled(name: &str) -> String {
    let piece = |c: char| if c.is_ascii_graphic() { c.to_string() } else { format!("‹U+{:04X}›", c as u32) };
    name.chars().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_have_the_same_skeleton() {
        for twin in ["Champion", "ch\u{430}mpion", "champion\u{200b}", "ｃhampion", " champion\n"] {
            assert_eq!(skeleton(twin), "champion", "{twin:?}");
        }
        assert_ne!(skeleton("champion2"), "champion");
        assert_eq!(spelled("ch\u{430}mp"), "ch‹U+0430›mp");
    }
}
