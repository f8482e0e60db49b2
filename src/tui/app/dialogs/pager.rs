//! A long text: scrolling and searching, as in less.

use std::ops::Range;

use tui_input::{Input, InputRequest};

use crate::config::keymap::Action;
use crate::text::untrusted::clean;
use crate::tui::app::context::UpdateContext;

/// The first visible line of a text, and the search in it.
#[derive(Debug, Default)]
pub struct Pager {
    /// The first visible line.
    pub scroll: usize,
    pub search: TextSearch,
}

impl Pager {
    /// Scrolls the lines, of which `height` are visible, or goes to a match.
    pub(super) fn handle_action(
        &mut self,
        action: Action,
        lines: &[&str],
        height: usize,
        context: &mut UpdateContext<'_>,
    ) {
        let last = lines.len().saturating_sub(height);
        let first = self.scroll.min(last);
        let visible = first..first + height.max(1);
        if self.search.is_search(action) {
            let found = self.search.handle_action(action, visible, lines, context);
            if let Some(line) = found {
                let is_visible = (first..first + height).contains(&line);
                self.scroll = if is_visible { first } else { line.min(last) };
            }
            return;
        }
        self.scroll = scrolled(first, action, height).min(last);
    }
}

/// The search in a text.
#[derive(Debug, Default)]
pub struct TextSearch {
    /// The field, while the pattern is typed.
    field: Option<Input>,
    /// In lower case; empty without a search.
    pattern: String,
    /// The line of the last match.
    line: Option<usize>,
}

impl TextSearch {
    /// The field, while the pattern is typed.
    #[must_use]
    pub fn field(&self) -> Option<&Input> {
        self.field.as_ref()
    }

    /// The line of the last match.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }

    /// Whether an action belongs to the search.
    pub(super) fn is_search(&self, action: Action) -> bool {
        let starts = matches!(
            action,
            Action::Find | Action::FindNext | Action::FindPrevious
        );
        starts || self.field.is_some()
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if let Some(field) = &mut self.field {
            field.handle(request);
        }
    }

    /// Opens, accepts or closes the field, or goes on to the next match. Returns the line to go to.
    /// A match is looked for from the last one if that is visible, else from the first visible line.
    pub(super) fn handle_action(
        &mut self,
        action: Action,
        visible: Range<usize>,
        lines: &[&str],
        context: &mut UpdateContext<'_>,
    ) -> Option<usize> {
        if let Some(field) = &self.field {
            match action {
                Action::Back => self.field = None,
                Action::Accept => {
                    self.pattern = field.value().to_lowercase();
                    self.field = None;
                    self.line = None;
                    return self.find(1, visible, lines, context);
                }
                _ => {}
            }
            return None;
        }
        match action {
            Action::Find => {
                self.field = Some(Input::default());
                None
            }
            Action::FindNext => self.find(1, visible, lines, context),
            Action::FindPrevious => self.find(-1, visible, lines, context),
            _ => None,
        }
    }

    /// The next line with a match, once around the text.
    fn find(
        &mut self,
        step: isize,
        visible: Range<usize>,
        lines: &[&str],
        context: &mut UpdateContext<'_>,
    ) -> Option<usize> {
        if self.pattern.is_empty() {
            context.notify("nothing to look for: / searches");
            return None;
        }
        let len = lines.len();
        let last = self.line.filter(|line| visible.contains(line));
        let start = last.unwrap_or(visible.start);
        let first = usize::from(last.is_some());
        let mut indices = (first..first + len).map(|i| {
            let i = i % len;
            if step < 0 {
                (start + len - i) % len
            } else {
                (start + i) % len
            }
        });
        let found = indices.find(|index| lines[*index].to_lowercase().contains(&self.pattern));
        if found.is_none() {
            context.notify(format!("no match for {}", clean(&self.pattern)));
        }
        self.line = found;
        found
    }

    /// The matches in a line, as byte ranges.
    #[must_use]
    pub fn matches(&self, line: &str) -> Vec<Range<usize>> {
        let lower = line.to_lowercase();
        // Some characters have another length in lower case: then the line is shown without its matches.
        if self.pattern.is_empty() || lower.len() != line.len() {
            return Vec::new();
        }
        let all = lower.match_indices(&self.pattern);
        all.map(|(at, found)| at..at + found.len())
            .filter(|range| line.is_char_boundary(range.start) && line.is_char_boundary(range.end))
            .collect()
    }
}

/// The first visible line after a motion; the caller keeps it on the page.
pub(super) fn scrolled(first: usize, action: Action, height: usize) -> usize {
    let page = height.saturating_sub(1).max(1);
    match action {
        Action::Down => first + 1,
        Action::Up => first.saturating_sub(1),
        Action::PageDown => first + page,
        Action::PageUp => first.saturating_sub(page),
        Action::HalfPageDown => first + page.div_ceil(2),
        Action::HalfPageUp => first.saturating_sub(page.div_ceil(2)),
        Action::Top => 0,
        Action::Bottom => usize::MAX,
        _ => first,
    }
}
