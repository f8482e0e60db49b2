//! Looking: recognisers over what a version has.

use serde_json::{Value, json};

use super::collector::{EvidenceCollector, NOT_THIS_TOOL, Rejection};
use super::report::{EvidenceReport, SearchTrace};
use super::store_documents;
use super::{DocumentFormat, Integration, MAX_DOCUMENTS, SearchLocation, SearchRule};
use crate::domain::{LoggedModel, Millis, ModelVersion, Run};

/// The most documents that a report tells to have been passed over, for one place.
const MAX_SKIPPED: usize = 300;

/// What is known of a version from its store.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceSubject<'a> {
    /// The version.
    pub version: &'a ModelVersion,
    /// Its run.
    pub run: Option<&'a Run>,
    /// The logged model of MLflow 3.
    pub logged_model: Option<&'a LoggedModel>,
}

impl EvidenceSubject<'_> {
    /// When it was made, ms since the epoch: when its run began, else when the version was.
    fn created_at(&self) -> Option<Millis> {
        self.run
            .and_then(|run| run.start_time)
            .or(self.version.creation_time)
    }
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOrigin {
    /// An artifact of the run or the logged model.
    Artifact,
    /// A file outside of the store.
    LocalFile,
    /// A file of the repository, at the run's commit.
    Commit,
}

/// A file that some recogniser wants.
#[derive(Clone, Debug)]
pub struct EvidenceFile {
    /// Whose it is.
    pub origin: FileOrigin,
    /// Its path there, raw.
    pub path: String,
    /// Where it was found, in words, raw.
    pub source: String,
    /// A tag of the repository that points at the commit which made it what it is.
    pub git_tag: Option<String>,
    /// Its bytes, or why they were not read. Where only its being there counts: nothing.
    pub content: Result<Vec<u8>, String>,
}

impl SearchLocation {
    /// Whether it is in the store, so that everybody who looks finds the same there.
    pub(super) fn is_in_store(&self) -> bool {
        !matches!(self, Self::LocalFile(_) | Self::Commit(_))
    }

    /// Whether a file is looked at here.
    #[must_use]
    pub fn matches(&self, origin: FileOrigin, path: &str) -> bool {
        match (self, origin) {
            (Self::Artifact(globs), FileOrigin::Artifact)
            | (Self::LocalFile(globs), FileOrigin::LocalFile)
            | (Self::Commit(globs), FileOrigin::Commit) => globs.is_match(path),
            _ => false,
        }
    }
}

/// Applies all recognisers.
#[must_use]
pub fn extract(
    integrations: &[Integration],
    subject: EvidenceSubject<'_>,
    files: &[EvidenceFile],
) -> EvidenceReport {
    let mut report = EvidenceReport::default();
    for integration in integrations {
        let mut collector = EvidenceCollector::default();
        for find in &integration.search_rules {
            let mut trace = SearchTrace {
                tool: integration.name.clone(),
                rule: format!("{}:{}", integration.file, find.line),
                target: find.location.describe(),
                found: Vec::new(),
                skipped: Vec::new(),
                omitted: 0,
            };
            match store_documents::for_location(&find.location, subject) {
                Some(documents) => {
                    for (from, document) in documents {
                        let taken = collector.collect_document(find, subject, &from, &document);
                        record(&mut trace, from, taken.map_err(Rejection::into_reason));
                    }
                }
                None => extract_from_files(find, subject, files, &mut collector, &mut trace),
            }
            report.search_traces.push(trace);
        }
        let evidence = collector.into_evidence(integration, subject.created_at());
        if !evidence.is_empty() {
            report.tools.push(evidence);
        }
    }
    report
}

/// Looks at the files that a place wants, one at a time.
fn extract_from_files<'r>(
    find: &'r SearchRule,
    subject: EvidenceSubject<'_>,
    files: &[EvidenceFile],
    collector: &mut EvidenceCollector<'r>,
    trace: &mut SearchTrace,
) {
    let (mut read, mut matched_paths, mut unreadable) = (0, Vec::new(), Vec::new());
    for file in files
        .iter()
        .filter(|file| find.location.matches(file.origin, &file.path))
    {
        let has_names = has_required_names(find, file);
        if has_names == Some(false) {
            record(trace, file.source.clone(), Err(NOT_THIS_TOOL.into()));
            continue;
        }
        read += 1;
        let document = if read > MAX_DOCUMENTS {
            Err(format!("only {MAX_DOCUMENTS} documents are looked at"))
        } else {
            parse_document(find, file)
        };
        let taken = document
            .map_err(Rejection::Unreadable)
            .and_then(|document| {
                collector.collect_document(find, subject, &file.source, &document)
            });
        match &taken {
            Ok(()) => matched_paths.push(file.path.as_str()),
            Err(Rejection::Unreadable(why)) => unreadable.push((file, has_names, why.clone())),
            Err(Rejection::NotMatching(_)) => {}
        }
        record(
            trace,
            file.source.clone(),
            taken.map_err(Rejection::into_reason),
        );
    }
    for (file, marked, why) in unreadable {
        if marked == Some(true)
            || matched_paths
                .iter()
                .any(|path| are_similar_files(path, &file.path))
        {
            collector.mark_unreadable(find, &file.source, &why);
        }
    }
}

fn record(trace: &mut SearchTrace, from: String, result: Result<(), String>) {
    match result {
        Ok(()) => trace.found.push(from),
        Err(why) if trace.skipped.len() < MAX_SKIPPED => {
            trace.skipped.push(format!("{from}: {why}"));
        }
        Err(_) => trace.omitted += 1,
    }
}

/// Whether the names that must be in a document are in its text; nothing where that can't be told without reading it.
fn has_required_names(find: &SearchRule, file: &EvidenceFile) -> Option<bool> {
    let text = file
        .content
        .as_ref()
        .ok()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())?;
    let is_plain = !matches!(
        find.format,
        DocumentFormat::Zip(_) | DocumentFormat::Presence
    ) && !text.contains('\0');
    let mut names = find
        .when
        .iter()
        .flat_map(|path| &path.required_names)
        .peekable();
    names.peek()?;
    is_plain.then(|| names.all(|mark| text.contains(mark.as_str())))
}

/// Whether two files are probably of one kind: by the same name, or in one folder with the same first word.
fn are_similar_files(a: &str, b: &str) -> bool {
    let parts = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let word: String = name.chars().take_while(|c| c.is_alphabetic()).collect();
        (folder.to_owned(), name.to_owned(), word.to_lowercase())
    };
    let (a, b) = (parts(a), parts(b));
    a.1 == b.1 || (a.0 == b.0 && a.2 == b.2)
}

fn parse_document(find: &SearchRule, file: &EvidenceFile) -> Result<Value, String> {
    let read = if find.reads_content() {
        file.content
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|bytes| find.format.parse(&file.path, bytes))
    } else {
        find.format.parse(&file.path, &[])
    };
    read.map(|document| with_file_metadata(document, file))
}

/// The document with what is known of its file, where it has room for it: its path under `file_path`, and the tag under `git_tag`.
fn with_file_metadata(mut document: Value, file: &EvidenceFile) -> Value {
    if let Value::Object(members) = &mut document {
        members
            .entry("file_path")
            .or_insert_with(|| json!(file.path));
        if let Some(tag) = &file.git_tag {
            members.entry("git_tag").or_insert_with(|| json!(tag));
        }
    }
    document
}
