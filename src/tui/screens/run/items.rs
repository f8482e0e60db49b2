//! The lines of a run's tabs.

use super::Tab;
use crate::domain::{Metric, Pair};
use crate::text::Untrusted;
use crate::text::number::full;
use crate::tui::app::message::RunDetail;

/// One line of a tab's list: a key, its value, and for a metric its history's key. Text as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
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
pub(super) fn lines_of(tab: Tab, detail: &RunDetail) -> Vec<Item> {
    let run = &detail.run;
    let plain = |key: &Untrusted, value: &Untrusted| Item {
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
        let item = |m: &&Metric| Item {
            key: m.key.clone(),
            value: full(m.value.get()).into(),
            number: Some(m.value.get()),
            note: format!("step {}", m.step),
        };
        metrics.iter().map(item).collect::<Vec<_>>()
    };
    let sorted = |pairs: &[Pair]| {
        let mut items: Vec<Item> = pairs
            .iter()
            .map(|pair| plain(&pair.key, &pair.value))
            .collect();
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items
    };
    match tab {
        Tab::Overview | Tab::Metrics => metrics(false),
        Tab::System => metrics(true),
        Tab::Params => sorted(&run.params),
        Tab::Tags => sorted(&run.tags),
        Tab::Datasets => run
            .datasets
            .iter()
            .map(|d| {
                let context = d
                    .context
                    .as_ref()
                    .map(|c| c.clean().into_owned())
                    .unwrap_or_default();
                Item {
                    key: d.name.clone(),
                    value: d.digest.clone(),
                    number: None,
                    note: format!("{context} {}", d.source.clean()),
                }
            })
            .collect(),
        Tab::Models => {
            let versions = detail
                .versions
                .as_deref()
                .unwrap_or_default()
                .iter()
                .map(|v| Item {
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
                .map(|m| Item {
                    key: m.name.clone(),
                    value: m.id.text().clone(),
                    number: None,
                    note: format!("logged model, {}", m.status.clean()),
                });
            versions.chain(logged).collect()
        }
        Tab::Artifacts => Vec::new(),
    }
}
