//! A list with fuzzy search.

use std::borrow::Cow;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

use super::Dialog;
use super::submission::{Callback, Handler};
use crate::config::keymap::Action;
use crate::text::width::{width, wrap_to};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::navigation::Navigate;
use crate::tui::app::screen::Screen;

/// The rows of the frame and of the field.
const CHROME_ROWS: u16 = 3;
/// The cells of the frame and of the spaces inside it.
const FRAME_CELLS: u16 = 4;
/// The widest list.
const MAX_WIDTH: u16 = 84;
/// The cells between labels and details.
pub const LABEL_GAP: u16 = 2;
/// The most lines that show an item in full.
const MAX_DETAIL_LINES: usize = 4;

/// An item; its texts are cleaned.
#[derive(Clone, Debug)]
pub struct PickerItem<T> {
    /// What typing is matched against.
    pub label: String,
    /// Shown behind the label.
    pub detail: String,
    /// Words in lower case that also find it; their order is the order of relevance.
    keywords: Vec<String>,
    pub value: T,
}

impl<T> PickerItem<T> {
    pub fn new(label: impl Into<String>, detail: impl Into<String>, value: T) -> Self {
        Self {
            label: label.into(),
            detail: detail.into(),
            keywords: Vec::new(),
            value,
        }
    }

    /// Shows another text behind the label.
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Is also found by the beginnings of these words.
    pub fn with_keywords(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.keywords.extend(words);
        self
    }

    fn map<U>(self, convert: impl Fn(T) -> U) -> PickerItem<U> {
        PickerItem {
            label: self.label,
            detail: self.detail,
            keywords: self.keywords,
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
    /// What enter does, for the footer.
    pub accept_hint: &'static str,
    /// Shown without a match.
    pub empty_text: Cow<'static, str>,
    /// Follows when the list is left without a choice.
    on_cancel: Option<Navigate>,
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
            accept_hint: "choose",
            empty_text: "no match: backspace widens the search".into(),
            on_cancel: None,
        }
    }

    /// Says in the footer what enter does.
    pub fn with_accept_hint(mut self, hint: &'static str) -> Self {
        self.accept_hint = hint;
        self
    }

    /// Says what to do where nothing matches.
    pub fn with_empty_text(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.empty_text = text.into();
        self
    }

    /// Goes this way when the list is left without a choice.
    pub fn with_cancel(mut self, step: Navigate) -> Self {
        self.on_cancel = Some(step);
        self
    }

    pub(super) fn take_cancel(&mut self) -> Option<Navigate> {
        self.on_cancel.take()
    }

    /// Also offers the typed text, as the last item.
    pub fn with_custom_item(
        mut self,
        make: impl Fn(&str) -> Option<PickerItem<T>> + 'static,
    ) -> Self {
        self.make_custom = Some(Callback(Box::new(make)));
        self
    }

    /// The matching items, best first.
    #[must_use]
    pub fn items(&self) -> Vec<&PickerItem<T>> {
        let matching = self.matching.iter().map(|i| &self.all_items[*i]);
        matching.chain(&self.custom_item).collect()
    }

    #[must_use]
    pub fn area(&self, size: Size) -> ratatui::layout::Rect {
        let rows = (self.all_items.len() as u16).clamp(3, 20) + CHROME_ROWS;
        let area = dialog_area(size, MAX_WIDTH, rows);
        let room = area.width.saturating_sub(FRAME_CELLS);
        dialog_area(size, MAX_WIDTH, rows + self.max_detail_lines(room))
    }

    /// The rows of the list in a dialog of this height and inner width.
    fn list_height(&self, area: ratatui::layout::Rect) -> usize {
        let room = area.width.saturating_sub(FRAME_CELLS);
        let inside = area.height.saturating_sub(CHROME_ROWS);
        let below = self.detail_lines(room).len() as u16;
        usize::from(inside - below.min(inside / 2))
    }

    /// The cells of the labels in a list of this width.
    #[must_use]
    pub fn label_width(&self, room: u16) -> u16 {
        let labels = self.items().into_iter().map(|item| width(&item.label));
        labels.max().unwrap_or(0).min(room * 2 / 3)
    }

    /// An item in full, in lines; none if its row in the list is whole.
    fn full_lines(&self, item: &PickerItem<T>, room: u16) -> Vec<String> {
        let labels = self.label_width(room);
        let is_whole = width(&item.label) <= labels
            && width(&item.detail) <= room.saturating_sub(labels + LABEL_GAP);
        if is_whole {
            return Vec::new();
        }
        let text = format!("{}  {}", item.label, item.detail);
        wrap_to(&text, room, MAX_DETAIL_LINES)
    }

    /// The item under the cursor in full, where its row cuts it.
    #[must_use]
    pub fn detail_lines(&self, room: u16) -> Vec<String> {
        let items = self.items();
        let item = items.get(self.cursor.index);
        item.map_or_else(Vec::new, |item| self.full_lines(item, room))
    }

    /// The most lines of [`Self::detail_lines`] for any item.
    fn max_detail_lines(&self, room: u16) -> u16 {
        let items = self.items();
        let lines = items.iter().map(|item| self.full_lines(item, room).len());
        lines.max().unwrap_or(0) as u16
    }

    /// What typing does, shown in the empty field.
    #[must_use]
    pub fn placeholder(&self) -> &'static str {
        if self.make_custom.is_some() {
            "type to filter, or a new one"
        } else {
            "type to filter"
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.set_text(self.input.value().to_owned());
    }

    pub(super) fn set_text(&mut self, text: String) {
        self.matching = self.search(&text);
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

    /// The items that a text finds: by the beginning of a word, by the letters of the label, by a word of the detail.
    fn search(&self, text: &str) -> Vec<usize> {
        let mut found = fuzzy_match(text, self.all_items.iter().map(|item| item.label.as_str()));
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() || self.all_items.iter().all(|item| item.keywords.is_empty()) {
            return found;
        }
        let rank = |i: &usize| {
            let item = &self.all_items[*i];
            let label = item.label.to_lowercase();
            let named = |word: &String| {
                let parts = label.split(|c: char| !c.is_alphanumeric());
                let mut known = parts.chain(item.keywords.iter().map(String::as_str));
                known.any(|known| known.starts_with(word.as_str()))
            };
            let described = |word: &String| item.detail.to_lowercase().contains(word.as_str());
            if label == text.trim() {
                0
            } else if words.iter().all(named) {
                1
            } else if words.iter().all(|word| named(word) || described(word)) {
                3
            } else {
                2
            }
        };
        let described = (0..self.all_items.len()).filter(|i| rank(i) != 2 && !found.contains(i));
        found.extend(described.collect::<Vec<_>>());
        // Fuzzy matches keep the order of their scores, all others the order of the list.
        found.sort_by_key(|i| match rank(i) {
            2 => (2, 0),
            rank => (rank, *i),
        });
        found
    }

    /// Moves the cursor to the item in a row of the screen. Returns false where there is none.
    pub(in crate::tui::app) fn select_at(&mut self, y: u16, size: Size) -> bool {
        let area = self.area(size);
        let height = self.list_height(area);
        let rows = area.y + 2..area.y + 2 + height as u16;
        self.cursor.clamp(self.items().len(), height);
        let index = self.cursor.top + usize::from(y.saturating_sub(rows.start));
        let is_item = rows.contains(&y) && index < self.items().len();
        if is_item {
            self.cursor.index = index;
        }
        is_item
    }

    pub(super) fn move_cursor(&mut self, action: Action, size: Size) {
        let motion = match action {
            Action::Next => Action::Down,
            Action::Previous => Action::Up,
            other => other,
        };
        let height = self.list_height(self.area(size));
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
        let mut mapped = Picker::new(self.title, items)
            .with_accept_hint(self.accept_hint)
            .with_empty_text(self.empty_text);
        mapped.on_cancel = self.on_cancel;
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
