//! The items of a run's tabs.

use super::RunTab;
use crate::domain::{DatasetInput, KeyValue, LoggedModel, Metric, ModelVersion};
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
    /// Cleaned.
    pub note: String,
}

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
        sort_keys(&mut metrics, |metric| metric.key.raw());
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
        sort_keys(&mut items, |item| item.key.raw());
        items
    };
    match tab {
        RunTab::Overview | RunTab::Metrics => metrics(false),
        RunTab::System => metrics(true),
        RunTab::Params => sorted(&run.params),
        RunTab::Tags => sorted(&run.tags),
        RunTab::Datasets => run.datasets.iter().map(dataset_item).collect(),
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

fn dataset_item(dataset: &DatasetInput) -> TabItem {
    let context = dataset.context.as_ref().map(|context| context.clean());
    TabItem {
        key: dataset.name.clone(),
        value: dataset.digest.clone(),
        number: None,
        note: format!("{} {}", context.unwrap_or_default(), dataset.source.clean()),
    }
}

fn version_item(version: &ModelVersion) -> TabItem {
    let aliases = version.aliases.iter();
    let aliases: Vec<_> = aliases.map(|a| format!("@{}", a.clean())).collect();
    TabItem {
        key: format!("{}/{}", version.name.raw(), version.version).into(),
        value: version.stage_text.clone(),
        number: None,
        note: aliases.join(" "),
    }
}

fn logged_model_item(model: &LoggedModel) -> TabItem {
    TabItem {
        key: model.name.clone(),
        value: model.id.text().clone(),
        number: None,
        note: format!("logged model, {}", model.status.clean()),
    }
}
