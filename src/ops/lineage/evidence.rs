//! Collects what integrations search: artifacts of the run and the logged model, files near the store and in the working
//! tree, and files of the repository at the run's commit. Read errors are lines of the report.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::artifacts::CollectedArtifacts;
use super::sources::LineageSources;
use super::{artifacts, checkout};
use crate::domain::Code;
use crate::evidence::{
    EvidenceFile, EvidenceReport, EvidenceSubject, FileOrigin, Integration, MAX_DOCUMENT_BYTES,
    extract,
};
use crate::text::untrusted::clean;

/// Documents that are read, per origin.
pub(super) const MAX_DOCUMENTS_READ: usize = 150;
/// Bytes of documents that are read, per origin.
pub(super) const MAX_TOTAL_BYTES: u64 = 24 << 20;

/// Begins the reason of a document over the budget.
pub(super) const NOT_READ: &str = "not read";

/// Applies all integrations to a version.
pub(super) async fn collect_evidence(
    sources: LineageSources<'_>,
    subject: EvidenceSubject<'_>,
) -> EvidenceReport {
    let LineageSources {
        reader,
        evidence_sources,
    } = sources;
    let loaded = evidence_sources.integrations();
    let mut problems = loaded.errors.clone();
    let CollectedArtifacts {
        sizes: all,
        mut files,
    } = artifacts::collect_artifacts(reader, subject, &loaded.integrations, &mut problems).await;
    let (task_sources, task_integrations) = (evidence_sources.clone(), Arc::clone(&loaded));
    let datasets = subject
        .run
        .map(|run| run.datasets.clone())
        .unwrap_or_default();
    // As in the lineage: MLflow 3's git versioning writes the commit to the logged model.
    let of_run = subject
        .run
        .map(|run| Code::from_tags(&run.tags))
        .filter(|code| code.commit.is_some());
    let code = of_run.or_else(|| {
        subject
            .logged_model
            .map(|model| Code::from_tags(&model.tags))
    });
    let gather = move || {
        let local_files = task_sources.local_files();
        let (mut files, mut problems) = (local_files.files.clone(), local_files.problems.clone());
        if let Some(code) = code {
            files.extend(checkout::files_at_run_commit(
                task_sources.roots(),
                &code,
                &datasets,
                &task_integrations.integrations,
                &mut problems,
            ));
        }
        (files, problems)
    };
    match tokio::task::spawn_blocking(gather).await {
        Ok((found, local_problems)) => {
            files.extend(found);
            problems.extend(local_problems);
        }
        Err(stopped) => problems.push(format!("local files: {stopped}")),
    }
    dedup_files(&mut files);
    let mut report = extract(&loaded.integrations, subject, &files);
    report.artifacts = all;
    report.problems = problems
        .iter()
        .map(|line| clean(line).into_owned())
        .collect();
    report
}

/// Keeps the first of several files with the same name and content: hard links, or one result logged to the run and to the
/// model.
fn dedup_files(files: &mut Vec<EvidenceFile>) {
    let mut hashes = HashSet::new();
    files.retain(|file| {
        let Ok(bytes) = &file.content else {
            return true;
        };
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        (file.origin == FileOrigin::Commit, name, bytes).hash(&mut hasher);
        bytes.is_empty() || hashes.insert(hasher.finish())
    });
}

/// Whether an integration matches a file, and then whether one reads its content.
pub(super) fn match_file(
    integrations: &[Integration],
    origin: FileOrigin,
    path: &str,
) -> Option<bool> {
    let finds = integrations
        .iter()
        .flat_map(|integration| &integration.search_rules)
        .filter(|find| find.location.matches(origin, path));
    finds
        .map(crate::evidence::SearchRule::reads_content)
        .reduce(|a, b| a || b)
}

pub(super) fn too_large(size: u64) -> String {
    format!(
        "too large: {} MB, the limit is {} MB",
        (size >> 20).max(MAX_DOCUMENT_BYTES >> 20),
        MAX_DOCUMENT_BYTES >> 20
    )
}

/// The documents of one origin that may still be read.
pub(super) struct ReadBudget {
    documents: usize,
    bytes: u64,
}

impl ReadBudget {
    pub(super) fn new() -> Self {
        Self {
            documents: MAX_DOCUMENTS_READ,
            bytes: MAX_TOTAL_BYTES,
        }
    }

    /// Reserves a document of `size` bytes, 0 if unknown; the reason if it is over the budget.
    pub(super) fn reserve(&mut self, size: u64) -> Result<(), String> {
        if size > MAX_DOCUMENT_BYTES {
            return Err(too_large(size));
        }
        if self.documents == 0 {
            return Err(format!(
                "{NOT_READ}: the limit is {MAX_DOCUMENTS_READ} documents"
            ));
        }
        if size > self.bytes {
            return Err(format!(
                "{NOT_READ}: the limit is {} MB of documents",
                MAX_TOTAL_BYTES >> 20
            ));
        }
        self.documents -= 1;
        self.bytes -= size;
        Ok(())
    }
}
