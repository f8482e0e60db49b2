//! A list with fuzzy search.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

use super::Dialog;
use super::submission::{Callback, Handler};
use crate::config::keymap::Action;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::navigation::Navigate;
use crate::tui::app::screen::Screen;

/// An item; its texts are cleaned.
#[derive(Clone, Debug)]
pub struct PickerItem<T> {
    /// What typing is matched against.
    pub label: String,
    /// Shown behind the label.
    pub detail: String,
    pub value: T,
}

impl<T> PickerItem<T> {
    pub fn new(label: impl Into<String>, detail: impl Into<String>, value: T) -> Self {
        Self {
            label: label.into(),
            detail: detail.into(),
            value,
        }
    }

    fn map<U>(self, convert: impl Fn(T) -> U) -> PickerItem<U> {
        PickerItem {
            label: self.label,
            detail: self.detail,
            value: convert(self.value),
        }
    }
}

/// Makes an item of the typed text.
type CustomItem<T> = Callback<dyn Fn(&str) -> Option<PickerItem<T>>>;

/// A list with fuzzy search, best match first.
#[derive(Debug)]
pub struct Picker<T> {
    pub title: String,
    pub input: Input,
    /// Over the matching items.
    pub cursor: Cursor,
    all_items: Vec<PickerItem<T>>,
    matching: Vec<usize>,
    make_custom: Option<CustomItem<T>>,
    custom_item: Option<PickerItem<T>>,
    empty_hint: &'static str,
}

impl<T> Picker<T> {
    /// The title is cleaned text.
    pub fn new(title: impl Into<String>, items: impl IntoIterator<Item = PickerItem<T>>) -> Self {
        let all_items: Vec<_> = items.into_iter().collect();
        Self {
            title: title.into(),
            input: Input::default(),
            cursor: Cursor::default(),
            matching: (0..all_items.len()).collect(),
            all_items,
            make_custom: None,
            custom_item: None,
            empty_hint: "no match",
        }
    }

    /// Also offers the typed text, as the last item.
    pub fn with_custom_item(
        mut self,
        make: impl Fn(&str) -> Option<PickerItem<T>> + 'static,
    ) -> Self {
        self.make_custom = Some(Callback(Box::new(make)));
        self
    }

    /// Shows this instead of an empty list, until text is typed.
    #[must_use]
    pub fn with_empty_hint(mut self, hint: &'static str) -> Self {
        self.empty_hint = hint;
        self
    }

    /// The text to show instead of an empty list.
    #[must_use]
    pub fn empty_text(&self) -> &'static str {
        if self.input.value().trim().is_empty() {
            self.empty_hint
        } else {
            "no match"
        }
    }

    /// The matching items, best first.
    #[must_use]
    pub fn items(&self) -> Vec<&PickerItem<T>> {
        let matching = self.matching.iter().map(|i| &self.all_items[*i]);
        matching.chain(&self.custom_item).collect()
    }

    #[must_use]
    pub fn area(&self, size: Size) -> ratatui::layout::Rect {
        dialog_area(size, 84, (self.all_items.len() as u16).clamp(3, 20) + 3)
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.set_text(self.input.value().to_owned());
    }

    pub(super) fn set_text(&mut self, text: String) {
        self.matching = fuzzy_match(&text, self.all_items.iter().map(|item| item.label.as_str()));
        let custom = self.make_custom.as_ref().and_then(|make| (make.0)(&text));
        self.custom_item = custom.filter(|custom| {
            let listed = |i: &usize| self.all_items[*i].label == custom.label;
            !self.matching.iter().any(listed)
        });
        self.cursor = Cursor::default();
        if self.input.value() != text {
            self.input = Input::new(text);
        }
    }

    pub(super) fn move_cursor(&mut self, action: Action, size: Size) {
        let motion = match action {
            Action::Next => Action::Down,
            Action::Previous => Action::Up,
            other => other,
        };
        let height = usize::from(self.area(size).height.saturating_sub(3));
        let len = self.items().len();
        self.cursor.apply_motion(motion, len, height);
    }

    /// Removes the value under the cursor, to accept it.
    pub(super) fn take_selected(&mut self) -> Option<T> {
        let Some(i) = self.matching.get(self.cursor.index).copied() else {
            return self.custom_item.take().map(|item| item.value);
        };
        self.matching = (0..self.all_items.len() - 1).collect();
        Some(self.all_items.remove(i).value)
    }
}

impl<T: 'static> Picker<T> {
    #[must_use]
    pub fn map<U>(self, convert: impl Fn(T) -> U + Copy + 'static) -> Picker<U> {
        let items = self.all_items.into_iter().map(|item| item.map(convert));
        let mapped = Picker::new(self.title, items);
        match self.make_custom {
            Some(make) => {
                mapped.with_custom_item(move |text| (make.0)(text).map(|item| item.map(convert)))
            }
            None => mapped,
        }
    }

    /// The dialog that passes the accepted value to the screen that opens it.
    #[must_use]
    pub fn submit_to<S: Screen>(self, handler: Handler<S, T>) -> Dialog {
        Dialog::Picker(self.map(move |value| Navigate::submit(handler, value)))
    }
}

/// The indices of the texts that match a pattern, best first; all of them for an empty pattern.
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

    #[test]
    fn typed_text_is_offered_unless_it_is_listed() {
        let items = ["a", "ab"].map(|label| PickerItem::new(label, "", label.to_owned()));
        let mut picker = Picker::new("letters", items).with_custom_item(|text| {
            (!text.is_empty()).then(|| PickerItem::new(text, "as typed", text.to_owned()))
        });
        picker.set_text("ab".into());
        assert_eq!(picker.items().len(), 1);
        picker.set_text("abc".into());
        assert_eq!(picker.take_selected().as_deref(), Some("abc"));
    }
}
