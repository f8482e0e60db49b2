//! Which charts there are: one a metric, those of several GPUs together.

use std::collections::BTreeMap;

use crate::domain::{Goal, Run};
use crate::text::Untrusted;

/// The prefix of what the machine did.
const SYSTEM_PREFIX: &str = "system/";

/// A chart of the grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// What it is of, as it came.
    pub title: Untrusted,
    /// The metrics that are drawn in it: several where each is one GPU's.
    pub metrics: Vec<Untrusted>,
}

/// The charts of runs: what the model did, or what the machine did. The goal comes first, the others by their keys.
#[must_use]
pub fn build_panels(
    runs: &[Run],
    system: bool,
    goal: Option<&Goal>,
    words: &[String],
) -> Vec<Panel> {
    let mut by_title: BTreeMap<Untrusted, Vec<Untrusted>> = BTreeMap::new();
    let keys = runs
        .iter()
        .flat_map(|run| &run.metrics)
        .map(|metric| &metric.key);
    for key in keys.filter(|key| key.raw().starts_with(SYSTEM_PREFIX) == system) {
        let title = if system { group_gpus(key) } else { key.clone() };
        let lower = title.raw().to_lowercase();
        if !words.iter().all(|word| lower.contains(word)) {
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
    // Stable: the rest stays in its order.
    panels.sort_by_key(|panel| goal.is_none_or(|goal| goal.metric != panel.title));
    panels
}

/// The name of a system metric for all GPUs: MLflow numbers them as in `system/gpu_0_utilization_percentage`.
fn group_gpus(key: &Untrusted) -> Untrusted {
    parse_gpu_key(key).map_or_else(
        || key.clone(),
        |(head, _, tail)| format!("{head}*{tail}").into(),
    )
}

/// What stands before and after the number of a GPU, and that number.
#[must_use]
pub fn parse_gpu_key(key: &Untrusted) -> Option<(&str, &str, &str)> {
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
            titles(build_panels(&runs, false, Some(&goal), &[])),
            ["loss", "acc"]
        );
        let system = build_panels(&runs, true, None, &[]);
        assert_eq!(system[1].metrics.len(), 2);
        assert_eq!(
            titles(system),
            ["system/cpu", "system/gpu_*_power_usage_watts"]
        );
        assert_eq!(
            titles(build_panels(&runs, false, None, &["ac".into()])),
            ["acc"]
        );
    }
}
