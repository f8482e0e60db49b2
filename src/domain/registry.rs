//! The model registry: registered models, versions, stages, aliases and logged models.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{Alias, ExperimentId, LoggedModelId, ModelName, RunId, VersionNumber};
use super::metric::Metric;
use super::run::{KeyValue, find_value};
use super::{Lifecycle, Millis, SlotKinds};
use crate::text::untrusted::Untrusted;

/// MLflow overwrites the source of a deleted version with this. A version listed with it was moved while
/// it was being deleted.
pub(crate) const REDACTED_SOURCE: &str = "REDACTED-SOURCE-PATH";

/// MLflow marks prompts and their versions with this tag.
pub(crate) const IS_PROMPT_TAG: &str = "mlflow.prompt.is_prompt";

/// The tag of a logged model, and the key in the metadata of its `MLmodel`, that mark a model whose
/// files are outside of MLflow.
pub(crate) const IS_EXTERNAL_KEY: &str = "mlflow.model.isExternal";

/// A stage of the registry. MLflow has deprecated stages, but they are widely used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// No stage.
    None,
    /// In testing.
    Staging,
    /// In service.
    Production,
    /// Retired.
    Archived,
}

impl Stage {
    /// In the order of a model's life cycle.
    pub const ALL: [Self; 4] = [Self::None, Self::Staging, Self::Production, Self::Archived];

    /// As MLflow spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Staging => "Staging",
            Self::Production => "Production",
            Self::Archived => "Archived",
        }
    }

    /// Whether a transition to this stage can archive the versions in it; for the other stages, MLflow 3.17
    /// responds with status 500.
    #[must_use]
    pub fn can_archive_existing(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }

    /// Ignores case, as MLflow does.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Registration status of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionStatus {
    /// Ready to use.
    Ready,
    /// The store is copying the model.
    Pending,
    /// The store could not create it.
    Failed,
    /// Not one of MLflow's.
    Other(Untrusted),
}

impl VersionStatus {
    /// As MLflow spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ready => "READY",
            Self::Pending => "PENDING_REGISTRATION",
            Self::Failed => "FAILED_REGISTRATION",
            Self::Other(text) => text.raw(),
        }
    }

    /// Parses MLflow's spelling; an empty text is `Ready`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "" | "READY" => Self::Ready,
            "PENDING_REGISTRATION" => Self::Pending,
            "FAILED_REGISTRATION" => Self::Failed,
            other => Self::Other(other.into()),
        }
    }
}

/// A registered model without its older versions.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredModel {
    /// Unique in the workspace.
    pub name: ModelName,
    /// In ms since the epoch.
    pub creation_time: Option<Millis>,
    /// In ms since the epoch; changes of aliases don't count.
    pub last_updated_time: Option<Millis>,
    /// Free text; may be empty.
    pub description: Untrusted,
    /// In the store's order.
    pub tags: Vec<KeyValue>,
    /// Each alias with its version, which need not exist.
    pub aliases: Vec<(Alias, VersionNumber)>,
    /// The newest version in each stage.
    pub latest_versions: Vec<ModelVersion>,
    /// All versions in Staging or Production, newest first. Only a listing of all models has them.
    pub staged_versions: Vec<(Stage, VersionNumber)>,
}

impl RegisteredModel {
    /// A model of which only the name is known.
    #[must_use]
    pub fn bare(name: ModelName) -> Self {
        Self {
            name,
            creation_time: None,
            last_updated_time: None,
            description: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
            latest_versions: Vec::new(),
            staged_versions: Vec::new(),
        }
    }

    /// The version of an alias.
    #[must_use]
    pub fn version_for_alias(&self, alias: &str) -> Option<VersionNumber> {
        self.aliases
            .iter()
            .find(|(name, _)| name.raw() == alias)
            .map(|(_, version)| *version)
    }

    /// Whether this is a prompt, which MLflow 3 stores as a model.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        is_true(&self.tags, IS_PROMPT_TAG)
    }

    /// What its versions can hold, of what the registry has: MLflow promotes prompts by alias only.
    #[must_use]
    pub fn slot_kinds(&self, of_registry: SlotKinds) -> SlotKinds {
        if self.is_prompt() {
            SlotKinds::ALIASES
        } else {
            of_registry
        }
    }

    /// The versions in a stage, newest first: all of them in Staging and Production, if this comes
    /// from a listing, else the newest.
    #[must_use]
    pub fn versions_in(&self, stage: Stage) -> Vec<VersionNumber> {
        let latest = self.latest_versions.iter().map(|v| (v.stage, v.version));
        let all = self.staged_versions.iter().copied().chain(latest);
        let mut found: Vec<VersionNumber> = all
            .filter(|(held, _)| *held == stage)
            .map(|(_, version)| version)
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        found
    }
}

fn is_true(tags: &[KeyValue], key: &str) -> bool {
    find_value(tags, key).is_some_and(|value| value.raw().eq_ignore_ascii_case("true"))
}

/// A version of a registered model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelVersion {
    /// The registered model.
    pub name: ModelName,
    /// Unique in the model.
    pub version: VersionNumber,
    /// In ms since the epoch.
    pub creation_time: Option<Millis>,
    /// In ms since the epoch; changes of aliases don't count.
    pub last_updated_time: Option<Millis>,
    /// The creator, if the store records it.
    pub user: Untrusted,
    /// `None` for a stage that MLflow doesn't define; see `stage_text`.
    pub stage: Stage,
    /// The stage as the store spells it.
    pub stage_text: Untrusted,
    /// Free text; may be empty.
    pub description: Untrusted,
    /// Location of the model: `runs:/…`, `models:/m-…` or a URI.
    pub source: Untrusted,
    /// The run that logged it; may be empty.
    pub run_id: RunId,
    /// Registration status.
    pub status: VersionStatus,
    /// Explains `status`; may be empty.
    pub status_message: Untrusted,
    /// In the store's order.
    pub tags: Vec<KeyValue>,
    /// Aliases of this version.
    pub aliases: Vec<Alias>,
}

impl ModelVersion {
    /// A ready version without a stage, of which only the name and the number are known.
    #[must_use]
    pub fn bare(name: ModelName, version: VersionNumber) -> Self {
        Self {
            name,
            version,
            creation_time: None,
            last_updated_time: None,
            user: Untrusted::default(),
            stage: Stage::None,
            stage_text: Untrusted::default(),
            description: Untrusted::default(),
            source: Untrusted::default(),
            run_id: RunId::default(),
            status: VersionStatus::Ready,
            status_message: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
        }
    }

    /// The value of a tag by key.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&Untrusted> {
        find_value(&self.tags, key)
    }

    /// Whether it was moved while it was being deleted: still listed, but without its source.
    #[must_use]
    pub fn is_half_deleted(&self) -> bool {
        self.source.raw() == REDACTED_SOURCE
    }

    /// Its Staging or Production stage and its aliases, such as `Production`, `@champion`.
    #[must_use]
    pub fn slot_names(&self) -> Vec<String> {
        let stage = matches!(self.stage, Stage::Staging | Stage::Production)
            .then(|| self.stage.as_str().to_owned());
        stage
            .into_iter()
            .chain(self.aliases.iter().map(|alias| format!("@{}", alias.raw())))
            .collect()
    }

    /// The version with the stage and the alias that make it the one in use, cleaned: `v4, in Production, @champion`.
    #[must_use]
    pub fn label_with_slots(&self) -> String {
        let stage = matches!(self.stage, Stage::Staging | Stage::Production)
            .then(|| format!(", in {}", self.stage));
        let champion = self.aliases.iter().find(|alias| alias.raw() == "champion");
        let alias = champion.or(self.aliases.first().filter(|_| stage.is_none()));
        let alias = alias.map(|alias| format!(", @{}", alias.clean()));
        let slots: String = stage.into_iter().chain(alias).collect();
        format!("v{}{slots}", self.version)
    }

    /// The logged model in its source (MLflow 3).
    #[must_use]
    pub fn logged_model(&self) -> Option<LoggedModelId> {
        logged_model_in_source(self.source.raw())
    }

    /// Whether this is a version of a prompt.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        is_true(&self.tags, IS_PROMPT_TAG)
    }

    /// The text of a prompt's version, with a message of a chat prompt per paragraph.
    #[must_use]
    pub fn prompt_text(&self) -> Option<Untrusted> {
        let text = self
            .tag("mlflow.prompt.text")
            .filter(|_| self.is_prompt())?;
        let is_chat = self
            .tag("_mlflow_prompt_type")
            .is_some_and(|kind| kind.raw() == "chat");
        let messages = is_chat
            .then(|| serde_json::from_str::<Vec<ChatMessage>>(text.raw()).ok())
            .flatten();
        Some(match messages {
            Some(messages) => messages
                .iter()
                .map(|message| format!("{}: {}", message.role, message.content))
                .collect::<Vec<_>>()
                .join("\n\n")
                .into(),
            None => text.clone(),
        })
    }
}

/// A message of a chat prompt.
#[derive(Deserialize)]
struct ChatMessage {
    role: String,
    content: String,
}

/// The logged model that a source names: `models:/m-…`, or the location of its files, which ends in
/// `/models/m-…/artifacts`.
#[must_use]
pub fn logged_model_in_source(source: &str) -> Option<LoggedModelId> {
    let is_id = |id: &&str| {
        id.strip_prefix("m-")
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    if let Some(id) = source.strip_prefix("models:/") {
        return (id.starts_with("m-") && !id.contains('/')).then(|| id.into());
    }
    let (folder, id) = source
        .trim_end_matches('/')
        .strip_suffix("/artifacts")?
        .rsplit_once('/')?;
    let in_models = folder == "models" || folder.ends_with("/models");
    Some(id).filter(|id| in_models && is_id(id)).map(Into::into)
}

/// The version that a source names: `models:/NAME/VERSION`, as for a copy.
#[must_use]
pub fn version_in_source(source: &str) -> Option<(ModelName, VersionNumber)> {
    let (name, version) = source.strip_prefix("models:/")?.rsplit_once('/')?;
    let version = version.parse().ok()?;
    (!name.is_empty()).then(|| (name.into(), version))
}

/// An open stage transition request (Databricks).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransitionRequest {
    /// The version to move.
    pub version: VersionNumber,
    /// The target stage.
    #[serde(rename = "to")]
    pub to_stage: Stage,
    /// The requester's name on the server.
    #[serde(rename = "by")]
    pub requested_by: Untrusted,
    /// In ms since the epoch.
    #[serde(rename = "at")]
    pub requested_at: Option<Millis>,
    /// The reason; may be empty.
    pub comment: Untrusted,
}

impl TransitionRequest {
    /// One cleaned line, such as `bo requests Production: better AUC`.
    #[must_use]
    pub fn summary(&self) -> String {
        let why = if self.comment.is_empty() {
            String::new()
        } else {
            format!(": {}", self.comment.clean())
        };
        format!(
            "{} requests {}{why}",
            self.requested_by.clean(),
            self.to_stage
        )
    }
}

/// A logged model (MLflow 3), which `log_model` creates before any registration.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedModel {
    /// `m-…`.
    pub id: LoggedModelId,
    /// The experiment that contains it.
    pub experiment_id: ExperimentId,
    /// The `name` argument of `log_model`.
    pub name: Untrusted,
    /// In ms since the epoch.
    pub creation_time: Option<Millis>,
    /// Root of its files.
    pub artifact_uri: Untrusted,
    /// `LOGGED_MODEL_READY`, `…_PENDING` or `…_UPLOAD_FAILED`.
    pub status: Untrusted,
    /// Such as `sklearn` or `agent`; may be empty.
    pub model_type: Untrusted,
    /// The run that logged it; may be empty.
    pub source_run_id: RunId,
    /// Active or deleted.
    pub lifecycle: Lifecycle,
    /// In the store's order.
    pub params: Vec<KeyValue>,
    /// In the store's order.
    pub tags: Vec<KeyValue>,
    /// Metrics logged for this model.
    pub metrics: Vec<Metric>,
    /// The runs that logged these metrics, each once, the latest first.
    pub metric_runs: Vec<RunId>,
}

impl LoggedModel {
    /// Whether its files are outside of MLflow (`mlflow.create_external_model`): MLflow cannot load
    /// it, and its `MLmodel` has a placeholder for a signature.
    #[must_use]
    pub fn is_external(&self) -> bool {
        is_true(&self.tags, IS_EXTERNAL_KEY)
    }

    /// Orders the runs that logged metrics, from pairs of time and run.
    pub(crate) fn order_metric_runs(mut logged: Vec<(Millis, RunId)>) -> Vec<RunId> {
        logged.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let mut runs = Vec::new();
        for (_, run) in logged {
            if !run.is_empty() && !runs.contains(&run) {
                runs.push(run);
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_model_is_found_in_ids_and_artifact_locations() {
        let id = "m-95a34e23ee7d4304947123d3d06fd47c";
        for source in [
            format!("models:/{id}"),
            format!("/tmp/mlruns/1/models/{id}/artifacts"),
            format!("mlflow-artifacts:/1/models/{id}/artifacts/"),
            format!("s3://bucket/models/1/models/{id}/artifacts"),
        ] {
            assert_eq!(
                logged_model_in_source(&source).unwrap().raw(),
                id,
                "{source}"
            );
        }
        for source in [
            "models:/iris/3",
            "/tmp/models/m-/artifacts",
            "/tmp/models/iris/artifacts",
            "/tmp/1/m-1/artifacts",
            "/tmp/models/m-1/artifacts/deeper",
            "",
        ] {
            assert_eq!(logged_model_in_source(source), None, "{source}");
        }
    }

    #[test]
    fn label_names_the_stage_and_the_alias_in_use() {
        let label = |stage: Stage, aliases: &[&str]| {
            let version = ModelVersion {
                stage,
                aliases: aliases.iter().map(|alias| (*alias).into()).collect(),
                ..ModelVersion::bare("iris".into(), VersionNumber(3))
            };
            version.label_with_slots()
        };
        assert_eq!(label(Stage::Production, &["blue"]), "v3, in Production");
        let both = label(Stage::Production, &["blue", "champion"]);
        assert_eq!(both, "v3, in Production, @champion");
        assert_eq!(label(Stage::Archived, &["blue"]), "v3, @blue");
        assert_eq!(label(Stage::None, &[]), "v3");
    }

    #[test]
    fn metric_runs_are_unique_and_the_latest_is_first() {
        let logged = [(1, "a"), (3, "b"), (2, "a"), (4, "")];
        let runs = LoggedModel::order_metric_runs(logged.map(|(at, run)| (at, run.into())).into());
        assert_eq!(runs, [RunId::from("b"), RunId::from("a")]);
    }
}
