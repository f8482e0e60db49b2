//! Artifacts of runs and of logged models, through the server.

use super::wire::FilePage;
use super::{Endpoint, RawResponse, RestStore, collect_pages};
use crate::domain::{Artifact, ArtifactOwner, Preview};
use crate::store::Result;

impl RestStore {
    pub(super) async fn list_artifacts(
        &self,
        home: &ArtifactOwner,
        path: &str,
    ) -> Result<Vec<Artifact>> {
        let what = "listing artifacts";
        let files = collect_pages(what, |token| async move {
            let (endpoint, id, mut query) = match home {
                ArtifactOwner::Run(run) => (
                    Endpoint::ArtifactsList,
                    "",
                    vec![("run_id", run.raw().to_owned()), ("path", path.to_owned())],
                ),
                ArtifactOwner::LoggedModel(model) => (
                    Endpoint::LoggedModelFiles,
                    model.raw(),
                    vec![("artifact_directory_path", path.to_owned())],
                ),
            };
            query.retain(|(_, value)| !value.is_empty());
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let page: FilePage = self.get(endpoint, id, &query, what).await?;
            Ok((page.files, page.next_page_token))
        });
        Ok(files
            .await?
            .into_iter()
            .map(super::wire::WireFile::into_artifact)
            .collect())
    }

    /// The beginning of a file: the server sends all of it, so the connection is given up after what is wanted.
    pub(super) async fn read_preview(
        &self,
        home: &ArtifactOwner,
        path: &str,
        limit: u64,
    ) -> Result<Preview> {
        let what = format!("reading {}", crate::text::untrusted::clean(path));
        let (endpoint, id, query) = match home {
            ArtifactOwner::Run(run) => (
                Endpoint::ArtifactGet,
                "",
                vec![("run_id", run.raw().to_owned()), ("path", path.to_owned())],
            ),
            ArtifactOwner::LoggedModel(model) => (
                Endpoint::LoggedModelFile,
                model.raw(),
                vec![("artifact_file_path", path.to_owned())],
            ),
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let raw = self.send(endpoint, id, &query, None, &what, limit).await?;
        if raw.status.is_success() {
            let RawResponse {
                body,
                is_truncated: cut,
                ..
            } = raw;
            return Ok(Preview {
                bytes: body,
                is_truncated: cut,
            });
        }
        Err(match self.transport.json_body(raw, &what) {
            Err(fault) => fault,
            Ok(_) => {
                super::response::malformed_response(&what, "the server's answer makes no sense")
            }
        })
    }
}
