//! Roles: what a theme gives colors to.

/// What a part of the screen means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text, and the background of the screen.
    Text,
    /// Secondary text: units, ages, hints, missing values.
    Muted,
    /// Highlights: keys, the active tab, search matches.
    Accent,
    /// Titles of screens, panes and dialogs.
    Title,
    /// Table headers.
    Header,
    /// Borders of panes.
    Border,
    /// Border of the focused pane.
    BorderFocus,
    /// The row or cell under the cursor.
    Selection,
    /// Marked rows.
    Mark,
    /// The reference of a comparison: the baseline, the champion.
    Baseline,
    /// Better, passed, finished.
    Good,
    /// Worse, failed, broken.
    Bad,
    /// Needs attention: stale, unprotected, unusual.
    Warn,
    /// Neutral information.
    Info,
    /// In progress.
    Running,
    /// Added text.
    DiffAdd,
    /// Removed text.
    DiffRemove,
    /// Links.
    Link,
    /// Sparklines in table rows, less prominent than `Running` since every row has one.
    Curve,
}

impl Role {
    /// In the order of their declaration.
    pub const ALL: [Self; 19] = [
        Self::Text,
        Self::Muted,
        Self::Accent,
        Self::Title,
        Self::Header,
        Self::Border,
        Self::BorderFocus,
        Self::Selection,
        Self::Mark,
        Self::Baseline,
        Self::Good,
        Self::Bad,
        Self::Warn,
        Self::Info,
        Self::Running,
        Self::DiffAdd,
        Self::DiffRemove,
        Self::Link,
        Self::Curve,
    ];

    /// The spelling in theme files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Accent => "accent",
            Self::Title => "title",
            Self::Header => "header",
            Self::Border => "border",
            Self::BorderFocus => "border_focus",
            Self::Selection => "selection",
            Self::Mark => "mark",
            Self::Baseline => "baseline",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Running => "running",
            Self::DiffAdd => "diff_add",
            Self::DiffRemove => "diff_remove",
            Self::Link => "link",
            Self::Curve => "curve",
        }
    }

    /// The role whose style a theme without this role uses. Text and selection have none: they default to
    /// the terminal's text, plain and reversed.
    #[must_use]
    pub fn fallback(self) -> Option<Self> {
        match self {
            Self::Text | Self::Selection => None,
            Self::Muted | Self::Accent | Self::Good => Some(Self::Text),
            Self::Title | Self::BorderFocus | Self::Mark | Self::Warn | Self::Info | Self::Link => {
                Some(Self::Accent)
            }
            Self::Header => Some(Self::Title),
            Self::Border | Self::Curve => Some(Self::Muted),
            Self::Baseline => Some(Self::Mark),
            Self::Bad => Some(Self::Warn),
            Self::Running => Some(Self::Info),
            Self::DiffAdd => Some(Self::Good),
            Self::DiffRemove => Some(Self::Bad),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn discriminants_match_all_order() {
        for (index, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, index, "{}", role.name());
        }
    }

    #[test]
    fn fallback_chains_terminate() {
        for role in Role::ALL {
            let steps = std::iter::successors(Some(role), |role| role.fallback())
                .take(Role::ALL.len() + 1)
                .count();
            assert!(steps <= 5, "{} takes {steps} steps", role.name());
        }
    }
}
