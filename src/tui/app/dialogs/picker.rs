//! A list to pick from: type to narrow it down, the best match first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

use crate::config::keymap::Action;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

/// Something to pick; safe to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct PickerItem {
    /// Its name: what typing is matched against.
    pub label: String,
    /// A few words beside it.
    pub detail: String,
    /// What it means.
    pub choice: Choice,
}

/// Makes an item of what was typed, where that is an answer, too.
type CustomItem = fn(&str) -> Option<PickerItem>;

/// A list to pick from.
#[derive(Debug)]
pub struct Picker {
    /// What is picked.
    pub title: String,
    /// What was typed.
    pub input: Input,
    /// The cursor over the items that match.
    pub cursor: Cursor,
    all_items: Vec<PickerItem>,
    matching: Vec<usize>,
    custom_item: Option<CustomItem>,
}

impl Picker {
    /// A list; safe to draw.
    #[must_use]
    pub fn new(title: &str, all_items: Vec<PickerItem>) -> Self {
        let matching = (0..all_items.len()).collect();
        Self {
            title: title.to_owned(),
            input: Input::default(),
            cursor: Cursor::default(),
            all_items,
            matching,
            custom_item: None,
        }
    }

    /// The same list, where what was typed can be picked, too.
    #[must_use]
    pub fn with_custom_item(mut self, typed: CustomItem) -> Self {
        self.custom_item = Some(typed);
        self
    }

    /// The items that match what was typed, best first, and at the end what was typed itself.
    #[must_use]
    pub fn items(&self) -> Vec<PickerItem> {
        let mut items: Vec<PickerItem> = self
            .matching
            .iter()
            .map(|i| self.all_items[*i].clone())
            .collect();
        let custom = self.custom_item.and_then(|typed| typed(self.input.value()));
        if let Some(own) = custom.filter(|own| !items.iter().any(|item| item.choice == own.choice))
        {
            items.push(own);
        }
        items
    }

    /// Where the list is drawn.
    #[must_use]
    pub fn area(&self, size: Size) -> ratatui::layout::Rect {
        dialog_area(size, 84, (self.all_items.len() as u16).clamp(3, 20) + 3)
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.matching = fuzzy_match(
            self.input.value(),
            self.all_items.iter().map(|item| item.label.as_str()),
        );
        self.cursor = Cursor::default();
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let items = self.items();
        let height = usize::from(self.area(context.size).height.saturating_sub(3));
        match action {
            Action::Next => self.cursor.apply_motion(Action::Down, items.len(), height),
            Action::Previous => self.cursor.apply_motion(Action::Up, items.len(), height),
            Action::Accept => {
                if let Some(item) = items.get(self.cursor.index) {
                    context.navigation.push(Navigate::CloseDialog);
                    context
                        .navigation
                        .push(Navigate::Submit(item.choice.clone()));
                }
                true
            }
            other => self.cursor.apply_motion(other, items.len(), height),
        };
    }
}

/// The places of the texts that match a pattern fuzzily, best first; all of them for an empty pattern.
#[must_use]
pub(super) fn fuzzy_match<'a>(pattern: &str, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
    if pattern.trim().is_empty() {
        return (0..texts.count()).collect();
    }
    let pattern = Pattern::parse(pattern, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, usize)> = texts
        .enumerate()
        .filter_map(|(i, text)| {
            pattern
                .score(Utf32Str::new(text, &mut buffer), &mut matcher)
                .map(|score| (score, i))
        })
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_match_comes_first() {
        let texts = ["next-theme", "lineage", "messages", "models"];
        assert_eq!(fuzzy_match("lin", texts.into_iter()), [1]);
        assert_eq!(fuzzy_match("mo", texts.into_iter()).first(), Some(&3));
        assert_eq!(fuzzy_match(" ", texts.into_iter()).len(), 4);
    }
}
