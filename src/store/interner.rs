//! Texts that repeat within one response, such as the keys of metrics, stored once.

use hashbrown::HashSet;

use crate::text::Untrusted;

#[derive(Default)]
pub(super) struct Interner(HashSet<Untrusted>);

impl Interner {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn intern(&mut self, text: &str) -> Untrusted {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let text = Untrusted::from(text);
        self.0.insert(text.clone());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_share_memory() {
        let mut keys = Interner::default();
        let (first, second) = (keys.intern("val/acc"), keys.intern("val/acc"));
        assert!(std::sync::Arc::ptr_eq(&first.shared(), &second.shared()));
    }
}
