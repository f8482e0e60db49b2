//! The filter that narrows a list by words.

use std::ops::Deref;

/// Words typed to narrow a list. An item matches when its text contains every word, in any case.
#[derive(Clone, Debug, Default)]
pub struct TextFilter {
    text: String,
    words: Vec<String>,
}

impl TextFilter {
    pub(crate) fn set(&mut self, text: String) {
        self.words = text.split_whitespace().map(str::to_lowercase).collect();
        self.text = text;
    }

    /// The words in lower case.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.words.is_empty() || {
            let text = text.to_lowercase();
            self.words.iter().all(|word| text.contains(word))
        }
    }
}

/// The text as typed.
impl Deref for TextFilter {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}
