//! The Unity Catalog of Databricks as a model registry.
//!
//! It has aliases and no stages. Its searches leave tags and aliases out, so that each version is read for itself, and its
//! models have names of three levels.

use std::cmp::Reverse;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;

use super::response::invalid_response;
use super::service::Service;
use super::wire::{EntityResponse, ModelPage, VersionPage, aliases_of_version};
use super::{Catalog, ConnectOptions, Endpoint, LoginStep, RestStore, RestWriter, Timeouts};
use crate::domain::{
    ModelName, ModelVersion, RegisteredModel, RunId, SlotKinds, StoreError, StoreErrorKind,
    StoreWrite, VersionNumber, version_in_source,
};
use crate::store::downstream::quote_filter_value;
use crate::store::interner::Interner;
use crate::store::{ReadStore, Result};
use crate::text::Untrusted;
use crate::text::shell::quote_word;

/// Below this path are the endpoints of the catalog.
pub(super) const PATH: &str = "api/2.0/mlflow/unity-catalog";

/// MLflow's default for this registry.
const MODELS_PER_PAGE: u32 = 100;
const VERSIONS_PER_PAGE: u32 = 1_000;

/// A listing reads the aliases of this many models; others are shown without.
const MODELS_WITH_ALIASES: usize = 200;

/// How many models and versions are read at the same time.
const CONCURRENT_READS: usize = 8;

/// A catalog, for reading.
pub struct UnityCatalog {
    server: RestStore,
    /// The profile of its URI, if it names one.
    profile: Option<String>,
    name: String,
}

impl UnityCatalog {
    /// The catalog of a workspace, by the profile of its URI; sends nothing yet.
    ///
    /// # Errors
    /// When the configuration of Databricks is missing or contradicts itself.
    pub fn connect(profile: Option<&str>, options: &ConnectOptions) -> Result<Self> {
        let service = Service::databricks(profile, options)?;
        let server = RestStore::for_service(service, options, Timeouts::default())?;
        Ok(Self {
            name: format!("Unity Catalog of {}", server.name),
            server,
            profile: profile.map(str::to_owned),
        })
    }

    /// A writer to the same catalog.
    ///
    /// # Errors
    /// When its HTTP client can't be built.
    pub fn writer(&self) -> Result<RestWriter> {
        Ok(self.server.writer()?.below(PATH))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<T> {
        let result = self.server.get(endpoint, "", query, what).await;
        result.map_err(explain)
    }

    /// One version with its tags and aliases.
    async fn read_version(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<ModelVersion>> {
        let what = format!("reading version {version} of {}", name.clean());
        let query = [
            ("name", name.raw().to_owned()),
            ("version", version.to_string()),
        ];
        let response: EntityResponse =
            match self.get(Endpoint::CatalogVersionGet, &query, &what).await {
                // It was deleted since it was listed.
                Err(error) if error.kind == StoreErrorKind::NotFound => return Ok(None),
                result => result?,
            };
        let version = response
            .model_version
            .ok_or_else(|| invalid_response(&what, "the response has no version"))?;
        Ok(version.into_version(&mut Interner::default()))
    }

    async fn search_versions(&self, filter: String, what: &str) -> Result<Vec<ModelVersion>> {
        let query = [
            ("filter", filter),
            ("max_results", VERSIONS_PER_PAGE.to_string()),
        ];
        let found = self
            .server
            .get_all::<VersionPage>(Endpoint::CatalogVersionsSearch, "", &query, what)
            .await
            .map_err(explain)?;
        let mut keys = Interner::default();
        let mut versions: Vec<ModelVersion> = found
            .into_iter()
            .filter_map(|version| version.into_version(&mut keys))
            .collect();
        versions.sort_by_key(|version| Reverse(version.version));
        Ok(versions)
    }

    /// Versions without their tags and aliases.
    async fn search_versions_of_model(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        let what = format!("reading versions of {}", name.clean());
        require_three_levels(name, &what)?;
        let filter = format!("name = {}", quote_filter_value(name.raw())?);
        let mut listed = self.search_versions(filter, &what).await?;
        listed.retain(|version| version.name == *name);
        Ok(listed)
    }

    /// Reads listed versions again, with their tags and aliases, in their order.
    async fn complete(&self, listed: Vec<ModelVersion>) -> Result<Vec<ModelVersion>> {
        let ids: Vec<(ModelName, VersionNumber)> = listed
            .into_iter()
            .map(|version| (version.name, version.version))
            .collect();
        let reads = stream::iter(ids)
            .map(|(name, version)| async move { self.read_version(&name, version).await });
        let read: Vec<Option<ModelVersion>> =
            reads.buffered(CONCURRENT_READS).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }
}

/// The command of MLflow's client that creates a version, which uploads files and checks the signature of the model.
fn creation_command(profile: Option<&str>, name: &ModelName, source: &Untrusted) -> String {
    let uri = |scheme: &str| match profile {
        Some(profile) => format!("{scheme}://{profile}"),
        None => scheme.to_owned(),
    };
    let (source, copied) = (source.raw(), version_in_source(source.raw()));
    let call = match copied {
        Some(_) => "MlflowClient().copy_model_version",
        None => "register_model",
    };
    let script = format!(
        "import mlflow; mlflow.set_registry_uri({:?}); mlflow.{call}({source:?}, {:?})",
        uri("databricks-uc"),
        name.raw()
    );
    let script = quote_word(&script).unwrap_or_else(|| "…".to_owned());
    let tracking = quote_word(&uri("databricks")).unwrap_or_else(|| "…".into());
    format!("MLFLOW_TRACKING_URI={tracking} python -c {script}")
}

pub(super) fn require_three_levels(name: &ModelName, what: &str) -> Result<()> {
    if name.raw().split('.').count() == 3 && !name.raw().split('.').any(str::is_empty) {
        return Ok(());
    }
    let why = format!("{} is not catalog.schema.model", name.raw());
    let error = StoreError::new(StoreErrorKind::InvalidRequest, what, why);
    Err(error.with_hint(Some(
        "name models of Unity Catalog with all three levels: catalog.schema.model",
    )))
}

/// A workspace without a catalog has the old registry only.
fn explain(error: StoreError) -> StoreError {
    if error.why.raw().contains("METASTORE_DOES_NOT_EXIST") {
        return error.with_hint(Some(
            "this workspace has no Unity Catalog: use its own registry with --registry databricks",
        ));
    }
    error
}

#[async_trait]
impl Catalog for UnityCatalog {
    fn name(&self) -> &str {
        &self.name
    }

    fn product(&self) -> &'static str {
        "Unity Catalog"
    }

    fn refusal(&self, write: &StoreWrite) -> Option<String> {
        match write {
            StoreWrite::CreateVersion { name, source, .. } => Some(format!(
                "a version of Unity Catalog needs an upload, which MLflow's client does: {}",
                creation_command(self.profile.as_deref(), name, source)
            )),
            write => SlotKinds::ALIASES.refuse_write(write).map(str::to_owned),
        }
    }

    fn has_version_tags(&self) -> bool {
        true
    }

    fn rate_limit_wait(&self) -> Option<Duration> {
        self.server.rate_limit_wait()
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        self.server.login_steps().await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        let query = [("max_results", MODELS_PER_PAGE.to_string())];
        let what = "reading registered models";
        let found = self
            .server
            .get_all::<ModelPage>(Endpoint::CatalogModelsSearch, "", &query, what)
            .await
            .map_err(explain)?;
        let mut keys = Interner::default();
        let listed: Vec<RegisteredModel> = found
            .into_iter()
            .map(|model| model.into_registered_model(&mut keys))
            .collect();
        if listed.len() > MODELS_WITH_ALIASES {
            return Ok(listed);
        }
        let names: Vec<ModelName> = listed.into_iter().map(|model| model.name).collect();
        stream::iter(names)
            .map(|name| async move { self.model(&name).await })
            .buffered(CONCURRENT_READS)
            .filter_map(async |read| match read {
                Err(error)
                    if matches!(
                        error.kind,
                        StoreErrorKind::NotFound | StoreErrorKind::PermissionDenied
                    ) =>
                {
                    None
                }
                other => Some(other),
            })
            .try_collect()
            .await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        let what = format!("reading model {}", name.clean());
        require_three_levels(name, &what)?;
        let query = [("name", name.raw().to_owned())];
        let response: EntityResponse = self.get(Endpoint::CatalogModelGet, &query, &what).await?;
        let model = response
            .registered_model
            .ok_or_else(|| invalid_response(&what, "the response has no model"))?
            .into_registered_model(&mut Interner::default());
        if model.name != *name {
            let why = format!("the server returned model {}", model.name.raw());
            return Err(invalid_response(&what, why));
        }
        Ok(model)
    }

    async fn version_numbers(&self, name: &ModelName) -> Result<Vec<VersionNumber>> {
        let listed = self.search_versions_of_model(name).await?;
        Ok(listed.into_iter().map(|one| one.version).collect())
    }

    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        let (listed, model) =
            tokio::try_join!(self.search_versions_of_model(name), self.model(name))?;
        let mut versions = self.complete(listed).await?;
        // The aliases of the model are the newer ones if both changed meanwhile.
        for version in &mut versions {
            version.aliases = aliases_of_version(&model.aliases, version.version);
        }
        Ok((model, versions))
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        let what = format!("reading versions of run {}", run.clean());
        let filter = format!("run_id = {}", quote_filter_value(run.raw())?);
        let mut listed = self.search_versions(filter, &what).await?;
        listed.retain(|version| version.run_id == *run);
        self.complete(listed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_three_levels() {
        assert!(require_three_levels(&"main.ml.churn".into(), "x").is_ok());
        for name in ["churn", "ml.churn", "main..churn", "a.b.c.d"] {
            let error = require_three_levels(&name.into(), "x").unwrap_err();
            assert!(error.hint().contains("catalog.schema.model"), "{name}");
        }
    }

    #[test]
    fn the_command_that_registers_is_quoted_for_a_shell() {
        let command = creation_command(None, &"main.ml.o'brien".into(), &"runs:/1/m".into());
        let words = shell_words::split(&command).unwrap();
        assert_eq!(
            words[..3],
            ["MLFLOW_TRACKING_URI=databricks", "python", "-c"]
        );
        assert!(
            words[3].ends_with("register_model(\"runs:/1/m\", \"main.ml.o'brien\")"),
            "{words:?}"
        );
        let copy = creation_command(Some("prod"), &"b.c.d".into(), &"models:/a.b.c/3".into());
        let words = shell_words::split(&copy).unwrap();
        assert_eq!(words[0], "MLFLOW_TRACKING_URI=databricks://prod");
        assert_eq!(
            words[3],
            r#"import mlflow; mlflow.set_registry_uri("databricks-uc://prod"); mlflow.MlflowClient().copy_model_version("models:/a.b.c/3", "b.c.d")"#
        );
    }
}
