//! The fonts of pixel pictures: the embedded one, and those of the system for the characters that it lacks.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, LazyLock, OnceLock};

use ab_glyph::{Font, FontRef};
use resvg::usvg::fontdb::{Database, FaceInfo, Source};

/// The family of the embedded font.
const EMBEDDED: &str = "DejaVu Sans";

pub(super) struct Fonts {
    embedded: Arc<Database>,
    /// With the system's fonts, which take a moment to find; most pictures need none of them.
    all: OnceLock<Arc<Database>>,
    load_system: fn(&mut Database),
}

/// An SVG picture whose characters have a font each.
pub(super) struct ResolvedText {
    pub svg: String,
    /// Characters that no font has, each once, in the order of the text.
    pub missing: Vec<char>,
    pub fonts: Arc<Database>,
}

/// The embedded font and those of the system.
pub(super) static SYSTEM: LazyLock<Fonts> =
    LazyLock::new(|| Fonts::new(Database::load_system_fonts));

impl Fonts {
    pub fn new(load_system: fn(&mut Database)) -> Self {
        let mut embedded = Database::new();
        for face in [dejavu::sans::regular(), dejavu::sans::bold()] {
            embedded.load_font_source(Source::Binary(Arc::new(face)));
        }
        embedded.set_sans_serif_family(EMBEDDED);
        Self {
            embedded: Arc::new(embedded),
            all: OnceLock::new(),
            load_system,
        }
    }

    fn all(&self) -> &Arc<Database> {
        self.all.get_or_init(|| {
            let mut all = Database::clone(&self.embedded);
            (self.load_system)(&mut all);
            // The system's settings name another default.
            all.set_sans_serif_family(EMBEDDED);
            Arc::new(all)
        })
    }

    /// Names a system font in the SVG for each run of characters that the embedded one lacks.
    ///
    /// The renderer's own fallback works on whole texts, and gives up on one that mixes scripts.
    pub fn resolve(&self, svg: &str) -> ResolvedText {
        let embedded = FontRef::try_from_slice(dejavu::sans::regular()).ok();
        let has_glyph = |c: char| embedded.as_ref().is_none_or(|font| font.glyph_id(c).0 != 0);
        let mut families: HashMap<char, Option<String>> = HashMap::new();
        let mut missing = Vec::new();
        let mut text = String::with_capacity(svg.len());
        let mut run: Option<String> = None;
        for c in svg.chars() {
            // Marks belong to the letter before them.
            let is_mark = unicode_width::UnicodeWidthChar::width(c) == Some(0);
            let family = if c.is_ascii() {
                None
            } else if is_mark {
                run.clone()
            } else if has_glyph(c) {
                None
            } else {
                let found = match families.entry(c) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => {
                        let found = find_family(self.all(), c);
                        if found.is_none() {
                            missing.push(c);
                        }
                        new.insert(found)
                    }
                };
                found.clone()
            };
            if family != run {
                if run.is_some() {
                    text.push_str("</tspan>");
                }
                if let Some(family) = &family {
                    text.push_str(&format!("<tspan font-family=\"'{family}'\">"));
                }
                run = family;
            }
            text.push(c);
        }
        let fonts = if families.is_empty() {
            &self.embedded
        } else {
            self.all()
        };
        ResolvedText {
            svg: text,
            missing,
            fonts: Arc::clone(fonts),
        }
    }
}

/// The family of the first face that can draw a character. Its name goes into an attribute.
fn find_family(fonts: &Database, c: char) -> Option<String> {
    let draws = |face: &&FaceInfo| {
        let outline = fonts.with_face_data(face.id, |data, index| {
            let font = FontRef::try_from_slice_and_index(data, index).ok()?;
            // A bitmap glyph has no outline: the renderer draws nothing for it.
            font.outline(font.glyph_id(c))
                .filter(|_| font.glyph_id(c).0 != 0)
        });
        outline.flatten().is_some()
    };
    let mut names = fonts
        .faces()
        .filter(draws)
        .filter_map(|face| Some(face.families.first()?.0.clone()));
    names.find(|name| !name.contains(['<', '&', '"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A font with the letters of `日本` only.
    fn load_test_font(fonts: &mut Database) {
        fonts.load_font_data(include_bytes!("../../../tests/it/support/two-letters.ttf").to_vec());
    }

    #[test]
    fn characters_that_no_font_has_are_missing() {
        let resolved = Fonts::new(|_| ()).resolve("<text>run 日 ₂</text>");
        assert_eq!(resolved.svg, "<text>run 日 ₂</text>");
        assert_eq!(resolved.missing, ['日']);
    }

    #[test]
    fn system_font_is_named_for_the_characters_that_it_has() {
        let resolved = Fonts::new(load_test_font).resolve("<text>run 日本語 é</text>");
        assert_eq!(
            resolved.svg,
            "<text>run <tspan font-family=\"'Two Letters'\">日本</tspan>語 é</text>"
        );
        assert_eq!(resolved.missing, ['語']);
    }

    #[test]
    fn system_fonts_are_not_loaded_without_need() {
        let fonts = Fonts::new(load_test_font);
        let resolved = fonts.resolve("<text>μ ± σ → ≥</text>");
        assert!(fonts.all.get().is_none() && resolved.missing.is_empty());
    }
}
