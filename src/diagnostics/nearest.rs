//! What was probably meant by a word that is not known.

/// How alike two words must be for one to be offered in place of the other, from 0 to 1.
const ALIKE: f64 = 0.75;

/// The word that is most like `found`, if any is like it at all.
#[must_use]
pub fn nearest<'a>(found: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(found, word), word))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}
