//! The models of a run that can be registered.

use serde::Deserialize;

use super::registry::LoggedModel;
use super::run::Run;
use crate::text::untrusted::Untrusted;

/// MLflow 2 records logged models in this tag: a JSON list, oldest first.
const LOG_MODEL_HISTORY_TAG: &str = "mlflow.log-model.history";

/// A model that a run logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrableModel {
    /// The logged model's name, or its ID if the name is unknown (MLflow 3), or the artifact path
    /// (MLflow 2).
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

    fn from_logged_model(id: &str, logged: &[LoggedModel]) -> Self {
        let known = logged.iter().find(|model| model.id.raw() == id);
        let name = known
            .map(|model| &model.name)
            .filter(|name| !name.is_empty());
        Self {
            label: name.cloned().unwrap_or_else(|| id.into()),
            source: format!("models:/{id}").into(),
        }
    }

    /// The text that selects it among the models of its run: the label, or the source if another
    /// model has that label.
    #[must_use]
    pub fn selector<'a>(&'a self, all: &[Self]) -> &'a Untrusted {
        let same = all.iter().filter(|other| other.label == self.label);
        if same.count() > 1 {
            &self.source
        } else {
            &self.label
        }
    }
}

/// The model that a text selects: an ID, a name, an artifact path or a source. Of several with a
/// name, the first, as in MLflow: the one that was logged last.
#[must_use]
pub fn select_model<'a>(
    models: &'a [RegistrableModel],
    text: &str,
) -> Option<&'a RegistrableModel> {
    let path = text.trim_matches('/');
    let is_source = |source: &str| source == text || source.strip_prefix("models:/") == Some(path);
    models
        .iter()
        .find(|model| is_source(model.source.raw()))
        .or_else(|| models.iter().find(|model| model.label.raw() == path))
}

/// The part of an entry that is used here.
#[derive(Deserialize)]
struct HistoryEntry {
    artifact_path: String,
}

/// The models of a run, newest first: its outputs and logged models (MLflow 3), then those in its
/// history tag (MLflow 2). A truncated tag is ignored.
///
/// MLflow 3 has a logged model for each path in the tag, and no files there.
#[must_use]
pub fn registrable_models(run: &Run, logged: &[LoggedModel]) -> Vec<RegistrableModel> {
    let created = |id: &str| {
        let known = logged.iter().find(|model| model.id.raw() == id);
        known.and_then(|model| model.creation_time)
    };
    let mut ids: Vec<(i64, &str)> = run
        .model_outputs
        .iter()
        .map(|output| (output.step, output.model_id.raw()))
        .collect();
    for model in logged {
        if !ids.iter().any(|(_, id)| *id == model.id.raw()) {
            ids.push((0, model.id.raw()));
        }
    }
    ids.sort_by(|(a_step, a), (b_step, b)| (b_step, created(b)).cmp(&(a_step, created(a))));
    let mut found: Vec<RegistrableModel> = Vec::new();
    for (_, id) in ids {
        let model = RegistrableModel::from_logged_model(id, logged);
        if !found.contains(&model) {
            found.push(model);
        }
    }
    let history: Vec<HistoryEntry> = run
        .tag(LOG_MODEL_HISTORY_TAG)
        .and_then(|tag| serde_json::from_str(tag.raw()).ok())
        .unwrap_or_default();
    for entry in history.iter().rev() {
        let model = RegistrableModel::from_artifact(run, &entry.artifact_path);
        if !found.iter().any(|known| known.label == model.label) {
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
        registrable_models(run, &[])
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

    #[test]
    fn name_of_a_logged_model_replaces_its_path_in_the_history_tag() {
        let logged = |id: &str, name: &str, created| LoggedModel {
            id: id.into(),
            experiment_id: "1".into(),
            name: name.into(),
            creation_time: Some(created),
            artifact_uri: Untrusted::default(),
            status: Untrusted::default(),
            model_type: Untrusted::default(),
            source_run_id: "0123456789abcdef".into(),
            lifecycle: crate::domain::Lifecycle::Active,
            params: Vec::new(),
            tags: Vec::new(),
            metrics: Vec::new(),
            metric_runs: Vec::new(),
        };
        let mut run = run();
        run.tags = vec![KeyValue::new(
            LOG_MODEL_HISTORY_TAG,
            r#"[{"artifact_path": "old"}, {"artifact_path": "model"}]"#,
        )];
        let logged = [
            logged("m-1", "model", 1),
            logged("m-2", "best", 2),
            logged("m-3", "best", 3),
        ];
        let models = registrable_models(&run, &logged);
        let pairs: Vec<(&str, &str)> = models
            .iter()
            .map(|model| (model.label.raw(), model.source.raw()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("best", "models:/m-3"),
                ("best", "models:/m-2"),
                ("model", "models:/m-1"),
                ("old", "runs:/0123456789abcdef/old")
            ]
        );
        let selected = |text| select_model(&models, text).map(|model| model.source.raw());
        assert_eq!(selected("best"), Some("models:/m-3"));
        assert_eq!(selected("m-2"), Some("models:/m-2"));
        assert_eq!(selected("models:/m-1"), Some("models:/m-1"));
        assert_eq!(selected("/model/"), Some("models:/m-1"));
        assert_eq!(selected("nope"), None);
        assert_eq!(models[0].selector(&models).raw(), "models:/m-3");
        assert_eq!(models[2].selector(&models).raw(), "model");
    }
}
