//! Artifacts of runs and of logged models, through the server.

use super::wire::FilePage;
use super::{Endpoint, Raw, RestStore, all_pages};
use crate::domain::{Artifact, ArtifactHome, Preview};
use crate::store::Answer;

impl RestStore {
    pub(super) async fn list_artifacts(
        &self,
        home: &ArtifactHome,
        path: &str,
    ) -> Answer<Vec<Artifact>> {
        let what = "listing artifacts";
        let files = all_pages(what, |token| async move {
            let (endpoint, id, mut query) = match home {
                ArtifactHome::Run(run) => (
                    Endpoint::ArtifactsList,
                    "",
                    vec![("run_id", run.raw().to_owned()), ("path", path.to_owned())],
                ),
                ArtifactHome::LoggedModel(model) => (
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
            .map(super::wire::WireFile::read)
            .collect())
    }

    /// The beginning of a file: the server sends all of it, so the connection is given up after what is wanted.
    pub(super) async fn read_preview(
        &self,
        home: &ArtifactHome,
        path: &str,
        limit: u64,
    ) -> Answer<Preview> {
        let what = format!("reading {}", crate::text::untrusted::clean(path));
        let (endpoint, id, query) = match home {
            ArtifactHome::Run(run) => (
                Endpoint::ArtifactGet,
                "",
                vec![("run_id", run.raw().to_owned()), ("path", path.to_owned())],
            ),
            ArtifactHome::LoggedModel(model) => (
                Endpoint::LoggedModelFile,
                model.raw(),
                vec![("artifact_file_path", path.to_owned())],
            ),
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let raw = self.sent(endpoint, id, &query, None, &what, limit).await?;
        if raw.status.is_success() {
            let Raw { body, cut, .. } = raw;
            return Ok(Preview {
                bytes: body,
                truncated: cut,
            });
        }
        Err(match self.transport.json(raw, &what) {
            Err(fault) => fault,
            Ok(_) => super::answers::malformed(&what, "the server's answer makes no sense"),
        })
    }
}
