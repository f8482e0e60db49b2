//! The items of a run's datasets: what MLflow keeps as JSON, in lines of a key and a value.

use serde_json::Value;

use super::items::TabItem;
use crate::domain::DatasetInput;
use crate::text::Untrusted;

/// The keys of a location in a source's JSON; the other keys of a source are listed by their names.
const LOCATION_KEYS: [&str; 3] = ["uri", "url", "path"];

/// A heading with the name, then the digest, the source, the size and the columns.
pub(super) fn dataset_items(dataset: &DatasetInput) -> Vec<TabItem> {
    let name = if dataset.name.is_empty() {
        Untrusted::from("unnamed dataset")
    } else {
        dataset.name.clone()
    };
    let context = dataset.context.as_ref();
    let context = context.map_or_else(
        || "no context recorded".to_owned(),
        |context| format!("context {}", context.clean()),
    );
    let mut items = vec![TabItem::title(name, as_recorded(dataset)).with_note(context)];
    items.push(TabItem::new("digest", or_missing(&dataset.digest)));
    items.push(TabItem::new(
        "source type",
        or_missing(&dataset.source_type),
    ));
    items.extend(source_items(&dataset.source));
    let profile = dataset.profile.as_ref();
    items.extend(
        profile
            .map(|text| fields("profile", text, profile_key))
            .unwrap_or_default(),
    );
    items.extend(
        dataset
            .schema
            .as_ref()
            .map(schema_items)
            .unwrap_or_default(),
    );
    items
}

fn or_missing(text: &Untrusted) -> Untrusted {
    if text.is_empty() {
        "not recorded".into()
    } else {
        text.clone()
    }
}

/// The texts as the store has them, JSON with line breaks.
fn as_recorded(dataset: &DatasetInput) -> String {
    let parts = [
        ("source", Some(&dataset.source)),
        ("profile", dataset.profile.as_ref()),
        ("schema", dataset.schema.as_ref()),
    ];
    let parts = parts.into_iter().filter_map(|(title, text)| {
        let text = text.filter(|text| !text.is_empty())?.raw();
        let json: Option<Value> = serde_json::from_str(text).ok();
        let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
        Some(format!(
            "{title}:\n{}",
            pretty.unwrap_or_else(|| text.to_owned())
        ))
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

fn source_items(source: &Untrusted) -> Vec<TabItem> {
    let key = |key: &str| {
        if LOCATION_KEYS.contains(&key) {
            "source".to_owned()
        } else {
            format!("source {}", key.replace('_', " "))
        }
    };
    fields("source", source, key)
}

/// The title of a field of a profile: `num_rows` is `rows`.
fn profile_key(key: &str) -> String {
    let name = key.strip_prefix("num_").unwrap_or(key);
    name.replace('_', " ")
}

/// The fields of a JSON object. Any other text is one item.
fn fields(title: &str, text: &Untrusted, name: impl Fn(&str) -> String) -> Vec<TabItem> {
    if text.is_empty() {
        return Vec::new();
    }
    let Ok(Value::Object(object)) = serde_json::from_str(text.raw()) else {
        return vec![TabItem::new(title, text.clone())];
    };
    let mut items = Vec::new();
    for (key, value) in &object {
        push_field(&mut items, &name(key), value);
    }
    items
}

/// A value in one item, an object in one for each of its fields.
fn push_field(items: &mut Vec<TabItem>, title: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(object) => {
            for (key, value) in object {
                push_field(items, &format!("{title} {key}"), value);
            }
        }
        value => items.push(TabItem::new(title, plain(value))),
    }
}

/// A value as people write it: text without quotes, a shape as `150 × 4`.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) if !all.is_empty() && all.iter().all(Value::is_number) => {
            let numbers: Vec<String> = all.iter().map(Value::to_string).collect();
            numbers.join(" × ")
        }
        other => other.to_string(),
    }
}

/// The columns with their types, or the tensors with theirs; a schema in another form as its fields.
fn schema_items(schema: &Untrusted) -> Vec<TabItem> {
    let json: Value = serde_json::from_str(schema.raw()).unwrap_or_default();
    let columns = json.get("mlflow_colspec").and_then(parsed_array);
    let tensors = json.get("mlflow_tensorspec").and_then(Value::as_object);
    match (columns, tensors) {
        (Some(columns), _) => {
            let count = TabItem::new("columns", columns.len().to_string());
            std::iter::once(count)
                .chain(columns.iter().map(column_item))
                .collect()
        }
        (None, Some(parts)) => {
            let parts = parts.iter().filter(|(_, spec)| !spec.is_null());
            parts
                .flat_map(|(part, spec)| tensor_items(part, spec))
                .collect()
        }
        (None, None) => fields("schema", schema, |key| {
            format!("schema {}", key.replace('_', " "))
        }),
    }
}

/// A list, which MLflow also writes as a text of JSON.
fn parsed_array(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(all) => Some(all.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn column_item(column: &Value) -> TabItem {
    let name = match column.get("name") {
        Some(name) => plain(name),
        None => "unnamed".to_owned(),
    };
    let is_optional = column.get("required").and_then(Value::as_bool) == Some(false)
        || column.get("optional").and_then(Value::as_bool) == Some(true);
    let note = if is_optional { "optional" } else { "" };
    TabItem::new(format!("  {name}"), type_name(column)).with_note(note)
}

/// `double`, `array of long`, `object of a: double, b: string`.
fn type_name(spec: &Value) -> String {
    let Some(kind) = spec.get("type").and_then(Value::as_str) else {
        return spec.to_string();
    };
    match (
        kind,
        spec.get("items"),
        spec.get("properties"),
        spec.get("values"),
    ) {
        ("array", Some(items), ..) => format!("array of {}", type_name(items)),
        ("map", _, _, Some(values)) => format!("map of {}", type_name(values)),
        ("object", _, Some(Value::Object(properties)), _) => {
            let all = properties.iter();
            let all: Vec<String> = all
                .map(|(name, spec)| format!("{name}: {}", type_name(spec)))
                .collect();
            format!("object of {}", all.join(", "))
        }
        ("tensor", ..) => spec
            .get("tensor-spec")
            .map_or_else(|| kind.to_owned(), tensor_type),
        _ => kind.to_owned(),
    }
}

/// `float64, -1 × 4`: MLflow writes -1 for a length that varies.
fn tensor_type(spec: &Value) -> String {
    let part = |key: &str| spec.get(key).filter(|part| !part.is_null()).map(plain);
    let parts: Vec<String> = ["dtype", "shape"].into_iter().filter_map(part).collect();
    if parts.is_empty() {
        return spec.to_string();
    }
    parts.join(", ")
}

/// The tensors of the features or of the targets, alone or by name.
fn tensor_items(part: &str, spec: &Value) -> Vec<TabItem> {
    let Some(tensors) = parsed_array(spec) else {
        return vec![TabItem::new(part, plain(spec))];
    };
    let item = |tensor: &Value| {
        let name = tensor
            .get("name")
            .map(|name| format!("{part} {}", plain(name)));
        TabItem::new(name.unwrap_or_else(|| part.to_owned()), type_name(tensor))
    };
    tensors.iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(source: &str, profile: &str, schema: &str) -> Vec<(String, String)> {
        let dataset = DatasetInput {
            name: "train".into(),
            digest: "ab12".into(),
            source_type: "s3".into(),
            source: source.into(),
            schema: Some(schema.into()),
            profile: Some(profile.into()),
            context: Some("training".into()),
        };
        let items = dataset_items(&dataset);
        assert_eq!(
            (items[0].key.raw(), items[0].note.as_str()),
            ("train", "context training")
        );
        let rest = items[3..].iter();
        rest.map(|item| (item.key.raw().to_owned(), item.value.raw().to_owned()))
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let pairs = expected.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn json_is_listed_as_keys_and_values() {
        let found = listed(
            r#"{"uri": "s3://bucket/train.parquet"}"#,
            r#"{"num_rows": 4000, "num_elements": 8000}"#,
            r#"{"mlflow_colspec": [{"type": "double", "name": "age", "required": true},
                {"type": "array", "items": {"type": "long"}, "name": "codes", "required": false}]}"#,
        );
        assert_eq!(
            found,
            pairs(&[
                ("source", "s3://bucket/train.parquet"),
                ("rows", "4000"),
                ("elements", "8000"),
                ("columns", "2"),
                ("  age", "double"),
                ("  codes", "array of long"),
            ])
        );
    }

    #[test]
    fn tensors_are_listed_with_type_and_shape() {
        let found = listed(
            r#"{"tags": {"mlflow.source.name": "train.py"}}"#,
            r#"{"features_shape": [150, 4], "targets_shape": null}"#,
            r#"{"mlflow_tensorspec": {"features": "[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", \"shape\": [-1, 4]}}]", "targets": null}}"#,
        );
        assert_eq!(
            found,
            pairs(&[
                ("source tags mlflow.source.name", "train.py"),
                ("features shape", "150 × 4"),
                ("features", "float64, -1 × 4"),
            ])
        );
    }

    #[test]
    fn unknown_texts_are_whole() {
        let found = listed(
            "//share/raw.csv",
            "[1, {}]",
            r#"{"avro": {"fields": ["a"]}}"#,
        );
        assert_eq!(
            found,
            pairs(&[
                ("source", "//share/raw.csv"),
                ("profile", "[1, {}]"),
                ("schema avro fields", r#"["a"]"#),
            ])
        );
    }
}
