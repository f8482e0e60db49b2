//! The open Unity Catalog (`uc:http://…`) as a model registry: models, versions and aliases.

use std::cmp::Reverse;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use url::Url;

use super::response::invalid_response;
use super::service::Service;
use super::wire::{int, list, text};
use super::{Catalog, ConnectOptions, Endpoint, LoginStep, RestStore, RestWriter, Timeouts};
use crate::domain::{
    Alias, ModelName, ModelVersion, RegisteredModel, RunId, SlotKinds, Stage, StoreError,
    StoreErrorKind, StoreWrite, VersionNumber, VersionStatus,
};
use crate::store::{ReadStore, Result};

const PER_PAGE: u32 = 100;

/// A catalog, for reading.
pub struct OpenCatalog {
    server: RestStore,
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireName {
    #[serde(deserialize_with = "text")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct WireCatalogAlias {
    #[serde(deserialize_with = "text")]
    alias_name: String,
    #[serde(deserialize_with = "text")]
    version_num: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireCatalogModel {
    #[serde(deserialize_with = "text")]
    name: String,
    #[serde(deserialize_with = "text")]
    catalog_name: String,
    #[serde(deserialize_with = "text")]
    schema_name: String,
    #[serde(deserialize_with = "text")]
    comment: String,
    #[serde(deserialize_with = "int")]
    created_at: Option<i64>,
    #[serde(deserialize_with = "int")]
    updated_at: Option<i64>,
    #[serde(deserialize_with = "list")]
    aliases: Vec<WireCatalogAlias>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireCatalogVersion {
    #[serde(deserialize_with = "text")]
    version: String,
    #[serde(deserialize_with = "text")]
    source: String,
    #[serde(deserialize_with = "text")]
    run_id: String,
    #[serde(deserialize_with = "text")]
    status: String,
    #[serde(deserialize_with = "text")]
    comment: String,
    #[serde(deserialize_with = "text")]
    created_by: String,
    #[serde(deserialize_with = "int")]
    created_at: Option<i64>,
    #[serde(deserialize_with = "int")]
    updated_at: Option<i64>,
    #[serde(deserialize_with = "list")]
    aliases: Vec<WireCatalogAlias>,
}

super::wire::page!(CatalogPage, catalogs: WireName);
super::wire::page!(SchemaPage, schemas: WireName);
super::wire::page!(CatalogModelPage, registered_models: WireCatalogModel);
super::wire::page!(CatalogVersionPage, model_versions: WireCatalogVersion);

impl WireCatalogModel {
    fn into_registered_model(self) -> RegisteredModel {
        let aliases = self.aliases.into_iter().filter_map(|alias| {
            Some((
                Alias::from(alias.alias_name),
                alias.version_num.parse().ok()?,
            ))
        });
        let name = [self.catalog_name, self.schema_name, self.name].join(".");
        RegisteredModel {
            name: name.into(),
            creation_time: self.created_at,
            last_updated_time: self.updated_at,
            description: self.comment.into(),
            tags: Vec::new(),
            aliases: aliases.collect(),
            latest_versions: Vec::new(),
            staged_versions: Vec::new(),
        }
    }
}

impl WireCatalogVersion {
    fn into_version(self, name: &ModelName) -> Option<ModelVersion> {
        Some(ModelVersion {
            name: name.clone(),
            version: self.version.parse::<VersionNumber>().ok()?,
            creation_time: self.created_at,
            last_updated_time: self.updated_at,
            user: self.created_by.into(),
            stage: Stage::None,
            stage_text: "None".into(),
            description: self.comment.into(),
            source: self.source.into(),
            run_id: self.run_id.into(),
            status: VersionStatus::parse(&self.status),
            status_message: String::new().into(),
            tags: Vec::new(),
            aliases: self
                .aliases
                .into_iter()
                .map(|alias| Alias::from(alias.alias_name))
                .collect(),
        })
    }
}

impl OpenCatalog {
    /// The catalog at an address; sends nothing yet.
    ///
    /// # Errors
    /// When a token would be sent unencrypted to another machine.
    pub fn connect(url: &Url, options: &ConnectOptions) -> Result<Self> {
        let service = Service::open_catalog(url, options)?;
        let server = RestStore::for_service(service, options, Timeouts::default())?;
        Ok(Self {
            name: format!("Unity Catalog at {}", server.name),
            server,
        })
    }

    /// A writer to the same catalog.
    ///
    /// # Errors
    /// When its HTTP client can't be built.
    pub fn writer(&self) -> Result<RestWriter> {
        Ok(self.server.writer()?.of_open_catalog())
    }

    async fn list_names(
        &self,
        endpoint: Endpoint,
        catalog: Option<&str>,
        what: &str,
    ) -> Result<Vec<String>> {
        let mut query = vec![("max_results", PER_PAGE.to_string())];
        query.extend(catalog.map(|name| ("catalog_name", name.to_owned())));
        let names: Vec<WireName> = match catalog {
            None => {
                self.server
                    .get_all::<CatalogPage>(endpoint, "", &query, what)
                    .await?
            }
            Some(_) => {
                self.server
                    .get_all::<SchemaPage>(endpoint, "", &query, what)
                    .await?
            }
        };
        Ok(names.into_iter().map(|one| one.name).collect())
    }
}

impl OpenCatalog {
    /// Versions in the order of the catalog.
    async fn list_versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        let what = format!("reading versions of {}", name.clean());
        let query = [("max_results", PER_PAGE.to_string())];
        let found = self
            .server
            .get_all::<CatalogVersionPage>(Endpoint::OpenCatalogVersions, name.raw(), &query, &what)
            .await?;
        let versions = found.into_iter();
        Ok(versions
            .filter_map(|version| version.into_version(name))
            .collect())
    }
}

#[async_trait]
impl Catalog for OpenCatalog {
    fn name(&self) -> &str {
        &self.name
    }

    fn product(&self) -> &'static str {
        "open Unity Catalog"
    }

    fn refusal(&self, write: &StoreWrite) -> Option<String> {
        match write {
            StoreWrite::SetAlias { .. } | StoreWrite::DeleteAlias { .. } => None,
            write => Some(
                SlotKinds::ALIASES
                    .refuse_write(write)
                    .unwrap_or(
                        "only aliases are written to this Unity Catalog: it has no tags, and its versions need an upload",
                    )
                    .to_owned(),
            ),
        }
    }

    fn has_version_tags(&self) -> bool {
        false
    }

    fn rate_limit_wait(&self) -> Option<Duration> {
        self.server.rate_limit_wait()
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        self.server.login_steps().await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        let what = "reading registered models";
        let mut models = Vec::new();
        for catalog in self.list_names(Endpoint::OpenCatalogs, None, what).await? {
            let schemas = self.list_names(Endpoint::OpenSchemas, Some(&catalog), what);
            for schema in schemas.await? {
                let query = [
                    ("catalog_name", catalog.clone()),
                    ("schema_name", schema),
                    ("max_results", PER_PAGE.to_string()),
                ];
                let page = self.server.get_all::<CatalogModelPage>(
                    Endpoint::OpenCatalogModels,
                    "",
                    &query,
                    what,
                );
                models.extend(page.await?);
            }
        }
        Ok(models
            .into_iter()
            .map(WireCatalogModel::into_registered_model)
            .collect())
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        let what = format!("reading model {}", name.clean());
        super::unity_catalog::require_three_levels(name, &what)?;
        let query = [("include_aliases", "true".to_owned())];
        let model: WireCatalogModel = self
            .server
            .get(Endpoint::OpenCatalogModel, name.raw(), &query, &what)
            .await
            .map_err(missing_model)?;
        let model = model.into_registered_model();
        if model.name != *name {
            let why = format!("the server returned model {}", model.name.raw());
            return Err(invalid_response(&what, why));
        }
        Ok(model)
    }

    async fn version_numbers(&self, name: &ModelName) -> Result<Vec<VersionNumber>> {
        let listed = self.list_versions(name).await?;
        Ok(listed.into_iter().map(|one| one.version).collect())
    }

    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        let model = self.model(name).await?;
        let mut versions = self.list_versions(name).await?;
        for version in &mut versions {
            let of_model = super::wire::aliases_of_version(&model.aliases, version.version);
            version.aliases.extend(of_model);
            version.aliases.sort_by(|a, b| a.raw().cmp(b.raw()));
            version.aliases.dedup();
        }
        versions.sort_by_key(|version| Reverse(version.version));
        Ok((model, versions))
    }

    /// The catalog has no search: the versions of all models are read.
    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        let mut found = Vec::new();
        for model in self.models().await? {
            let (_, versions) = self.model_and_versions(&model.name).await?;
            found.extend(
                versions
                    .into_iter()
                    .filter(|version| version.run_id == *run),
            );
        }
        Ok(found)
    }
}

/// An unknown model is a 404 in the catalog's own words.
fn missing_model(error: StoreError) -> StoreError {
    let words = error.why.raw().to_ascii_lowercase();
    if error.kind == StoreErrorKind::Unsupported && words.contains("not found") {
        return StoreError {
            kind: StoreErrorKind::NotFound,
            ..error
        };
    }
    error
}
