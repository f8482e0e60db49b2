//! The models of a run that can be registered.

use serde::Deserialize;

use super::run::Run;
use crate::text::untrusted::Untrusted;

/// MLflow 2 records logged models in this tag: a JSON list, oldest first.
const LOG_MODEL_HISTORY_TAG: &str = "mlflow.log-model.history";

/// A model that a run logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrableModel {
    /// The logged model's ID (MLflow 3) or the artifact path (MLflow 2).
    pub label: Untrusted,
    /// `models:/m-…` or `runs:/ID/path`.
    pub source: Untrusted,
}

impl RegistrableModel {
    /// The model at an artifact path of a run.
    #[must_use]
    pub fn from_artifact(run: &Run, path: &str) -> Self {
        let path = path.trim_matches('/');
        Self {
            label: path.into(),
            source: format!("runs:/{}/{path}", run.id.raw()).into(),
        }
    }
}

/// The part of an entry that is used here.
#[derive(Deserialize)]
struct HistoryEntry {
    artifact_path: String,
}

/// The models of a run, newest first: its outputs (MLflow 3), then those in its history tag (MLflow 2). A
/// truncated tag is ignored.
#[must_use]
pub fn registrable_models(run: &Run) -> Vec<RegistrableModel> {
    let mut outputs: Vec<_> = run.model_outputs.iter().collect();
    outputs.sort_by_key(|output| std::cmp::Reverse(output.step));
    let logged = outputs.into_iter().map(|output| RegistrableModel {
        label: output.model_id.text().clone(),
        source: format!("models:/{}", output.model_id.raw()).into(),
    });
    let history: Vec<HistoryEntry> = run
        .tag(LOG_MODEL_HISTORY_TAG)
        .and_then(|tag| serde_json::from_str(tag.raw()).ok())
        .unwrap_or_default();
    let artifacts = history
        .iter()
        .rev()
        .map(|entry| RegistrableModel::from_artifact(run, &entry.artifact_path));
    let mut found = Vec::new();
    for model in logged.chain(artifacts) {
        if !found.contains(&model) {
            found.push(model);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{KeyValue, ModelOutput};

    fn run() -> Run {
        Run::bare("0123456789abcdef".into(), "1".into())
    }

    fn sources(run: &Run) -> Vec<String> {
        registrable_models(run)
            .iter()
            .map(|model| model.source.raw().to_owned())
            .collect()
    }

    #[test]
    fn newest_mlflow_3_output_comes_first() {
        let mut run = run();
        run.model_outputs = [("m-old", 1), ("m-new", 7)]
            .map(|(id, step)| ModelOutput {
                model_id: id.into(),
                step,
            })
            .into();
        assert_eq!(sources(&run), ["models:/m-new", "models:/m-old"]);
    }

    #[test]
    fn mlflow_2_history_tag_paths_are_deduplicated() {
        let mut run = run();
        let history = r#"[{"artifact_path": "model", "flavors": {}}, {"artifact_path": "best"}, {"artifact_path": "model"}]"#;
        run.tags = vec![KeyValue::new(LOG_MODEL_HISTORY_TAG, history)];
        assert_eq!(
            sources(&run),
            [
                "runs:/0123456789abcdef/model",
                "runs:/0123456789abcdef/best"
            ]
        );
    }

    #[test]
    fn truncated_history_tag_yields_no_models() {
        let mut run = run();
        run.tags = vec![KeyValue::new(
            LOG_MODEL_HISTORY_TAG,
            r#"[{"artifact_path": "mod"#,
        )];
        assert_eq!(sources(&run), Vec::<String>::new());
    }
}
