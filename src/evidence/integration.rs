//! Recognisers: TOML files that say where a tool leaves what, and what it means.

use super::DocumentFormat;
use super::deployment::DeploymentRule;
use super::fetch_command::CommandTemplate;
use super::parser;
use super::paths::{DocumentPath, Globs};
use super::rule::FactRule;
use crate::diagnostics::{Diagnostic, TomlReader};

/// Where one tool leaves what.
#[derive(Clone, Debug, Default)]
pub struct Integration {
    /// As conditions name it: `great_expectations`.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// What it is for: `data validation`.
    pub kind: String,
    /// What it is, in a few words.
    pub description: String,
    /// The name of its file.
    pub file: String,
    /// The places to look at.
    pub search_rules: Vec<SearchRule>,
    /// Commands that get again what the tool keeps: the first whose facts are all known counts.
    pub(super) fetch_commands: Vec<CommandTemplate>,
}

/// Where something is looked for.
#[derive(Clone, Debug)]
pub enum SearchLocation {
    /// Artifacts of the run and of the logged model.
    Artifact(Globs),
    /// Files outside of the store, beside it or in the working tree. They belong to a version that they name.
    LocalFile(Globs),
    /// Files of the repository at hand, as they were at the run's commit.
    Commit(Globs),
    /// The run: `{id, name, tags, params, metrics}`, the first three by name.
    Run,
    /// The version: `{name, version, tags}`.
    Version,
    /// The logged model: `{id, name, tags, params}`.
    LoggedModel,
    /// Each dataset of the run: `{name, digest, source_type, source, context}`, the source opened where it is JSON.
    Dataset,
}

/// One place, and the facts there.
#[derive(Clone, Debug)]
pub struct SearchRule {
    /// Where.
    pub location: SearchLocation,
    /// The line in the recogniser's file, from 1.
    pub line: usize,
    pub(super) format: DocumentFormat,
    /// How many times over its paths may look at all of a document.
    pub(super) full_scans: usize,
    /// What any of these leads to: each of these is a document of its own.
    pub(super) split: Vec<DocumentPath>,
    /// What must be in the document, all of it, so that it is this tool's.
    pub(super) when: Vec<DocumentPath>,
    /// What must not be there.
    pub(super) unless: Vec<DocumentPath>,
    /// The parts of the document that are looked at one by one.
    pub(super) each: Option<DocumentPath>,
    /// Where the document names the run, the logged model or the version.
    pub(super) joins: Vec<DocumentPath>,
    /// Where it names the model and the version.
    pub(super) names: Option<(DocumentPath, DocumentPath)>,
    /// Where it names the run by its name.
    pub(super) names_run: Option<DocumentPath>,
    /// Under which names documents that are looked at later know the version.
    pub(super) known_as: Option<FactRule>,
    pub(super) at: Option<FactRule>,
    pub(super) facts: Vec<(String, FactRule)>,
    pub(super) deployment: Option<DeploymentRule>,
}

impl SearchLocation {
    /// What is looked at, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Artifact(globs) => format!("artifacts {}", globs.patterns.join(", ")),
            Self::LocalFile(globs) => format!("files {}", globs.patterns.join(", ")),
            Self::Commit(globs) => {
                format!("files at the run's commit: {}", globs.patterns.join(", "))
            }
            Self::Run => "the run's tags, params and metrics".into(),
            Self::Version => "the version's tags".into(),
            Self::LoggedModel => "the logged model's tags and params".into(),
            Self::Dataset => "the run's datasets".into(),
        }
    }
}

impl SearchRule {
    /// Whether a document has to name what it belongs to.
    #[must_use]
    pub(super) fn must_name_version(&self) -> bool {
        !self.joins.is_empty() || self.names.is_some() || self.names_run.is_some()
    }

    /// How many times over the dearest of its paths may look at all of a document.
    pub(super) fn max_full_scans(&self) -> usize {
        let paths = [&self.split, &self.when, &self.unless, &self.joins]
            .into_iter()
            .flatten();
        let paths = paths
            .chain(&self.each)
            .chain(&self.names_run)
            .chain(self.names.iter().flat_map(|(a, b)| [a, b]));
        let served = self.deployment.iter().flat_map(|rule| {
            [&rule.name, &rule.location, &rule.percent]
                .into_iter()
                .flatten()
                .chain(&rule.ready)
        });
        let traffic = self
            .deployment
            .iter()
            .filter_map(|rule| rule.traffic.as_ref())
            .flat_map(|(a, b)| [a, b]);
        let rules = self
            .facts
            .iter()
            .map(|(_, rule)| rule)
            .chain(&self.at)
            .chain(&self.known_as)
            .chain(served);
        paths
            .chain(traffic)
            .map(|path| path.full_scans)
            .chain(rules.map(FactRule::full_scans))
            .max()
            .unwrap_or_default()
    }

    /// Whether the content of what is found matters, or only that it is there.
    #[must_use]
    pub fn reads_content(&self) -> bool {
        self.format != DocumentFormat::Presence
    }
}

impl Integration {
    /// Reads a recogniser.
    ///
    /// # Errors
    /// Every mistake, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut integration = TomlReader::parse(text, |reader, table| {
            parser::parse_integration(reader, table)
        })?;
        file.clone_into(&mut integration.file);
        Ok(integration)
    }
}
