//! Looking: recognisers over what a version has.

use serde_json::{Value, json};

use super::documents;
use super::gather::{Gathered, OF_ANOTHER, Untaken};
use super::report::{Looked, Report};
use super::{DOCUMENTS, Find, Format, Place, Recogniser};
use crate::domain::{LoggedModel, Millis, ModelVersion, Run};

/// The most documents that a report tells to have been passed over, for one place.
const TOLD: usize = 300;

/// What is known of a version from its store.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The version.
    pub version: &'a ModelVersion,
    /// Its run.
    pub run: Option<&'a Run>,
    /// The logged model of MLflow 3.
    pub logged_model: Option<&'a LoggedModel>,
}

impl Subject<'_> {
    /// When it was made, ms since the epoch: when its run began, else when the version was.
    fn made(&self) -> Option<Millis> {
        self.run
            .and_then(|run| run.start_time)
            .or(self.version.creation_time)
    }
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// An artifact of the run or the logged model.
    Artifact,
    /// A file outside of the store.
    File,
    /// A file of the repository, at the run's commit.
    Commit,
}

/// A file that some recogniser wants.
#[derive(Clone, Debug)]
pub struct Held {
    /// Whose it is.
    pub home: Home,
    /// Its path there, raw.
    pub path: String,
    /// Where it was found, in words, raw.
    pub from: String,
    /// A tag of the repository that points at the commit which made it what it is.
    pub tag: Option<String>,
    /// Its bytes, or why they were not read. Where only its being there counts: nothing.
    pub content: Result<Vec<u8>, String>,
}

impl Place {
    /// Whether it is in the store, so that everybody who looks finds the same there.
    pub(super) fn is_stored(&self) -> bool {
        !matches!(self, Self::File(_) | Self::Commit(_))
    }

    /// Whether a file is looked at here.
    #[must_use]
    pub fn wants(&self, home: Home, path: &str) -> bool {
        match (self, home) {
            (Self::Artifact(globs), Home::Artifact)
            | (Self::File(globs), Home::File)
            | (Self::Commit(globs), Home::Commit) => globs.fit(path),
            _ => false,
        }
    }
}

/// Applies all recognisers.
#[must_use]
pub fn look(recognisers: &[Recogniser], subject: Subject<'_>, held: &[Held]) -> Report {
    let mut report = Report::default();
    for recogniser in recognisers {
        let mut gathered = Gathered::default();
        for find in &recogniser.finds {
            let mut looked = Looked {
                name: recogniser.name.clone(),
                rule: format!("{}:{}", recogniser.file, find.line),
                wanted: find.place.describe(),
                found: Vec::new(),
                passed_over: Vec::new(),
                more: 0,
            };
            match documents::of_store(&find.place, subject) {
                Some(documents) => {
                    for (from, document) in documents {
                        let taken = gathered.take_all(find, subject, &from, &document);
                        tell(&mut looked, from, taken.map_err(Untaken::into_why));
                    }
                }
                None => look_at_files(find, subject, held, &mut gathered, &mut looked),
            }
            report.looked.push(looked);
        }
        let found = gathered.evidence(recogniser, subject.made());
        if !found.is_empty() {
            report.evidence.push(found);
        }
    }
    report
}

/// Looks at the files that a place wants, one at a time.
fn look_at_files<'r>(
    find: &'r Find,
    subject: Subject<'_>,
    held: &[Held],
    gathered: &mut Gathered<'r>,
    looked: &mut Looked,
) {
    let (mut read, mut kin, mut untold) = (0, Vec::new(), Vec::new());
    for file in held
        .iter()
        .filter(|file| find.place.wants(file.home, &file.path))
    {
        let marked = is_marked(find, file);
        if marked == Some(false) {
            tell(looked, file.from.clone(), Err(OF_ANOTHER.into()));
            continue;
        }
        read += 1;
        let document = if read > DOCUMENTS {
            Err(format!("only {DOCUMENTS} documents are looked at"))
        } else {
            document(find, file)
        };
        let taken = document
            .map_err(Untaken::Unread)
            .and_then(|document| gathered.take_all(find, subject, &file.from, &document));
        match &taken {
            Ok(()) => kin.push(file.path.as_str()),
            Err(Untaken::Unread(why)) => untold.push((file, marked, why.clone())),
            Err(Untaken::OfAnother(_)) => {}
        }
        tell(looked, file.from.clone(), taken.map_err(Untaken::into_why));
    }
    for (file, marked, why) in untold {
        if marked == Some(true) || kin.iter().any(|path| are_kin(path, &file.path)) {
            gathered.doubt(find, &file.from, &why);
        }
    }
}

fn tell(looked: &mut Looked, from: String, taken: Result<(), String>) {
    match taken {
        Ok(()) => looked.found.push(from),
        Err(why) if looked.passed_over.len() < TOLD => {
            looked.passed_over.push(format!("{from}: {why}"))
        }
        Err(_) => looked.more += 1,
    }
}

/// Whether the names that must be in a document are in its text; nothing where that can't be told without reading it.
fn is_marked(find: &Find, file: &Held) -> Option<bool> {
    let text = file
        .content
        .as_ref()
        .ok()
        .and_then(|bytes| std::str::from_utf8(bytes).ok())?;
    let is_plain =
        !matches!(find.format, Format::Zip(_) | Format::Presence) && !text.contains('\0');
    let mut marks = find.when.iter().flat_map(|path| &path.marks).peekable();
    marks.peek()?;
    is_plain.then(|| marks.all(|mark| text.contains(mark.as_str())))
}

/// Whether two files are probably of one kind: by the same name, or in one folder with the same first word.
fn are_kin(a: &str, b: &str) -> bool {
    let parts = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let word: String = name.chars().take_while(|c| c.is_alphabetic()).collect();
        (folder.to_owned(), name.to_owned(), word.to_lowercase())
    };
    let (a, b) = (parts(a), parts(b));
    a.1 == b.1 || (a.0 == b.0 && a.2 == b.2)
}

fn document(find: &Find, file: &Held) -> Result<Value, String> {
    let read = if find.reads() {
        file.content
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|bytes| find.format.read(&file.path, bytes))
    } else {
        find.format.read(&file.path, &[])
    };
    read.map(|document| told_of(document, file))
}

/// The document with what is known of its file, where it has room for it: its path under `file_path`, and the tag under `git_tag`.
fn told_of(mut document: Value, file: &Held) -> Value {
    if let Value::Object(members) = &mut document {
        members
            .entry("file_path")
            .or_insert_with(|| json!(file.path));
        if let Some(tag) = &file.tag {
            members.entry("git_tag").or_insert_with(|| json!(tag));
        }
    }
    document
}
