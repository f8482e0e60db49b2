//! Datasets: what a run read, told from the JSON in MLflow's dataset inputs.

use serde_json::Value;

use super::{Node, NodeKind};
use crate::domain::DatasetInput;
use crate::text::Untrusted;

/// Where in a source's JSON the place stands, by the kinds of source that MLflow knows.
const PLACES: [&str; 8] = [
    "uri",
    "url",
    "path",
    "delta_table_name",
    "table_name",
    "delta_table_id",
    "name",
    "sql",
];

/// Contexts that mean that a model learned from the data.
const TRAINING: [&str; 4] = ["training", "train", "fit", "learning"];

/// The most characters of a schema that a fact tells.
const SCHEMA_CHARS: usize = 600;

/// How many columns a fact names.
const COLUMNS: usize = 12;

/// A dataset's node.
pub(super) fn node(dataset: &DatasetInput) -> Node {
    let label = match context(dataset) {
        Some(context) => format!("{} ({})", name(dataset), context.raw()),
        None => name(dataset),
    };
    Node::new(
        format!(
            "dataset:{}:{}",
            name(dataset),
            context(dataset).map_or("", Untrusted::raw)
        ),
        NodeKind::Dataset,
        label,
    )
    .fact("name", Some(dataset.name.clone()))
    .fact("digest", Some(dataset.digest.clone()))
    .fact("context", dataset.context.clone())
    .fact("source", place(dataset))
    .fact("source_type", Some(dataset.source_type.clone()))
    .fact("rows", rows(dataset))
    .fact("columns", columns(dataset))
    .fact("schema", schema(dataset))
}

/// Name and digest: `iris-train@15b4ff74`.
pub(super) fn name(dataset: &DatasetInput) -> String {
    let digest = if dataset.digest.is_empty() {
        "no digest"
    } else {
        dataset.digest.raw()
    };
    format!(
        "{}@{digest}",
        if dataset.name.is_empty() {
            "unnamed"
        } else {
            dataset.name.raw()
        }
    )
}

/// Whether a model learned from it, as far as its context says.
pub(super) fn is_training(dataset: &DatasetInput) -> bool {
    context(dataset)
        .is_some_and(|context| TRAINING.contains(&context.raw().to_ascii_lowercase().as_str()))
}

/// Where the data is. Data that was made in the code itself has no place of its own.
pub(super) fn place(dataset: &DatasetInput) -> Option<Untrusted> {
    if dataset.source_type.raw() == "code" {
        return None;
    }
    match serde_json::from_str::<Value>(dataset.source.raw()) {
        Ok(Value::Object(source)) => PLACES
            .iter()
            .find_map(|key| {
                source
                    .get(*key)
                    .and_then(Value::as_str)
                    .filter(|place| !place.is_empty())
            })
            .map(Untrusted::from),
        // A source that is no JSON is the place itself.
        _ => Some(dataset.source.clone()).filter(|source| !source.is_empty()),
    }
}

pub(super) fn rows(dataset: &DatasetInput) -> Option<String> {
    let profile: Value = serde_json::from_str(dataset.profile.as_ref()?.raw()).ok()?;
    profile
        .get("num_rows")?
        .as_u64()
        .map(|rows| rows.to_string())
}

fn columns(dataset: &DatasetInput) -> Option<String> {
    let schema: Value = serde_json::from_str(dataset.schema.as_ref()?.raw()).ok()?;
    let columns = schema.get("mlflow_colspec")?.as_array()?;
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|column| column.get("name")?.as_str())
        .take(COLUMNS)
        .collect();
    let more = if columns.len() > names.len() {
        ", …"
    } else {
        ""
    };
    Some(format!("{}: {}{more}", columns.len(), names.join(", ")))
}

/// The columns with their types, or the tensors with theirs: `a: double, y: long`.
fn schema(dataset: &DatasetInput) -> Option<String> {
    let schema: Value = serde_json::from_str(dataset.schema.as_ref()?.raw()).ok()?;
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let told: Vec<String> = match schema.get("mlflow_colspec").and_then(Value::as_array) {
        Some(columns) => columns
            .iter()
            .map(|one| format!("{}: {}", text(&one["name"]), text(&one["type"])))
            .collect(),
        // Features alone, or features and targets, each one tensor or several by name.
        None => schema
            .get("mlflow_tensorspec")?
            .as_object()?
            .iter()
            .map(|(part, spec)| format!("{part}: {spec}"))
            .collect(),
    };
    let (told, shown) = (told.join(", "), SCHEMA_CHARS);
    Some(if told.chars().count() > shown {
        told.chars().take(shown).chain(['…']).collect()
    } else {
        told
    })
}

fn context(dataset: &DatasetInput) -> Option<&Untrusted> {
    dataset
        .context
        .as_ref()
        .filter(|context| !context.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(source_type: &str, source: &str) -> DatasetInput {
        DatasetInput {
            name: "iris".into(),
            digest: "15b4ff74".into(),
            source_type: source_type.into(),
            source: source.into(),
            schema: Some(r#"{"mlflow_colspec": [{"type": "double", "name": "a"}, {"type": "long", "name": "y"}]}"#.into()),
            profile: Some(r#"{"num_rows": 4, "num_elements": 8}"#.into()),
            context: Some("training".into()),
        }
    }

    #[test]
    fn a_dataset_is_told_whole() {
        let node = node(&dataset("local", r#"{"uri": "/data/iris.csv"}"#));
        assert_eq!(node.label.raw(), "iris@15b4ff74 (training)");
        let fact = |key| node.known(key).map(Untrusted::raw);
        assert_eq!(
            [fact("source"), fact("rows"), fact("columns")],
            [Some("/data/iris.csv"), Some("4"), Some("2: a, y")]
        );
        assert_eq!(fact("schema"), Some("a: double, y: long"));
    }

    #[test]
    fn every_kind_of_source_has_its_place() {
        let cases = [
            (
                "hugging_face",
                r#"{"path": "imdb", "revision": null}"#,
                Some("imdb"),
            ),
            (
                "http",
                r#"{"url": "https://e.org/a.csv"}"#,
                Some("https://e.org/a.csv"),
            ),
            (
                "delta_table",
                r#"{"path": null, "delta_table_name": "main.iris"}"#,
                Some("main.iris"),
            ),
            ("code", r#"{"tags": {"mlflow.user": "ann"}}"#, None),
            ("local", "{}", None),
            ("local", "/plain/path", Some("/plain/path")),
            ("local", "", None),
        ];
        for (kind, source, expected) in cases {
            assert_eq!(
                place(&dataset(kind, source)).as_ref().map(Untrusted::raw),
                expected,
                "{source}"
            );
        }
    }

    #[test]
    fn broken_json_leaves_out_what_it_held() {
        let node = node(&DatasetInput {
            schema: Some("{".into()),
            profile: Some("[1]".into()),
            ..dataset("local", "{\"uri\": 3}")
        });
        assert_eq!(
            [
                node.known("rows"),
                node.known("columns"),
                node.known("source")
            ],
            [None; 3]
        );
    }
}
