//! What takes reading to compare: files of the same path, commits of a repository at hand.

use std::collections::BTreeMap;

use crate::analysis::value_diff::{
    DiffLine, diff_requirements, diff_text, is_environment_file, parse_unified_diff,
};
use crate::domain::{ArtifactOwner, RunId, StoreError};
use crate::ops::lineage::run_git;
use crate::store::{ReadStore, Result, limits};
use crate::tui::app::message::{CommonFile, DiffTarget, RequestError};

/// The most files of a run that are looked at.
const MAX_FILES: usize = 2_000;

/// The difference of two things.
pub(super) async fn compute_diff(
    reader: &dyn ReadStore,
    of: DiffTarget,
) -> Result<Vec<DiffLine>, RequestError> {
    match of {
        DiffTarget::Files {
            path,
            before,
            after,
        } => {
            let text =
                async |home: &(ArtifactOwner, String)| read_text(reader, &home.0, &home.1).await;
            let (before, after) = (text(&before).await?, text(&after).await?);
            let work = move || {
                if is_environment_file(&path) {
                    diff_requirements(&before, &after)
                } else {
                    diff_text(&before, &after)
                }
            };
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|stopped| refused(stopped.to_string(), "try it again"))
        }
        DiffTarget::Commits { before, after } => {
            let work = move || diff_commits(&before, &after);
            tokio::task::spawn_blocking(work)
                .await
                .unwrap_or_else(|stopped| Err(refused(stopped.to_string(), "try it again")))
        }
    }
}

async fn read_text(
    reader: &dyn ReadStore,
    home: &ArtifactOwner,
    path: &str,
) -> Result<String, RequestError> {
    let preview = reader
        .preview(home, path, limits::DIFF_BYTES)
        .await
        .map_err(|fault| from_store_error(&fault))?;
    let text = preview.text().map(|text| text.raw().to_owned());
    text.ok_or_else(|| {
        refused(
            format!("{} is not text", crate::text::untrusted::clean(path)),
            "I shows images; sizes and digests tell of the rest",
        )
    })
}

/// The files that both runs have, in their artifacts or in logged models of the same name.
pub(super) async fn common_files(
    reader: &dyn ReadStore,
    before: &RunId,
    after: &RunId,
) -> Result<Vec<CommonFile>> {
    let (a, b) = (
        list_files(reader, before).await?,
        list_files(reader, after).await?,
    );
    let file = |(path, (home, inner, size)): (String, ArtifactLocation)| {
        let (other, other_inner, other_size) = b.get(&path)?.clone();
        let sizes = size.zip(other_size);
        Some(CommonFile {
            path,
            before: (home, inner),
            after: (other, other_inner),
            sizes,
        })
    };
    Ok(a.into_iter().filter_map(file).collect())
}

/// Whose a file is, its path there, and its size in bytes.
type ArtifactLocation = (ArtifactOwner, String, Option<u64>);

async fn list_files(
    reader: &dyn ReadStore,
    id: &RunId,
) -> Result<BTreeMap<String, ArtifactLocation>> {
    let mut found = BTreeMap::new();
    walk_artifacts(reader, &ArtifactOwner::Run(id.clone()), "", &mut found).await?;
    let run = reader.run(id).await?;
    // What a store has no logged models for is not missed.
    for model in reader
        .logged_models(&run.experiment_id, id)
        .await
        .unwrap_or_default()
    {
        let name = format!("{}/", model.name.raw());
        walk_artifacts(
            reader,
            &ArtifactOwner::LoggedModel(model.id.clone()),
            &name,
            &mut found,
        )
        .await?;
    }
    Ok(found)
}

async fn walk_artifacts(
    reader: &dyn ReadStore,
    home: &ArtifactOwner,
    name: &str,
    found: &mut BTreeMap<String, ArtifactLocation>,
) -> Result<()> {
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for file in reader.artifacts(home, &folder).await? {
            let path = file.path.raw().to_owned();
            if found.len() >= MAX_FILES {
                return Ok(());
            }
            if !file.is_dir {
                found.insert(format!("{name}{path}"), (home.clone(), path, file.size));
            } else if path.len() > folder.len() && folders.len() < MAX_FILES {
                folders.push(path);
            }
        }
    }
    Ok(())
}

/// `git diff` of two commits, in the repository that this program was started in.
fn diff_commits(before: &str, after: &str) -> Result<Vec<DiffLine>, RequestError> {
    let arguments = [
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--stat",
        "--patch",
        before,
        after,
        "--",
    ];
    let output = run_git(&arguments, &[before, after]);
    output.map(|text| parse_unified_diff(&text)).map_err(|why| {
        refused(
            why,
            "start frontrunner in a checkout of the repository, and git fetch",
        )
    })
}

fn from_store_error(error: &StoreError) -> RequestError {
    refused(error.to_string(), error.hint())
}

fn refused(why: impl Into<String>, next: &str) -> RequestError {
    RequestError {
        message: why.into(),
        hint: next.to_owned(),
    }
}
