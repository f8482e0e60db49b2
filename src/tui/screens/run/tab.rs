//! The tabs of a run.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunTab {
    #[default]
    Overview,
    Metrics,
    Params,
    Tags,
    Datasets,
    Artifacts,
    Models,
    System,
}

impl RunTab {
    pub const ALL: [Self; 8] = [
        Self::Overview,
        Self::Metrics,
        Self::Params,
        Self::Tags,
        Self::Datasets,
        Self::Artifacts,
        Self::Models,
        Self::System,
    ];

    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Metrics => "Metrics",
            Self::Params => "Params",
            Self::Tags => "Tags",
            Self::Datasets => "Datasets",
            Self::Artifacts => "Artifacts",
            Self::Models => "Models",
            Self::System => "System",
        }
    }

    /// The next or previous tab, with wrap-around.
    pub(super) fn step(self, forward: bool) -> Self {
        let by = if forward { 1 } else { Self::ALL.len() - 1 };
        Self::ALL[(self as usize + by) % Self::ALL.len()]
    }
}
