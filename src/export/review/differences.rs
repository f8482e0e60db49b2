//! What differs from the champion beyond the answers: environment, artifacts, tags.

use std::collections::BTreeMap;

use super::{FileContent, Sides, attribute};
use crate::analysis::value_diff::{LineKind, diff_requirements};
use crate::analysis::{ComparisonRow, RowKind};
use crate::domain::KeyValue;
use crate::export::records::ArtifactDiff;
use crate::lineage::{self, NodeKind};
use crate::promotion::policy::Candidate;
use crate::text::quantity::format_bytes;
use crate::text::width::truncate;

/// Changed artifacts that a packet lists before it counts the rest.
const MAX_ARTIFACT_LINES: usize = 40;
/// Last words of params and tags that name the accelerator.
const ACCELERATOR_KEYS: [&str; 14] = [
    "accelerator",
    "device",
    "devices",
    "device_type",
    "gpu",
    "gpus",
    "gpu_name",
    "gpu_type",
    "num_gpus",
    "n_gpus",
    "gpu_count",
    "cuda",
    "cuda_version",
    "tpu",
];

impl Sides<'_> {
    /// The interpreter, the accelerator and the packages that differ.
    pub(super) fn environment_lines(&self) -> Vec<String> {
        let (Some(champion), Some(graph)) = (self.champion(), &self.champion_graph) else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        let own_python = attribute(&self.graph, NodeKind::Environment, "python");
        let python = attribute(graph, NodeKind::Environment, "python");
        push_change(&mut lines, "Python", python, own_python);
        let (own, other) = (accelerators(self.review.candidate), accelerators(champion));
        let keys = own
            .keys()
            .chain(other.keys().filter(|key| !own.contains_key(*key)));
        for key in keys {
            let value = |all: &BTreeMap<String, String>| all.get(key).cloned();
            push_change(
                &mut lines,
                key,
                value(&other).as_deref(),
                value(&own).as_deref(),
            );
        }
        lines.extend(self.package_lines());
        lines
    }

    /// The packages that were added or removed.
    fn package_lines(&self) -> Vec<String> {
        let graph = self.champion_graph.as_ref();
        let packages = |facts: &Candidate, graph| {
            let mut files = facts.files.iter();
            let found = files.find(|file| file.name == "requirements.txt");
            let listed = || {
                let packages = attribute(graph, NodeKind::Environment, "packages")?;
                Some(packages.replace(", ", "\n"))
            };
            found.map_or_else(listed, |file| Some(file.text.raw().to_owned()))
        };
        let old = self.champion().zip(graph);
        let old = old.and_then(|(champion, graph)| packages(champion, graph));
        let new = packages(self.review.candidate, &self.graph);
        let Some((old, new)) = old.zip(new) else {
            return Vec::new();
        };
        let lines = diff_requirements(&old, &new).into_iter();
        let lines = lines.filter_map(|line| {
            let sign = match line.kind {
                LineKind::Added => '+',
                LineKind::Removed => '-',
                _ => return None,
            };
            Some(format!("{sign} {}", line.text()))
        });
        lines.collect()
    }

    /// The artifacts that were added, removed or changed.
    pub(super) fn artifact_lines(&self) -> Vec<String> {
        let Some(champion) = self.champion() else {
            return Vec::new();
        };
        let (new, old) = (
            &self.review.candidate.evidence.artifacts,
            &champion.evidence.artifacts,
        );
        let diff = ArtifactDiff::new(new, old);
        let size = |files: &BTreeMap<String, Option<u64>>, path: &str| {
            let size = files.get(path).copied().flatten();
            size.map_or_else(|| "size not known".to_owned(), format_bytes)
        };
        let added = diff.added.iter();
        let added = added.map(|path| format!("+ {path}  {}", size(new, path)));
        let changed = diff.changed.iter();
        let changed = changed.map(|path| {
            format!(
                "~ {path}  {}, champion {}",
                size(new, path),
                size(old, path)
            )
        });
        let removed = diff.removed.iter();
        let removed = removed.map(|path| format!("- {path}  {}", size(old, path)));
        let contents = self.review.context.contents.iter();
        let contents = contents.filter_map(|(path, content)| {
            let size = size(new, path);
            match content {
                FileContent::Equal => None,
                FileContent::Different => {
                    Some(format!("~ {path}  same size ({size}), other content"))
                }
                FileContent::NotCompared => Some(format!(
                    "  {path}  same size ({size}), content not compared"
                )),
            }
        });
        let mut lines: Vec<String> = added
            .chain(changed)
            .chain(contents)
            .chain(removed)
            .collect();
        let omitted = lines.len().saturating_sub(MAX_ARTIFACT_LINES);
        lines.truncate(MAX_ARTIFACT_LINES);
        lines.extend((omitted > 0).then(|| format!("  and {omitted} more")));
        let equal = self.review.context.contents.values();
        let equal = equal
            .filter(|content| **content == FileContent::Equal)
            .count();
        lines.extend((equal > 0).then(|| format!("  {equal} files are equal")));
        lines
    }

    pub(super) fn uncompared_files(&self) -> usize {
        let contents = self.review.context.contents.values();
        contents
            .filter(|content| **content == FileContent::NotCompared)
            .count()
    }

    /// The rows of the comparison that no answer has, in sentences.
    pub(super) fn other_differences(&self) -> Vec<String> {
        let rows = self.comparison.iter().flat_map(|compared| &compared.rows);
        let is_other = |row: &&ComparisonRow| {
            row.differs
                && matches!(
                    row.kind,
                    RowKind::Attribute | RowKind::Tag | RowKind::Environment
                )
        };
        let line = |row: &ComparisonRow| {
            let kind = match row.kind {
                RowKind::Tag => "tag ",
                _ => "",
            };
            format!("{kind}{}", super::compared_values(row))
        };
        rows.filter(is_other).map(line).collect()
    }
}

fn push_change(lines: &mut Vec<String>, what: &str, old: Option<&str>, new: Option<&str>) {
    if old == new {
        return;
    }
    let line =
        |sign, value: Option<&str>| format!("{sign} {what} {}", value.unwrap_or("not recorded"));
    lines.extend([line('-', old), line('+', new)]);
}

/// Accelerators by the params and tags that name them, and by the GPUs of MLflow's system metrics.
fn accelerators(facts: &Candidate) -> BTreeMap<String, String> {
    let params = lineage::training_params(facts).iter();
    let tags = facts.run.iter().flat_map(|run| &run.tags);
    let is_accelerator = |pair: &&KeyValue| {
        let key = pair.key.raw().to_ascii_lowercase();
        let last = key.rsplit(['.', '/', ':']).next().unwrap_or_default();
        ACCELERATOR_KEYS.contains(&last)
    };
    let mut found: BTreeMap<String, String> = params
        .chain(tags)
        .filter(is_accelerator)
        .map(|pair| {
            let value = truncate(&pair.value.clean(), super::MAX_VALUE_WIDTH);
            (pair.key.clean().into_owned(), value)
        })
        .collect();
    let metrics = facts.run.iter().flat_map(|run| &run.metrics);
    let gpus: std::collections::BTreeSet<&str> = metrics
        .filter_map(|metric| {
            let rest = metric.key.raw().strip_prefix("system/gpu_")?;
            rest.split('_')
                .next()
                .filter(|nth| nth.parse::<u32>().is_ok())
        })
        .collect();
    if !gpus.is_empty() {
        found.insert("GPUs in system metrics".to_owned(), gpus.len().to_string());
    }
    found
}
