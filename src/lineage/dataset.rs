//! Nodes of datasets, from the JSON in MLflow's dataset inputs.

use serde_json::Value;

use super::{Node, NodeKind};
use crate::domain::DatasetInput;
use crate::evidence::value_text;
use crate::text::{Untrusted, width};

/// The keys of a location in a source's JSON, of all MLflow source types.
const LOCATION_KEYS: [&str; 8] = [
    "uri",
    "url",
    "path",
    "delta_table_name",
    "table_name",
    "delta_table_id",
    "name",
    "sql",
];

/// Contexts of training data.
const TRAINING_CONTEXTS: [&str; 4] = ["training", "train", "fit", "learning"];

/// Columns of text of a schema.
const MAX_SCHEMA_WIDTH: u16 = 600;

/// Dataset columns that an attribute names.
const MAX_COLUMNS: usize = 12;

pub(super) fn node(dataset: &DatasetInput) -> Node {
    let label = match context(dataset) {
        Some(context) => format!("{} ({})", name_with_digest(dataset), context.raw()),
        None => name_with_digest(dataset),
    };
    Node::new(
        format!(
            "dataset:{}:{}",
            name_with_digest(dataset),
            context(dataset).map_or("", Untrusted::raw)
        ),
        NodeKind::Dataset,
        label,
    )
    .with_attribute("name", Some(dataset.name.clone()))
    .with_attribute("digest", Some(dataset.digest.clone()))
    .with_attribute("context", dataset.context.clone())
    .with_attribute("source", location(dataset))
    .with_attribute("source_type", Some(dataset.source_type.clone()))
    .with_attribute("rows", row_count(dataset))
    .with_attribute("columns", column_summary(dataset))
    .with_attribute("schema", schema_summary(dataset))
}

/// `iris-train@15b4ff74`
pub(super) fn name_with_digest(dataset: &DatasetInput) -> String {
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

/// Whether its context marks it as training data.
pub(super) fn is_training(dataset: &DatasetInput) -> bool {
    context(dataset).is_some_and(|context| {
        TRAINING_CONTEXTS.contains(&context.raw().to_ascii_lowercase().as_str())
    })
}

/// The data's address; absent for data that the code generated.
pub(super) fn location(dataset: &DatasetInput) -> Option<Untrusted> {
    if dataset.source_type.raw() == "code" {
        return None;
    }
    match serde_json::from_str::<Value>(dataset.source.raw()) {
        Ok(Value::Object(source)) => LOCATION_KEYS
            .iter()
            .find_map(|key| {
                source
                    .get(*key)
                    .and_then(Value::as_str)
                    .filter(|location| !location.is_empty())
            })
            .map(Untrusted::from),
        // A source that is not JSON is itself the address.
        _ => Some(dataset.source.clone()).filter(|source| !source.is_empty()),
    }
}

pub(super) fn row_count(dataset: &DatasetInput) -> Option<String> {
    let profile: Value = serde_json::from_str(dataset.profile.as_ref()?.raw()).ok()?;
    profile
        .get("num_rows")?
        .as_u64()
        .map(|rows| rows.to_string())
}

fn column_summary(dataset: &DatasetInput) -> Option<String> {
    let schema: Value = serde_json::from_str(dataset.schema.as_ref()?.raw()).ok()?;
    let columns = schema.get("mlflow_colspec")?.as_array()?;
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|column| column.get("name")?.as_str())
        .take(MAX_COLUMNS)
        .collect();
    let more = if columns.len() > names.len() {
        ", …"
    } else {
        ""
    };
    Some(format!("{}: {}{more}", columns.len(), names.join(", ")))
}

/// The columns with their types, or the tensors with theirs: `a: double, y: long`.
fn schema_summary(dataset: &DatasetInput) -> Option<String> {
    let schema: Value = serde_json::from_str(dataset.schema.as_ref()?.raw()).ok()?;
    let parts: Vec<String> = match schema.get("mlflow_colspec").and_then(Value::as_array) {
        Some(columns) => columns
            .iter()
            .map(|column| {
                format!(
                    "{}: {}",
                    value_text(&column["name"]),
                    value_text(&column["type"])
                )
            })
            .collect(),
        // Features alone, or features and targets, each a tensor or several by name.
        None => schema
            .get("mlflow_tensorspec")?
            .as_object()?
            .iter()
            .map(|(part, spec)| format!("{part}: {spec}"))
            .collect(),
    };
    Some(width::truncate(&parts.join(", "), MAX_SCHEMA_WIDTH))
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
    fn dataset_node_has_all_facts() {
        let node = node(&dataset("local", r#"{"uri": "/data/iris.csv"}"#));
        assert_eq!(node.label.raw(), "iris@15b4ff74 (training)");
        let fact = |key| node.attribute(key).map(Untrusted::raw);
        assert_eq!(
            [fact("source"), fact("rows"), fact("columns")],
            [Some("/data/iris.csv"), Some("4"), Some("2: a, y")]
        );
        assert_eq!(fact("schema"), Some("a: double, y: long"));
    }

    #[test]
    fn location_is_read_from_every_source_type() {
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
                location(&dataset(kind, source))
                    .as_ref()
                    .map(Untrusted::raw),
                expected,
                "{source}"
            );
        }
    }

    #[test]
    fn invalid_json_drops_only_its_own_facts() {
        let node = node(&DatasetInput {
            schema: Some("{".into()),
            profile: Some("[1]".into()),
            ..dataset("local", "{\"uri\": 3}")
        });
        assert_eq!(
            [
                node.attribute("rows"),
                node.attribute("columns"),
                node.attribute("source")
            ],
            [None; 3]
        );
    }
}
