//! What a store says of a version, as documents.

use serde_json::{Map, Value, json};

use super::{Place, Subject};
use crate::domain::run::Pair;
use crate::domain::{DatasetInput, LoggedModel, Run};
use crate::text::Untrusted;

/// The documents of a place in the store, each with where it is from; nothing for a place of files.
pub(super) fn of_store(place: &Place, subject: Subject<'_>) -> Option<Vec<(String, Value)>> {
    let version = subject.version;
    Some(match place {
        Place::Run => subject.run.map(of_run).into_iter().collect(),
        Place::Version => {
            let document = json!({"name": version.name.raw(), "version": version.version.0, "tags": pairs(&version.tags)});
            vec![(
                format!("version {}/{}", version.name.raw(), version.version),
                document,
            )]
        }
        Place::LoggedModel => subject
            .logged_model
            .map(of_logged_model)
            .into_iter()
            .collect(),
        Place::Dataset => subject
            .run
            .iter()
            .flat_map(|run| &run.datasets)
            .map(of_dataset)
            .collect(),
        Place::Artifact(_) | Place::File(_) | Place::Commit(_) => return None,
    })
}

fn of_run(run: &Run) -> (String, Value) {
    let metrics = run
        .metrics
        .iter()
        .map(|metric| (metric.key.raw().to_owned(), json!(metric.value.get())))
        .collect::<Map<_, _>>();
    let document = json!({
        "id": run.id.raw(), "name": run.name.raw(), "tags": pairs(&run.tags), "params": pairs(&run.params), "metrics": metrics,
        "status": run.status.as_str(), "start_time": run.start_time, "end_time": run.end_time,
    });
    (format!("run {}", run.id.short()), document)
}

fn of_logged_model(model: &LoggedModel) -> (String, Value) {
    let document = json!({"id": model.id.raw(), "name": model.name.raw(), "tags": pairs(&model.tags), "params": pairs(&model.params)});
    (format!("logged model {}", model.id.raw()), document)
}

fn of_dataset(input: &DatasetInput) -> (String, Value) {
    let source =
        serde_json::from_str(input.source.raw()).unwrap_or_else(|_| json!(input.source.raw()));
    let document = json!({
        "name": input.name.raw(), "digest": input.digest.raw(), "source_type": input.source_type.raw(), "source": source,
        "context": input.context.as_ref().map(Untrusted::raw),
    });
    (format!("dataset {}", input.name.raw()), document)
}

fn pairs(pairs: &[Pair]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|pair| (pair.key.raw().to_owned(), json!(pair.value.raw())))
        .collect()
}
