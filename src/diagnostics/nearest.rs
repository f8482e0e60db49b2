//! What was probably meant by a word that is not known.

/// How alike two words must be for one to be offered in place of the other, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.75;

/// The word that is most like `found`, if any is like it at all.
#[must_use]
pub fn closest_match<'a>(found: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    words
        .into_iter()
        .map(|word| (strsim::jaro_winkler(found, word), word))
        .filter(|(alike, _)| *alike >= MIN_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}
