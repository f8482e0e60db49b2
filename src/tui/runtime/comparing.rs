//! What takes reading to compare: files of the same path, commits of a repository at hand.

use std::collections::BTreeMap;

use crate::analysis::value_diff::{DiffLine, is_environment, requirements, text_lines, unified};
use crate::domain::{ArtifactHome, Fault, RunId};
use crate::ops::lineage::git;
use crate::store::{Answer, Read, limits};
use crate::tui::app::message::{CommonFile, DiffOf, Refused};

/// The most files of a run that are looked at.
const FILES: usize = 2_000;

/// The difference of two things.
pub(super) async fn diff(reader: &dyn Read, of: DiffOf) -> Result<Vec<DiffLine>, Refused> {
    match of {
        DiffOf::Files {
            path,
            before,
            after,
        } => {
            let text =
                async |home: &(ArtifactHome, String)| text_of(reader, &home.0, &home.1).await;
            let (before, after) = (text(&before).await?, text(&after).await?);
            let work = move || {
                if is_environment(&path) {
                    requirements(&before, &after)
                } else {
                    text_lines(&before, &after)
                }
            };
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|stopped| refused(stopped.to_string(), "try it again"))
        }
        DiffOf::Commits { before, after } => {
            let work = move || diff_of(&before, &after);
            tokio::task::spawn_blocking(work)
                .await
                .unwrap_or_else(|stopped| Err(refused(stopped.to_string(), "try it again")))
        }
    }
}

async fn text_of(reader: &dyn Read, home: &ArtifactHome, path: &str) -> Result<String, Refused> {
    let preview = reader
        .preview(home, path, limits::DIFF_BYTES)
        .await
        .map_err(|fault| by_fault(&fault))?;
    let text = preview.text().map(|text| text.raw().to_owned());
    text.ok_or_else(|| {
        refused(
            format!("{} is not text", crate::text::untrusted::clean(path)),
            "I shows images; sizes and digests tell of the rest",
        )
    })
}

/// The files that both runs have, in their artifacts or in logged models of the same name.
pub(super) async fn common(
    reader: &dyn Read,
    before: &RunId,
    after: &RunId,
) -> Answer<Vec<CommonFile>> {
    let (a, b) = (files(reader, before).await?, files(reader, after).await?);
    let file = |(path, (home, inner, size)): (String, Place)| {
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
type Place = (ArtifactHome, String, Option<u64>);

async fn files(reader: &dyn Read, id: &RunId) -> Answer<BTreeMap<String, Place>> {
    let mut found = BTreeMap::new();
    walk(reader, &ArtifactHome::Run(id.clone()), "", &mut found).await?;
    let run = reader.run(id).await?;
    // What a store has no logged models for is not missed.
    for model in reader
        .logged_models(&run.experiment_id, id)
        .await
        .unwrap_or_default()
    {
        let name = format!("{}/", model.name.raw());
        walk(
            reader,
            &ArtifactHome::LoggedModel(model.id.clone()),
            &name,
            &mut found,
        )
        .await?;
    }
    Ok(found)
}

async fn walk(
    reader: &dyn Read,
    home: &ArtifactHome,
    name: &str,
    found: &mut BTreeMap<String, Place>,
) -> Answer<()> {
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for file in reader.artifacts(home, &folder).await? {
            let path = file.path.raw().to_owned();
            if found.len() >= FILES {
                return Ok(());
            }
            if !file.is_dir {
                found.insert(format!("{name}{path}"), (home.clone(), path, file.size));
            } else if path.len() > folder.len() && folders.len() < FILES {
                folders.push(path);
            }
        }
    }
    Ok(())
}

/// `git diff` of two commits, in the repository that this program was started in.
fn diff_of(before: &str, after: &str) -> Result<Vec<DiffLine>, Refused> {
    let asked = [
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
    let printed = git(&asked, &[before, after]);
    printed.map(|text| unified(&text)).map_err(|why| {
        refused(
            why,
            "start frontrunner in a checkout of the repository, and git fetch",
        )
    })
}

fn by_fault(fault: &Fault) -> Refused {
    refused(fault.to_string(), fault.advice())
}

fn refused(why: impl Into<String>, next: &str) -> Refused {
    Refused {
        why: why.into(),
        next: next.to_owned(),
    }
}
