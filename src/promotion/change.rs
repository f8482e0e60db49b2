//! One place that changes hands, or a run that goes into the trash or out of it.

use serde::{Deserialize, Serialize};

use super::Subject;
use crate::domain::{Alias, Lifecycle, RunId, Slot, Stage, VersionNumber};

/// A version that leaves one stage for another, an alias that goes from one version to another, or a run that is deleted or restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RegistryChange {
    /// A version's stage.
    Stage {
        /// The version.
        version: VersionNumber,
        /// Its stage before.
        from: Stage,
        /// Its stage after.
        to: Stage,
    },
    /// An alias.
    Alias {
        /// The alias.
        alias: Alias,
        /// The version it led to before.
        from: Option<VersionNumber>,
        /// The version it leads to after.
        to: Option<VersionNumber>,
    },
    /// A run's lifecycle.
    Run {
        /// The run.
        run: RunId,
        /// Whether it was in use.
        from: Lifecycle,
        /// Whether it is in use after.
        to: Lifecycle,
    },
    /// A request to move a version that is made, answered or taken back.
    Request {
        /// The version.
        version: VersionNumber,
        /// The stage that is asked for.
        #[serde(rename = "asked")]
        stage: Stage,
        /// Whether it is open after.
        is_open: bool,
    },
}

impl RegistryChange {
    /// The places that lose or get a holder.
    #[must_use]
    pub fn slots(&self) -> Vec<Slot> {
        match self {
            Self::Stage { from, to, .. } => vec![Slot::Stage(*from), Slot::Stage(*to)],
            Self::Alias { alias, .. } => vec![Slot::Alias(alias.clone())],
            Self::Run { .. } | Self::Request { .. } => Vec::new(),
        }
    }

    /// What changes, cleaned: `iris/3`, `@champion` or `run 0a1b2c3d`.
    #[must_use]
    pub fn target(&self, subject: &Subject) -> String {
        match self {
            Self::Stage { version, .. } => subject.label(*version),
            Self::Alias { alias, .. } => format!("@{}", alias.clean()),
            Self::Run { run, .. } => format!("run {}", run.short()),
            Self::Request { version, stage, .. } => {
                format!("request {} for {stage}", subject.label(*version))
            }
        }
    }

    /// What was there, cleaned.
    #[must_use]
    pub fn before(&self, subject: &Subject) -> String {
        match self {
            Self::Stage { from, .. } => from.to_string(),
            Self::Alias { from, .. } => holder_label(subject, *from),
            Self::Run { from, .. } => from.as_str().to_owned(),
            Self::Request { is_open, .. } => open_label(!is_open),
        }
    }

    /// What is there after, cleaned.
    #[must_use]
    pub fn after(&self, subject: &Subject) -> String {
        match self {
            Self::Stage { to, .. } => to.to_string(),
            Self::Alias { to, .. } => holder_label(subject, *to),
            Self::Run { to, .. } => to.as_str().to_owned(),
            Self::Request { is_open, .. } => open_label(*is_open),
        }
    }

    /// In one line, cleaned: `iris/3: Staging → Production`.
    #[must_use]
    pub fn describe(&self, subject: &Subject) -> String {
        format!(
            "{}: {} → {}",
            self.target(subject),
            self.before(subject),
            self.after(subject)
        )
    }
}

fn open_label(is_open: bool) -> String {
    if is_open { "open" } else { "none" }.to_owned()
}

fn holder_label(subject: &Subject, version: Option<VersionNumber>) -> String {
    version.map_or_else(|| "no version".to_owned(), |version| subject.label(version))
}
