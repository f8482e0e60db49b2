//! The items of a run's tabs.

use super::RunTab;
use super::datasets::dataset_items;
use crate::config::theme::Role;
use crate::domain::{KeyValue, LoggedModel, Metric, ModelVersion, RunStatus};
use crate::text::Untrusted;
use crate::text::natural::sort_keys;
use crate::text::number::format_exact;
use crate::tui::app::message::RunDetail;

/// An item of a tab's list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TabItem {
    pub key: Untrusted,
    pub value: Untrusted,
    /// The value of a metric.
    pub number: Option<f64>,
    /// The status that is drawn with its symbol.
    pub status: Option<RunStatus>,
    /// Cleaned.
    pub note: String,
    /// Of the value.
    pub role: Role,
    /// Whether it is the heading of the items after it: its value is not listed.
    pub is_title: bool,
}

impl TabItem {
    pub(super) fn new(key: impl Into<Untrusted>, value: impl Into<Untrusted>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            number: None,
            status: None,
            note: String::new(),
            role: Role::Text,
            is_title: false,
        }
    }

    /// A heading. Its value is for the dialog that shows it in full and for the clipboard.
    pub(super) fn title(text: impl Into<Untrusted>, value: impl Into<Untrusted>) -> Self {
        Self {
            is_title: true,
            role: Role::Title,
            ..Self::new(text, value)
        }
    }

    pub(super) fn with_note(self, note: impl Into<String>) -> Self {
        let note = note.into();
        Self { note, ..self }
    }

    pub(super) fn with_role(self, role: Role) -> Self {
        Self { role, ..self }
    }

    /// The lines of its value, cleaned: the ends of its own lines are kept.
    pub(super) fn value_lines(&self) -> Vec<String> {
        let lines = self.value.clean_lines().map(Into::into);
        lines.collect()
    }
}

/// The items of a tab but of the overview's facts and of the artifacts.
pub(super) fn items_of(tab: RunTab, detail: &RunDetail) -> Vec<TabItem> {
    let run = &detail.run;
    let metrics = |system: bool| {
        let mut metrics: Vec<_> = run
            .metrics
            .iter()
            .filter(|m| m.key.raw().starts_with("system/") == system)
            .collect();
        sort_keys(&mut metrics, |metric| metric.key.raw());
        let item = |m: &&Metric| TabItem {
            number: Some(m.value.get()),
            note: format!("step {}", m.step),
            ..TabItem::new(m.key.clone(), format_exact(m.value.get()))
        };
        metrics.iter().map(item).collect::<Vec<_>>()
    };
    let sorted = |pairs: &[KeyValue]| {
        let mut items: Vec<TabItem> = pairs
            .iter()
            .map(|pair| TabItem::new(pair.key.clone(), pair.value.clone()))
            .collect();
        sort_keys(&mut items, |item| item.key.raw());
        items
    };
    match tab {
        RunTab::Overview | RunTab::Metrics => metrics(false),
        RunTab::System => metrics(true),
        RunTab::Params => sorted(&run.params),
        RunTab::Tags => sorted(&run.tags),
        RunTab::Datasets => run.datasets.iter().flat_map(dataset_items).collect(),
        RunTab::Models => {
            let versions = detail.versions.as_deref().unwrap_or_default();
            let logged = detail.logged_models.as_deref().unwrap_or_default();
            let versions = versions.iter().map(version_item);
            versions
                .chain(logged.iter().map(logged_model_item))
                .collect()
        }
        RunTab::Artifacts => Vec::new(),
    }
}

/// `iris/3`, raw: the key of a version's item.
pub(super) fn version_key(version: &ModelVersion) -> String {
    format!("{}/{}", version.name.raw(), version.version)
}

fn version_item(version: &ModelVersion) -> TabItem {
    let aliases = version.aliases.iter();
    let aliases: Vec<_> = aliases.map(|a| format!("@{}", a.clean())).collect();
    TabItem::new(version_key(version), version.stage_text.clone()).with_note(aliases.join(" "))
}

fn logged_model_item(model: &LoggedModel) -> TabItem {
    TabItem::new(model.name.clone(), model.id.text().clone())
        .with_note(format!("logged model, {}", model.status.clean()))
}
