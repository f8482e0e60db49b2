//! What a store says of a version, as documents.

use serde_json::{Map, Value, json};

use super::{EvidenceSubject, SearchLocation};
use crate::domain::run::KeyValue;
use crate::domain::{DatasetInput, LoggedModel, Run};
use crate::text::Untrusted;

/// The documents of a place in the store, each with where it is from; nothing for a place of files.
pub(super) fn for_location(
    location: &SearchLocation,
    subject: EvidenceSubject<'_>,
) -> Option<Vec<(String, Value)>> {
    let version = subject.version;
    Some(match location {
        SearchLocation::Run => subject.run.map(run_document).into_iter().collect(),
        SearchLocation::Version => {
            let document = json!({"name": version.name.raw(), "version": version.version.0, "tags": pairs_to_map(&version.tags)});
            vec![(
                format!("version {}/{}", version.name.raw(), version.version),
                document,
            )]
        }
        SearchLocation::LoggedModel => subject
            .logged_model
            .map(logged_model_document)
            .into_iter()
            .collect(),
        SearchLocation::Dataset => subject
            .run
            .iter()
            .flat_map(|run| &run.datasets)
            .map(dataset_document)
            .collect(),
        SearchLocation::Artifact(_) | SearchLocation::LocalFile(_) | SearchLocation::Commit(_) => {
            return None;
        }
    })
}

fn run_document(run: &Run) -> (String, Value) {
    let metrics = run
        .metrics
        .iter()
        .map(|metric| (metric.key.raw().to_owned(), json!(metric.value.get())))
        .collect::<Map<_, _>>();
    let document = json!({
        "id": run.id.raw(), "name": run.name.raw(), "tags": pairs_to_map(&run.tags), "params": pairs_to_map(&run.params), "metrics": metrics,
        "status": run.status.as_str(), "start_time": run.start_time, "end_time": run.end_time,
    });
    (format!("run {}", run.id.short()), document)
}

fn logged_model_document(model: &LoggedModel) -> (String, Value) {
    let document = json!({"id": model.id.raw(), "name": model.name.raw(), "tags": pairs_to_map(&model.tags), "params": pairs_to_map(&model.params)});
    (format!("logged model {}", model.id.raw()), document)
}

fn dataset_document(input: &DatasetInput) -> (String, Value) {
    let source =
        serde_json::from_str(input.source.raw()).unwrap_or_else(|_| json!(input.source.raw()));
    let document = json!({
        "name": input.name.raw(), "digest": input.digest.raw(), "source_type": input.source_type.raw(), "source": source,
        "context": input.context.as_ref().map(Untrusted::raw),
    });
    (format!("dataset {}", input.name.raw()), document)
}

fn pairs_to_map(pairs: &[KeyValue]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|pair| (pair.key.raw().to_owned(), json!(pair.value.raw())))
        .collect()
}
