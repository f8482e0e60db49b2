//! Extraction: applying integrations to a version.

use serde_json::{Map, Value, json};

use super::collector::{EvidenceCollector, NOT_THIS_TOOL, Rejection};
use super::report::{EvidenceReport, SearchTrace};
use super::{DocumentFormat, Integration, MAX_DOCUMENTS, SearchLocation, SearchRule};
use crate::domain::run::KeyValue;
use crate::domain::{DatasetInput, LoggedModel, Millis, ModelVersion, Run};
use crate::text::Untrusted;

/// Skipped documents that a trace lists before it counts the rest.
const MAX_SKIPPED: usize = 300;

/// The store's records of a version.
#[derive(Clone, Copy, Debug)]
pub struct EvidenceSubject<'a> {
    /// The version that facts are extracted for.
    pub version: &'a ModelVersion,
    /// The run that it names.
    pub run: Option<&'a Run>,
    /// MLflow 3's logged model.
    pub logged_model: Option<&'a LoggedModel>,
}

impl EvidenceSubject<'_> {
    /// The start of its run, else the version's creation, in ms since the epoch.
    fn created_at(&self) -> Option<Millis> {
        self.run
            .and_then(|run| run.start_time)
            .or(self.version.creation_time)
    }
}

/// Where a file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOrigin {
    /// An artifact of the run or the logged model.
    Artifact,
    /// A local file.
    LocalFile,
    /// A file of the repository, at the run's commit.
    Commit,
}

/// A file that an integration matches.
#[derive(Clone, Debug)]
pub struct EvidenceFile {
    /// Where it comes from.
    pub origin: FileOrigin,
    /// The path within its origin, raw.
    pub path: String,
    /// For reports: `artifact of the run: a.json`, raw.
    pub source: String,
    /// The git tag of the commit that last changed it.
    pub git_tag: Option<String>,
    /// The bytes, or why they were not read. Empty if only its existence counts.
    pub content: Result<Vec<u8>, String>,
}

impl SearchLocation {
    /// Whether every user of the store sees the same.
    pub(super) fn is_in_store(&self) -> bool {
        !matches!(self, Self::LocalFile(_) | Self::Commit(_))
    }

    /// Whether a file is in this location.
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

/// Applies integrations to a version.
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
            match store_documents(&find.location, subject) {
                Some(documents) => {
                    for (from, document) in documents {
                        let collected = collector.collect_document(find, subject, &from, &document);
                        record(&mut trace, from, collected.map_err(Rejection::into_reason));
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

/// Applies a rule to the files that it matches, one at a time.
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
            Err(format!("over the limit of {MAX_DOCUMENTS} documents"))
        } else {
            parse_document(find, file)
        };
        let collected = document
            .map_err(Rejection::Unreadable)
            .and_then(|document| {
                collector.collect_document(find, subject, &file.source, &document)
            });
        match &collected {
            Ok(()) => matched_paths.push(file.path.as_str()),
            Err(Rejection::Unreadable(why)) => unreadable.push((file, has_names, why.clone())),
            Err(Rejection::NotMatching(_)) => {}
        }
        record(
            trace,
            file.source.clone(),
            collected.map_err(Rejection::into_reason),
        );
    }
    for (file, has_names, why) in unreadable {
        if has_names == Some(true)
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

/// Whether a file's text has the names that its document needs; unknown if that takes parsing.
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
    is_plain.then(|| names.all(|name| text.contains(name.as_str())))
}

/// Whether two files are probably of one kind: the same name, or one folder and the same first word.
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

/// Adds `file_path` and `git_tag` to a document that is an object without them.
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

/// The documents of a location in the store, by source; absent for a location of files.
fn store_documents(
    location: &SearchLocation,
    subject: EvidenceSubject<'_>,
) -> Option<Vec<(String, Value)>> {
    let version = subject.version;
    Some(match location {
        SearchLocation::Run => subject.run.map(run_document).into_iter().collect(),
        SearchLocation::Version => {
            let document = json!({"name": version.name.raw(), "version": version.version.0, "tags": pairs_to_map(&version.tags)});
            vec![(
                format!("version {}/{}", version.name.raw(), version.version),
                document,
            )]
        }
        SearchLocation::LoggedModel => subject
            .logged_model
            .map(logged_model_document)
            .into_iter()
            .collect(),
        SearchLocation::Dataset => subject
            .run
            .iter()
            .flat_map(|run| &run.datasets)
            .map(dataset_document)
            .collect(),
        SearchLocation::Artifact(_) | SearchLocation::LocalFile(_) | SearchLocation::Commit(_) => {
            return None;
        }
    })
}

fn run_document(run: &Run) -> (String, Value) {
    let metrics = run
        .metrics
        .iter()
        .map(|metric| (metric.key.raw().to_owned(), json!(metric.value.get())))
        .collect::<Map<_, _>>();
    let document = json!({
        "id": run.id.raw(), "name": run.name.raw(), "tags": pairs_to_map(&run.tags), "params": pairs_to_map(&run.params), "metrics": metrics,
        "status": run.status.as_str(), "start_time": run.start_time, "end_time": run.end_time,
    });
    (format!("run {}", run.id.short()), document)
}

fn logged_model_document(model: &LoggedModel) -> (String, Value) {
    let document = json!({"id": model.id.raw(), "name": model.name.raw(), "tags": pairs_to_map(&model.tags), "params": pairs_to_map(&model.params)});
    (format!("logged model {}", model.id.raw()), document)
}

fn dataset_document(input: &DatasetInput) -> (String, Value) {
    let source =
        serde_json::from_str(input.source.raw()).unwrap_or_else(|_| json!(input.source.raw()));
    let document = json!({
        "name": input.name.raw(), "digest": input.digest.raw(), "source_type": input.source_type.raw(), "source": source,
        "context": input.context.as_ref().map(Untrusted::raw),
    });
    (format!("dataset {}", input.name.raw()), document)
}

fn pairs_to_map(pairs: &[KeyValue]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|pair| (pair.key.raw().to_owned(), json!(pair.value.raw())))
        .collect()
}
