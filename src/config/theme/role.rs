//! The roles of a theme: the meanings that things on the screen can have.

/// A meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Ordinary text, and the ground that everything is drawn on.
    Text,
    /// What is less important: units, ages, hints, what is missing.
    Muted,
    /// What draws the eye: keys, the active tab, what was matched.
    Accent,
    /// The name of a screen, a pane or a dialog.
    Title,
    /// The headings of a table.
    Header,
    /// Lines around panes.
    Border,
    /// Lines around the pane that has the keys.
    BorderFocus,
    /// The row or cell under the cursor.
    Selection,
    /// What was marked.
    Mark,
    /// What others are compared with: the baseline, the champion.
    Baseline,
    /// Better, passed, finished.
    Good,
    /// Worse, failed, broken.
    Bad,
    /// Needs a look: stale, unprotected, unusual.
    Warn,
    /// Good to know.
    Info,
    /// Still going.
    Running,
    /// Text that was added.
    DiffAdd,
    /// Text that was removed.
    DiffRemove,
    /// What can be opened elsewhere.
    Link,
    /// A curve in a row: calmer than what is running, since there is one in each.
    Curve,
}

impl Role {
    /// Every role, in the order of their declaration.
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

    /// As theme files spell it.
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

    /// The role that this one looks like where a theme says nothing of it. Text and selection stand for themselves:
    /// they look like the terminal's own text, plain and in reverse.
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
