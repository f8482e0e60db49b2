//! Params, metrics, tags, datasets and model links of a run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::index::{Index, RunEntry, lock};
use super::layout::{META_FILE, child, subfolders};
use super::meta::{self, DatasetMeta, LinkMeta, integer, text};
use super::metrics;
use super::small_file::{Problems, for_each_file, read_text};
use crate::domain::{
    DatasetInput, KeyValue, LoggedModelId, Metric, ModelOutput, Run, UNREADABLE_TAG,
};
use crate::store::interner::Interner;
use crate::store::limits;
use crate::store::run_queries::fill_from_tags;
use crate::text::Untrusted;

/// The tag of an input that names the role of its dataset.
const CONTEXT_TAG: &str = "mlflow.data.context";

/// The datasets of the store, without a context, by folder: many runs share one.
#[derive(Default)]
pub(super) struct DatasetCache(Mutex<HashMap<PathBuf, DatasetInput>>);

thread_local! {
    /// The keys of the runs that this thread read, of which few differ.
    static KEYS: RefCell<Interner> = RefCell::default();
}

/// The most keys that a thread keeps.
const KEPT_KEYS: usize = 20_000;

fn intern(key: &str) -> Untrusted {
    KEYS.with_borrow_mut(|keys| {
        if keys.len() > KEPT_KEYS {
            *keys = Interner::default();
        }
        keys.intern(key)
    })
}

/// Reads a run as a whole. What is unreadable is left out and named in the tag [`UNREADABLE_TAG`].
pub(super) fn load_run(index: &Index, entry: &RunEntry) -> Run {
    let mut run = entry.header.clone();
    let mut problems = Problems::default();
    if let Some(why) = &entry.problem {
        problems.add(META_FILE, why);
    }
    run.params = read_pairs(&entry.dir.join("params"), &mut problems);
    run.metrics = read_metrics(&entry.dir.join("metrics"), &mut problems);
    run.tags = read_pairs(&entry.dir.join("tags"), &mut problems);
    read_inputs(index, entry, &mut run, &mut problems);
    read_outputs(&entry.dir, &mut run, &mut problems);
    fill_from_tags(&mut run);
    mark_unreadable(&mut run.tags, problems);
    run
}

/// Adds what is unreadable as a tag.
pub(super) fn mark_unreadable(tags: &mut Vec<KeyValue>, problems: Problems) {
    if let Some(text) = problems.into_text() {
        tags.push(KeyValue::new(UNREADABLE_TAG, text));
    }
}

/// The values of a folder of params or tags, by key.
pub(super) fn read_pairs(folder: &Path, problems: &mut Problems) -> Vec<KeyValue> {
    let label = folder.file_name().unwrap_or_default().to_string_lossy();
    let mut pairs = Vec::new();
    for_each_file(
        folder,
        limits::FILE_STORE_VALUE_BYTES,
        problems,
        |key, bytes, problems| {
            let value = String::from_utf8_lossy(bytes);
            if matches!(value, std::borrow::Cow::Owned(_)) {
                problems.add(&format!("{label}/{key}"), "not UTF-8");
            }
            pairs.push(KeyValue {
                key: intern(key),
                value: (&*value).into(),
            });
        },
    );
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    pairs
}

fn read_metrics(folder: &Path, problems: &mut Problems) -> Vec<Metric> {
    let mut found = Vec::new();
    for_each_file(
        folder,
        limits::FILE_STORE_METRIC_BYTES,
        problems,
        |key, bytes, problems| {
            let (latest, problem) = metrics::latest(bytes);
            if let Some(why) = problem {
                problems.add(&format!("metrics/{key}"), &why);
            }
            if let Some(point) = latest {
                found.push(Metric {
                    key: intern(key),
                    value: point.value,
                    timestamp: point.timestamp,
                    step: point.step,
                });
            }
        },
    );
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// The links in a folder of inputs or outputs, by folder name.
fn read_links(folder: &Path, label: &str, problems: &mut Problems) -> Vec<LinkMeta> {
    let mut folders = subfolders(folder).unwrap_or_default();
    folders.sort();
    let mut links = Vec::new();
    for (name, path) in folders {
        let read = read_text(&path.join(META_FILE), limits::FILE_STORE_META_BYTES);
        match read.and_then(|text| meta::parse::<LinkMeta>(&text)) {
            Ok(link) => links.push(link),
            Err(why) => problems.add(&format!("{label}/{name}/{META_FILE}"), &why),
        }
    }
    links
}

fn read_inputs(index: &Index, entry: &RunEntry, run: &mut Run, problems: &mut Problems) {
    for link in read_links(&entry.dir.join("inputs"), "inputs", problems) {
        let id = link.source_id.unwrap_or_default();
        if link.source_type.as_deref() == Some("MODEL") {
            run.model_inputs.push(LoggedModelId::from(id));
            continue;
        }
        let folder = child(&entry.experiment.path.join("datasets"), &id);
        let read = folder.map_or_else(
            || Err("missing".to_owned()),
            |folder| index.datasets.read(&folder),
        );
        match read {
            Ok(dataset) => {
                let context = link.tags.get(CONTEXT_TAG).cloned().flatten();
                run.datasets.push(DatasetInput {
                    context: context.map(Untrusted::from),
                    ..dataset
                });
            }
            Err(why) => problems.add(&format!("datasets/{id}/{META_FILE}"), &why),
        }
    }
}

fn read_outputs(dir: &Path, run: &mut Run, problems: &mut Problems) {
    let links = read_links(&dir.join("outputs"), "outputs", problems);
    run.model_outputs = links
        .into_iter()
        .map(|link| ModelOutput {
            step: integer(link.step.as_deref()).unwrap_or_default(),
            model_id: LoggedModelId::from(link.source_id.unwrap_or_default()),
        })
        .collect();
}

impl DatasetCache {
    fn read(&self, folder: &Path) -> Result<DatasetInput, String> {
        if let Some(known) = lock(&self.0).get(folder) {
            return Ok(known.clone());
        }
        let file = read_text(&folder.join(META_FILE), limits::FILE_STORE_META_BYTES)?;
        let meta: DatasetMeta = meta::parse(&file)?;
        let dataset = DatasetInput {
            name: text(meta.name),
            digest: text(meta.digest),
            source_type: text(meta.source_type),
            source: text(meta.source),
            schema: meta.schema.map(Untrusted::from),
            profile: meta.profile.map(Untrusted::from),
            context: None,
        };
        lock(&self.0).insert(folder.to_owned(), dataset.clone());
        Ok(dataset)
    }
}
