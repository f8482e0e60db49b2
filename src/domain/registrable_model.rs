//! Which models a run left behind, and the source under which each can be registered.

use serde::Deserialize;

use super::run::Run;
use crate::text::untrusted::Untrusted;

/// The tag in which MLflow 2 records what `log_model` made: text that holds a JSON list, oldest first.
const LOG_MODEL_HISTORY_TAG: &str = "mlflow.log-model.history";

/// A model of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrableModel {
    /// What a person picks it by: the logged model's id (MLflow 3) or the artifact's path (MLflow 2).
    pub label: Untrusted,
    /// What is registered: `models:/m-…` or `runs:/ID/path`.
    pub source: Untrusted,
}

impl RegistrableModel {
    /// The model under a path of a run's artifacts.
    #[must_use]
    pub fn from_artifact(run: &Run, path: &str) -> Self {
        let path = path.trim_matches('/');
        Self {
            label: path.into(),
            source: format!("runs:/{}/{path}", run.id.raw()).into(),
        }
    }
}

/// An entry of the history; everything else in it is of no concern here.
#[derive(Deserialize)]
struct HistoryEntry {
    artifact_path: String,
}

/// The models that a run left, newest first: what it says it made (MLflow 3), then what its history tag tells (MLflow 2).
/// A tag that was cut off or is no JSON tells nothing.
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
