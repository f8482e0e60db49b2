//! The workspaces of a server, MLflow 3.10 and later.

use serde::Deserialize;

use super::RestStore;
use super::endpoints::Endpoint;
use crate::domain::StoreErrorKind;
use crate::store::Result;

/// What a server says of itself; it asks for no login.
#[derive(Deserialize, Default)]
#[serde(default)]
struct ServerInfo {
    workspaces_enabled: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Workspaces {
    workspaces: Vec<Workspace>,
}

#[derive(Deserialize)]
struct Workspace {
    name: String,
}

impl RestStore {
    /// The names of the workspaces; empty on a server that was started without them, and on an older one.
    pub(super) async fn list_workspaces(&self) -> Result<Vec<String>> {
        // A managed service has no such workspaces, and need not allow the question.
        if self.service.kind.product.is_some() {
            return Ok(Vec::new());
        }
        let what = "reading workspaces";
        let info: Result<ServerInfo> = self.get(Endpoint::ServerInfo, "", &[], what).await;
        let has_workspaces = match info {
            Ok(info) => info.workspaces_enabled,
            Err(error) => match error.kind {
                StoreErrorKind::NotFound | StoreErrorKind::Unsupported => false,
                _ => return Err(error),
            },
        };
        if !has_workspaces {
            return Ok(Vec::new());
        }
        let found: Workspaces = self.get(Endpoint::Workspaces, "", &[], what).await?;
        Ok(found.workspaces.into_iter().map(|one| one.name).collect())
    }
}
