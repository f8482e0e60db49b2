//! A row of tabs, for drawing and the mouse.

use ratatui::layout::Rect;

use crate::text::width::width;

/// The tabs of a screen.
#[derive(Clone, Debug)]
pub struct TabBar {
    /// Their row.
    pub area: Rect,
    pub titles: Vec<&'static str>,
    pub selected: usize,
}

/// The visible tabs as (index, text), scrolled to the selected one; brackets mark it.
#[must_use]
pub fn visible_tabs(titles: &[&str], selected: usize, room: u16) -> Vec<(usize, String)> {
    let tab = |(index, title): (usize, &&str)| {
        let text = if index == selected {
            format!("[{title}] ")
        } else {
            format!(" {title}  ")
        };
        (index, text)
    };
    let tabs: Vec<(usize, String)> = titles.iter().enumerate().map(tab).collect();
    let fits = |first: &usize| {
        let until_selected = tabs.get(*first..=selected).unwrap_or_default();
        until_selected
            .iter()
            .map(|(_, text)| width(text))
            .sum::<u16>()
            <= room
    };
    let first = (0..selected).find(fits).unwrap_or(selected);
    tabs.into_iter().skip(first).collect()
}

impl TabBar {
    /// The tab at a column.
    pub(super) fn tab_at(&self, x: u16) -> Option<usize> {
        let mut start = self.area.x;
        for (index, text) in visible_tabs(&self.titles, self.selected, self.area.width) {
            let end = start + width(&text);
            if (start..end).contains(&x) {
                return Some(index);
            }
            start = end;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_under_the_pointer_is_the_one_that_is_drawn_there() {
        let bar = TabBar {
            area: Rect::new(0, 1, 16, 1),
            titles: vec!["one", "two", "three"],
            selected: 2,
        };
        assert_eq!(
            visible_tabs(&bar.titles, 2, 16),
            [(1, " two  ".into()), (2, "[three] ".into())]
        );
        assert_eq!(
            (bar.tab_at(0), bar.tab_at(6), bar.tab_at(15)),
            (Some(1), Some(2), None)
        );
    }
}
