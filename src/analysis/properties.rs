//! The properties of runs that are compared, aligned by key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::domain::{Code, Run};
use crate::text::Untrusted;
use crate::text::natural::sort_keys;
use crate::text::quantity::format_duration;

/// Keys with the value of each run, in the order of the runs.
pub(super) type Aligned<T> = Vec<(Untrusted, Vec<Option<T>>)>;

/// The run's description: a tag that people write, though its key is MLflow's.
const DESCRIPTION_TAG: &str = "mlflow.note.content";

/// Tags without MLflow's prefix that describe the environment.
const ENVIRONMENT_TAGS: [&str; 4] = ["python", "python_version", "host", "hostname"];

/// MLflow's tags that describe the environment, with their titles.
const ENVIRONMENT_TITLES: [(&str, &str); 4] = [
    ("mlflow.docker.image.uri", "docker_image"),
    ("mlflow.docker.image.id", "docker_image_id"),
    ("mlflow.project.env", "project_env"),
    ("mlflow.project.backend", "project_backend"),
];

/// Aligns the properties that `of` finds in each run; keys are in the order of their first occurrence.
pub(super) fn align<T: Clone>(
    runs: &[Run],
    of: impl Fn(&Run) -> Vec<(Untrusted, T)>,
) -> Aligned<T> {
    let mut positions: HashMap<Untrusted, usize> = HashMap::new();
    let mut aligned: Aligned<T> = Vec::new();
    for (index, run) in runs.iter().enumerate() {
        for (key, value) in of(run) {
            let position = *positions.entry(key).or_insert_with_key(|key| {
                aligned.push((key.clone(), vec![None; runs.len()]));
                aligned.len() - 1
            });
            if let Some(slot) = aligned
                .get_mut(position)
                .and_then(|(_, values)| values.get_mut(index))
            {
                *slot = Some(value);
            }
        }
    }
    aligned
}

/// Aligns as [`align`] does, in the order of [`sort_keys`].
pub(super) fn align_sorted<T: Clone>(
    runs: &[Run],
    of: impl Fn(&Run) -> Vec<(Untrusted, T)>,
) -> Aligned<T> {
    let mut aligned = align(runs, of);
    sort_keys(&mut aligned, |(key, _)| key.raw());
    aligned
}

/// Name, status, start, duration of runs that ended, user, experiment.
pub(super) fn attributes(run: &Run) -> Vec<(Untrusted, Untrusted)> {
    let start = run
        .start_time
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map(|time| time.to_string().into());
    let duration_text = run
        .end_time
        .and_then(|end| run.duration(end))
        .map(|ms| format_duration(ms).into());
    let present = |text: &Untrusted| (!text.is_empty()).then(|| text.clone());
    present_values([
        ("run_name", present(&run.name)),
        ("status", Some(run.status.as_str().into())),
        ("start_time", start),
        ("duration", duration_text),
        ("user_id", present(&run.user)),
        ("experiment_id", present(run.experiment_id.text())),
    ])
}

pub(super) fn params(run: &Run) -> Vec<(Untrusted, Untrusted)> {
    run.params
        .iter()
        .map(|param| (param.key.clone(), param.value.clone()))
        .collect()
}

pub(super) fn metrics(run: &Run) -> Vec<(Untrusted, f64)> {
    run.metrics
        .iter()
        .map(|metric| (metric.key.clone(), metric.value.get()))
        .collect()
}

/// Tags that people wrote, including the description.
pub(super) fn tags(run: &Run) -> Vec<(Untrusted, Untrusted)> {
    let is_user_tag = |key: &str| {
        key == DESCRIPTION_TAG || !(key.starts_with("mlflow.") || ENVIRONMENT_TAGS.contains(&key))
    };
    run.tags
        .iter()
        .filter(|tag| is_user_tag(tag.key.raw()))
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}

pub(super) fn tag_title(key: Untrusted) -> Untrusted {
    if key.raw() == DESCRIPTION_TAG {
        "description".into()
    } else {
        key
    }
}

/// The digests of each name and context, sorted and joined, so that the order of logging makes no difference.
pub(super) fn datasets(run: &Run) -> Vec<(Untrusted, Untrusted)> {
    let mut digests: BTreeMap<Untrusted, BTreeSet<&str>> = BTreeMap::new();
    for dataset in &run.datasets {
        let key = match dataset
            .context
            .as_ref()
            .filter(|context| !context.is_empty())
        {
            Some(context) => format!("{} ({})", dataset.name.raw(), context.raw()).into(),
            None => dataset.name.clone(),
        };
        digests.entry(key).or_default().insert(dataset.digest.raw());
    }
    digests
        .into_iter()
        .map(|(key, digests)| {
            (
                key,
                digests.into_iter().collect::<Vec<_>>().join(", ").into(),
            )
        })
        .collect()
}

pub(super) fn code(run: &Run) -> Vec<(Untrusted, Untrusted)> {
    let code = Code::from_tags(&run.tags);
    present_values([
        ("commit", code.commit),
        ("branch", code.branch),
        ("repository", code.repository),
        (
            "dirty",
            code.is_dirty
                .map(|dirty| if dirty { "true" } else { "false" }.into()),
        ),
        ("source", code.source),
        ("source_type", code.source_type),
        ("entry_point", code.entry_point),
    ])
}

/// The environment that tags describe: image, project, cluster, interpreter, host.
pub(super) fn environment(run: &Run) -> Vec<(Untrusted, Untrusted)> {
    let title = |key: &str| {
        if let Some((_, title)) = ENVIRONMENT_TITLES.iter().find(|(tag, _)| *tag == key) {
            return Some(Untrusted::from(*title));
        }
        let databricks = key
            .strip_prefix("mlflow.")
            .filter(|key| key.starts_with("databricks.") && !key.starts_with("databricks.gitRepo"));
        databricks
            .or_else(|| ENVIRONMENT_TAGS.contains(&key).then_some(key))
            .map(Untrusted::from)
    };
    run.tags
        .iter()
        .filter_map(|tag| Some((title(tag.key.raw())?, tag.value.clone())))
        .collect()
}

fn present_values<const N: usize>(
    rows: [(&str, Option<Untrusted>); N],
) -> Vec<(Untrusted, Untrusted)> {
    rows.into_iter()
        .filter_map(|(key, value)| Some((key.into(), value?)))
        .collect()
}
