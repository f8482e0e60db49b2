//! The lines of a run's tabs.

use super::RunTab;
use crate::domain::{KeyValue, Metric};
use crate::text::Untrusted;
use crate::text::number::format_exact;
use crate::tui::app::message::RunDetail;

/// One line of a tab's list: a key, its value, and for a metric its history's key. Text as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct TabItem {
    /// The key.
    pub key: Untrusted,
    /// The value.
    pub value: Untrusted,
    /// The number, for a metric.
    pub number: Option<f64>,
    /// What else is known, safe to draw.
    pub note: String,
}

/// The lines of a tab.
pub(super) fn items_of(tab: RunTab, detail: &RunDetail) -> Vec<TabItem> {
    let run = &detail.run;
    let plain = |key: &Untrusted, value: &Untrusted| TabItem {
        key: key.clone(),
        value: value.clone(),
        number: None,
        note: String::new(),
    };
    let metrics = |system: bool| {
        let mut metrics: Vec<_> = run
            .metrics
            .iter()
            .filter(|m| m.key.raw().starts_with("system/") == system)
            .collect();
        metrics.sort_by(|a, b| a.key.cmp(&b.key));
        let item = |m: &&Metric| TabItem {
            key: m.key.clone(),
            value: format_exact(m.value.get()).into(),
            number: Some(m.value.get()),
            note: format!("step {}", m.step),
        };
        metrics.iter().map(item).collect::<Vec<_>>()
    };
    let sorted = |pairs: &[KeyValue]| {
        let mut items: Vec<TabItem> = pairs
            .iter()
            .map(|pair| plain(&pair.key, &pair.value))
            .collect();
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items
    };
    match tab {
        RunTab::Overview | RunTab::Metrics => metrics(false),
        RunTab::System => metrics(true),
        RunTab::Params => sorted(&run.params),
        RunTab::Tags => sorted(&run.tags),
        RunTab::Datasets => run
            .datasets
            .iter()
            .map(|d| {
                let context = d
                    .context
                    .as_ref()
                    .map(|c| c.clean().into_owned())
                    .unwrap_or_default();
                TabItem {
                    key: d.name.clone(),
                    value: d.digest.clone(),
                    number: None,
                    note: format!("{context} {}", d.source.clean()),
                }
            })
            .collect(),
        RunTab::Models => {
            let versions = detail
                .versions
                .as_deref()
                .unwrap_or_default()
                .iter()
                .map(|v| TabItem {
                    key: format!("{}/{}", v.name.raw(), v.version).into(),
                    value: v.stage_text.clone(),
                    number: None,
                    note: v
                        .aliases
                        .iter()
                        .map(|a| format!("@{}", a.clean()))
                        .collect::<Vec<_>>()
                        .join(" "),
                });
            let logged = detail
                .logged_models
                .as_deref()
                .unwrap_or_default()
                .iter()
                .map(|m| TabItem {
                    key: m.name.clone(),
                    value: m.id.text().clone(),
                    number: None,
                    note: format!("logged model, {}", m.status.clean()),
                });
            versions.chain(logged).collect()
        }
        RunTab::Artifacts => Vec::new(),
    }
}
