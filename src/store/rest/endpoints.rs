//! All endpoints that a reader can send requests to.

use reqwest::Method;

/// A read of MLflow's API. Searches are POST requests, so the method does not distinguish reads
/// from writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "MLflow's names; the table below has their paths"
)]
pub enum Endpoint {
    Version,
    ServerInfo,
    Workspaces,
    ExperimentsSearch,
    RunsSearch,
    RunGet,
    History,
    HistoryBulk,
    ArtifactsList,
    ArtifactGet,
    LoggedModelGet,
    LoggedModelsSearch,
    LoggedModelFiles,
    LoggedModelFile,
    ModelsSearch,
    ModelGet,
    VersionsSearch,
    VersionGet,
    TransitionRequests,
    RunFileCredentials,
    LoggedModelFileCredentials,
    CurrentUser,
    CatalogModelsSearch,
    CatalogModelGet,
    CatalogVersionsSearch,
    CatalogVersionGet,
    OpenCatalogModels,
    OpenCatalogModel,
    OpenCatalogVersions,
    OpenCatalogs,
    OpenSchemas,
}

/// The allow-list: endpoint, method and path, in which `{}` is an id.
pub const ALLOWED: [(Endpoint, Method, &str); 31] = [
    (Endpoint::Version, Method::GET, "version"),
    (
        Endpoint::ServerInfo,
        Method::GET,
        "api/3.0/mlflow/server-info",
    ),
    (
        Endpoint::Workspaces,
        Method::GET,
        "api/3.0/mlflow/workspaces",
    ),
    (
        Endpoint::ExperimentsSearch,
        Method::POST,
        "api/2.0/mlflow/experiments/search",
    ),
    (
        Endpoint::RunsSearch,
        Method::POST,
        "api/2.0/mlflow/runs/search",
    ),
    (Endpoint::RunGet, Method::GET, "api/2.0/mlflow/runs/get"),
    (
        Endpoint::History,
        Method::GET,
        "api/2.0/mlflow/metrics/get-history",
    ),
    (
        Endpoint::HistoryBulk,
        Method::GET,
        "api/2.0/mlflow/metrics/get-history-bulk-interval",
    ),
    (
        Endpoint::ArtifactsList,
        Method::GET,
        "api/2.0/mlflow/artifacts/list",
    ),
    (Endpoint::ArtifactGet, Method::GET, "get-artifact"),
    (
        Endpoint::LoggedModelGet,
        Method::GET,
        "api/2.0/mlflow/logged-models/{}",
    ),
    (
        Endpoint::LoggedModelsSearch,
        Method::POST,
        "api/2.0/mlflow/logged-models/search",
    ),
    (
        Endpoint::LoggedModelFiles,
        Method::GET,
        "api/2.0/mlflow/logged-models/{}/artifacts/directories",
    ),
    (
        Endpoint::LoggedModelFile,
        Method::GET,
        "ajax-api/2.0/mlflow/logged-models/{}/artifacts/files",
    ),
    (
        Endpoint::ModelsSearch,
        Method::GET,
        "api/2.0/mlflow/registered-models/search",
    ),
    (
        Endpoint::ModelGet,
        Method::GET,
        "api/2.0/mlflow/registered-models/get",
    ),
    (
        Endpoint::VersionsSearch,
        Method::GET,
        "api/2.0/mlflow/model-versions/search",
    ),
    (
        Endpoint::VersionGet,
        Method::GET,
        "api/2.0/mlflow/model-versions/get",
    ),
    (
        Endpoint::TransitionRequests,
        Method::GET,
        "api/2.0/mlflow/transition-requests/list",
    ),
    // Databricks: signed addresses to read files from.
    (
        Endpoint::RunFileCredentials,
        Method::POST,
        "api/2.0/mlflow/artifacts/credentials-for-read",
    ),
    (
        Endpoint::LoggedModelFileCredentials,
        Method::POST,
        "api/2.0/mlflow/logged-models/{}/artifacts/credentials-for-download",
    ),
    (
        Endpoint::CurrentUser,
        Method::GET,
        "api/2.0/mlflow/users/current",
    ),
    // Unity Catalog of Databricks.
    (
        Endpoint::CatalogModelsSearch,
        Method::GET,
        "api/2.0/mlflow/unity-catalog/registered-models/search",
    ),
    (
        Endpoint::CatalogModelGet,
        Method::GET,
        "api/2.0/mlflow/unity-catalog/registered-models/get",
    ),
    (
        Endpoint::CatalogVersionsSearch,
        Method::GET,
        "api/2.0/mlflow/unity-catalog/model-versions/search",
    ),
    (
        Endpoint::CatalogVersionGet,
        Method::GET,
        "api/2.0/mlflow/unity-catalog/model-versions/get",
    ),
    // The open Unity Catalog.
    (
        Endpoint::OpenCatalogModels,
        Method::GET,
        "api/2.1/unity-catalog/models",
    ),
    (
        Endpoint::OpenCatalogModel,
        Method::GET,
        "api/2.1/unity-catalog/models/{}",
    ),
    (
        Endpoint::OpenCatalogVersions,
        Method::GET,
        "api/2.1/unity-catalog/models/{}/versions",
    ),
    (
        Endpoint::OpenCatalogs,
        Method::GET,
        "api/2.1/unity-catalog/catalogs",
    ),
    (
        Endpoint::OpenSchemas,
        Method::GET,
        "api/2.1/unity-catalog/schemas",
    ),
];

impl Endpoint {
    /// The method, and the segments of the path with the id inserted.
    pub(super) fn route(self, id: &str) -> (Method, Vec<String>) {
        let row = ALLOWED.iter().find(|(endpoint, ..)| *endpoint == self);
        let (method, path) = row.map_or((Method::GET, ""), |(_, method, path)| {
            (method.clone(), *path)
        });
        (
            method,
            path.split('/')
                .map(|part| {
                    if part == "{}" {
                        id.to_owned()
                    } else {
                        part.to_owned()
                    }
                })
                .collect(),
        )
    }
}

/// Whether the allow-list contains a request.
#[must_use]
pub fn is_allowed_read(method: &str, path: &str) -> bool {
    let parts: Vec<&str> = path
        .split('?')
        .next()
        .unwrap_or_default()
        .trim_matches('/')
        .split('/')
        .collect();
    ALLOWED.iter().any(|(_, allowed, template)| {
        let expected: Vec<&str> = template.split('/').collect();
        allowed.as_str() == method
            && expected.len() == parts.len()
            && expected
                .iter()
                .zip(&parts)
                .all(|(expected, part)| *expected == "{}" || expected == part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allow_list_covers_every_endpoint_and_no_writes() {
        for (endpoint, method, path) in &ALLOWED {
            assert_eq!(endpoint.route("x").0, *method, "{path}");
            let writes = [
                "create",
                "update",
                "delete",
                "set-",
                "transition",
                "alias",
                "log",
                "restore",
                "rename",
            ];
            let last = path.rsplit('/').next().unwrap_or_default();
            assert!(!writes.iter().any(|word| last.starts_with(word)), "{path}");
        }
        assert!(is_allowed_read("POST", "/api/2.0/mlflow/runs/search"));
        assert!(is_allowed_read(
            "GET",
            "/api/2.0/mlflow/logged-models/m-1?x=y"
        ));
        assert!(!is_allowed_read(
            "POST",
            "/api/2.0/mlflow/model-versions/create"
        ));
        for verb in ["create", "approve", "reject"] {
            assert!(!is_allowed_read(
                "POST",
                &format!("/api/2.0/mlflow/transition-requests/{verb}")
            ));
        }
        assert!(!is_allowed_read(
            "DELETE",
            "/api/2.0/mlflow/logged-models/m-1"
        ));
    }
}
