//! Integrations: TOML files that describe the files and tags of a tool.

use super::DocumentFormat;
use super::deployment::DeploymentRule;
use super::fetch_command::CommandTemplate;
use super::parser;
use super::paths::{DocumentPath, Globs};
use super::rule::FactRule;
use crate::diagnostics::{Diagnostic, TomlReader};

/// The description of one tool.
#[derive(Clone, Debug, Default)]
pub struct Integration {
    /// In policy conditions: `great_expectations`.
    pub id: String,
    /// For display.
    pub name: String,
    /// The tool's purpose: `data validation`.
    pub kind: String,
    /// The tool's home page.
    pub description: String,
    /// Its file name.
    pub file: String,
    /// Locations and the facts in them.
    pub search_rules: Vec<SearchRule>,
    /// The first command whose facts are all known is used.
    pub(super) fetch_commands: Vec<CommandTemplate>,
}

/// Where a rule searches.
#[derive(Clone, Debug, Default)]
pub enum SearchLocation {
    /// Artifacts of the run and of the logged model.
    Artifact(Globs),
    /// Local files near the store or in the working tree. They must name the version.
    LocalFile(Globs),
    /// Files of the local repository at the run's commit.
    Commit(Globs),
    /// The run: `{id, name, tags, params, metrics}`, the first three by name.
    #[default]
    Run,
    /// The version: `{name, version, tags}`.
    Version,
    /// The logged model: `{id, name, tags, params}`.
    LoggedModel,
    /// Each dataset of the run: `{name, digest, source_type, source, context}`, the source parsed if it is JSON.
    Dataset,
}

/// A location and the facts in its documents.
#[derive(Clone, Debug, Default)]
pub struct SearchRule {
    /// Where it searches.
    pub location: SearchLocation,
    /// The line in the integration's file, from 1.
    pub line: usize,
    pub(super) format: DocumentFormat,
    /// The most full scans of a document by one of its paths.
    pub(super) full_scans: usize,
    /// Each value at these paths is a document.
    pub(super) split: Vec<DocumentPath>,
    /// The document is this tool's if all of these are present.
    pub(super) when: Vec<DocumentPath>,
    /// And none of these.
    pub(super) unless: Vec<DocumentPath>,
    /// Facts are extracted from each value at this path.
    pub(super) each: Option<DocumentPath>,
    /// Where the document refers to the run, the logged model or the version.
    pub(super) joins: Vec<DocumentPath>,
    /// Where it has the model's name and the version's number.
    pub(super) names: Option<(DocumentPath, DocumentPath)>,
    /// Where it has the run's name.
    pub(super) names_run: Option<DocumentPath>,
    /// Names of the version in the documents of later rules.
    pub(super) known_as: Option<FactRule>,
    pub(super) at: Option<FactRule>,
    pub(super) facts: Vec<(String, FactRule)>,
    pub(super) deployment: Option<DeploymentRule>,
}

impl SearchLocation {
    /// For reports: `artifacts evidently/*.json`.
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
    /// Whether a document must refer to the version.
    #[must_use]
    pub(super) fn must_name_version(&self) -> bool {
        !self.joins.is_empty() || self.names.is_some() || self.names_run.is_some()
    }

    /// The most full scans of a document by one of its paths.
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
            .flat_map(|traffic| [&traffic.percents, &traffic.name]);
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

    /// Whether the content of files matters, or only their existence.
    #[must_use]
    pub fn reads_content(&self) -> bool {
        self.format != DocumentFormat::Presence
    }
}

impl Integration {
    /// Parses an integration.
    ///
    /// # Errors
    /// All errors, in the order of the file.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut integration = TomlReader::parse(text, |reader, table| {
            parser::parse_integration(reader, table)
        })?;
        file.clone_into(&mut integration.file);
        Ok(integration)
    }
}
