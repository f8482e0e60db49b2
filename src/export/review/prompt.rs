//! The answers about a prompt: its text is all that it is made of.

use super::{Answer, MAX_VALUE_WIDTH, Sides, Tone, answer};
use crate::promotion::policy::Candidate;
use crate::text::excerpt::distinct_excerpts;

/// The questions about a run, which a prompt does not have, before and after the one about its text.
const BEFORE_TEXT: [(&str, &str); 3] = [
    ("code", "Which code?"),
    ("dirty", "Uncommitted?"),
    ("data", "Which data?"),
];
const AFTER_TEXT: [(&str, &str); 1] = [("metrics", "Better or worse?")];

impl Sides<'_> {
    /// The answers in place of those about the run of a model.
    pub(super) fn prompt_origin(&self) -> Vec<Answer> {
        let skipped = |(key, question)| {
            let line = "does not apply: a prompt has no run".to_owned();
            answer(key, question, Tone::Muted, vec![line])
        };
        let before = BEFORE_TEXT.into_iter().map(skipped);
        let after = AFTER_TEXT.into_iter().map(skipped);
        before.chain([self.prompt_text()]).chain(after).collect()
    }

    fn prompt_text(&self) -> Answer {
        let text = |facts: &Candidate| {
            let text = facts.version.prompt_text();
            text.map_or_else(String::new, |text| text.clean().into_owned())
        };
        let own = text(self.review.candidate);
        let (tone, lines) = match self.champion().map(text) {
            None => (
                Tone::Plain,
                vec!["no champion to compare with".to_owned(), own],
            ),
            Some(champion) if champion == own => (
                Tone::Good,
                vec!["same text as the champion's".to_owned(), own],
            ),
            Some(champion) => {
                let excerpts = distinct_excerpts(&[&own, &champion], MAX_VALUE_WIDTH);
                let labels = ["this text: ", "the champion's: "];
                let labelled = labels.iter().zip(excerpts);
                let labelled = labelled.map(|(label, text)| format!("{label}{text}"));
                let first = "the text differs from the champion's".to_owned();
                (
                    Tone::Warning,
                    std::iter::once(first).chain(labelled).collect(),
                )
            }
        };
        answer("params", "Which text?", tone, lines)
    }
}
