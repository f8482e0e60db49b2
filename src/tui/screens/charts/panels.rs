//! The panels: one per metric, and one for the same metric of several GPUs.

use std::collections::BTreeMap;

use crate::domain::{Goal, Run};
use crate::text::Untrusted;
use crate::text::natural::sort_keys;
use crate::tui::app::text_filter::TextFilter;

/// The prefix of metrics of the machine.
const SYSTEM_PREFIX: &str = "system/";

/// A chart of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// The metric's key, or the pattern of the keys of several GPUs.
    pub title: Untrusted,
    /// Several metrics when each belongs to one GPU.
    pub metrics: Vec<Untrusted>,
}

/// The panels for the metrics of the runs or of their machines. The goal comes first, then what most of the runs have, each in
/// the order of [`sort_keys`].
pub(super) fn build_panels(
    runs: &[Run],
    system: bool,
    goal: Option<&Goal>,
    filter: &TextFilter,
) -> Vec<Panel> {
    let mut by_title: BTreeMap<Untrusted, Vec<Untrusted>> = BTreeMap::new();
    let keys = runs
        .iter()
        .flat_map(|run| &run.metrics)
        .map(|metric| &metric.key);
    for key in keys.filter(|key| key.raw().starts_with(SYSTEM_PREFIX) == system) {
        let title = if system { group_gpus(key) } else { key.clone() };
        if !filter.matches(title.raw()) {
            continue;
        }
        let metrics = by_title.entry(title).or_default();
        if let Err(at) = metrics.binary_search(key) {
            metrics.insert(at, key.clone());
        }
    }
    let mut panels: Vec<Panel> = by_title
        .into_iter()
        .map(|(title, metrics)| Panel { title, metrics })
        .collect();
    let is_rare = |panel: &Panel| {
        let has = |run: &&Run| {
            panel
                .metrics
                .iter()
                .any(|key| run.metric(key.raw()).is_some())
        };
        runs.iter().filter(has).count() * 2 < runs.len()
    };
    sort_keys(&mut panels, |panel| panel.title.raw());
    panels.sort_by_cached_key(|panel| {
        let is_goal = goal.is_some_and(|goal| goal.metric == panel.title);
        (!is_goal, is_rare(panel))
    });
    panels
}

/// The name of a system metric for all GPUs: MLflow numbers them as in `system/gpu_0_utilization_percentage`.
fn group_gpus(key: &Untrusted) -> Untrusted {
    parse_gpu_key(key).map_or_else(
        || key.clone(),
        |(head, _, tail)| format!("{head}*{tail}").into(),
    )
}

/// Splits a key into the text before a GPU number, the number and the text after it.
pub(super) fn parse_gpu_key(key: &Untrusted) -> Option<(&str, &str, &str)> {
    let at = key.raw().find("gpu_")? + "gpu_".len();
    let (head, rest) = key.raw().split_at(at);
    let end = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    (end > 0).then(|| (head, &rest[..end], &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Metric, MetricValue};

    fn run(keys: &[&str]) -> Run {
        let mut run = Run::bare("a".into(), "1".into());
        let metric = |key: &&str| Metric {
            key: (*key).into(),
            value: MetricValue::new(1.0),
            timestamp: 0,
            step: 0,
        };
        run.metrics = keys.iter().map(metric).collect();
        run
    }

    #[test]
    fn gpus_share_a_panel_and_goal_comes_first() {
        let runs = [run(&[
            "loss",
            "acc",
            "system/gpu_0_power_usage_watts",
            "system/gpu_1_power_usage_watts",
            "system/cpu",
        ])];
        let titles = |panels: Vec<Panel>| {
            panels
                .iter()
                .map(|panel| panel.title.raw().to_owned())
                .collect::<Vec<_>>()
        };
        let goal = Goal::guess("loss".into());
        assert_eq!(
            titles(build_panels(
                &runs,
                false,
                Some(&goal),
                &TextFilter::default()
            )),
            ["loss", "acc"]
        );
        let mut filter = TextFilter::default();
        filter.set("ac".into());
        let system = build_panels(&runs, true, None, &TextFilter::default());
        assert_eq!(system[1].metrics.len(), 2);
        assert_eq!(
            titles(system),
            ["system/cpu", "system/gpu_*_power_usage_watts"]
        );
        assert_eq!(titles(build_panels(&runs, false, None, &filter)), ["acc"]);
    }
}
